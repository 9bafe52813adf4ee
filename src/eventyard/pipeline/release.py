"""Release: the deliveries of one event in groups, one after another, by the ``order`` of their subscriptions.

Accept starts the lowest order and commits the others as Delayed, in no work queue (:func:`in_order`). When the store
tells that the last open delivery of a publication has ended and some are delayed, :class:`Releases` reads what became
of each, starts the next group, and has ``dispatch.py`` told; or discards the rest, if one failed whose subscription
says ``stop_on_error``. Deliveries without an order wait for nobody, and nobody waits for them; nor for those that wait
for their subscription, which are let go in ``backlogs.py``.

What is to be done follows from the journal and the catalog alone. So a process that is killed in the middle loses no
group (``backlogs.py`` finds it after the next start), and doing it twice does no harm: of two moves of a delivery that
wait for the same thing, the lifecycle table allows the first.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import islice
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from eventyard.model.catalog import Subscription
from eventyard.model.ids import EntryId, Millis
from eventyard.model.journal import HistoryLine, NewDelivery, Recorded, Recording, Sibling
from eventyard.model.lifecycle import FINAL, Status, Trigger
from eventyard.pipeline.catalog import Catalog
from eventyard.pipeline.persist import persist
from eventyard.ports import Clock, Store
from eventyard.telemetry.log import Log

T = TypeVar("T")

STARTED = "its turn has come"
"""The history comment of a delivery that waited for others."""

ROUND = 64
"""Publications that are looked at together."""

PAGE = 500
"""Deliveries that are moved at a time."""

REMEMBERED = 10_000
"""Publications of which it is remembered that all that is open in them has an order."""


def in_order(deliveries: Sequence[NewDelivery]) -> Sequence[NewDelivery]:
    """The deliveries of one event, those behind the first group delayed. Nobody waits for one that waits already."""
    if len(deliveries) < 2:
        return deliveries
    orders = {one.subscription.order for one in deliveries if one.status is not Status.DELAYED} - {None}
    if len(orders) < 2:
        return deliveries
    first = (None, min(order for order in orders if order is not None))
    return [
        one if one.subscription.order in first else replace(one, status=Status.DELAYED, lease_until=0)
        for one in deliveries
    ]


class Step(Struct, frozen=True):
    """What follows for the delayed deliveries of a publication, if anything does."""

    start: Sequence[Sibling] = ()
    discard: Sequence[Sibling] = ()
    why: str = ""
    ordered: bool = True
    """Whether everything that is open has an order: then nothing follows before all of it has ended."""


def next_step(siblings: Sequence[Sibling], find: Callable[[str], Subscription | None]) -> Step:
    """What follows, by the subscriptions as they are now. What waits for its subscription is not the groups' business.

    Of several deliveries for one subscription (a replay, a reprocessing) the newest tells whether it failed.
    """
    known = {sibling.subscription_id: find(sibling.subscription_id) for sibling in siblings}
    orders = {name: None if one is None else one.order for name, one in known.items()}
    in_groups = {name for name, one in known.items() if one is not None and one.order is not None and not one.waits}
    delayed = [one for one in siblings if one.status is Status.DELAYED and one.subscription_id in in_groups]
    working = {orders[one.subscription_id] for one in siblings if one.status not in _RESTING}
    if not delayed:
        return Step()
    if working - {None}:
        return Step(ordered=None not in working)
    for name, newest in {one.subscription_id: one for one in siblings}.items():
        failed = known[name]
        if newest.status is Status.ERROR and failed is not None and failed.order is not None and failed.stop_on_error:
            return Step(discard=delayed, why=f"subscription {failed.name!r} failed, and stops those after it")
    group = min(order for one in delayed if (order := orders[one.subscription_id]) is not None)
    return Step(start=[one for one in delayed if orders[one.subscription_id] == group], ordered=None not in working)


_RESTING = FINAL | {Status.DELAYED}


Moved = Callable[[Sequence[EntryId], Status, str], None]
"""Is told of entries that were moved: to which status, and with what comment."""


class Releases:
    """Starts what has waited. ``due`` tells dispatch of a delivery for a target, due at a moment."""

    def __init__(
        self,
        store: Store,
        catalog: Catalog,
        due: Callable[[int, Millis], None],
        log: Log,
        clock: Clock,
        *,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._store = store
        self._catalog = catalog
        self._due = due
        self._log = log
        self._clock = clock
        self._pause = pause
        self._watchers: list[Moved] = []
        self._asked: dict[EntryId, None] = {}
        self._ordered: dict[EntryId, None] = {}
        self._working: asyncio.Task[None] | None = None
        self._stopped = False

    def watch(self, watcher: Moved) -> None:
        """Tell of entries that are moved from now on."""
        self._watchers.append(watcher)

    def moved(self, ids: Sequence[EntryId], status: Status, comment: str) -> None:
        """Somebody has moved entries, and that is on record."""
        for watcher in self._watchers:
            watcher(ids, status, comment)

    async def stop(self) -> None:
        """Leave the rest to the next start."""
        self._stopped = True
        if self._working is not None:
            self._working.cancel()
            await asyncio.gather(self._working, return_exceptions=True)

    def recorded(self, recording: Recording, told: Recorded) -> None:
        """The end of a delivery is on record, for which others may have waited."""
        publication_id = recording.publication_id
        if told is Recorded.SETTLED or (told is Recorded.AWAITED and publication_id not in self._ordered):
            self.look(publication_id)

    def look(self, publication_id: EntryId) -> None:
        """See what follows for a publication; at once, and not for the caller to wait for."""
        self._ordered.pop(publication_id, None)
        self._asked[publication_id] = None
        if (self._working is None or self._working.done()) and not self._stopped:
            self._working = asyncio.create_task(self._work())

    async def _work(self) -> None:
        while self._asked:
            batch = list(islice(self._asked, ROUND))
            for publication_id in batch:
                del self._asked[publication_id]
            await self._persist(batch)

    async def _persist(self, publication_ids: Sequence[EntryId]) -> None:
        """Release, and while the store cannot write, try again."""
        try:
            await persist(partial(self._release, publication_ids), self._pause)
        except Exception as error:  # a bug must not stop the others; the next start finds these again
            self._log.error("release_failed", error=repr(error))

    async def _release(self, publication_ids: Sequence[EntryId]) -> None:
        families: dict[EntryId, list[Sibling]] = {}
        for sibling in await self._store.siblings(publication_ids):
            families.setdefault(sibling.publication_id, []).append(sibling)
        steps = {one: next_step(family, self._find) for one, family in families.items()}
        starting = [sibling for step in steps.values() for sibling in step.start]
        for part in _parts(starting, PAGE):
            await self._move(part, Trigger.START, HistoryLine(self._clock(), Status.PROCESSING, STARTED))
        for step in steps.values():
            for part in _parts(step.discard, PAGE):
                await self._move(part, Trigger.DISCARD, HistoryLine(self._clock(), Status.DISCARDED, step.why))
        self._remember(steps)

    async def _move(self, siblings: Sequence[Sibling], trigger: Trigger, line: HistoryLine) -> None:
        due_at = line.at if trigger is Trigger.START else None
        targets = {sibling.entry_id: sibling.target_number for sibling in siblings}
        moved = await self._store.move(list(targets), trigger, line, due_at)
        self.moved(moved, line.status, line.comment)
        if due_at is not None:
            for number in dict.fromkeys(targets[entry_id] for entry_id in moved):
                self._due(number, due_at)

    def _remember(self, steps: Mapping[EntryId, Step]) -> None:
        for publication_id, step in steps.items():
            self._ordered.pop(publication_id, None)
            if step.ordered:
                self._ordered[publication_id] = None
        for oldest in list(islice(self._ordered, max(0, len(self._ordered) - REMEMBERED))):
            del self._ordered[oldest]

    def _find(self, subscription_id: str) -> Subscription | None:
        return self._catalog.seek(Subscription, subscription_id)


def _parts(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    return (items[start : start + size] for start in range(0, len(items), size))
