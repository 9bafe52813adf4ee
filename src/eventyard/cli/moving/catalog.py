"""Systems, events, actions and contracts of eventhos, as applications, sources, targets and subscriptions.

Identifiers stay: they are the names here, so the URLs of producers go on working. The log may speak of what is deleted
or cannot move, so every row has a record, of which only those that move are in the plan.
"""

import re
from collections.abc import Mapping

from msgspec.structs import replace

from eventyard.cli.moving import rows
from eventyard.cli.moving.actions import Refused, settings_from
from eventyard.cli.moving.boxes import Boxes, UnreadableError
from eventyard.cli.moving.draft import Draft, id_of
from eventyard.cli.moving.identities import DELETED, KEY_NEEDED
from eventyard.dialects.eventhos.actions import TIMEOUT_MS
from eventyard.dialects.eventhos.contracts import ONCE
from eventyard.dialects.eventhos.events import SCHEME
from eventyard.dialects.eventhos.mapping import CLASS, OPERATION, REQUEST, SYSTEM, TYPE, relabelled
from eventyard.model.addresses import MOST_ADDRESSES, is_address
from eventyard.model.catalog import Application, Mode, Source, Subscription, Target, Topic
from eventyard.model.errors import Forbidden
from eventyard.model.reserved import need_free
from eventyard.ports import TargetType

_NAME = re.compile(r"[^\x00-\x1f\x7f]{1,255}")


class Moved:
    """What became of the rows: their records by id of the row, those that do not move included."""

    def __init__(self) -> None:
        self.applications: dict[int, Application] = {}
        self.sources: dict[int, Source] = {}
        self.targets: dict[int, Target] = {}
        self.subscriptions: dict[int, Subscription] = {}
        self.gone: set[str] = set()
        """Ids of the records that do not move."""


