"""Server-sent events: an exchange as a stream for browsers and for ``curl`` (WHATWG HTML, section 9.2).

``GET /v1/streams/{exchange}?key=#&from=first`` answers with one ``message`` for each event, the CloudEvent as its data
and its entry as its id; so a client that lost the connection comes back with ``Last-Event-ID`` and misses nothing. A
client that is too slow is not waited for: what it has not taken stays in the journal, and it is given that as it comes.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, unquote

from eventyard.gateways.credentials import Credentials
from eventyard.gateways.rendering import structured
from eventyard.model.errors import HubError, Invalid
from eventyard.pipeline.streams.consumer import Consumer, Credit, Held, acknowledge
from eventyard.pipeline.streams.feed import Message
from eventyard.pipeline.streams.link import Link
from eventyard.pipeline.streams.queue import Queue
from eventyard.pipeline.streams.streams import Streams

PATH = "/v1/streams/"

ID_DIGITS = 18
"""No entry has an id of more."""

PARAMETERS = ("key", "from", "project_id")

AHEAD = 256
"""Events that may be on their way to one client."""

AHEAD_BYTES = 1 << 20
"""How large they may be in all; the last may go beyond."""

BEAT_S = 15.0
"""Seconds of silence after which a comment shows that the connection lives."""

_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class Sse:
    """The ASGI application under ``/v1/streams/``. Raises what the caller must be told instead of a stream."""

    def __init__(self, streams: Streams, credentials: Credentials) -> None:
        self._streams = streams
        self._credentials = credentials

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One stream, until either side ends it."""
        if scope["method"] != "GET":
            raise Invalid("method_not_allowed", f"{scope['path']} takes GET only", hint="GET")
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        query = _query(scope)
        ended: asyncio.Future[HubError | None] = asyncio.get_running_loop().create_future()
        host, port = scope.get("client") or ("", 0)
        link = self._streams.connect(
            await self._credentials.authenticate(headers, host),
            protocol="sse",
            peer=f"{host}:{port}",
            name=headers.get("user-agent", ""),
            project=query.get("project_id"),
            end=lambda error: _end(ended, error),
        )
        try:
            exchange = unquote(scope["path"][len(PATH) :])
            queue = await _subscribed(link, exchange, query.get("key", "#"), _place(headers, query))
            outbox = _Outbox()
            consumer = Consumer(
                "sse", outbox.put, cancelled=lambda _, error: _end(ended, error), no_ack=False, credits=[outbox.credit]
            )
            await link.consume(queue, consumer)
            await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
            # An id without data: a client that is cut off before its first event comes back to where it began.
            begin = b"id: %d\n\n" % self._streams.queues.bindings(queue)[0].since
            await send({"type": "http.response.body", "body": begin, "more_body": True})
            if not await _pump(outbox, receive, send, ended, self._streams.limits.stalled_ms / 1000):
                self._streams.too_slow(link)
        finally:
            await link.close()


class _Outbox:
    """What is to be written to one client. It takes more only as what it has is written."""

    def __init__(self) -> None:
        self.credit = Credit(AHEAD, AHEAD_BYTES)
        self.waiting = asyncio.Event()
        self._messages: list[tuple[Message, Held]] = []

    def put(self, messages: Sequence[Message], helds: Sequence[Held] | None, count: int) -> None:
        """Called by the queue."""
        assert helds is not None
        self._messages += zip(messages, helds, strict=True)
        self.waiting.set()

    def take(self) -> list[tuple[Message, Held]]:
        """All that waits to be written."""
        messages, self._messages = self._messages, []
        self.waiting.clear()
        return messages


def _query(scope: Scope) -> dict[str, str]:
    query = dict(parse_qsl(scope["query_string"].decode("latin-1")))
    for name in query:
        if name not in PARAMETERS:
            raise Invalid(
                "invalid_parameter",
                f"there is no parameter {name!r} here",
                pointer=name,
                hint=f"parameters here: {', '.join(PARAMETERS)}",
            )
    return query


def _end(ended: "asyncio.Future[HubError | None]", error: HubError | None) -> None:
    if not ended.done():
        ended.set_result(error)


def _place(headers: Mapping[str, str], query: Mapping[str, str]) -> str | int | None:
    """Where the stream begins: past the last event that the client has, or where it wishes."""
    last = headers.get("last-event-id", "")
    if last:
        if not last.isascii() or not last.isdigit() or len(last) > ID_DIGITS:
            raise Invalid("invalid_parameter", "this is no id of an event of a stream", pointer="Last-Event-ID")
        return int(last) + 1
    return query.get("from")


async def _subscribed(link: Link, exchange: str, key: str, place: str | int | None) -> Queue:
    """The stream's queue. A place that there is not is told of by the name that it has in the query."""
    try:
        return await link.subscribe(exchange, key, place)
    except Invalid as error:
        if error.pointer != "x-stream-offset":
            raise
        message = f"from={place} is no place in the stream"
        raise Invalid(error.code, message, pointer="from", hint=error.hint) from None


async def _pump(
    outbox: _Outbox, receive: Receive, send: Send, ended: "asyncio.Future[HubError | None]", patience_s: float
) -> bool:
    """Write what comes until the client leaves, or the hub ends the stream, which is told in a last event.

    ``False``: the client took nothing for as long as there is patience, or when it was to be told of the end.
    """
    leaving = asyncio.ensure_future(_left(receive))
    try:
        while not (ended.done() or leaving.done()):
            waiting = asyncio.ensure_future(outbox.waiting.wait())
            events: set[asyncio.Future[Any]] = {waiting, leaving, ended}
            await asyncio.wait(events, timeout=BEAT_S, return_when=asyncio.FIRST_COMPLETED)
            waiting.cancel()
            taken = outbox.take()
            body = b"".join([_event(message) for message, _ in taken]) or b": alive\n\n"
            if leaving.done():
                break
            writing = asyncio.ensure_future(send({"type": "http.response.body", "body": body, "more_body": True}))
            await asyncio.wait({writing, leaving}, timeout=patience_s, return_when=asyncio.FIRST_COMPLETED)
            if leaving.done() or not writing.done():
                writing.cancel()
                return leaving.done()
            acknowledge([held for _, held in taken])
        error = ended.result() if ended.done() else None
        if error is not None and not leaving.done():
            body = f"event: end\ndata: {error.code}: {error.message}\n\n".encode()
            await send({"type": "http.response.body", "body": body})
        return True
    finally:
        leaving.cancel()


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _event(message: Message) -> bytes:
    made: bytes | None = message.made.get("sse")
    if made is None:
        lines = structured(message).splitlines()
        data = b"".join([b"data: " + line + b"\n" for line in lines])
        made = message.made["sse"] = b"id: %d\n" % message.entry_id + data + b"\n"
    return made
