"""The composition root: the only place that names concrete adapters and puts the hub together.

:func:`compose` builds the verbs over a given store, and :func:`open_hub` adds the store, the key file and the
bootstrap. ``server.py`` puts an HTTP server in front.
"""

import random
import secrets
import ssl
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from msgspec import Struct
from pydantic import SecretStr

from eventyard import plugins
from eventyard.config import ConfigError, Settings
from eventyard.config.values import SQLITE
from eventyard.keyfile import KEY_FILE, read_keys
from eventyard.model.access import Scope
from eventyard.model.catalog import Application, Organization, Project, Record, Target
from eventyard.model.identity import SigningKey
from eventyard.model.ids import RANDOM_BYTES, Millis, uuid7
from eventyard.model.journal import Claimed, Recording
from eventyard.model.outcome import Outcome
from eventyard.pipeline.accept import Acceptor
from eventyard.pipeline.announce import Announcer
from eventyard.pipeline.attempt import Attempter
from eventyard.pipeline.bells import Bells
from eventyard.pipeline.catalog import Catalog
from eventyard.pipeline.consume import Consuming
from eventyard.pipeline.directory import Directory
from eventyard.pipeline.dispatch import Dispatcher
from eventyard.pipeline.doors import Doors
from eventyard.pipeline.ends import Ends
from eventyard.pipeline.entities import Entities
from eventyard.pipeline.hub import Hub, Limits
from eventyard.pipeline.identity.identity import identity
from eventyard.pipeline.identity.passwords import LONGEST, SHORTEST
from eventyard.pipeline.keys import PREFIX, Keys, digest_of
from eventyard.pipeline.lanes import Limits as LaneLimits
from eventyard.pipeline.letters import Letterhead, Letters
from eventyard.pipeline.mail import Mails
from eventyard.pipeline.monitoring.monitoring import monitoring
from eventyard.pipeline.outbox import Outbox
from eventyard.pipeline.products import Products
from eventyard.pipeline.projects import Projects
from eventyard.pipeline.publish import Publishing
from eventyard.pipeline.recorder import Recorder
from eventyard.pipeline.release import Releases
from eventyard.pipeline.replay import Replay
from eventyard.pipeline.replies import Replies
from eventyard.pipeline.reprocess import Reprocessing
from eventyard.pipeline.retain import Retain
from eventyard.pipeline.room import Room
from eventyard.pipeline.search import Search
from eventyard.pipeline.sources import Sources
from eventyard.pipeline.streams.inventory import Inventory
from eventyard.pipeline.streams.streams import StreamLimits, Streams
from eventyard.pipeline.subscriptions import Subscriptions
from eventyard.pipeline.targets import Targets
from eventyard.pipeline.topics import Topics
from eventyard.pipeline.vault import Vault
from eventyard.pipeline.waiting.waiting import waiting
from eventyard.pipeline.work import JobRuns
from eventyard.ports import Clock, Egress, FunctionLimits, Mailer, Store, TargetType, Verifier
from eventyard.stores.sql.store import SqliteStore
from eventyard.telemetry.log import Log, make_log
from eventyard.telemetry.metrics import Metrics
from eventyard.telemetry.observer import Observer

JOURNAL_FILE = "journal.db"


def now_ms() -> Millis:
    """The wall clock."""
    return time.time_ns() // 1_000_000


def steady_ms() -> Millis:
    """A clock that nobody sets."""
    return time.monotonic_ns() // 1_000_000


def new_id() -> str:
    """A fresh UUIDv7."""
    return uuid7(now_ms(), random.randbytes(RANDOM_BYTES))


class Parts(Struct, frozen=True):
    """What a hub is made from, beside its settings."""

    store: Store
    vault: Vault
    verifiers: Mapping[str, Verifier]
    target_types: Mapping[str, TargetType]
    clock: Clock
    log: Log
    mailer: Mailer | None = None


