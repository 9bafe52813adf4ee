"""The move: the plan over what both hubs have, and its execution.

All of the catalog is one transaction: it is brought whole, or nothing of it is. The log follows in pages, each a
transaction of its own; a move that was interrupted goes on behind the last of them.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, AsyncExitStack

from msgspec import Struct

from eventyard import plugins
from eventyard.app import journal_path, now_ms, open_store
from eventyard.cli import journal
from eventyard.cli.failure import Failure
from eventyard.cli.moving import rows
from eventyard.cli.moving.boxes import Boxes, UnreadableError
from eventyard.cli.moving.catalog import Catalogue, Moved
from eventyard.cli.moving.database import Database
from eventyard.cli.moving.draft import Draft, Note, Step
from eventyard.cli.moving.identities import Identities
from eventyard.cli.moving.log import Chronicle, bring, resume
from eventyard.config import Settings
from eventyard.dialects.eventhos.mapping import REQUEST
from eventyard.keyfile import KEY_FILE, read_keys
from eventyard.model.catalog import Project, Record
from eventyard.pipeline.vault import Vault
from eventyard.ports import Egress, Store, TargetType

Progress = Callable[[int], AbstractContextManager[Callable[[int], None]]]
"""Given how many received events there are, shows how many have come."""


class Asked(Struct, frozen=True):
    """What somebody asked for."""

    crypto_key: str | None = None
    jwt_secret: str | None = None
    with_log: bool = False
    apply: bool = False


class Log(Struct, frozen=True):
    """What of the log is to come, or has come, and how many received events were here before."""

    events: int
    executions: int
    here: int


class Report(Struct, frozen=True):
    """The plan, and whether it was carried out."""

    project: str
    applied: bool
    steps: Sequence[Step]
    notes: Sequence[Note]
    log: Log | None = None


async def move(settings: Settings, database: Database, asked: Asked, progress: Progress) -> Report:
    """Plan, and carry out what was planned if that is asked for. Raises :class:`Failure`, and what the store raises."""
    _need_journal(settings)
    original = database.original()
    boxes = _boxes(original, asked)
    async with AsyncExitStack() as stack:
        store = open_store(settings)
        await store.start(stack)
        records = await store.load()
        project = _project(records, settings.eventhos.project)
        draft = Draft(records, project, Vault(read_keys(settings.data / KEY_FILE)), now_ms())
        moved = plan(draft, original, boxes, asked.jwt_secret, _request())
        if asked.apply and draft.saved:
            await store.save(draft.saved)
            records = await store.load()
        log = None
        if asked.with_log and boxes is not None:
            log = await _log(store, database, Chronicle(moved, project, records, boxes), project, asked.apply, progress)
    return Report(project.name, asked.apply, draft.steps, draft.notes, log)


def plan(draft: Draft, original: rows.Original, boxes: Boxes | None, jwt_secret: str | None, kind: TargetType) -> Moved:
    """Everything but the log, in the order in which it hangs together."""
    identities, catalogue = Identities(draft, original), Catalogue(draft, original)
    identities.roles()
    identities.users()
    catalogue.systems()
    identities.clients(boxes, jwt_secret, catalogue.clients())
    catalogue.events()
    catalogue.actions(boxes, kind)
    catalogue.contracts()
    return catalogue.moved


async def _log(
    store: Store, database: Database, chronicle: Chronicle, project: Project, apply: bool, progress: Progress
) -> Log:
    here = await resume(store, database, chronicle, project)
    events, executions = database.sizes(here)
    if apply and events:
        with progress(events) as advanced:
            await bring(store.adopt, database.log(here), chronicle, advanced)
    return Log(events, executions, database.sizes()[0] - events)


def _need_journal(settings: Settings) -> None:
    path = journal_path(settings)
    state = journal.state_of(path)
    if state.revision is None:
        raise Failure(f"there is no journal at {path.absolute()}", hint="make one with: eventyard init")
    if not state.current and state.known:
        raise Failure(f"the journal at {path.absolute()} is of another version", hint="run: eventyard db upgrade")


def _project(records: Sequence[Record], wanted: str) -> Project:
    for record in records:
        if isinstance(record, Project) and wanted in (record.id, record.name):
            return record
    raise Failure(f"there is no project {wanted!r}", hint="make it, or name another with the setting eventhos.project")


def _request() -> TargetType:
    known = plugins.load(plugins.TARGETS).get(REQUEST)
    if known is None:
        raise Failure(
            f"the target type {REQUEST!r} is not installed", hint="install the package itself, as `make` does"
        )
    made: TargetType = known(Egress())
    return made


def _boxes(original: rows.Original, asked: Asked) -> Boxes | None:
    """What opens the database's secrets. A key that opens none of them is not its key."""
    if asked.crypto_key is None:
        if asked.with_log:
            raise Failure("the log is encrypted: --with-log needs --crypto-key")
        return None
    boxes = Boxes(asked.crypto_key)
    opens = [_opens(boxes.word, one.client_secret) for one in original.clients]
    opens += [_opens(boxes.document, one.http_configuration) for one in original.actions]
    if opens and not any(opens):
        raise Failure(
            "nothing in the database can be decrypted with this --crypto-key",
            hint="it is the CRYPTO_KEY that eventhos runs with",
        )
    return boxes


def _opens(opened: Callable[[str], object], box: str) -> bool:
    try:
        opened(box)
    except UnreadableError:
        return False
    return True
