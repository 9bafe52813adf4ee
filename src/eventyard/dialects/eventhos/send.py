"""``POST /eventhos/event/send``: an event comes in, and is answered once it is on disk. Contracts run after the answer.

A hot path: ``api/hot.py`` hands requests over without ASGI, and nothing here knows a framework. Who may send is the
business of ``senders.py``; the event goes the way of all events, through ``pipeline/accept.py``.
"""

import random
from collections.abc import Awaitable, Callable, Mapping
from functools import lru_cache, partial
from urllib.parse import parse_qsl, urlencode

import msgspec
from msgspec import Struct

from eventyard.dialects.eventhos.cors import ORIGIN
from eventyard.dialects.eventhos.envelopes import NOT_CATEGORIZED, EventhosError, refusal_of, success
from eventyard.dialects.eventhos.forms import MEDIA, form_of
from eventyard.dialects.eventhos.options import BASE, Options
from eventyard.dialects.eventhos.senders import Sender, Senders
from eventyard.model.errors import HubError
from eventyard.model.event import Event, Received
from eventyard.model.ids import RANDOM_BYTES, uuid7
from eventyard.pipeline import idempotency
from eventyard.pipeline.arrivals import Arrival
from eventyard.pipeline.hub import Hub
from eventyard.wire.json_depth import check_depth

PATH = BASE + "/event/send"
IDENTIFIER, KEY = "event-identifier", "access-key"

TOKEN = "access_token"
"""The parameter of a management token, which is of no use here, and goes into no record either."""

CREDENTIALS = (KEY, "authorization", "cookie", "proxy-authorization")
"""Headers that go into no record."""

LONGEST_REMEMBERED = 2048
"""Bytes of a query; one with a token in it has some hundreds."""

Headers = tuple[tuple[bytes, bytes], ...]
Reply = tuple[int, bytes, Headers]
"""What ``api/hot.py`` takes for an answer: status, JSON, headers."""

_REPLAYED: Headers = (ORIGIN, (b"idempotency-replayed", b"true"))
_NO_CONTRACTS = success(200310, "Success, but no contracts exists for this event")


class Asked(Struct, frozen=True):
    """What a query says. ``kept`` and ``text`` are without the access key."""

    identifier: str | None
    key: str | None
    kept: Mapping[str, str]
    text: str


def asked(query: bytes) -> Asked:
    """What a raw query says. A sender asks the same each time, so what is not too long is remembered."""
    return _remembered(query) if len(query) <= LONGEST_REMEMBERED else _read(query)


def _read(query: bytes) -> Asked:
    """Of a parameter that came twice the last counts."""
    kept = dict(parse_qsl(query.decode("latin-1"), keep_blank_values=True))
    key = kept.pop(KEY, None)
    kept.pop(TOKEN, None)
    return Asked(kept.get(IDENTIFIER), key, kept, urlencode(kept))


_remembered = lru_cache(maxsize=1024)(_read)


class Send:
    """The path, for one hub."""

    path = PATH

    def __init__(self, hub: Hub, senders: Senders, options: Options, public_url: str | None = None) -> None:
        """``public_url`` is how clients reach the hub, if that is not the host they name."""
        self._hub = hub
        self._senders = senders
        self._key_in_query = options.access_key_in_query
        self._url = None if public_url is None else public_url.rstrip("/") + PATH
        self._received = success(options.success_code)

    def open(self, query: bytes, headers: Mapping[str, str]) -> Callable[[bytes], Awaitable[Reply]]:
        """Judge a request by its head. Raises :class:`EventhosError` as :meth:`Senders.prove` does."""
        given = asked(query)
        key = (self._key_in_query and given.key) or headers.get(KEY)
        return partial(self._send, self._senders.prove(given.identifier, key), given, headers)

    def refuse(self, error: Exception) -> Reply:
        """The error as eventhos tells it."""
        refusal = refusal_of(error)
        if isinstance(error, HubError | EventhosError):
            self._hub.observer.rejected(str(error.code), path=PATH, detail=error.message, request_id=refusal.error_id)
        else:
            self._hub.log.error("internal", request_id=refusal.error_id, path=PATH, error=repr(error))
        extra = tuple((name.encode(), value.encode()) for name, value in refusal.headers.items())
        return refusal.status, refusal.body, (ORIGIN, *extra)

    async def _send(self, sender: Sender, given: Asked, headers: Mapping[str, str], body: bytes) -> Reply:
        hub, door = self._hub, sender.door
        now = hub.clock()
        data = _data(headers.get("content-type", ""), body)
        check_depth(data, hub.limits.depth)
        name = door.source.name
        event = Event(
            uuid7(now, random.randbytes(RANDOM_BYTES)),
            door.uri,
            name,
            now,
            data,
            name,
            request=self._request(given, headers),
        )
        accepted = await hub.acceptor.accept(Arrival(door, event, idempotency.of_sender(headers)))
        extra: Headers = _REPLAYED if accepted.replayed else _OURS
        if accepted.dispatched or accepted.choices:
            return 200, self._received, extra
        return 203, _NO_CONTRACTS, extra

    def _request(self, given: Asked, headers: Mapping[str, str]) -> Received:
        kept = {name: value for name, value in headers.items() if name not in CREDENTIALS}
        url = self._url or f"http://{headers.get('host', '')}{PATH}"
        return Received("POST", f"{url}?{given.text}", given.kept, kept)


_OURS: Headers = (ORIGIN,)


def _data(content_type: str, body: bytes) -> bytes:
    """A body as JSON: an object or an array. Raises :class:`EventhosError` for any other value."""
    if not body:
        return b"{}"
    if content_type[: len(MEDIA)].lower() == MEDIA:
        return msgspec.json.encode(form_of(body))
    if body[:1] in (b"{", b"[") or body.lstrip(b" \t\r\n")[:1] in (b"{", b"["):
        return body
    raise EventhosError(400, NOT_CATEGORIZED, "The body is neither a JSON object nor a JSON array.")
