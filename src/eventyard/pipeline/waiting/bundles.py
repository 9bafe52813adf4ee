"""Bundles: the deliveries of a subscription that are made as one.

An *aggregated* subscription has one made of all that waited, a *compound* one of sets (``compounds.py``), and an
*unbound* one has one made with each run, which tells what there is to be read. ``backlogs.py`` asks, for one
subscription at a time. A bundle begins in one transaction with its members, so a hub that is killed finds them either
waiting or begun; from its first attempt on it is a delivery like any other (``dispatch.py``).

Which bundles are under way is remembered, because those of one subscription may have to be made one after another.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

import msgspec
from msgspec import Struct

from eventyard.model.catalog import Project, Subscription, Target, Topic
from eventyard.model.errors import Conflict, Invalid
from eventyard.model.event import Event
from eventyard.model.ids import EntryId, Millis
from eventyard.model.journal import Delayed, Entry, HistoryLine, NewBundle, Query, Recording
from eventyard.model.lifecycle import BUNDLES, FINAL, Kind, Status
from eventyard.model.schedule import DeliveryScope, Overlap, When
from eventyard.pipeline.accept import Waits, tell_nobody
from eventyard.pipeline.catalog import Catalog
from eventyard.pipeline.release import Moved
from eventyard.ports import Clock, Store

RELEASED = "Released"
"""What the history says of a bundle that is made, in the words of the DIH seed's example, as those of its members."""

PART = {
    Kind.COMPOUND_SUBSCRIPTION: "This event is a part of a compound subscription.",
    Kind.AGGREGATED_SUBSCRIPTION: "This event is a part of an aggregated subscription.",
}
UNDER_WAY, OLDER = "another one of this subscription is under way", "a newer one was delivered in its place"
GONE = "its target was deleted"

MOST_MEMBERS, MOST_BYTES = 2_000, 8 * 1024 * 1024
"""What one bundle holds: so many deliveries, and none more once their events come to so many bytes."""

PAGE = 500
"""Deliveries that are read at a time, and discarded at a time."""


class Released(Struct, frozen=True):
    """What became of a backlog: so many deliveries are made now, so many were discarded for a newer one. ``first`` is
    the first of those that are made, or the bundle as which they are.
    """

    released: int = 0
    discarded: int = 0
    first: EntryId | None = None

    def __add__(self, other: "Released") -> "Released":
        """What became of two of them."""
        first = other.first if self.first is None else self.first
        return Released(self.released + other.released, self.discarded + other.discarded, first)


class Stuck(RuntimeError):
    """Deliveries wait that cannot be made, and nobody has moved them: their event is gone."""

    def __init__(self, waiting: Sequence[Delayed]) -> None:
        super().__init__(f"deliveries that wait cannot be made: {[one.entry_id for one in waiting[:10]]}")


class Cause(Struct, frozen=True):
    """Why deliveries are let go, and who wished it; of those that waited, the ones up to an entry."""

    comment: str = ""
    actor: str | None = None
    through: EntryId | None = None


_NAMES = {
    Kind.COMPOUND_SUBSCRIPTION: "compound",
    Kind.AGGREGATED_SUBSCRIPTION: "aggregated",
    Kind.UNBOUND_SUBSCRIPTION: "unbound",
}


def check_bundles(subscription: Subscription) -> None:
    """Raise ``Invalid`` (``invalid_body``) for a subscription that could never have a bundle made, or not that one."""
    compound, ready = subscription.compound, subscription.schedule.when is When.READY
    if subscription.unbound:
        if compound is not None or subscription.delivery_scope is not DeliveryScope.ALL:
            raise _invalid("unbound", "nothing waits for it that sets could be made of", "leave out the other")
        if ready:
            raise _invalid("schedule", "an unbound subscription is run, and not ready", "give it another schedule")
        if subscription.pattern is not None or subscription.filter is not None or subscription.source_id is not None:
            raise _invalid("unbound", "it is not matched with single events", "leave out source, pattern and filter")
    elif compound is None:
        if ready and subscription.delivery_scope is DeliveryScope.AGGREGATED:
            raise _invalid("delivery_scope", "nothing waits that could be made as one", "give it another schedule")
    else:
        mandatory = set(subscription.topic_ids) - set(compound.optional_topic_ids)
        if len(set(subscription.topic_ids)) < 2 or not mandatory:
            raise _invalid("compound", "a set needs two topics, one of them mandatory", "name more topics")
        if not set(subscription.topic_ids).issuperset(compound.optional_topic_ids):
            raise _invalid("compound/optional_topics", "these are not all its topics", "name topics of its own")
        if subscription.source_id is not None:
            raise _invalid("compound", "a source gives events of one topic only", "name topics, and no source")
        if compound.wait_minutes is not None and not ready:
            raise _invalid("compound/wait_minutes", "it waits for its schedule", "leave out one of the two")


