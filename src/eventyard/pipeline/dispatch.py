"""Dispatch: committed deliveries reach their targets, each target in its own lane.

What this process commits comes straight in (:meth:`Dispatcher.offer`). What does not fit into a lane's queue, and every
retry, waits in the store, and is claimed when it is due and the lane has room (``claim.py``). The attempt itself is
``attempt.py``, its way to the disk ``recorder.py``, what a lane may do ``lanes.py``. Deliveries that workers fetch are
``work.py``'s. Nothing here polls: a lane acts when something comes in, ends, or becomes due.

A disabled target does not hold its deliveries (that queue would have no bound): they end as Error, and an operator
retries them all at once when the target is enabled again.
"""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from heapq import heappop, heappush

from eventyard.model.breaker import Breaker, BreakerPolicy
from eventyard.model.catalog import Target
from eventyard.model.errors import Unavailable
from eventyard.model.ids import Millis
from eventyard.model.journal import Claimed, Recording
from eventyard.model.retry import GiveUp
from eventyard.pipeline.attempt import DELETED, DISABLED, Attempter, Directory, hand_back, refuse
from eventyard.pipeline.claim import Claimer
from eventyard.pipeline.lanes import Lane, Limits
from eventyard.pipeline.recorder import Recorder
from eventyard.pipeline.timing import Alarm
from eventyard.pipeline.work import JobRuns
from eventyard.ports import Clock, Store
from eventyard.telemetry.log import Log

OnDisable = Callable[[Target, str], Awaitable[None]]
"""Told of a target that wants nothing more, and why; the composition disables it in the catalog."""


