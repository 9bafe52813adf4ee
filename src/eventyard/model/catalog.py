"""The catalog: all that an operator sets up. Organization > Project > Application; Topic, Source, Subscription, Target.

Records are immutable; a change is a new record with the same ``id``. ``number`` is the record's 64-bit number in the
journal's name table, given by the store when a record is first saved (0 until then) and never used again. ``title`` is
what people call a record, empty where its ``name`` will do; ``labels`` are words that it is filed under, which mean
nothing to the hub itself. ``categories`` say who may see it (``categories.py``); those of a key or user are what they
may see, and ``None`` is all.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from msgspec import Struct

from eventyard.model.access import Scope
from eventyard.model.identity import Client, Permission, Realm, Resource, Role, SigningKey
from eventyard.model.ids import Millis
from eventyard.model.products import ProductState
from eventyard.model.retention import FOR_EVER, Retention
from eventyard.model.retry import RetryPolicy
from eventyard.model.rules import Rule
from eventyard.model.schedule import Backlog, Compound, DeliveryScope, Overlap, ReleaseState, Schedule, When
from eventyard.model.sealed import Sealed
from eventyard.model.streams import ExchangeSettings, Queue


class Organization(Struct, frozen=True):
    """A tenant."""

    id: str
    name: str
    created_at: Millis


class Project(Struct, frozen=True):
    """The isolation boundary: nothing in one project sees anything in another."""

    id: str
    organization_id: str
    name: str
    created_at: Millis
    updated_at: Millis
    description: str = ""
    number: int = 0


class Application(Struct, frozen=True):
    """A system that publishes and subscribes."""

    id: str
    project_id: str
    name: str
    created_at: Millis
    updated_at: Millis
    description: str = ""
    title: str = ""
    labels: Mapping[str, str] = {}
    number: int = 0
    categories: tuple[str, ...] = ()


class Topic(Struct, frozen=True):
    """A named channel in a project. ``schema_version`` is the version enforced now; ``None`` accepts anything.

    ``exchange`` is what an AMQP client declared of it; ``None`` is a durable topic exchange. ``retention`` says how
    long what is published into it is kept.
    """

    id: str
    project_id: str
    name: str
    created_at: Millis
    updated_at: Millis
    description: str = ""
    schema_version: int | None = None
    locked: bool = False
    exchange: ExchangeSettings | None = None
    retention: Retention = FOR_EVER
    number: int = 0
    categories: tuple[str, ...] = ()


class TopicSchema(Struct, frozen=True):
    """One version of a topic's JSON Schema (2020-12). Versions count from 1 and are never changed."""

    topic_id: str
    version: int
    schema: Any
    created_at: Millis


class Source(Struct, frozen=True):
    """The door through which an application publishes into a topic.

    ``scheme`` names the verifier that proves the sender (``none`` proves nothing); ``settings`` are that verifier's,
    ``secrets`` its live secrets, newest first, two at most. ``schema`` is the source's own JSON Schema, checked beside
    the topic's; ``None`` is no schema.
    """

    id: str
    project_id: str
    application_id: str
    topic_id: str
    name: str
    created_at: Millis
    updated_at: Millis
    description: str = ""
    schema: Any = None
    enabled: bool = True
    scheme: str = "none"
    settings: Mapping[str, Any] = {}
    secrets: tuple[Sealed, ...] = ()
    title: str = ""
    labels: Mapping[str, str] = {}
    number: int = 0


class Mode(StrEnum):
    """Whether a subscription takes part."""

    ENABLED = "enabled"
    PAUSED = "paused"
    """Nothing is delivered; what comes meanwhile waits, or is skipped, as its ``backlog`` says."""
    DISABLED = "disabled"
    """What comes meanwhile is skipped."""