class Catalogue:
    """Plans them, in the order in which they refer to each other."""

    def __init__(self, draft: Draft, original: rows.Original) -> None:
        self._draft = draft
        self._original = original
        self.moved = Moved()

    def systems(self) -> None:
        """Applications. One that is here under the same name is used."""
        draft = self._draft
        for row in self._original.systems:
            wanted = Application(
                id_of("system", row.identifier), draft.project.id, row.identifier, row.created_at, row.updated_at,
                description=row.description, title=row.name,
                labels=relabelled({}, **{CLASS: row.class_, TYPE: row.type}),
            )  # fmt: skip
            here = draft.find(Application, project_id=draft.project.id, name=row.identifier)
            if here is not None and here.id != wanted.id and not row.deleted:
                draft.keep("system", row.identifier, "an application of that name is here, and takes its place")
                self.moved.applications[row.id] = here
                continue
            self.moved.applications[row.id] = wanted
            why = DELETED if row.deleted else _fault(row.identifier)
            if why:
                self._leave("system", wanted, why)
            else:
                self.moved.applications[row.id] = draft.put("system", wanted)

    def clients(self) -> Mapping[int, str]:
        """The application of each client that has one, by the client's row."""
        return {
            row.client_id: application.id
            for row in self._original.systems
            if row.client_id is not None and not self._is_gone(application := self.moved.applications[row.id])
        }

    def events(self) -> None:
        """Sources, each with a topic of its own."""
        draft = self._draft
        for row in self._original.events:
            application = self.moved.applications[row.system_id]
            topic = draft.find(Topic, project_id=draft.project.id, name=row.identifier)
            topic_id = topic.id if topic else id_of("topic", row.identifier)
            wanted = Source(
                id_of("event", row.identifier), draft.project.id, application.id, topic_id, row.identifier,
                row.created_at, row.updated_at, description=row.description, scheme=SCHEME, title=row.name,
                labels=relabelled({}, **{OPERATION: row.operation}),
            )  # fmt: skip
            self.moved.sources[row.id] = wanted
            here = draft.find(Source, project_id=draft.project.id, name=row.identifier)
            why = DELETED if row.deleted else _fault(row.identifier)
            if not why and self._is_gone(application):
                why = f"its system {application.name!r} does not move"
            if not why and here is not None and here.id != wanted.id:
                why = "the project has a source of its own of that name"
            if why:
                self._leave("event", wanted, why)
                continue
            if topic is None:
                draft.add(Topic(topic_id, draft.project.id, row.identifier, row.created_at, row.updated_at))
            self.moved.sources[row.id] = draft.put("event", wanted)

    def actions(self, boxes: Boxes | None, kind: TargetType) -> None:
        """Targets. What they are set to is encrypted."""
        securities = {one.action_id: one for one in self._original.securities}
        for row in self._original.actions:
            application = self.moved.applications[row.system_id]
            security = securities.get(row.id)
            wanted = Target(
                id_of("action", row.identifier), self._draft.project.id, row.identifier, REQUEST, row.created_at,
                max(row.updated_at, security.updated_at if security else 0), description=row.description,
                title=row.name, timeout_ms=TIMEOUT_MS,
                labels=relabelled({}, **{OPERATION: row.operation, SYSTEM: application.id}),
            )  # fmt: skip
            self.moved.targets[row.id] = wanted
            why = DELETED if row.deleted else _fault(row.identifier)
            here = self._draft.find(Target, project_id=self._draft.project.id, name=row.identifier)
            if not why and self._is_gone(application):
                why = f"its system {application.name!r} does not move"
            if not why and here is not None and here.id != wanted.id:
                why = "the project has a target of its own of that name"
            if not why and boxes is None:
                why = KEY_NEEDED
            if why or boxes is None:
                self._leave("action", wanted, why)
                continue
            try:
                self.moved.targets[row.id] = self._action(row, security, wanted, boxes, kind)
            except (Refused, UnreadableError) as error:
                self._leave("action", wanted, str(error))

    def _action(
        self, row: rows.Action, security: rows.Security | None, wanted: Target, boxes: Boxes, kind: TargetType
    ) -> Target:
        draft = self._draft
        http = boxes.document(row.http_configuration)
        kept = security.http_configuration if security else None
        by, proof = (security.type, boxes.document(kept)) if security and kept else ("", None)
        reply_to = row.reply_to or None
        if reply_to and draft.find(Source, project_id=draft.project.id, name=reply_to) is None:
            draft.note("action", row.identifier, f"it moves without reply_to: there is no event {reply_to!r}")
            reply_to = None
        settings, secrets = settings_from(http, by, proof, reply_to, kind)
        sealed = {name: (draft.vault.seal(secret, wanted.id),) for name, secret in secrets.items()}
        return draft.put("action", replace(wanted, settings=settings, secrets=sealed))

    def contracts(self) -> None:
        """Subscriptions, each tried once, as there."""
        for row in self._original.contracts:
            source, target = self.moved.sources[row.event_id], self.moved.targets[row.action_id]
            contract_id = id_of("contract", row.identifier)
            # Of a source and a target there is one subscription; another one finds its events by their topic.
            taken = self._draft.find(Subscription, source_id=source.id, target_id=target.id)
            first = taken is None or taken.id == contract_id
            wanted = Subscription(
                contract_id, self._draft.project.id, target.labels[SYSTEM], row.identifier,
                (source.topic_id,), REQUEST, target.id, row.created_at or 0, row.updated_at or 0,
                source_id=source.id if first else None, mode=Mode.ENABLED if row.active else Mode.DISABLED,
                retry=ONCE, order=row.order or 0, mail_to=self._mail_to(row), title=row.name or "",
            )  # fmt: skip
            self.moved.subscriptions[row.id] = wanted
            gone = [f"{word} {r.name!r}" for word, r in (("event", source), ("action", target)) if self._is_gone(r)]
            why = DELETED if row.deleted else _fault(row.identifier)
            if not why and gone:
                why = f"its {' and its '.join(gone)} {'does' if len(gone) == 1 else 'do'} not move"
            if why:
                self._leave("contract", wanted, why)
                continue
            self.moved.subscriptions[row.id] = self._draft.put("contract", wanted)

    def _mail_to(self, row: rows.Contract) -> tuple[str, ...]:
        given = [part.strip() for part in re.split("[,;]", row.mail_recipients_on_error or "") if part.strip()]
        good = [address for address in given if is_address(address)][:MOST_ADDRESSES]
        if len(good) < len(given) and not row.deleted:
            left = ", ".join(repr(address) for address in given if address not in good)
            self._draft.note("contract", row.identifier, f"it tells nobody at {left}, where no mail can be sent")
        return tuple(good)

    def _leave(self, kind: str, record: Application | Source | Target | Subscription, why: str) -> None:
        self.moved.gone.add(record.id)
        self._draft.leave(kind, record.name, why)

    def _is_gone(self, record: Application | Source | Target) -> bool:
        return record.id in self.moved.gone


def _fault(name: str) -> str:
    """Why nothing can be called so; empty if it can."""
    if _NAME.fullmatch(name) is None:
        return "its identifier cannot be a name here"
    try:
        need_free(name)
    except Forbidden as error:
        return error.message
    return ""
