"""Bare ASGI: reading a request within bounds and sending an answer, for the paths that FastAPI is too slow for."""

import zlib
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from typing import Any
from urllib.parse import parse_qsl

from msgspec import Struct

from eventyard.model.errors import Invalid, TooLarge

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

JSON = "application/json"


class Answer(Struct, frozen=True):
    """A whole response."""

    status: int
    body: bytes = b""
    content_type: str = JSON
    headers: tuple[tuple[bytes, bytes], ...] = ()

    async def send(self, send: Send) -> None:
        """Put it on the wire."""
        headers = [
            (b"content-type", self.content_type.encode()),
            (b"content-length", b"%d" % len(self.body)),
            *self.headers,
        ]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": self.body})


def headers_of(scope: Scope, limit: int) -> dict[str, str]:
    """The headers by lower-case name; of one that came twice, the values joined by a comma (RFC 9110, section 5.2).

    Raises ``TooLarge`` (``headers_too_large``) beyond ``limit`` bytes.
    """
    raw = scope["headers"]
    size = sum([len(name) + len(value) for name, value in raw])
    if size > limit:
        raise TooLarge("headers_too_large", f"the headers are {size} bytes, the limit is {limit}")
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in raw}
    return headers if len(headers) == len(raw) else _joined(raw)


def _joined(raw: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for raw_name, raw_value in raw:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


def query_of(scope: Scope) -> dict[str, str]:
    """The query parameters; of one that came twice, the last."""
    raw = scope["query_string"]
    return dict(parse_qsl(raw.decode("latin-1"), keep_blank_values=True)) if raw else {}


async def read_body(receive: Receive, headers: Mapping[str, str], limit: int) -> bytes:
    """The whole body, inflated if it came as gzip, within ``limit`` bytes either way.

    Raises ``TooLarge`` (``body_too_large``), ``Invalid`` (``unsupported_encoding``, ``invalid_body``).
    """
    stated = headers.get("content-length", "")
    if stated.isascii() and stated.isdigit() and int(stated) > limit:
        raise _too_large(limit)
    message = await receive()
    body: bytes = message.get("body", b"")
    if message.get("more_body"):
        parts, size = [body], len(body)
        while message.get("more_body"):
            message = await receive()
            parts.append(message.get("body", b""))
            size += len(parts[-1])
            if size > limit:
                raise _too_large(limit)
        body = b"".join(parts)
    if message["type"] == "http.disconnect":
        raise Invalid("invalid_body", "the client went away before the body was complete")
    if len(body) > limit:
        raise _too_large(limit)
    encoding = headers.get("content-encoding")
    return body if encoding is None else _inflate(body, encoding.strip().lower(), limit)


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


def _too_large(limit: int) -> TooLarge:
    return TooLarge("body_too_large", f"the body is beyond {limit} bytes", hint="send it in parts, or raise the limit")
