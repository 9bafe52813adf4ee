"""The client's end of a keep-alive HTTP/1.1 connection, as lean as it can be: a load must cost less than what it loads.

One request at a time; the request is whole bytes already; of the answer only the status and the length are looked at.
"""

import asyncio
from collections.abc import Callable
from time import perf_counter
from typing import cast


class Connection(asyncio.Protocol):
    """One connection. ``answered`` is called with it and the status when an answer is complete."""

    def __init__(self, answered: Callable[["Connection", int], None], lost: Callable[[], None]) -> None:
        self._answered = answered
        self._lost = lost
        self._partial = b""
        self._transport: asyncio.Transport | None = None
        self.since = 0.0
        """When the request under way was sent, or should have been (``perf_counter``)."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._lost()

    def send(self, request: bytes, since: float | None = None) -> None:
        """Send a request. Its latency counts from ``since``, or from now."""
        assert self._transport is not None
        self.since = perf_counter() if since is None else since
        self._transport.write(request)

    def close(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.close()

    def data_received(self, data: bytes) -> None:
        if self._partial:
            data = self._partial + data
        end = data.find(b"\r\n\r\n")
        if end < 0 or len(data) < end + 4 + content_length(data[:end].lower()):
            self._partial = data
            return
        self._partial = b""
        self._answered(self, int(data[9:12]))


def content_length(head: bytes) -> int:
    """The body's length, from a head in lower case; 0 when it states none. Raises ``ValueError`` for a chunked body."""
    at = head.find(b"\r\ncontent-length:")
    if at < 0:
        if b"\r\ntransfer-encoding:" in head:
            raise ValueError("the answer is chunked, which this client does not read")
        return 0
    stop = head.find(b"\r", at + 2)
    return int(head[at + 17 : stop if stop >= 0 else len(head)])
