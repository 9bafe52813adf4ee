"""What a request and its answer are on the paths that FastAPI is too slow for: heads, bodies within bounds, bytes out.

Knows nothing of events. A body comes in parts: from ASGI here, from the parser in ``exchange.py``.
"""

import asyncio
import zlib
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

from msgspec import Struct

from eventyard.model.errors import Invalid, TooLarge
from eventyard.pipeline.room import FREE, Room, Share

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Headers = Sequence[tuple[bytes, bytes]]
"""Headers as they stand on the wire, their names in lower case."""

JSON = "application/json"

AT_ONCE = 1 << 20
"""Bytes that are inflated while everybody else waits."""


class Head(Struct, frozen=True):
    """What a request begins with. ``path`` is decoded, ``query`` is not. ``peer`` is the address it comes from."""

    method: str
    path: str
    query: bytes
    headers: Headers
    peer: str = ""


def peer_of(scope: Scope) -> str:
    """The address at the other end of an ASGI server's connection, as far as that is known."""
    host, _ = scope.get("client") or ("", 0)
    return str(host)


class Answer(Struct, frozen=True):
    """A whole response."""

    status: int
    body: bytes = b""
    content_type: str = JSON
    headers: tuple[tuple[bytes, bytes], ...] = ()

    async def send(self, send: Send) -> None:
        """Hand it to an ASGI server."""
        headers = [
            (b"content-type", self.content_type.encode()),
            (b"content-length", b"%d" % len(self.body)),
            *self.headers,
        ]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": self.body})

    def wire(self, server: Headers, *, keep_alive: bool) -> bytes:
        """It as it stands on the wire, after the headers that the ``server`` gives to every answer."""
        parts = [_STATUS_LINES[self.status]]
        for name, value in server:
            parts += (name, b": ", value, b"\r\n")
        parts.append(b"content-type: %b\r\ncontent-length: %d\r\n" % (self.content_type.encode(), len(self.body)))
        for name, value in self.headers:
            parts += (name, b": ", value, b"\r\n")
        parts += (b"\r\n" if keep_alive else b"connection: close\r\n\r\n", self.body)
        return b"".join(parts)


_STATUS_LINES = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in HTTPStatus}


def headers_of(raw: Headers, limit: int) -> dict[str, str]:
    """The headers by lower-case name; of one that came twice, the values joined by a comma (RFC 9110, section 5.2).

    Raises ``TooLarge`` (``headers_too_large``) beyond ``limit`` bytes.
    """
    headers: dict[str, str] = {}
    size = 0
    for raw_name, raw_value in raw:
        size += len(raw_name) + len(raw_value)
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    if size > limit:
        raise TooLarge("headers_too_large", f"the headers are {size} bytes, the limit is {limit}")
    return headers


def query_of(raw: bytes) -> dict[str, str]:
    """The query parameters; of one that came twice, the last."""
    return dict(parse_qsl(raw.decode("latin-1"), keep_blank_values=True)) if raw else {}


class Body:
    """The body of a request while it comes, within ``limit`` bytes, inflated or not, and while there is ``room``.

    It holds its share of the room as long as it is held itself.
    """

    __slots__ = ("_came", "_encoding", "_limit", "_room", "_share", "_size")

    def __init__(self, headers: Mapping[str, str], limit: int, room: Room) -> None:
        """Raises ``TooLarge`` (``body_too_large``) for one that says beforehand that it is."""
        stated = headers.get("content-length", "")
        if stated.isascii() and stated.isdigit() and int(stated) > limit:
            raise _too_large(limit)
        self._encoding = headers.get("content-encoding")
        self._limit = limit
        self._room = room
        self._share: Share | None = None
        self._came: bytes | bytearray = b""
        self._size = 0

    def take(self, part: bytes) -> None:
        """Add what has come. Raises ``TooLarge`` (``body_too_large``), ``TooMany`` (``busy``)."""
        self._size += len(part)
        if self._size > self._limit:
            raise _too_large(self._limit)
        if self._size > FREE:
            self._cover(self._size)
        if not self._came:
            self._came = part  # as a rule it is all
        elif isinstance(self._came, bytearray):
            self._came += part
        else:
            self._came = bytearray(self._came) + part

    def whole(self) -> bytes:
        """All of it, now that all has come; inflated if it came as gzip. It is given once.

        Raises ``TooLarge`` (``body_too_large``), ``TooMany`` (``busy``), ``Invalid`` (``unsupported_encoding``,
        ``invalid_body``).
        """
        body, self._came = bytes(self._came), b""
        if self._encoding is not None:
            body = _inflate(body, self._encoding.strip().lower(), self._limit)
            self._cover(len(body))
        return body

    @property
    def swells(self) -> bool:
        """Whether it may become so large when inflated that everybody else would wait for it."""
        return self._encoding is not None and self._limit > AT_ONCE

    async def inflate(self) -> None:
        """Inflate it in a thread, now that all has come. Raises as :meth:`whole`, which then gives it."""
        packed, encoding, self._encoding = bytes(self._came), self._encoding or "", None
        self._came = await asyncio.to_thread(_inflate, packed, encoding.strip().lower(), self._limit)
        self._cover(len(self._came))

    def _cover(self, size: int) -> None:
        if self._share is None:
            self._share = Share(self._room)
        self._share.cover(size)


def cut_short() -> Invalid:
    """What is wrong with a body whose sender went away."""
    return Invalid("invalid_body", "the client went away before the body was complete")


async def read_body(receive: Receive, body: Body) -> None:
    """Let a body come from an ASGI server until it is whole.

    Raises ``TooLarge`` (``body_too_large``), ``TooMany`` (``busy``), ``Invalid`` (``invalid_body``).
    """
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise cut_short()
        body.take(message.get("body", b""))
        more = message.get("more_body", False)


async def whole_body(raw: Headers, receive: Receive, header_bytes: int, body_bytes: int, room: Room) -> bytes:
    """The body of a request with these headers from an ASGI server, where both are within their bounds.

    Raises ``TooLarge`` (``headers_too_large``, ``body_too_large``), ``TooMany`` (``busy``), ``Invalid``
    (``unsupported_encoding``, ``invalid_body``).
    """
    body = Body(headers_of(raw, header_bytes), body_bytes, room)
    await read_body(receive, body)
    return body.whole()


def _inflate(body: bytes, encoding: str, limit: int) -> bytes:
    if encoding in ("identity", ""):
        return body
    if encoding not in ("gzip", "x-gzip"):
        raise Invalid(
            "unsupported_encoding", f"content encoding {encoding!r} is not understood", pointer="Content-Encoding",
            hint="send the body as it is, or as gzip",
        )  # fmt: skip
    inflater = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        whole = inflater.decompress(body, limit + 1)
    except zlib.error as error:
        raise Invalid("invalid_body", f"the body is not gzip: {error}") from None
    if len(whole) > limit:
        raise _too_large(limit)
    if not inflater.eof or inflater.unused_data:
        raise Invalid("invalid_body", "the gzip body is cut short, or something follows it")
    return whole


def check_size(part: bytes, limit: int) -> None:
    """Raise ``TooLarge`` (``body_too_large``) for an event among others that is beyond ``limit`` bytes."""
    if len(part) > limit:
        raise TooLarge(
            "body_too_large", f"the event is {len(part)} bytes, the limit is {limit}", hint="make it smaller"
        )


def _too_large(limit: int) -> TooLarge:
    return TooLarge("body_too_large", f"the body is beyond {limit} bytes", hint="send it in parts, or raise the limit")