def compose(settings: Settings, parts: Parts) -> Hub:
    """The verbs of a hub over its parts. Nothing is started."""
    store, vault, clock, log = parts.store, parts.vault, parts.clock, parts.log
    observer = Observer(metrics := Metrics(), log)
    catalog = Catalog(store)
    doors = Doors(catalog, vault, parts.verifiers)
    directory = Directory(catalog, vault, clock)
    lane_limits = LaneLimits(queue=settings.dispatch.lane_queue)

    async def reply(claimed: Claimed, target: Target, outcome: Outcome) -> str:
        return await replies.publish(claimed, target, outcome)

    attempter = Attempter(parts.target_types, directory, observer, log, clock, random.random, reply)

    def due(target_number: int, at: Millis) -> None:
        dispatcher.due(target_number, at)

    releases = Releases(store, catalog, due, log, clock)

    def pulled(kind: str) -> bool:
        known = parts.target_types.get(kind)
        return known is not None and known.pull

    outbox = None if parts.mailer is None else Outbox(parts.mailer, metrics, log, clock)
    letters = Letters(catalog, store, letterhead(settings))
    mails = Mails(letters, outbox, log, clock, new_id, interval_ms=settings.mail.interval_seconds * 1000)
    ends = Ends(store)

    def ended(recording: Recording) -> None:
        ends.recorded(recording)
        waits.ended(recording)
        rules.monitor.recorded(recording)

    recorder = Recorder(
        store, log, bound=lane_limits.unrecorded, told=releases.recorded, failed=mails.failed, ended=ended
    )
    runs = JobRuns(store, directory, attempter, recorder, log, clock)
    targets = Targets(catalog, vault, parts.target_types, clock, new_id)
    dispatcher = Dispatcher(
        store, directory, attempter, recorder, runs, log, clock,
        pulled=pulled, on_disable=targets.disable, limits=lane_limits,
    )  # fmt: skip
    bells = Bells(
        catalog, store, attempter, dispatcher.breaker_of, targets.disable, metrics, log, clock, new_id, random.random
    )
    waits = waiting(store, catalog, releases, due, pulled, log, clock, new_id, bells.ring)
    limits = Limits(
        **settings.limits.model_dump(exclude={"request_seconds"}),
        idempotency_window_ms=settings.idempotency.window_hours * 3_600_000,
        replay_window_ms=settings.idempotency.replay_window_seconds * 1000,
    )
    acceptor = Acceptor(
        catalog, store, dispatcher, clock, observer,
        pulled=pulled, came=waits.compounds.came, waits=bells.ring,
        window_ms=limits.idempotency_window_ms, replay_ms=limits.replay_window_ms,
    )  # fmt: skip
    replies = Replies(catalog, store, doors, acceptor, log, clock, new_id, depth=settings.replies.depth)
    topics = Topics(catalog, clock, new_id)
    publishing = Publishing(catalog, topics, doors, acceptor, clock, new_id)
    rules = monitoring(
        catalog, store, publishing, releases, mails, letterhead(settings), metrics, log, clock, steady_ms, new_id
    )
    releases.watch(rules.monitor.moved)
    releases.watch(waits.moved)
    catalog.announcer = Announcer(catalog, publishing, acceptor, clock)
    streams = Streams(catalog, store, publishing, clock, new_id, log, stream_limits(settings), metrics)
    reprocessing = Reprocessing(
        catalog, store, dispatcher, releases, ends, waits.bundles, parts.target_types, clock, bells.ring
    )

    def targets_changed(records: Sequence[Record]) -> None:
        for record in records:
            if isinstance(record, Target):
                dispatcher.changed(record)

    catalog.watch(targets_changed)
    catalog.watch(waits.changed)
    catalog.watch(bells.changed)
    metrics.in_flight.set_function(lambda: dispatcher.in_flight)
    metrics.queued.set_function(lambda: dispatcher.queued)
    metrics.breakers_open.set_function(lambda: dispatcher.breakers_open)
    metrics.mails_waiting.set_function(lambda: 0 if outbox is None else outbox.waiting)
    return Hub(
        catalog=catalog,
        doors=doors,
        acceptor=acceptor,
        publishing=publishing,
        entities=Entities(catalog, publishing, clock),
        products=Products(catalog, publishing, acceptor, clock),
        streams=streams,
        inventory=Inventory(catalog, streams),
        dispatcher=dispatcher,
        releases=releases,
        waiting=waits,
        runs=runs,
        consuming=Consuming(
            catalog, store, attempter, recorder, releases, waits, parts.target_types, due, runs.still, clock
        ),
        bells=bells,
        mails=mails,
        monitoring=rules,
        search=Search(catalog, store),
        reprocessing=reprocessing,
        replay=Replay(catalog, store, dispatcher, reprocessing, waits.compounds.came, clock, bells.ring),
        retain=Retain(catalog, store, streams.queues, metrics, log, clock, least_ms=limits.idempotency_window_ms),
        projects=Projects(catalog, clock, new_id),
        topics=topics,
        sources=Sources(catalog, topics, vault, parts.verifiers, clock, new_id),
        subscriptions=Subscriptions(catalog, parts.target_types, waits.backlogs, clock, new_id),
        targets=targets,
        keys=Keys(catalog, clock, new_id),
        identity=identity(catalog, vault, clock, new_id, lifetime_ms=settings.tokens.minutes * 60_000),
        limits=limits,
        room=Room(max(limits.bodies_bytes, limits.batch_bytes)),
        clock=clock,
        log=log,
        metrics=metrics,
        observer=observer,
    )