class Subscription(Struct, frozen=True):
    """An application's standing wish: which events (topics, source, pattern, filter), to which target, and how.

    An event concerns it when its topic is in ``topic_ids``, its source is ``source_id`` (``None``: any), its routing
    key fits ``pattern`` (``None``: any) and its data passes ``filter`` (``None``: any).

    ``order`` has an event's deliveries made in groups, one after another, the lowest first; ``None`` takes no part in
    that and waits for nobody. With ``stop_on_error`` the groups behind a delivery that failed are not made.
    ``mail_to`` are told by mail when a delivery fails for good; the target with the id ``notify`` that deliveries wait
    to be fetched. ``schedule`` says when its deliveries are made, and
    ``delivery_scope`` which of those that have waited until then. ``compound`` has them made in sets, and ``unbound``
    has none made of single events: each run is one of all that its topics hold. ``overlap`` is about such runs.
    """

    id: str
    project_id: str
    application_id: str
    name: str
    topic_ids: tuple[str, ...]
    target_type: str
    target_id: str
    created_at: Millis
    updated_at: Millis
    description: str = ""
    source_id: str | None = None
    pattern: str | None = None
    filter: Any = None
    mode: Mode = Mode.ENABLED
    retry: RetryPolicy | None = None
    order: int | None = None
    stop_on_error: bool = False
    mail_to: tuple[str, ...] = ()
    notify: str | None = None
    backlog: Backlog = Backlog.KEEP
    schedule: Schedule = Schedule()
    delivery_scope: DeliveryScope = DeliveryScope.ALL
    compound: Compound | None = None
    unbound: bool = False
    overlap: Overlap = Overlap.WAIT
    title: str = ""
    labels: Mapping[str, str] = {}
    number: int = 0

    @property
    def takes_part(self) -> bool:
        """Whether the events that concern it become deliveries, at once or later; otherwise it skips them."""
        kept = self.mode is Mode.ENABLED or (self.mode is Mode.PAUSED and self.backlog is Backlog.KEEP)
        return kept and not self.unbound

    @property
    def waits(self) -> bool:
        """Whether its deliveries wait, Delayed, until they are let go."""
        return self.is_held or self.compound is not None

    @property
    def may_delay(self) -> bool:
        """Whether its deliveries may be Delayed: for it, or for others of their event."""
        return self.waits or self.order is not None

    @property
    def is_held(self) -> bool:
        """Whether they wait for a moment, or for somebody: its mode or its schedule has it so."""
        return self.mode is not Mode.ENABLED or self.schedule.when is not When.READY

    @property
    def gathers(self) -> bool:
        """Whether several of its deliveries are made as one."""
        return self.compound is not None or self.delivery_scope is DeliveryScope.AGGREGATED


class Target(Struct, frozen=True):
    """What a subscription drives. ``settings`` and ``secrets`` are those the target type declares.

    ``concurrency`` bounds how many attempts run at once; ``timeout_ms`` how long one may take (for a job: how long a
    worker's lease lasts between heartbeats).
    """

    id: str
    project_id: str
    name: str
    type: str
    created_at: Millis
    updated_at: Millis
    description: str = ""
    settings: Mapping[str, Any] = {}
    secrets: Mapping[str, tuple[Sealed, ...]] = {}
    enabled: bool = True
    disabled_reason: str | None = None
    concurrency: int = 16
    timeout_ms: int = 20_000
    retry: RetryPolicy = RetryPolicy()
    title: str = ""
    labels: Mapping[str, str] = {}
    number: int = 0


class ApiKey(Struct, frozen=True):
    """A key, as it is kept: only its SHA-256. ``project_id`` narrows it to one project, ``rate_limit`` is calls/s.

    ``application_id`` narrows it further, to one application of that project: of the exchanges of applications it
    reaches that one's only.
    """

    id: str
    organization_id: str
    name: str
    digest: str
    hint: str
    scopes: tuple[Scope, ...]
    created_at: Millis
    project_id: str | None = None
    rate_limit: float | None = None
    expires_at: Millis | None = None
    revoked_at: Millis | None = None
    application_id: str | None = None
    categories: tuple[str, ...] | None = None


class User(Struct, frozen=True):
    """A person who signs in with a password, kept as an Argon2id hash. ``role_ids`` add to ``scopes``."""

    id: str
    organization_id: str
    name: str
    password_hash: str
    scopes: tuple[Scope, ...]
    created_at: Millis
    title: str = ""
    description: str = ""
    role_ids: tuple[str, ...] = ()
    number: int = 0
    categories: tuple[str, ...] | None = None


Record = (
    Organization | Project | Application | Topic | TopicSchema | Source | Subscription | Target | ApiKey | User
    | Queue | ProductState | ReleaseState | Client | Role | Realm | Resource | Permission | SigningKey | Rule
)  # fmt: skip
"""Anything the catalog holds."""
