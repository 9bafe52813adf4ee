"""Telling without a storm: what is worth a message is told at once the first time, and then gathered for an interval.

For each key (a subscription that fails, a monitoring rule) there is one message about the first thing, and one at the
end of each interval in which more came, which says how much. What waits is a few numbers and names for each key,
however much happens. Whom a message goes to, and what it says, is for ``mail.py`` and ``monitoring/`` to know.
"""

from collections.abc import Callable, Sequence
from heapq import heappop, heappush
from typing import Generic, TypeVar

from msgspec import Struct

from eventyard.model.ids import Millis
from eventyard.pipeline.timing import Alarm
from eventyard.ports import Clock

FEW = 5
"""Things that a message can show, of those that it counts."""

T = TypeVar("T")


class Gathered(Struct, Generic[T], frozen=True):
    """So many things ``since`` a moment: the first few of them, and the last."""

    since: Millis
    count: int
    first: Sequence[T]
    last: T


class _Gathering(Struct, Generic[T]):
    """A key that something happened to, and what there is to tell of it once its interval is over."""

    since: Millis
    count: int
    first: list[T]
    last: T


class Throttle(Generic[T]):
    """``tell`` is given a key and what was gathered; false has it gathered on, and told when the next interval ends.

    ``interval_of`` says how long a key has nothing told after something was.
    """

    def __init__(
        self, tell: Callable[[str, Gathered[T]], bool], interval_of: Callable[[str], Millis], clock: Clock
    ) -> None:
        self._tell = tell
        self._interval_of = interval_of
        self._clock = clock
        self._gathering: dict[str, _Gathering[T]] = {}
        self._ends: list[tuple[Millis, str]] = []
        self._alarm = Alarm(clock, self.tick)

    def add(self, key: str, thing: T) -> None:
        """Something happened. It is told at once, unless something of that key was told within the interval."""
        gathering = self._gathering.get(key)
        if gathering is None:
            self._gathering[key] = _Gathering(self._clock(), 1, [thing], thing)
            self._begin(key)
            return
        if not gathering.count:
            gathering.first.clear()
        if len(gathering.first) < FEW:
            gathering.first.append(thing)
        gathering.count += 1
        gathering.last = thing

    def tick(self) -> None:
        """Tell what has come in the intervals that are over. The alarm calls this; so does a test."""
        now = self._clock()
        while self._ends and self._over(*self._ends[0], now):
            _, key = heappop(self._ends)
            if self._gathering[key].count:
                self._begin(key)
            else:
                del self._gathering[key]
        if self._ends:
            self._alarm.set(self._ends[0][0])

    def _over(self, end: Millis, key: str, now: Millis) -> bool:
        """Whether an interval is over. One with longer to go than it is long began before the clock was set back."""
        return end <= now or end - now > self._interval_of(key)

    def stop(self) -> Sequence[str]:
        """Tell now what there is to tell, and forget it. Returns the keys of what could not be told."""
        self._alarm.stop()
        untold = [key for key, gathering in self._gathering.items() if gathering.count]
        full = [key for key in untold if not self._put(key)]
        self._gathering.clear()
        self._ends.clear()
        return full

    def _begin(self, key: str) -> None:
        """Tell it, and then nothing for an interval."""
        self._put(key)
        end = self._clock() + self._interval_of(key)
        heappush(self._ends, (end, key))
        self._alarm.set(end)

    def _put(self, key: str) -> bool:
        one = self._gathering[key]
        told = self._tell(key, Gathered(one.since, one.count, tuple(one.first), one.last))
        if told:
            one.count, one.since = 0, self._clock()
        return told
