"""Writes that leave together.

uvicorn writes the head and the body of an answer apart, which is two system calls and wakes the client twice; for an
answer of a hundred bytes that costs as much as making it. Here what is written in one turn of the loop leaves together.
"""

import asyncio
from typing import Any

from eventyard.api.patience import Patience

AT_ONCE = 64 * 1024
"""Bytes beyond which nothing waits for the end of the turn, so that backpressure is felt as before."""


class JoinedWrites:
    """A transport that keeps what is written until the end of the turn. Everything else is the transport's own."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop, patience_s: float) -> None:
        """Who is hurried, and takes nothing for ``patience_s`` seconds, is cut off."""
        self._transport = transport
        self._loop = loop
        self._patience_s = patience_s
        self._untaken = Patience(loop, self._look)
        self._left = 0
        self._parts: list[bytes] = []
        self._size = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Take bytes; they leave at the end of the turn, in order."""
        if not self._parts:
            self._loop.call_soon(self._flush)
        self._parts.append(data)
        self._size += len(data)
        if self._size > AT_ONCE:
            self._flush()

    def write_at_once(self, data: bytes) -> None:
        """Send bytes that nothing belongs to, after what is kept."""
        if self._parts:
            self._flush()
        if not self._transport.is_closing():
            self._transport.write(data)

    def close(self) -> None:
        """Send what is kept, then close, whether or not the client takes all of it."""
        if self._transport.is_closing():
            return
        self._flush()
        self._transport.close()
        if self._transport.get_write_buffer_size():
            self.hurry()

    def hurry(self) -> None:
        """Cut the client off, once it takes nothing more for too long."""
        self._left = self._transport.get_write_buffer_size()
        self._untaken.until(self._loop.time() + self._patience_s)

    def relax(self) -> None:
        """Let it take its time, unless it is to go."""
        if not self._transport.is_closing():
            self._untaken.unending()

    def forget(self) -> None:
        """It is gone."""
        self._untaken.stop()

    def _look(self) -> None:
        if self._transport.get_write_buffer_size() < self._left:
            self.hurry()
        else:
            self._transport.abort()

    def unwrap(self) -> asyncio.Transport:
        """The transport itself, with nothing kept back."""
        self._untaken.stop()
        self._flush()
        return self._transport

    def is_closing(self) -> bool:
        """Whether the transport is on its way out."""
        return self._transport.is_closing()

    def _flush(self) -> None:
        parts, self._parts, self._size = self._parts, [], 0
        if parts and not self._transport.is_closing():
            self._transport.write(b"".join(parts))
