"""Time as sockets need it: the end of this turn of the loop, and again and again.

What is to be sent in one turn leaves in one write for each socket, and one callback serves all of them: of a message to
a thousand subscribers, only the writes are made a thousand times.
"""

import asyncio
from collections.abc import Callable
from typing import Protocol


class Flushes(Protocol):
    """What has something to send."""

    def flush(self) -> None:
        """Send it."""


class Turn:
    """The end of each turn of a loop, at which those are flushed that asked for it."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._waiting: list[Flushes] = []

    def add(self, socket: Flushes) -> None:
        """Flush this one at the end of the turn."""
        if not self._waiting:
            self._loop.call_soon(self._flush)
        self._waiting.append(socket)

    def _flush(self) -> None:
        waiting, self._waiting = self._waiting, []
        for socket in waiting:
            try:
                socket.flush()
            except Exception as error:  # what is wrong with one harms no other
                self._loop.call_exception_handler({"message": "a socket could not be flushed", "exception": error})


class Every:
    """Calls back every so many seconds, until it is stopped."""

    def __init__(self, loop: asyncio.AbstractEventLoop, seconds: float, callback: Callable[[], None]) -> None:
        self._loop = loop
        self._seconds = seconds
        self._callback = callback
        self._next = loop.call_later(seconds, self._tick)

    def stop(self) -> None:
        """Call no more."""
        self._next.cancel()

    def _tick(self) -> None:
        self._next = self._loop.call_later(self._seconds, self._tick)
        self._callback()
