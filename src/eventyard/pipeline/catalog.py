"""The live catalog: every record in memory, in step with the store, and the routing index built from it.

All reads of the hot path end here, so a publish asks the disk nothing. A change is saved first and then applied here,
in that order; who watches is told afterwards. What may be changed, and by whom, is decided by the verbs beside this
file (``sources.py``, ``subscriptions.py``, …) and by ``view.py``; what the world is told of it, in the same
transaction, by ``announce.py``.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Sequence
from functools import wraps
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar, cast

from eventyard.matching.index import SubscriptionIndex
from eventyard.model.access import Principal
from eventyard.model.catalog import (
    ApiKey,
    Application,
    Organization,
    Project,
    Record,
    Source,
    Subscription,
    Target,
    Topic,
    TopicSchema,
    User,
)
from eventyard.model.errors import NotFound
from eventyard.model.identity import Client, Permission, Realm, Resource, Role, SigningKey
from eventyard.model.journal import Appended, Change, NewPublication
from eventyard.model.products import ProductState
from eventyard.model.rules import Rule
from eventyard.model.schedule import ReleaseState
from eventyard.model.streams import Queue
from eventyard.pipeline.sight import Sight
from eventyard.ports import Store

R = TypeVar("R", bound=Record)
T = TypeVar("T")
P = ParamSpec("P")
Watcher = Callable[[Sequence[Record]], None]
Commit = Callable[[Sequence[NewPublication]], Coroutine[Any, Any, Sequence[Appended]]]
Announcer = Callable[[Sequence[Record], Sequence[Record], Commit], Coroutine[Any, Any, None]]
"""Is given what is about to be saved and removed, and calls the commit once, with the events that tell of it."""

WORDS: dict[type[Any], str] = {
    Organization: "organization", Project: "project", Application: "application", Topic: "topic", Source: "source",
    Subscription: "subscription", Target: "target", ApiKey: "key", User: "user", TopicSchema: "schema",
    ProductState: "product state", Queue: "queue", Client: "client", Role: "role", Realm: "realm",
    ReleaseState: "release",
    Resource: "resource", Permission: "permission", SigningKey: "signing key",
    Rule: "rule",
}  # fmt: skip

_NAMED = (Application, Topic, Source, Subscription, Target, Queue, Rule)
"""Kinds whose names are unique within a project."""

_SORTED = (Application, Topic, Source, Subscription, Rule)
"""Kinds that have a say in who sees what."""


class Catalog:
    """Everything an operator set up, by id, by name and by journal number."""

    def __init__(self, store: Store) -> None:
        self.index = SubscriptionIndex()
        self._store = store
        self._by_id: dict[type[Any], dict[str, Any]] = {kind: {} for kind in WORDS}
        self._by_name: dict[tuple[type[Any], str, str], Any] = {}
        self._by_number: dict[int, Any] = {}
        self._schemas: dict[str, dict[int, TopicSchema]] = {}
        self._keys: dict[str, ApiKey] = {}
        self._sights: dict[frozenset[str], Sight] = {}
        self._watchers: list[Watcher] = []
        self.version = 0
        """Another one after each change: what was decided before may be decided otherwise now."""
        self.turn = asyncio.Lock()
        """Held by the verb that is changing something; see :func:`in_turn`."""
        self.acting: Principal | None = None
        """Whose turn it is, if it is anybody's but the hub's own."""
        self.announcer: Announcer = _announce_nothing

    async def start(self) -> None:
        """Load everything from the store."""
        self._apply(await self._store.load(), gone=False)

    def watch(self, watcher: Watcher) -> None:
        """Call ``watcher`` with the records of every later change, after it took effect."""
        self._watchers.append(watcher)

    # Reading

    def get(self, kind: type[R], record_id: str) -> R:
        """The record, or ``NotFound``."""
        found = self._by_id[kind].get(record_id)
        if found is None:
            raise NotFound("not_found", f"there is no {WORDS[kind]} {record_id!r}")
        return cast(R, found)

    def seek(self, kind: type[R], record_id: str) -> R | None:
        """The record or ``None``."""
        return cast("R | None", self._by_id[kind].get(record_id))

    def all(self, kind: type[R]) -> Iterable[R]:
        """Every record of a kind, in the order they were made."""
        return cast("Iterable[R]", self._by_id[kind].values())

    def named(self, kind: type[R], project_id: str, name: str) -> R | None:
        """A project's application, topic, source, subscription, target, queue or rule by its name."""
        return cast("R | None", self._by_name.get((kind, project_id, name)))

    def numbered(self, kind: type[R], number: int) -> R | None:
        """The living record with this journal number."""
        found = self._by_number.get(number)
        return found if isinstance(found, kind) else None

    def key(self, digest: str) -> ApiKey | None:
        """The API key whose SHA-256 this is."""
        return self._keys.get(digest)

    def sight(self, held: frozenset[str]) -> Sight:
        """What is seen by who holds these categories."""
        if held not in self._sights:
            self._sights[held] = Sight(self, held)
        return self._sights[held]

    def schemas(self, topic_id: str) -> list[TopicSchema]:
        """A topic's schema versions, oldest first."""
        return list(self._schemas.get(topic_id, {}).values())

    def topic_schema(self, topic: Topic) -> TopicSchema | None:
        """The schema a topic enforces now."""
        return None if topic.schema_version is None else self._schemas[topic.id][topic.schema_version]

    # Changing

    async def save(self, *records: Record) -> list[Record]:
        """Commit records, all or none, then show them here. Returns them with their numbers."""
        return await self.change(records)

    async def save_one(self, record: R) -> R:
        """Commit one record and return it with its number."""
        return cast(R, (await self.save(record))[0])

    async def remove(self, *records: Record) -> None:
        """Delete records, all or none, then forget them here."""
        await self.change((), records)

    async def change(self, saved: Sequence[Record], removed: Sequence[Record] = ()) -> list[Record]:
        """Save and remove records, all or none, and announce it. Returns the saved ones with their numbers."""
        numbered: list[Record] = []

        async def commit(publications: Sequence[NewPublication]) -> Sequence[Appended]:
            numbered[:], appended = await self.commit(saved, removed, publications)
            return appended

        await self.announcer(saved, removed, commit)
        return numbered

    async def commit(
        self, saved: Sequence[Record], removed: Sequence[Record], publications: Sequence[NewPublication]
    ) -> tuple[list[Record], Sequence[Appended]]:
        """Commit a change with the given publications and no others, then show it here."""
        changed = await self._store.change(Change(tuple(saved), tuple(removed), tuple(publications)))
        self._apply(removed, gone=True)
        self._apply(changed.saved, gone=False)
        self._tell((*removed, *changed.saved))
        return list(changed.saved), changed.appended

    def _tell(self, records: Sequence[Record]) -> None:
        for watcher in self._watchers:
            watcher(records)

    def _apply(self, records: Sequence[Record], *, gone: bool) -> None:
        self.version += 1
        if any(isinstance(record, _SORTED) for record in records):
            self._sights.clear()
        for record in records:
            if isinstance(record, TopicSchema):
                self._schemas.setdefault(record.topic_id, {})[record.version] = record
                continue
            shelf = self._by_id[type(record)]
            before = shelf.get(record.id)
            if gone:
                shelf.pop(record.id, None)
            else:
                shelf[record.id] = record
            number = getattr(record, "number", 0)
            if number:
                self._by_number[number] = None if gone else record
            if before is not None:
                self._unlist(before)
            if not gone:
                self._enlist(record)

    def _enlist(self, record: Record) -> None:
        """Make a record findable in other ways than by id and number."""
        if isinstance(record, _NAMED):
            self._by_name[type(record), record.project_id, record.name] = record
        if isinstance(record, Subscription):
            self.index.add(record)
        elif isinstance(record, ApiKey):
            self._keys[record.digest] = record

    def _unlist(self, record: Record) -> None:
        if isinstance(record, _NAMED):
            name = type(record), record.project_id, record.name
            if self._by_name.get(name) is record:  # older journals may hold two subscriptions of one name
                del self._by_name[name]
        if isinstance(record, Subscription):
            self.index.remove(record.id)
        elif isinstance(record, ApiKey):
            del self._keys[record.digest]


async def _announce_nothing(saved: Sequence[Record], removed: Sequence[Record], commit: Commit) -> None:
    await commit(())


class _Changing(Protocol):
    """Whose verbs change the catalog."""

    _catalog: Catalog


V = TypeVar("V", bound=_Changing)
Verb = Callable[Concatenate[V, P], Coroutine[Any, Any, T]]


def in_turn(verb: Verb[V, P, T]) -> Verb[V, P, T]:
    """Let a verb look, decide and save before the next one looks.

    Otherwise of two changes of one record the later would undo the earlier, and a change would bring back what was
    removed meanwhile. A verb in its turn calls no other. The caller that a verb is given first is who acts.
    """

    @wraps(verb)
    async def taking_turns(self: V, /, *arguments: P.args, **named: P.kwargs) -> T:
        catalog = self._catalog
        async with catalog.turn:
            catalog.acting = next((who for who in arguments[:1] if isinstance(who, Principal)), None)
            try:
                return await verb(self, *arguments, **named)
            finally:
                catalog.acting = None

    return taking_turns