class Dispatcher:
    """The lanes of all targets. ``pulled`` tells target types whose deliveries wait for a worker (see ``JobRuns``)."""

    def __init__(
        self,
        store: Store,
        directory: Directory,
        attempter: Attempter,
        recorder: Recorder,
        runs: JobRuns,
        log: Log,
        clock: Clock,
        *,
        pulled: Callable[[str], bool],
        on_disable: OnDisable,
        limits: Limits | None = None,
        breaker: BreakerPolicy | None = None,
    ) -> None:
        self._store = store
        self._directory = directory
        self._attempter = attempter
        self._recorder = recorder
        self._runs = runs
        self._log = log
        self._clock = clock
        self._pulled = pulled
        self._on_disable = on_disable
        self._limits = limits or Limits()
        self._policy = breaker or BreakerPolicy()
        self._lanes: dict[int, Lane] = {}
        self._looks: list[tuple[Millis, int]] = []
        self._look_at: dict[int, Millis] = {}
        self._alarm = Alarm(clock, self.tick)
        self._tasks: set[asyncio.Task[None]] = set()
        self._claimer = Claimer(store, recorder, log, clock, self._limits, self._lanes, self._filled)
        self._draining = False

    # Life

    async def start(self) -> None:
        """Take over the store's queue: give up the leases of the process before us, and learn what waits for whom."""
        await self._store.release()
        self._claimer.start()
        for waiting in await self._store.waiting():
            self._learn(waiting.target_number, waiting.first_due_at)

    async def drain(self, timeout_ms: int) -> int:
        """Stop: start nothing new, let attempts under way end and be recorded. Returns how many were cut off.

        An attempt that is cut off is no failed attempt: its lease is given up, and it is made again after the restart.
        """
        self._draining = True
        self._alarm.stop()
        self._runs.stop()
        await self._claimer.stop()
        deadline = asyncio.get_running_loop().time() + timeout_ms / 1000
        cut_off = 0
        if self._tasks:
            _, running = await asyncio.wait(set(self._tasks), timeout=timeout_ms / 1000)
            cut_off = len(running)
            for task in running:
                task.cancel()
            if running:
                await asyncio.wait(running)
        try:
            async with asyncio.timeout_at(deadline):
                await self._recorder.empty()
        except TimeoutError:
            self._log.error("drain_incomplete", cut_off=cut_off)
            self._recorder.stop()
        return cut_off

    # What comes in

    def lease_for(self, target: Target) -> Millis:
        """Until when this process leases a delivery about to be committed; 0 when it shall wait in the store."""
        lane = self._lanes.get(target.number) or self._open(target.number)
        now = self._clock()
        if lane.backlog or lane.claiming or self._draining or lane.room(now) <= 0:
            return 0
        return now + lane.lease_ms

    def offer(self, claimed: Claimed) -> None:
        """Take a delivery that was just committed with a lease from :meth:`lease_for`."""
        lane = self._lanes.get(claimed.target_number) or self._open(claimed.target_number)
        if self._draining:
            return  # its lease is given up at the next start
        if len(lane.queue) >= 2 * lane.limit:  # many asked for a lease before the first came in
            self._hand_back(lane, claimed)
            return
        lane.put(claimed)
        if lane.workers < lane.concurrency:
            self._staff(lane, self._clock())

    def pending(self, target: Target) -> None:
        """A delivery was committed for this target that nobody has a lease on."""
        self.due(target.number, self._clock())

    def due(self, target_number: int, at: Millis) -> None:
        """The store holds a delivery for that target, due at ``at``, without a lease (after a retry, a replay, …)."""
        if self._is_pulled(target_number):
            self._runs.due(target_number, at)
            return
        lane = self._lanes.get(target_number) or self._open(target_number)
        now = self._clock()
        if at <= now:
            lane.backlog = True
        else:
            lane.agenda.add(at)
        self._look(lane, now)

    def changed(self, target: Target) -> None:
        """A target's record changed or is gone: new bounds, and a clean slate for its breaker."""
        now = self._clock()
        if self._directory.target(target.number) is None:  # what waits for it, of a job too, ends here as Error
            lane = self._lanes.get(target.number) or self._open(target.number)
            lane.backlog = lane.agenda.uncertain = True
        elif self._pulled(target.type):
            self._runs.changed(target)
            return
        elif (found := self._lanes.get(target.number)) is not None:
            lane = found
        else:
            return
        lane.set(target.concurrency, target.timeout_ms)
        self._staff(lane, now)
        self._look(lane, now)

    def tick(self) -> None:
        """Look at every lane whose time has come. The alarm calls this; so does a test that moved the clock."""
        now = self._clock()
        while self._looks and self._looks[0][0] <= now:
            at, number = heappop(self._looks)
            if self._look_at.get(number) == at:
                del self._look_at[number]
                if (lane := self._lanes.get(number)) is not None:
                    self._look(lane, now)
        if self._looks:
            self._alarm.set(self._looks[0][0])

    # What others want to know

    def breaker_of(self, target_number: int) -> Breaker:
        """The circuit breaker of a target."""
        lane = self._lanes.get(target_number)
        return Breaker(self._policy) if lane is None else lane.breaker

    @property
    def queued(self) -> int:
        """How many deliveries wait in memory."""
        return sum(len(lane.queue) for lane in self._lanes.values())

    @property
    def in_flight(self) -> int:
        """How many attempts are under way."""
        return sum(lane.workers for lane in self._lanes.values())

    @property
    def breakers_open(self) -> int:
        """How many targets have a breaker that is not closed."""
        return sum(lane.breaker.open_until is not None for lane in self._lanes.values())

    # Lanes

    def _open(self, number: int) -> Lane:
        target = self._directory.target(number)
        concurrency, timeout_ms = (1, 0) if target is None else (target.concurrency, target.timeout_ms)
        lane = self._lanes[number] = Lane(number, concurrency, timeout_ms, self._limits, self._policy)
        return lane

    def _is_pulled(self, number: int) -> bool:
        target = self._directory.target(number)
        return target is not None and self._pulled(target.type)

    def _learn(self, number: int, first_due_at: Millis) -> None:
        if self._is_pulled(number):
            self._runs.learn(number, first_due_at)
            return
        lane = self._lanes.get(number) or self._open(number)
        lane.agenda.learn(first_due_at)
        self._look(lane, self._clock())

    def _look(self, lane: Lane, now: Millis) -> None:
        """Find out whether the lane wants something from the store now, and when to look again."""
        if lane.agenda.reached(now):
            lane.backlog = True
        if lane.wants(now) > 0 and not self._draining:
            self._claimer.feed(lane)
        at = lane.next_look(now)
        if at is not None and at > now and at < self._look_at.get(lane.number, at + 1):
            self._look_at[lane.number] = at
            heappush(self._looks, (at, lane.number))
            self._alarm.set(at)

    def _filled(self, lane: Lane) -> None:
        """The store was asked for the lane: go to work on what came, or forget a lane that nobody needs."""
        now = self._clock()
        idle = not (lane.workers or lane.queue or lane.backlog or lane.agenda.uncertain)
        if idle and lane.agenda.next() is None and self._directory.target(lane.number) is None:
            del self._lanes[lane.number]
            return
        self._staff(lane, now)
        self._look(lane, now)

    def _staff(self, lane: Lane, now: Millis) -> None:
        """Start as many workers as the queue can use."""
        for _ in range(lane.missing(now)):
            lane.workers += 1
            lane.starting += 1
            task = asyncio.create_task(self._work(lane))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _work(self, lane: Lane) -> None:
        """A worker: attempt one delivery after the other until the lane has none for it."""
        lane.starting -= 1
        try:
            while not self._draining and (claimed := lane.take(now := self._clock())) is not None:
                try:
                    await self._deliver(lane, claimed, now)
                except Exception as error:  # a bug must not stop the lane; once the lease is over it is tried again
                    self._log.error("delivery_failed", entry_id=claimed.entry_id, error=repr(error))
                    lane.breaker = lane.breaker.abandoned()
                    self._when_over(lane, claimed, now)
                if self._recorder.full:
                    await self._recorder.room()
                if lane.backlog:
                    self._look(lane, self._clock())
        finally:
            lane.workers -= 1

    async def _deliver(self, lane: Lane, claimed: Claimed, now: Millis) -> None:
        target = self._directory.target(lane.number)
        if target is None or lane.closed or not target.enabled:
            self._recorder.put(refuse(claimed, DELETED if target is None else DISABLED, now))
            return
        lane.breaker = lane.breaker.started()
        if claimed.lease_until - now < target.timeout_ms and not await self._extend(lane, claimed, now):
            lane.breaker = lane.breaker.abandoned()
            self._when_over(lane, claimed, now)
            return
        concluded = await self._attempter.make(claimed, target)
        was_open, now = lane.breaker.open_until, self._clock()
        lane.learn(concluded.attempt.outcome, concluded.attempt.duration_ms, now)
        again = concluded.recording.due_at is not None
        self._recorder.put(concluded.recording, partial(self._due_again, lane) if again else None)
        if isinstance(concluded.decision, GiveUp) and concluded.decision.disable_target:
            self._close(lane, target, concluded.decision.reason)
        if was_open != lane.breaker.open_until or len(lane.queue) > lane.limit:
            for surplus in lane.surplus(now):
                self._hand_back(lane, surplus)
            self._staff(lane, now)
            self._look(lane, now)

    async def _extend(self, lane: Lane, claimed: Claimed, now: Millis) -> bool:
        """Prolong a lease that would not cover the attempt; false when it is over, and somebody else's turn."""
        try:
            return await self._store.extend(claimed.entry_id, now + lane.lease_ms, now)
        except Unavailable:
            return False

    def _hand_back(self, lane: Lane, claimed: Claimed) -> None:
        lane.backlog = True
        self._recorder.put(hand_back(claimed), partial(self._due_again, lane))

    def _due_again(self, lane: Lane, recording: Recording) -> None:
        if recording.due_at is not None:
            self.due(lane.number, recording.due_at)

    def _when_over(self, lane: Lane, claimed: Claimed, now: Millis) -> None:
        """Come back to a delivery once the lease on it has run out."""
        lane.agenda.add(max(claimed.lease_until, now) + 1)
        self._look(lane, now)

    def _close(self, lane: Lane, target: Target, reason: str) -> None:
        async def tell() -> None:
            try:
                await self._on_disable(target, reason)
            except Unavailable as error:
                lane.closed = False  # the target is still enabled on record: it will be asked, and say so again
                self._log.error("disable_failed", target=target.id, error=error.message)

        lane.closed = True
        task = asyncio.create_task(tell())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
