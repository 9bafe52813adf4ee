"""Consume: deliveries that wait are given to whoever asks for them, and are Complete by the time they are answered.

This is how a program gets its events that keeps no lease and reports nothing, as the clients of data integration hubs
do; who wants to say how it went claims runs (``work.py``). What waits for a subscription of a job (``pickup.py``) is
taken oldest first, each for itself or all as one bundle. Taken and completed are two commits; what a process that is
killed in between has taken is Processing and in the work queue all the same, and the next to ask gets it. Once it is
Complete it is given once only: who lost the answer asks for it again (:meth:`Consuming.again`), as a new delivery.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from weakref import WeakValueDictionary

from msgspec import Struct

from eventyard.model.access import Principal, Scope
from eventyard.model.catalog import Mode, Project, Subscription, Target
from eventyard.model.errors import Conflict, NotFound
from eventyard.model.event import Event
from eventyard.model.ids import EntryId, Millis
from eventyard.model.journal import Claimed, EntryDetail, HistoryLine, NewBundle, NewDelivery, Recording
from eventyard.model.lifecycle import BUNDLES, DELIVERIES, Kind, Status, Trigger, label, labels
from eventyard.model.outcome import Attempt, Counts, Outcome, Result
from eventyard.pipeline.attempt import Attempter
from eventyard.pipeline.catalog import Catalog
from eventyard.pipeline.pickup import TAKEN, Found, Part, Pickup
from eventyard.pipeline.recorder import Recorder
from eventyard.pipeline.release import Releases
from eventyard.pipeline.view import View
from eventyard.pipeline.waiting.bundles import MOST_MEMBERS, PART, RELEASED
from eventyard.pipeline.waiting.waiting import Waiting
from eventyard.pipeline.work import Still
from eventyard.ports import Clock, Store, TargetType
from eventyard.wire.tables import rows_in, tables_of

MOST = MOST_MEMBERS
"""Deliveries that are taken at once."""

TRIES = 5
"""How often a bundle is begun anew, because somebody else was faster with one of its members."""

HOLD_MS = 60_000
"""How long what was taken is kept from workers at least: longer than two commits take, however little a run may."""

HELD, AGAIN = "held for a bundle", "asked for again by a consumer"
"""History comments."""


class Taken(Struct, frozen=True):
    """A delivery or bundle that was given away: its number, its events with the names of their topics, and how many
    rows they have.
    """

    entry_id: EntryId
    bundle: bool
    items: Sequence[tuple[str, Event]]
    rows: int


class Consuming:
    """Gives deliveries away. ``due`` tells dispatch of a delivery for a target, due at a moment; while it holds what
    ``still`` gives, no worker claims anything for that target.
    """

    def __init__(
        self,
        catalog: Catalog,
        store: Store,
        attempter: Attempter,
        recorder: Recorder,
        releases: Releases,
        waiting: Waiting,
        target_types: Mapping[str, TargetType],
        due: Callable[[int, Millis], None],
        still: Callable[[int], Still],
        clock: Clock,
    ) -> None:
        self._catalog = catalog
        self._store = store
        self._attempter = attempter
        self._recorder = recorder
        self._releases = releases
        self._waiting = waiting
        self._types = target_types
        self._due = due
        self._still = still
        self._clock = clock
        self._pickup = Pickup(catalog, store, clock)
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def consume(
        self, who: Principal, subscription_id: str, *, limit: int = 1, publication_id: int | None = None
    ) -> list[Taken]:
        """The oldest that wait, or those of one publication; each Complete. None where nothing waits.

        Raises ``NotFound``, ``Unavailable``, and ``Conflict`` (``illegal_transition``) for a subscription that has no
        job, or whose job or itself is disabled.
        """
        subscription, target = self._subscription(who, subscription_id)
        async with self._turn(subscription):
            seen = self._still(target.number).claimed
            if publication_id is None:
                limit = min(limit, MOST)
                singles = await self._pickup.single(subscription, limit)
                ids = sorted(singles + await self._pickup.bundles(subscription, limit))
            else:
                ids = await self._pickup.of(who, subscription, publication_id)
            return await self._take(who, subscription, target, await self._pickup.found(ids, limit), seen)

    async def gather(self, who: Principal, subscription_id: str, *, limit: int = MOST) -> Taken | None:
        """All that waits, up to so many, as one: the oldest bundle that waits, or a new one. ``None``: nothing waits.

        Raises as :meth:`consume`.
        """
        subscription, target = self._subscription(who, subscription_id)
        async with self._turn(subscription):
            for _ in range(TRIES):
                seen = self._still(target.number).claimed
                ids = await self._pickup.bundles(subscription, 1)
                if not ids:
                    parts = await self._pickup.parts(subscription, min(limit, MOST))
                    if not parts:
                        return None
                    made = await self._begin(who, subscription, target, parts, seen)
                    ids = [] if made is None else [made]
                taken = await self._take(who, subscription, target, await self._pickup.found(ids, 1), seen)
                if taken:
                    return taken[0]
        return None

    async def again(
        self, who: Principal, subscription_id: str, entry_id: int, statuses: frozenset[Status]
    ) -> Taken | None:
        """A delivery or bundle that is over and in one of these statuses once more, as a new one; the old is
        Reprocessed then.

        Raises ``NotFound`` for what is no delivery of the subscription or has no payload any more, and ``Conflict`` for
        one in another status. ``None``: somebody else has the new one, or an operator ended it.
        """
        subscription, target = self._subscription(who, subscription_id)
        view = View(self._catalog, who).need(Scope.EVENTS_MANAGE)
        async with self._turn(subscription):
            detail = await self._store.detail(EntryId(entry_id))
            entry = detail.entry
            delivered = entry.kind in DELIVERIES
            if entry.name_id != subscription.id or not delivered or not view.shows_entry(entry):
                raise NotFound("not_found", f"there is no delivery {entry_id} of subscription {subscription.name!r}")
            if entry.status not in statuses:
                wanted = labels(sorted(statuses))
                raise Conflict("illegal_transition", f"delivery {entry_id} is {label(entry.status)}, and not {wanted}")
            if detail.bundle is not None:
                hint = f"ask for event {detail.bundle}"
                raise Conflict("illegal_transition", f"delivery {entry_id} was made as one with others", hint=hint)
            if entry.kind in BUNDLES:
                made = await self._waiting.bundles.reprocess(subscription, entry, who.name, AGAIN)
                self._releases.moved([entry.id, *detail.members], Status.REPROCESSED, AGAIN)
                taken = await self._take(who, subscription, target, await self._pickup.found([made], 1), 0)
            else:
                taken = await self._anew(who, subscription, target, detail)
            return next(iter(taken), None)

    async def _anew(
        self, who: Principal, subscription: Subscription, target: Target, detail: EntryDetail
    ) -> list[Taken]:
        """A new delivery in place of one, in nobody else's hands, completed."""
        parent_id = detail.entry.parent_id
        if detail.event is None or parent_id is None:
            raise NotFound("not_found", f"the payload of entry {detail.entry.id} is no longer kept")
        now = self._clock()
        until = self._until(target)
        delivery = NewDelivery(subscription, target, Status.PROCESSING, now, until)
        line = HistoryLine(now, Status.REPROCESSED, AGAIN, who.name)
        [made] = await self._store.redeliver(parent_id, [delivery], detail.entry.id, line)
        self._releases.moved([detail.entry.id], line.status, line.comment)
        self._releases.look(parent_id)
        new = Found(await self._store.detail(made), detail.event)
        return await self._complete(subscription, target, [(new, await self._given(subscription, new))], until)

    def _until(self, target: Target) -> Millis:
        """Until when no worker is given what is taken now."""
        return self._clock() + max(target.timeout_ms, HOLD_MS)

    def _subscription(self, who: Principal, subscription_id: str) -> tuple[Subscription, Target]:
        subscription = View(self._catalog, who).need(Scope.JOBS_WORK).get(Subscription, subscription_id)
        target = self._catalog.get(Target, subscription.target_id)
        if not self._types[target.type].pull:
            why = f"target {target.name!r} is of type {target.type!r}, which is sent to and consumes nothing"
            raise Conflict("illegal_transition", why, hint="subscribe a job, and consume what waits for it")
        for disabled, what, name in (
            (subscription.mode is Mode.DISABLED, "subscription", subscription.name),
            (not target.enabled, "target", target.name),
        ):
            if disabled:
                raise Conflict("illegal_transition", f"{what} {name!r} is disabled", hint=f"enable the {what} first")
        return subscription, target

    def _turn(self, subscription: Subscription) -> asyncio.Lock:
        """Who consumes of a subscription waits for their turn, so that nobody takes for left what another has taken."""
        return self._turns.setdefault(subscription.id, asyncio.Lock())

    # Taking

    async def _take(
        self, who: Principal, subscription: Subscription, target: Target, found: Sequence[Found], seen: int
    ) -> list[Taken]:
        """Take what nobody else did, and complete it; what the answer says is read before.

        ``seen`` is what workers had claimed before it was found.
        """
        given = [await self._given(subscription, one) for one in found]
        until = self._until(target)
        moved = await self._start([one.id for one in found if one.status is not Status.PROCESSING], TAKEN, who, until)
        left = [one for one in found if one.status is Status.PROCESSING]
        if left:
            moved |= await self._hold(left, target, who, until, seen)
        taken = [(one, answer) for one, answer in zip(found, given, strict=True) if one.id in moved]
        return await self._complete(subscription, target, taken, until)

    async def _begin(
        self, who: Principal, subscription: Subscription, target: Target, parts: Sequence[Part], seen: int
    ) -> EntryId | None:
        """Begin a bundle of what waits; its number, or ``None`` if somebody else was faster with one of them."""
        now = self._clock()
        pending = [one.id for one in parts if one.status is Status.PENDING]
        left = [one.id for one in parts if one.status is Status.PROCESSING]
        started = await self._start(pending, HELD, who, self._until(target))
        async with self._still(target.number):
            held = started | await self._free(left, target, seen)
            await self._wait(list(held), HELD, who)
        topics = {one.topic for one in parts}
        kind = Kind.AGGREGATED_SUBSCRIPTION
        lines = (HistoryLine(now, Status.NEW, TAKEN, who.name), HistoryLine(now, Status.PENDING, RELEASED))
        bundle = NewBundle(
            kind,
            self._catalog.get(Project, subscription.project_id).number,
            topics.pop() if len(topics) == 1 else 0,
            subscription,
            target,
            self._waiting.bundles.event(subscription, "aggregated"),
            lines,
            tuple(one.id for one in parts),
            PART[kind],
        )
        made = None
        try:
            made = await self._store.gather(bundle)
        finally:
            if made is None and held:
                self._waiting.backlogs.look(subscription.id)  # what was held goes on as it would have
        return made

    async def _start(self, ids: Sequence[EntryId], comment: str, who: Principal, until: Millis) -> set[EntryId]:
        """Those that were Delayed or Pending, and are not any more."""
        line = HistoryLine(self._clock(), Status.PROCESSING, comment, who.name)
        return set(await self._store.move(ids, Trigger.START, line, until)) if ids else set()

    async def _hold(
        self, found: Sequence[Found], target: Target, who: Principal, until: Millis, seen: int
    ) -> set[EntryId]:
        """Those that are Processing, and still in nobody's hands; due when the time is up, in one step."""
        line = HistoryLine(self._clock(), Status.PROCESSING, TAKEN, who.name)
        async with self._still(target.number):
            free = await self._free([one.id for one in found], target, seen)
            held = [(one.id, one.detail.entry.parent_id or one.id) for one in found if one.id in free]
            written = await asyncio.gather(*(self._store.record(Recording(*ids, None, line, until)) for ids in held))
        return {one for (one, _), recorded in zip(held, written, strict=True) if recorded}

    async def _free(self, ids: Sequence[EntryId], target: Target, seen: int) -> set[EntryId]:
        return await self._pickup.free(ids, again=self._still(target.number).claimed != seen)

    async def _wait(self, ids: Sequence[EntryId], comment: str, who: Principal) -> None:
        if ids:
            line = HistoryLine(self._clock(), Status.DELAYED, comment, who.name)
            await self._store.move(ids, Trigger.WAIT, line, None)

    async def _complete(
        self, subscription: Subscription, target: Target, taken: Sequence[tuple[Found, Taken]], until: Millis
    ) -> list[Taken]:
        """Put on record that they were given away. Those of which an operator said otherwise meanwhile are not."""
        done = False
        try:
            writes = [self._write(subscription, target, *one, until) for one in taken]
            results = await asyncio.gather(*writes, return_exceptions=True)
            failed = next((one for one in results if isinstance(one, BaseException)), None)
            if failed is not None and True not in results:
                raise failed
            done = failed is None
        finally:
            if not done:
                self._due(target.number, until)  # a worker may have it then, if nobody asks again
        return [answer for (_, answer), written in zip(taken, results, strict=True) if written is True]

    async def _given(self, subscription: Subscription, found: Found) -> Taken:
        entry = found.detail.entry
        items = await self._pickup.items(subscription, found)
        rows = sum(rows_in(tables_of(event, name)) for name, event in items)
        return Taken(entry.id, entry.kind in BUNDLES, items, rows)

    async def _write(
        self, subscription: Subscription, target: Target, found: Found, taken: Taken, until: Millis
    ) -> bool:
        number = found.attempt
        outcome = Outcome(Result.DELIVERED, counts=Counts(source_success=taken.rows, target_success=taken.rows))
        parent_id = found.detail.entry.parent_id or taken.entry_id
        claimed = Claimed(taken.entry_id, parent_id, subscription.id, target.number, number, until, until, found.event)
        concluded = self._attempter.conclude(claimed, target, Attempt(number, self._clock(), 0.0, outcome))
        return bool(await self._recorder.write(concluded.recording))
