"""Claiming: what waits in the store comes into the lanes that have room for it, for all such lanes in one claim.

One task, which sleeps until a lane is hungry. While recordings wait for the disk it claims nothing (see
``recorder.py``). It starts no attempts: it fills queues and calls ``filled``, which is dispatch's.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping

from eventyard.model.errors import Unavailable
from eventyard.model.ids import Millis
from eventyard.model.journal import CLAIM_BYTES
from eventyard.pipeline.lanes import Lane, Limits
from eventyard.pipeline.recorder import Recorder
from eventyard.ports import Clock, Store
from eventyard.telemetry.log import Log


class Claimer:
    """Fills lanes from the store. ``filled`` is called for each lane that was asked for, or learnt of."""

    def __init__(
        self,
        store: Store,
        recorder: Recorder,
        log: Log,
        clock: Clock,
        limits: Limits,
        lanes: Mapping[int, Lane],
        filled: Callable[[Lane], None],
    ) -> None:
        self._store = store
        self._recorder = recorder
        self._log = log
        self._clock = clock
        self._limits = limits
        self._lanes = lanes
        self._filled = filled
        self._hungry: dict[int, Lane] = {}
        self._bell = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """End. The leases of a claim under way are given up at the next start."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    def feed(self, lane: Lane) -> None:
        """Claim for a lane soon."""
        self._hungry[lane.number] = lane
        self._bell.set()

    async def _run(self) -> None:
        while True:
            await self._bell.wait()
            await self._recorder.sound()
            self._bell.clear()
            hungry, self._hungry = self._hungry, {}
            now = self._clock()
            room = {number: wanted for number, lane in hungry.items() if (wanted := lane.wants(now)) > 0}
            if room:
                await self._claim([hungry[number] for number in room], room, now)

    async def _claim(self, lanes: list[Lane], room: dict[int, int], now: Millis) -> None:
        for lane in lanes:
            lane.claiming, lane.backlog = True, False
        try:
            claimed = await self._store.claim(room, now + max(lane.lease_ms for lane in lanes), now)
        except Exception as error:  # whatever it is, the lanes must ask again
            self._log.error("claim_failed", error=str(error), lanes=len(lanes))
            for lane in lanes:
                lane.claiming = False
                lane.agenda.add(now + self._limits.pause_ms)
                self._filled(lane)
            return
        got: Counter[int] = Counter()
        size: Counter[int] = Counter()
        for one in claimed:
            self._lanes[one.target_number].put(one)
            got[one.target_number] += 1
            size[one.target_number] += len(one.event.data)
        for lane in lanes:
            lane.claiming = False
            if got[lane.number] >= room[lane.number] or size[lane.number] >= CLAIM_BYTES:
                lane.backlog = True
            self._filled(lane)
        if any(lane.agenda.uncertain and not lane.backlog for lane in lanes):
            await self._survey()

    async def _survey(self) -> None:
        """Ask the store what is due next, for lanes that know only that there is more than they remember."""
        uncertain = [lane for lane in self._lanes.values() if lane.agenda.uncertain and not lane.backlog]
        try:
            first = {waiting.target_number: waiting.first_due_at for waiting in await self._store.waiting()}
        except Unavailable:
            first = {lane.number: self._clock() + self._limits.pause_ms for lane in uncertain}
        for lane in uncertain:
            lane.agenda.learn(first.get(lane.number))
            self._filled(lane)