def letterhead(settings: Settings) -> Letterhead:
    """What is the same in every mail."""
    given = settings.mail
    return Letterhead(tuple(given.default_recipients), given.alias or "", settings.public_url, tuple(given.masked))


def mailer_of(settings: Settings) -> Mailer | None:
    """What gets the hub's mails out; ``None`` when no mail server is set. Raises :class:`ConfigError`."""
    smtp = settings.smtp
    if smtp.host is None:
        return None
    # Who sends no mail does not pay for it.
    from eventyard.mail.addresses import mailbox  # noqa: PLC0415
    from eventyard.mail.smtp import SmtpMailer, SmtpServer  # noqa: PLC0415

    if smtp.sender is None:
        raise ConfigError("smtp.host needs smtp.sender, the address that mails are from")
    password = "" if smtp.password is None else smtp.password.get_secret_value()
    try:
        trust = None if smtp.security == "none" else ssl.create_default_context(cafile=smtp.ca)
        for recipient in settings.mail.default_recipients:
            mailbox(recipient)
        server = SmtpServer(
            smtp.host, smtp.sender, smtp.security, smtp.port, smtp.user, password, smtp.timeout_seconds, trust
        )
        return SmtpMailer(server)
    except OSError as error:  # SSLError is one
        raise ConfigError(f"cannot use smtp.ca {smtp.ca}: {error}") from None
    except ValueError as error:
        raise ConfigError(f"smtp.sender or mail.default_recipients: {error}") from None


def stream_limits(settings: Settings) -> StreamLimits:
    """The bounds of the streams."""
    given = settings.streams.model_dump(exclude={"origins", "stalled_seconds"})
    return StreamLimits(**given, stalled_ms=settings.streams.stalled_seconds * 1000)


