"""A turn at the event loop: who looks at many events lets everybody else have theirs in between."""

import asyncio

from eventyard.ports import Clock

TURN_MS = 10
"""How long one may go on while everybody else waits."""


class Turn:
    """A turn that begins now."""

    __slots__ = ("_begun", "_clock", "_ends")

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._begin()

    def over(self) -> bool:
        """Whether it has been long enough. A clock that was set ends it, too."""
        return not self._begun <= self._clock() < self._ends

    async def pass_on(self) -> None:
        """Let the others go first. What they do may change whatever was looked up before."""
        await asyncio.sleep(0)
        self._begin()

    def _begin(self) -> None:
        self._begun = self._clock()
        self._ends = self._begun + TURN_MS