def _invalid(field: str, why: str, hint: str) -> Invalid:
    return Invalid("invalid_body", why, pointer=f"/{field}", hint=hint)


class Bundles:
    """Makes bundles. ``due`` tells dispatch of a delivery for a target, ``look`` asks for a release to be tried."""

    def __init__(
        self,
        catalog: Catalog,
        store: Store,
        due: Callable[[int, Millis], None],
        look: Callable[[str], None],
        moved: Moved,
        pulled: Callable[[str], bool],
        clock: Clock,
        new_id: Callable[[], str],
        waits: Waits = tell_nobody,
    ) -> None:
        self._catalog = catalog
        self._store = store
        self._due = due
        self._look = look
        self._moved = moved
        self._pulled = pulled
        self._clock = clock
        self._new_id = new_id
        self._waits = waits
        self._open: dict[EntryId, str] = {}  # bundle -> subscription
        self._busy = Counter[str]()
        self._ended: set[EntryId] | None = None
        """Entries that end while those under way are looked for."""
        self._again: dict[str, Cause] = {}

    async def resume(self) -> None:
        """Find the bundles that are under way, but those that end meanwhile. Raises ``Unavailable``."""
        self._ended = set()
        projects = tuple(project.number for project in self._catalog.all(Project))
        statuses = tuple(status for status in Status if status not in FINAL)
        query = Query(projects=projects, kinds=tuple(BUNDLES), statuses=statuses, limit=PAGE)
        more = bool(projects)
        while more:
            page = await self._store.find(query)
            for entry in page.entries:
                if entry.id not in self._ended:
                    self._opened(entry.id, entry.name_id or "")
            more = page.more
            query = msgspec.structs.replace(query, before=page.entries[-1].id if page.entries else None)
        self._ended = None

    # What comes in

    def ended(self, recording: Recording) -> None:
        """The status of a delivery changed, and that is on record."""
        if recording.line is not None and (self._ended is not None or recording.entry_id in self._open):
            self.moved([recording.entry_id], recording.line.status, recording.line.comment)

    def moved(self, ids: Sequence[EntryId], status: Status, comment: str) -> None:
        """Entries were given a status: of a bundle that is over, the next may be waiting."""
        if status not in FINAL:
            return
        if self._ended is not None:
            self._ended.update(ids)
        for entry_id in ids if self._open else ():
            subscription_id = self._open.pop(entry_id, None)
            if subscription_id is not None:
                self._busy -= Counter((subscription_id,))
                self._look(subscription_id)

    # What is done; for one subscription one after another

    async def reprocess(self, subscription: Subscription, entry: Entry, actor: str, comment: str) -> EntryId:
        """Make a bundle that is over once more, of new deliveries in place of its members; the new one's id. It is made
        at once, whatever is under way.

        Raises ``Conflict`` (``illegal_transition``), ``NotFound`` when the payload of a member is no longer kept.
        """
        if entry.kind is Kind.UNBOUND_SUBSCRIPTION:
            hint = f"run the subscription: POST /v1/subscriptions/{subscription.id}/run"
            raise Conflict("illegal_transition", f"entry {entry.id} was made of nothing that waited", hint=hint)
        topic = None if entry.topic_id is None else self._catalog.seek(Topic, entry.topic_id)
        event = self.event(subscription, _NAMES[entry.kind])
        number = topic.number if topic else 0
        bundle = self._bundle(subscription, entry.kind, number, event, Cause(comment, actor), beside=True)
        entry_id = await self._store.gather(bundle, entry.id)
        assert entry_id is not None, "its members were made for it"
        self._begun(bundle, entry_id)
        return entry_id

    def may_begin(self, subscription: Subscription) -> bool:
        """Whether a bundle may begin, or waits for another one."""
        return subscription.overlap is not Overlap.WAIT or not self._busy[subscription.id]

    async def aggregate(self, subscription: Subscription, cause: Cause) -> Released:
        """Make one of all that waits, or several if that is more than one holds. Raises ``Unavailable``."""
        done = Released()
        failed: Sequence[Delayed] = ()
        while self.may_begin(subscription):
            waiting = await self.oldest(subscription, cause.through)
            if not waiting:
                break
            if waiting == failed:
                raise Stuck(waiting)
            begun = await self.begin(subscription, Kind.AGGREGATED_SUBSCRIPTION, waiting, cause)
            failed, done = (waiting, done) if begun is None else ((), done + begun)
        return done

    async def oldest(
        self, subscription: Subscription, through: EntryId | None, topic: int | None = None
    ) -> Sequence[Delayed]:
        """The oldest that wait, as many as a bundle holds."""
        found: list[Delayed] = []
        more = True
        while more and len(found) < MOST_MEMBERS:
            after = found[-1].entry_id if found else EntryId(0)
            page = await self._store.delayed(subscription.number, after, through, PAGE, topic=topic)
            found += page
            more = len(page) == PAGE
        return within_bounds(found)

    async def begin(
        self, subscription: Subscription, kind: Kind, members: Sequence[Delayed], cause: Cause
    ) -> Released | None:
        """Begin a bundle; what became of its members. ``None``: one of them was moved meanwhile."""
        topics = {one.topic for one in members}
        only = topics.pop() if len(topics) == 1 and kind is not Kind.COMPOUND_SUBSCRIPTION else 0
        bundle = self._bundle(subscription, kind, only, self.event(subscription, _NAMES[kind]), cause)
        bundle = msgspec.structs.replace(bundle, members=tuple(one.entry_id for one in members))
        entry_id = await self._store.gather(bundle)
        if entry_id is None:
            return None
        return Released(len(members), first=entry_id) if self._begun(bundle, entry_id) else Released()

    async def tell(self, subscription: Subscription, cause: Cause | None) -> Released:
        """Begin an unbound one: what topics there are, and up to which entry they are to be read. Without a cause, if
        one has waited for its turn.
        """
        cause = cause or self._again.pop(subscription.id, None)
        if cause is None:
            return Released()
        if not self.may_begin(subscription):
            self._again[subscription.id] = cause
            return Released()
        topics = [topic for name in subscription.topic_ids if (topic := self._catalog.seek(Topic, name)) is not None]
        data = {
            "subscription": {"id": subscription.id, "name": subscription.name},
            "topics": [{"id": topic.id, "name": topic.name} for topic in topics],
            "through": await self._store.newest([topic.number for topic in topics]),
        }
        kind = Kind.UNBOUND_SUBSCRIPTION
        event = self.event(subscription, _NAMES[kind], msgspec.json.encode(data))
        bundle = self._bundle(subscription, kind, topics[0].number if len(topics) == 1 else 0, event, cause)
        entry_id = await self._store.gather(bundle)
        assert entry_id is not None, "it has no members that could have changed"
        return Released(1, first=entry_id) if self._begun(bundle, entry_id) else Released()

    def _bundle(
        self, subscription: Subscription, kind: Kind, topic: int, event: Event, cause: Cause, *, beside: bool = False
    ) -> NewBundle:
        """A bundle that begins now, or is over at once; ``beside`` another one if need be."""
        target = self._catalog.seek(Target, subscription.target_id)
        project = self._catalog.get(Project, subscription.project_id)
        if target is None:
            status, said = Status.ERROR, GONE
        elif subscription.overlap is Overlap.DISCARD and self._busy[subscription.id] and not beside:
            status, said = Status.DISCARDED, UNDER_WAY
        else:
            status, said = Status.PENDING if self._pulled(target.type) else Status.PROCESSING, RELEASED
        now = self._clock()
        lines = (HistoryLine(now, Status.NEW, cause.comment, cause.actor), HistoryLine(now, status, said))
        return NewBundle(kind, project.number, topic, subscription, target, event, lines, (), PART.get(kind, ""))

    def _begun(self, bundle: NewBundle, entry_id: EntryId) -> bool:
        """Tell of a bundle that is on record. Whether it is being made."""
        last = bundle.lines[-1]
        if last.status in FINAL or bundle.target is None:
            self._moved([entry_id, *bundle.members], last.status, last.comment)
            return False
        self._opened(entry_id, bundle.subscription.id)
        self._due(bundle.target.number, last.at)
        if last.status is Status.PENDING and bundle.subscription.notify is not None:
            self._waits(bundle.subscription)
        return True

    def reopened(self, entries: Iterable[Entry]) -> None:
        """Entries go on that were over; of them, bundles are under way again."""
        for entry in entries:
            if entry.kind in BUNDLES:
                self._opened(entry.id, entry.name_id or "")

    def _opened(self, entry_id: EntryId, subscription_id: str) -> None:
        if entry_id not in self._open:
            self._open[entry_id] = subscription_id
            self._busy[subscription_id] += 1

    def event(self, subscription: Subscription, name: str, data: bytes = b"") -> Event:
        """An event of the hub's own, about a subscription."""
        return Event(
            id=self._new_id(),
            source=f"/subscriptions/{subscription.id}",
            type=f"eventyard.subscription.{name}",
            time=self._clock(),
            data=data,
            routing_key=f"eventyard.subscription.{name}",
            subject=subscription.name,
        )


def within_bounds(found: Sequence[Delayed], beside: Sequence[Delayed] = ()) -> Sequence[Delayed]:
    """As many of the first as a bundle holds, beside others that are in it anyway; without those, one at least."""
    size = sum(one.size for one in beside)
    for place, one in enumerate(found, start=len(beside)):
        if place >= MOST_MEMBERS or size >= MOST_BYTES:
            return found[: place - len(beside)]
        size += one.size
    return found
