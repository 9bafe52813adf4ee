"""Writes that leave together.

uvicorn writes the head and the body of an answer apart, which is two system calls and wakes the client twice; for an
answer of a hundred bytes that costs as much as making it. Here what is written in one turn of the loop leaves together.
"""

import asyncio
from typing import Any

AT_ONCE = 64 * 1024
"""Bytes beyond which nothing waits for the end of the turn, so that backpressure is felt as before."""


class JoinedWrites:
    """A transport that keeps what is written until the end of the turn. Everything else is the transport's own."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop, linger_s: float) -> None:
        """Who is to be closed has ``linger_s`` seconds to take what was written."""
        self._transport = transport
        self._loop = loop
        self._linger_s = linger_s
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
        """Send what is kept, then close; in the end whether or not the client takes it."""
        if self._transport.is_closing():
            return
        self._flush()
        self._transport.close()
        if self._transport.get_write_buffer_size():
            self._loop.call_later(self._linger_s, self._transport.abort)

    def unwrap(self) -> asyncio.Transport:
        """The transport itself, with nothing kept back."""
        self._flush()
        return self._transport

    def is_closing(self) -> bool:
        """Whether the transport is on its way out."""
        return self._transport.is_closing()

    def _flush(self) -> None:
        parts, self._parts, self._size = self._parts, [], 0
        if parts and not self._transport.is_closing():
            self._transport.write(b"".join(parts))
