"""When something is due: a bounded memory of future moments, and one timer for the earliest of them.

Dispatch and work lean on these two so that nothing in the hub polls: work that is due later is remembered here (or,
past the bound, remembered as "ask the store"), and the event loop sleeps until then. Beside them :class:`Watch`, which
cuts attempts off. Knows nothing of lanes, jobs or stores.
"""

import asyncio
import heapq
from collections.abc import Awaitable, Callable
from math import inf
from typing import TypeVar

from eventyard.model.ids import Millis
from eventyard.ports import Clock

LOOK_S = 0.5
"""Between two looks of a watch."""

_CUT_OFF = inf

T = TypeVar("T")


class Agenda:
    """The moments at which deliveries of one target become due, the nearest ``bound`` of them exactly.

    ``horizon`` is the moment from which on the agenda does not know what the store holds; ``None`` when it knows all.
    Once the horizon is reached somebody must ask the store and :meth:`learn`.
    """

    __slots__ = ("_bound", "_moments", "horizon", "uncertain")

    def __init__(self, bound: int = 1024) -> None:
        self._bound = bound
        self._moments: list[Millis] = []
        self.horizon: Millis | None = None
        self.uncertain = False

    def add(self, at: Millis) -> None:
        """Remember a moment; beyond the bound, only that there is something from then on."""
        if self.horizon is not None and at >= self.horizon:
            return
        if len(self._moments) < self._bound:
            heapq.heappush(self._moments, at)
        else:
            self._moments.sort()
            latest = self._moments[-1]
            if at < latest:
                self._moments[-1] = at
                self._moments.sort()
            self.horizon = max(at, latest)

    def next(self) -> Millis | None:
        """The next moment to look, or ``None``."""
        return self._moments[0] if self._moments else self.horizon

    def reached(self, now: Millis) -> bool:
        """Whether something became due by now; those moments are forgotten."""
        due = False
        while self._moments and self._moments[0] <= now:
            heapq.heappop(self._moments)
            due = True
        if self.horizon is not None and self.horizon <= now:
            self.horizon = None
            self.uncertain = due = True
        return due

    def learn(self, first_due_at: Millis | None) -> None:
        """Take the store's word for when the first delivery is due that the agenda may not know of."""
        self.uncertain = False
        if first_due_at is not None:
            self.horizon = first_due_at if self.horizon is None else min(self.horizon, first_due_at)
            self._moments = [at for at in self._moments if at < self.horizon]
            heapq.heapify(self._moments)


class Alarm:
    """One timer of the event loop, set to the earliest moment asked for."""

    def __init__(self, clock: Clock, ring: Callable[[], None]) -> None:
        self._clock = clock
        self._ring = ring
        self._handle: asyncio.TimerHandle | None = None
        self._at: Millis | None = None

    def set(self, at: Millis | None) -> None:
        """Ring at ``at`` too; an alarm set to an earlier moment stays."""
        if at is None or (self._at is not None and self._at <= at):
            return
        self.stop()
        self._at = at
        wait = max(at - self._clock(), 0) / 1000
        self._handle = asyncio.get_running_loop().call_later(wait, self._fire)

    def stop(self) -> None:
        """Ring no more."""
        if self._handle is not None:
            self._handle.cancel()
        self._handle = self._at = None

    def _fire(self) -> None:
        self._handle = self._at = None
        self._ring()


class Watch:
    """Cuts off what takes too long, with one timer for all: a timer each costs more than most of what it watches.

    It is late by up to ``LOOK_S``, so whoever needs to be exact keeps the time himself.
    """

    def __init__(self) -> None:
        self._until: dict[asyncio.Task[object], float] = {}
        self._timer: asyncio.TimerHandle | None = None

    async def within(self, seconds: float, work: Awaitable[T]) -> T:
        """Await ``work``, once in a task at a time. Raises ``TimeoutError`` when it was cut off."""
        loop = asyncio.get_running_loop()
        task = asyncio.current_task(loop)
        assert task is not None
        self._until[task] = loop.time() + seconds
        if self._timer is None:
            self._timer = loop.call_later(LOOK_S, self._look)
        try:
            return await work
        except asyncio.CancelledError:
            if self._until[task] == _CUT_OFF and task.cancelling() == 1:
                raise TimeoutError from None
            raise
        finally:
            if self._until.pop(task) == _CUT_OFF:
                task.uncancel()

    def _look(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        for task, until in self._until.items():
            if until <= now:
                self._until[task] = _CUT_OFF
                task.cancel()
        self._timer = loop.call_later(LOOK_S, self._look) if self._until else None