@asynccontextmanager
async def open_hub(settings: Settings, log: Log) -> AsyncIterator[Hub]:
    """A hub over the store of the settings, loaded, and bootstrapped if the store is empty; dispatch is not started.

    Raises ``Unavailable`` (``store_locked``, ``store_corrupt``, ``store_newer``, …) and :class:`ConfigError`.
    """
    async with AsyncExitStack() as stack:
        store = open_store(settings)
        await store.start(stack)
        functions = FunctionLimits(**settings.functions.model_dump(), result_bytes=settings.limits.body_bytes)
        egress = Egress(allow_private=settings.targets.allow_private, functions=functions)
        target_types = {kind: target(egress) for kind, target in plugins.load(plugins.TARGETS).items()}
        for target_type in target_types.values():
            await target_type.start(stack)
        key_file = settings.data / KEY_FILE
        if not key_file.exists() and any(holds_secrets(record) for record in await store.load()):
            lost = f"the key file {key_file} is gone, and the journal holds secrets sealed with it"
            raise ConfigError(f"{lost}; put it back from a backup")
        parts = Parts(
            store,
            Vault(read_keys(key_file)),
            {scheme: verifier() for scheme, verifier in plugins.load(plugins.VERIFIERS).items()},
            target_types,
            now_ms,
            log,
            mailer_of(settings),
        )
        hub = compose(settings, parts)
        await hub.catalog.start()
        hub.monitoring.monitor.start()
        await bootstrap(hub, settings)
        await hub.streams.start()
        stack.push_async_callback(hub.streams.stop)
        stack.push_async_callback(hub.releases.stop)
        stack.push_async_callback(hub.retain.stop)
        stack.push_async_callback(hub.waiting.stop)
        stack.push_async_callback(hub.bells.stop)
        yield hub


def holds_secrets(record: Record) -> bool:
    """Whether something in a record is sealed with a key of the key file."""
    return isinstance(record, SigningKey) or bool(getattr(record, "secrets", ()))


def open_store(settings: Settings) -> Store:
    """The store of the settings, not started. Makes the data directory if there is none."""
    try:
        settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"cannot make the data directory {settings.data}: {error.strerror}") from None
    return SqliteStore(journal_path(settings), now_ms, upgrade=settings.store.upgrade)


def journal_path(settings: Settings) -> Path:
    """The journal file of the settings."""
    url = settings.store.url
    return settings.data / JOURNAL_FILE if url is None else Path(url.removeprefix(SQLITE))


async def bootstrap(hub: Hub, settings: Settings) -> None:
    """Give an empty store its organization, project and application ``default``, and its first administrator.

    The roles and permissions that are built in are made in any store that lacks them.
    """
    if any(True for _ in hub.catalog.all(Organization)):
        late = settings.bootstrap_key
        if late is not None and hub.catalog.key(digest_of(late.get_secret_value())) is None:
            hub.log.warning("bootstrap_key_unused", detail="it counts on an empty store, and this one has its keys")
    else:
        await hub.catalog.save(*_first_records(hub, settings))
    await hub.identity.ensure()


def _first_records(hub: Hub, settings: Settings) -> list[Record]:
    now = hub.clock()
    organization = Organization(new_id(), "default", now)
    project = Project(new_id(), organization.id, "default", now, now)
    records: list[Record] = [organization, project, Application(new_id(), project.id, "default", now, now)]
    if settings.bootstrap_key is not None:
        key = settings.bootstrap_key.get_secret_value()
        records.append(hub.keys.record(key, organization.id, "bootstrap", [Scope.ADMIN]))
    if settings.bootstrap_password is not None:
        password = settings.bootstrap_password.get_secret_value()
        if not SHORTEST <= len(password) <= LONGEST:
            raise ConfigError(f"setting 'bootstrap_password': a password has {SHORTEST} to {LONGEST} characters")
        records.append(hub.identity.users.record(organization.id, "admin", password, [Scope.ADMIN]))
    return records


async def init(settings: Settings) -> str | None:
    """Make the data directory, key file and store. Returns the first key's text, ``None`` if there are keys already."""
    key = settings.bootstrap_key or SecretStr(PREFIX + secrets.token_urlsafe(32))
    async with open_hub(settings.model_copy(update={"bootstrap_key": key}), make_log("error")) as hub:
        text = key.get_secret_value()
        return text if hub.catalog.key(digest_of(text)) is not None else None
