"""Bells: a subscriber who fetches its events is told, by a push target, that there is something to fetch.

A subscription that names a target in ``notify`` is told about what became Delayed or Pending for it, once for a burst:
one small event (:data:`TYPE`) that says how much waits and since which delivery. One is under way at a time, tried
again by the target's retry policy as long as something waits. Nothing of this is on record: what waits stands in the
journal, so after a start each subscription for which something does is told once. Who fetches takes it by
``consume.py`` or as runs (``work.py``).
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import msgspec
from msgspec import Struct

from eventyard.model.breaker import Breaker
from eventyard.model.catalog import Project, Record, Subscription, Target
from eventyard.model.errors import Unavailable
from eventyard.model.event import Event
from eventyard.model.ids import EntryId, Millis
from eventyard.model.journal import Claimed, Query
from eventyard.model.lifecycle import DELIVERIES, Status
from eventyard.model.retry import GiveUp, Succeeded
from eventyard.pipeline.attempt import Attempter
from eventyard.pipeline.catalog import Catalog
from eventyard.pipeline.recorder import LONGEST_PAUSE
from eventyard.ports import Clock, Store
from eventyard.telemetry.log import Log
from eventyard.telemetry.metrics import Metrics

TYPE = "eventyard.subscription.ready"
"""The type of the event."""

BURST_S = 0.25
"""How long more is waited for before somebody is told."""

AT_ONCE = 16
"""Notifications that are under way at a time, over all subscriptions."""

COUNTED, NAMED = 1_000, 100
"""Deliveries that are counted, and publications that are named."""


class Ready(Struct, frozen=True):
    """The data of the event. With ``more`` there are more than were counted; of the publications the oldest are named.

    ``entry_id`` is the oldest delivery or bundle that waits.
    """

    subscription_id: str
    subscription_name: str
    entry_id: EntryId
    count: int
    more: bool
    publication_ids: Sequence[EntryId]


class Bells:
    """Tells subscribers. ``disable`` switches a target off that wants nothing more, and says why."""

    def __init__(
        self,
        catalog: Catalog,
        store: Store,
        attempter: Attempter,
        breaker_of: Callable[[int], Breaker],
        disable: Callable[[Target, str], Awaitable[None]],
        metrics: Metrics,
        log: Log,
        clock: Clock,
        new_id: Callable[[], str],
        chance: Callable[[], float],
        *,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._catalog = catalog
        self._store = store
        self._attempter = attempter
        self._breaker_of = breaker_of
        self._disable = disable
        self._metrics = metrics
        self._log = log
        self._clock = clock
        self._new_id = new_id
        self._chance = chance
        self._pause = pause
        self._places = asyncio.Semaphore(AT_ONCE)
        self._known: dict[str, str] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._pauses: dict[str, asyncio.Future[None]] = {}
        self._again: set[str] = set()
        self._anew: set[str] = set()
        """Those of which another target is to be told than when they were begun."""
        self._untold: set[str] = set()
        """Those whose target was disabled."""
        self._stopped = False

    def start(self) -> None:
        """Tell those for whom something has waited since before."""
        self.changed(list(self._catalog.all(Subscription)))

    async def stop(self) -> None:
        """Tell nobody any more."""
        self._stopped = True
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    def ring(self, subscription: Subscription) -> None:
        """Something waits for a subscription that wants to be told, and that is on disk. Returns at once."""
        if self._stopped:
            return
        if subscription.id in self._tasks:
            self._again.add(subscription.id)
        else:
            self._tasks[subscription.id] = asyncio.create_task(self._work(subscription.id))

    def changed(self, records: Sequence[Record]) -> None:
        """The catalog changed: who wants to be told from now on, or can be again, is told of what waits already."""
        for record in records:
            if isinstance(record, Target) and record.enabled:
                untold = [self._catalog.seek(Subscription, subscription_id) for subscription_id in self._untold]
                for one in untold:
                    if one is not None and one.notify == record.id:
                        self.ring(one)
            if not isinstance(record, Subscription):
                continue
            self._untold.discard(record.id)
            now = self._catalog.seek(Subscription, record.id)
            before = self._known.pop(record.id, None)
            wanted = None if now is None else now.notify
            if wanted != before:
                self._begin_anew(record.id)
            if now is not None and wanted is not None:
                self._known[now.id] = wanted
                if wanted != before:
                    self.ring(now)

    def _begin_anew(self, subscription_id: str) -> None:
        """What is under way was meant for another target: the next is told at once, and for the first time."""
        if subscription_id in self._tasks:
            self._anew.add(subscription_id)
        if (pause := self._pauses.get(subscription_id)) is not None:
            pause.cancel()

    async def _work(self, subscription_id: str) -> None:
        try:
            while True:
                await self._pause(BURST_S)
                self._again.discard(subscription_id)
                await self._tell(subscription_id)
                if subscription_id not in self._again:
                    return
        except Exception as error:  # a bug must not keep the next from being told
            self._log.error("notification_failed", subscription=subscription_id, error=repr(error))
        finally:
            del self._tasks[subscription_id]
            self._anew.discard(subscription_id)

    async def _tell(self, subscription_id: str) -> None:
        """Tell of what waits, and try again as long as the policy wants to and something waits."""
        event: Event | None = None
        number = 1
        self._anew.discard(subscription_id)
        while (found := self._wanted(subscription_id)) and (ready := await self._ready(found[0])) is not None:
            if subscription_id in self._anew:
                self._anew.discard(subscription_id)
                self._again.discard(subscription_id)
                event, number = None, 1
                continue
            subscription, target = found
            open_until = self._breaker_of(target.number).open_until
            if open_until is not None and open_until > self._clock():
                await self._wait(subscription_id, open_until)
                continue
            event = event or self._event(ready)
            due_at = await self._try(subscription, target, ready, event, number)
            if due_at is None:
                return
            await self._wait(subscription_id, due_at)
            number += 1

    def _wanted(self, subscription_id: str) -> tuple[Subscription, Target] | None:
        """Who is to be told by whom, unless that has changed, or the target is disabled."""
        subscription = self._catalog.seek(Subscription, subscription_id)
        if subscription is None or subscription.notify is None:
            return None
        target = self._catalog.seek(Target, subscription.notify)
        if target is None or not target.enabled:
            self._untold.add(subscription_id)
            return None
        self._untold.discard(subscription_id)
        return subscription, target

    async def _ready(self, subscription: Subscription) -> Ready | None:
        """What waits for a subscription; ``None``: nothing, or nobody can tell and the next ring will."""
        while True:
            try:
                found = await self._waiting(subscription)
                break
            except Unavailable:
                await self._pause(LONGEST_PAUSE)
        if not found:
            return None
        publications = list(dict.fromkeys(one for one in found.values() if one is not None))[:NAMED]
        count = min(len(found), COUNTED)
        return Ready(subscription.id, subscription.name, min(found), count, len(found) > COUNTED, publications)

    async def _waiting(self, subscription: Subscription) -> dict[EntryId, EntryId | None]:
        """The deliveries and bundles that wait, with their publications if they are of one, the oldest first; one more
        than are counted.
        """
        found: dict[EntryId, EntryId | None] = {}
        if subscription.waits and subscription.compound is None:  # whose sets wait as bundles
            delayed = await self._store.delayed(subscription.number, EntryId(0), None, COUNTED + 1)
            found |= {one.entry_id: one.publication_id for one in delayed}
        project = self._catalog.get(Project, subscription.project_id)
        query = Query(
            projects=(project.number,), kinds=DELIVERIES, statuses=(Status.PENDING,),
            name=subscription.name, ascending=True, limit=COUNTED + 1,
        )  # fmt: skip
        for entry in (await self._store.find(query)).entries:
            if entry.name_id == subscription.id:
                found[entry.id] = entry.parent_id
        return dict(sorted(found.items())[: COUNTED + 1])

    def _event(self, ready: Ready) -> Event:
        return Event(
            id=self._new_id(),
            source=f"/subscriptions/{ready.subscription_id}",
            type=TYPE,
            subject=ready.subscription_id,
            time=self._clock(),
            data=msgspec.json.encode(ready),
            routing_key=TYPE,
        )

    async def _try(
        self, subscription: Subscription, target: Target, ready: Ready, event: Event, number: int
    ) -> Millis | None:
        """Send it once; when to try again, if at all."""
        now = self._clock()
        until = now + target.timeout_ms
        claimed = Claimed(
            ready.entry_id,
            next(iter(ready.publication_ids), ready.entry_id),
            subscription.id,
            target.number,
            number,
            now,
            until,
            event,
        )
        async with self._places:
            outcome = await self._attempter.send(claimed, target, now)
        decision = target.retry.decide(outcome, number, self._clock(), self._chance())
        told = {"subscription": subscription.id, "target": target.id, "attempt": number}
        if isinstance(decision, Succeeded):
            self._metrics.notifications.labels("sent").inc()
            self._log.info("notified", **told, count=ready.count)
            return None
        if isinstance(decision, GiveUp):
            self._metrics.notifications.labels("failed").inc()
            self._log.error("notification_failed", **told, error=decision.reason)
            if decision.disable_target:
                self._untold.add(subscription.id)
                await self._disable(target, decision.reason)
            return None
        self._metrics.notifications.labels("postponed").inc()
        self._log.warning("notification_postponed", **told, error=outcome.error or str(outcome.status_code))
        return decision.due_at

    async def _wait(self, subscription_id: str, until: Millis) -> None:
        """Wait for the next attempt, unless another target is to be told meanwhile."""
        if subscription_id in self._anew:
            return
        pause = asyncio.ensure_future(self._pause(max(until - self._clock(), 0) / 1000))
        self._pauses[subscription_id] = pause
        try:
            await asyncio.wait([pause])
        finally:
            pause.cancel()
            del self._pauses[subscription_id]
