"""Compound subscriptions: when a set is complete, which deliveries it is made of, and what is said of one that is not.

Each mandatory topic gives a part to a set, and each optional one if it has any. With the delivery scope ``all`` a part
is the oldest delivery that waits, with ``latest`` the newest, before which the others are discarded, and with
``aggregated`` all there is. A set is looked for when it may be complete and not before, so that what waits costs
nothing: which topics have come is remembered here, and read from the journal where it is not known. How a set is made
one is told in ``bundles.py``.
"""

from collections.abc import Callable, Sequence

import msgspec
from msgspec.structs import replace

from eventyard.model.catalog import Project, Record, Subscription, Topic
from eventyard.model.ids import EntryId, Millis
from eventyard.model.journal import Delayed, HistoryLine, NewBundle, Query
from eventyard.model.lifecycle import Kind, Status, Trigger
from eventyard.model.schedule import DeliveryScope
from eventyard.pipeline.catalog import Catalog
from eventyard.pipeline.release import Moved
from eventyard.pipeline.timing import Alarm
from eventyard.pipeline.waiting.bundles import OLDER, PAGE, Bundles, Cause, Released, Stuck, within_bounds
from eventyard.ports import Clock, Store

LOOK_MS = 60_000
"""How long the timer sleeps at most, so that a clock that jumps is noticed."""


