"""The receiver process: answers every POST with 200 and remembers when it came, and how old the event in it was.

The age is the arrival's wall clock less the ``ce-time`` that the hub gave the event when it was received, before it was
committed; so it is somewhat more than commit to delivery. ``GET /`` returns an :class:`Arrivals` and starts anew.
"""

import asyncio
import sys
import time
from datetime import datetime
from typing import cast

import msgspec
import uvloop

from bench.connection import content_length
from bench.load import percentile

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"


class Arrivals(msgspec.Struct, kw_only=True):
    """What arrived since the last question; wall clocks in seconds."""

    count: int
    first_at: float
    last_at: float
    p50_ms: float
    p99_ms: float
    most_ms: float


class Book:
    """Every arrival: when, in nanoseconds, and the text of its event's time."""

    def __init__(self) -> None:
        self.arrivals: list[tuple[int, bytes]] = []

    def report(self, clear: bool) -> Arrivals:
        arrivals = self.arrivals
        if clear:
            self.arrivals = []
            ages = sorted(at / 1e6 - _milliseconds(text) for at, text in arrivals if text)
        else:
            ages = []
        return Arrivals(
            count=len(arrivals),
            first_at=arrivals[0][0] / 1e9 if arrivals else 0.0,
            last_at=arrivals[-1][0] / 1e9 if arrivals else 0.0,
            p50_ms=percentile(ages, 0.50),
            p99_ms=percentile(ages, 0.99),
            most_ms=percentile(ages, 1.0),
        )


class Receiver(asyncio.Protocol):
    """One connection of whoever delivers."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._pending = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        assert self._transport is not None
        if self._pending:
            data = self._pending + data
        while (end := data.find(b"\r\n\r\n")) >= 0:
            head = data[:end].lower()
            whole = end + 4 + content_length(head)
            if len(data) < whole:
                break
            if head.startswith(b"get "):
                body = msgspec.json.encode(self._book.report(clear=head.startswith(b"get / ")))
                self._transport.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body))
            else:
                self._book.arrivals.append((time.time_ns(), _event_time(head)))
                self._transport.write(OK)
            data = data[whole:]
        self._pending = data


def _event_time(head: bytes) -> bytes:
    at = head.find(b"\r\nce-time:")
    return head[at + 10 : head.find(b"\r", at + 2)].strip() if at >= 0 else b""


def _milliseconds(text: bytes) -> float:
    return datetime.fromisoformat(text.decode().upper()).timestamp() * 1000


async def main() -> None:
    """Listen on a free port, say which, and go on until standard input ends."""
    loop = asyncio.get_running_loop()
    book = Book()
    server = await loop.create_server(lambda: Receiver(book), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    uvloop.run(main())
