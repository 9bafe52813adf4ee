"""How long a connection may keep the server waiting: one timer, which is asked when it goes off whether it is time yet.

A connection waits for another reason at every request: for it to begin, to be whole, to be answered, for the next one.
A timer set and cancelled each time would cost as much as parsing the request; here a moment is noted instead.
"""

import asyncio
from collections.abc import Callable
from math import inf


def _nobody() -> None:
    """Nobody waits any more."""


class Patience:
    """Ends once, at the moment that was noted last."""

    __slots__ = ("_due", "_loop", "_lost", "_timer")

    def __init__(self, loop: asyncio.AbstractEventLoop, lost: Callable[[], None]) -> None:
        """``lost`` is called when it ends."""
        self._loop = loop
        self._lost = lost
        self._due = inf
        self._timer: asyncio.TimerHandle | None = None

    def until(self, due: float) -> None:
        """Wait until then, by the loop's clock."""
        self._due = due
        if self._timer is None:
            self._timer = self._loop.call_at(due, self._look)
        elif due < self._timer.when():
            self._timer.cancel()
            self._timer = self._loop.call_at(due, self._look)

    def unending(self) -> None:
        """Wait for as long as it takes."""
        self._due = inf

    def stop(self) -> None:
        """Wait for nothing any more, and hold nobody."""
        self._due = inf
        self._lost = _nobody
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        self._timer = None
        if self._due <= self._loop.time():
            self._lost()
        elif self._due < inf:
            self.until(self._due)