class Compounds:
    """Completes sets. ``look`` asks for a release to be tried; ``moved`` is told of what is ended."""

    def __init__(
        self,
        catalog: Catalog,
        store: Store,
        bundles: Bundles,
        look: Callable[[str], None],
        moved: Moved,
        clock: Clock,
    ) -> None:
        self._catalog = catalog
        self._store = store
        self._bundles = bundles
        self._look = look
        self._moved = moved
        self._clock = clock
        self._come: dict[str, set[int]] = {}
        self._moving = False
        self._deadlines: dict[str, Millis] = {}
        self._alarm = Alarm(clock, self.tick)

    def stop(self) -> None:
        """Forget the sets that are waited for; the next start finds them."""
        self._alarm.stop()

    # What comes in

    def came(self, subscription: Subscription, topic: int) -> None:
        """A delivery of a subscription waits, of the topic with that number, and that is on record."""
        if subscription.compound is None or subscription.is_held:
            return
        come = self._come.get(subscription.id)
        if come is None:
            self._look(subscription.id)  # what came before is not known
            return
        first = not come
        come.add(topic)
        if (first and subscription.compound.wait_minutes is not None) or come.issuperset(self._mandatory(subscription)):
            self._look(subscription.id)

    def moved(self, ids: Sequence[EntryId], status: Status, comment: str) -> None:
        """Entries were given a status: by others, then parts of any set may be gone that were there."""
        if not self._moving:
            self._come.clear()

    def changed(self, records: Sequence[Record]) -> None:
        """The catalog changed: what was known of a subscription may not be so any more."""
        for record in records:
            if isinstance(record, Subscription):
                self._come.pop(record.id, None)

    def tick(self) -> None:
        """Look at the sets that have waited long enough. The alarm calls this; so does a test that moved the clock."""
        now = self._clock()
        for subscription_id in [name for name, at in self._deadlines.items() if at <= now]:
            del self._deadlines[subscription_id]
            self._look(subscription_id)
        if self._deadlines:
            self._alarm.set(min(*self._deadlines.values(), now + LOOK_MS))

    # What is done; for one subscription one after another

    async def release(self, subscription: Subscription, cause: Cause) -> Released:
        """Make the sets that are complete. Raises ``Unavailable``."""
        done = Released()
        failed: Sequence[Delayed] = ()
        while self._bundles.may_begin(subscription):
            self._come[subscription.id] = come = set[int]()
            parts = {topic: await self._part(subscription, topic, cause) for topic in self._topics(subscription)}
            there = {topic for topic, part in parts.items() if part}
            mandatory = self._mandatory(subscription)
            more = come - there  # came after it was looked for
            come |= there
            if not there or not mandatory <= there:
                if more and mandatory <= come:
                    continue
                await self._wait_on(subscription, mandatory - there)
                break
            members = _made_of([part for part in parts.values() if part])
            if members == failed:
                raise Stuck(members)
            if subscription.delivery_scope is DeliveryScope.LATEST:
                older = sum([await self._discard_before(subscription, one, cause) for one in members])
                done += Released(discarded=older)
            begun = await self._bundles.begin(subscription, Kind.COMPOUND_SUBSCRIPTION, members, cause)
            failed, done = (members, done) if begun is None else ((), done + begun)
        return done

    async def _part(self, subscription: Subscription, topic: int, cause: Cause) -> Sequence[Delayed]:
        """What a topic gives to the next set: its oldest, its newest, or all it has."""
        scope = subscription.delivery_scope
        if scope is DeliveryScope.AGGREGATED:
            return await self._bundles.oldest(subscription, cause.through, topic)
        newest = scope is DeliveryScope.LATEST
        return await self._store.delayed(subscription.number, EntryId(0), cause.through, 1, topic=topic, newest=newest)

    async def _discard_before(self, subscription: Subscription, newest: Delayed, cause: Cause) -> int:
        """Discard what is older than the newest of a topic."""
        discarded = 0
        last = EntryId(newest.entry_id - 1)
        while page := await self._store.delayed(subscription.number, EntryId(0), last, PAGE, topic=newest.topic):
            line = HistoryLine(self._clock(), Status.DISCARDED, OLDER, cause.actor)
            moved = await self._store.move([one.entry_id for one in page], Trigger.DISCARD, line, None)
            self._tell(moved, line)
            discarded += len(moved)
        return discarded

    # Sets that are not complete

    async def _wait_on(self, subscription: Subscription, missing: set[int]) -> None:
        """Say that a set is not complete once it has waited long enough, and until then remember when that is."""
        compound = subscription.compound
        waiting = await self._store.delayed(subscription.number, EntryId(0), None, 1)
        if compound is None or compound.wait_minutes is None or not waiting:
            return
        deadline = waiting[0].created_at + compound.wait_minutes * 60_000
        if self._clock() < deadline:
            self._deadlines[subscription.id] = deadline
            self._alarm.set(min(deadline, self._clock() + LOOK_MS))
            return
        project = self._catalog.get(Project, subscription.project_id)
        about = f"{subscription.id}/{waiting[0].entry_id}"  # is said once of each set
        if (await self._store.find(Query(projects=(project.number,), event_id=about, limit=1))).entries:
            return
        names = ", ".join(repr(topic.name) for topic in self._catalog.all(Topic) if topic.number in missing)
        why = f"the set is not complete after {compound.wait_minutes} minutes: nothing has come of {names}"
        event = msgspec.structs.replace(
            self._bundles.event(subscription, "incomplete", msgspec.json.encode(why)), id=about
        )
        line = HistoryLine(self._clock(), Status.ERROR, why)
        note = NewBundle(Kind.SYSTEM, project.number, 0, subscription, None, replace(event, id=about), (line,))
        entry_id = await self._store.gather(note)
        if entry_id is not None:
            self._tell([entry_id], line)

    def _tell(self, moved: Sequence[EntryId], line: HistoryLine) -> None:
        """Tell of what was done here, of which nothing new follows for sets."""
        self._moving = True
        try:
            self._moved(moved, line.status, line.comment)
        finally:
            self._moving = False

    # Topics

    def _topics(self, subscription: Subscription) -> list[int]:
        found = (self._catalog.seek(Topic, name) for name in subscription.topic_ids)
        return [topic.number for topic in found if topic is not None]

    def _mandatory(self, subscription: Subscription) -> set[int]:
        optional = () if subscription.compound is None else subscription.compound.optional_topic_ids
        found = (self._catalog.seek(Topic, name) for name in subscription.topic_ids if name not in optional)
        return {topic.number for topic in found if topic is not None}


def _made_of(parts: Sequence[Sequence[Delayed]]) -> Sequence[Delayed]:
    """The members of a set: one of each part, and of the rest as many as a bundle holds."""
    first = [part[0] for part in parts]
    rest = sorted((one for part in parts for one in part[1:]), key=_by_id)
    return sorted([*first, *within_bounds(rest, first)], key=_by_id)


def _by_id(one: Delayed) -> EntryId:
    return one.entry_id
