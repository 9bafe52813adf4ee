"""uvicorn's HTTP protocol as the hub runs it: writes joined, heads bounded, and no patience without end.

uvicorn writes the head and the body of an answer apart, which is two system calls and wakes the client twice; for an
answer of a hundred bytes that costs as much as making it. Here what is written in one turn of the loop leaves together.

A request is judged in ``front.py``, once it has a whole head. What never gets that far is judged here: a head without
end, a request that does not arrive whole in time, and bytes that are no HTTP.
"""

import asyncio
from http import HTTPStatus
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from eventyard.api.http import Answer
from eventyard.api.problems import problem, request_id_of
from eventyard.model.errors import HubError, Invalid, TooLarge

AT_ONCE = 64 * 1024
"""Bytes beyond which nothing waits for the end of the turn, so that backpressure is felt as before."""


class JoinedWrites:
    """A transport that keeps what is written until the end of the turn. Everything else is the transport's own."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
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

    def close(self) -> None:
        """Send what is kept, then close."""
        self._flush()
        self._transport.close()

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


class HttpProtocol(HttpToolsProtocol):
    """One connection. :func:`protocol_with` sets the bounds."""

    head_bytes = 32 * 1024
    patience_s = 60.0

    _head = 0
    _in_head = _arriving = False
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """A client has come, and has so long to send a request."""
        super().connection_made(transport)
        joined: Any = JoinedWrites(transport, self.loop)
        self.transport = joined
        self._deadline = self.loop.call_later(self.patience_s, self._lose_patience)

    def connection_lost(self, exc: Exception | None) -> None:
        """The client has gone."""
        self._forget_deadline()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Bytes of a request, or of several."""
        if self._in_head:
            self._head += len(data)
            if self._head > self.head_bytes:
                self._refuse(
                    TooLarge("headers_too_large", f"the head of the request is beyond {self.head_bytes} bytes")
                )
                return
        super().data_received(data)
        if not self._arriving:
            self._forget_deadline()
        elif self._deadline is None:
            self._deadline = self.loop.call_later(self.patience_s, self._lose_patience)

    def on_message_begin(self) -> None:
        """A request begins."""
        self._head, self._in_head, self._arriving = 0, True, True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Its head is whole."""
        self._in_head = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """It is whole."""
        self._arriving = False
        super().on_message_complete()

    def handle_websocket_upgrade(self) -> None:
        """Hand the connection over. A WebSocket lasts, and joins its writes itself."""
        joined: Any = self.transport
        self.transport = joined.unwrap()
        super().handle_websocket_upgrade()

    def send_400_response(self, msg: str) -> None:
        """Answer bytes that are no HTTP."""
        self._refuse(Invalid("invalid_http", "what was sent is not an HTTP/1.1 request"))

    def _lose_patience(self) -> None:
        self._deadline = None
        if self._arriving:
            self._refuse(Invalid("request_timeout", f"the request did not arrive whole within {self.patience_s:g} s"))
        else:
            self.transport.close()

    def _forget_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _refuse(self, error: HubError) -> None:
        """Answer, unless an answer is on its way, and close."""
        cycle = self.cycle
        if not self.transport.is_closing() and (cycle is None or cycle.response_complete or not cycle.response_started):
            self.transport.write(_raw(problem(error, request_id_of(()))))
        self.transport.close()


def protocol_with(head_bytes: int, patience_s: float) -> type[HttpProtocol]:
    """The protocol for heads of so many bytes, and requests that may take so long to arrive."""
    return type("BoundedHttpProtocol", (HttpProtocol,), {"head_bytes": head_bytes, "patience_s": patience_s})


def _raw(answer: Answer) -> bytes:
    """An answer as it stands on the wire, with the connection's end."""
    status = HTTPStatus(answer.status)
    headers = [
        (b"content-type", answer.content_type.encode()),
        (b"content-length", b"%d" % len(answer.body)),
        (b"connection", b"close"),
        *answer.headers,
    ]
    lines = [f"HTTP/1.1 {status.value} {status.phrase}".encode(), *(name + b": " + value for name, value in headers)]
    return b"\r\n".join([*lines, b"", answer.body])
