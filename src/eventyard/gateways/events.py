"""What a client of AMQP or STOMP publishes <-> an event of the journal: the half that both protocols share.

The properties of the message are kept as they came (``pipeline/streams/properties.py``), so that it goes out over
either protocol with all of them. The attributes of the event are taken from them, for everybody else who is given it.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from msgspec import Struct
from msgspec.structs import replace

from eventyard.model.event import Event
from eventyard.model.ids import Millis
from eventyard.pipeline.streams.deaths import Death, deaths_of
from eventyard.pipeline.streams.properties import EXPIRATION, PROPERTIES, kept
from eventyard.wire.amqp.fields import Timestamp
from eventyard.wire.amqp.properties import Properties, decode_properties
from eventyard.wire.cloudevents import STRUCTURED_MEDIA, decode_structured

OFFSET = "x-stream-offset"
"""The header that tells the entry of a message: where a replay that begins with it would begin."""

COUNT = "x-delivery-count"
"""The header that tells how often a message was delivered before, when it was."""

AS_BINARY = "x-cloudevents"
"""The argument of a consumer that wants CloudEvents in binary mode."""

PLAIN = "application/octet-stream"
_UNCODED = (None, "", "identity", "utf-8", "utf8", "UTF-8")
_LAST_TIMESTAMP = 253_402_300_799
"""Seconds of the last moment of the year 9999, beyond which a timestamp is taken for none."""


def event_of(
    exchange: str,
    routing_key: str | None,
    octets: bytes,
    body: bytes,
    *,
    protocol: str,
    new_id: Callable[[], str],
    now: Millis,
) -> Event:
    """The event that a client publishes with these properties.

    A CloudEvent in JSON is that CloudEvent; ``routing_key`` may be ``None`` where it brings its own. Raises
    :class:`AmqpError` (502) for properties that cannot be read, and ``Invalid`` for a CloudEvent that is none.
    """
    stated = _stated(octets)
    if stated.structured:
        event = decode_structured(body, now)
        return event if routing_key is None else replace(event, routing_key=routing_key)
    return Event(
        stated.id or new_id(),
        _source(exchange),
        stated.type or f"{protocol}.message",
        now if stated.time is None else stated.time,
        body,
        routing_key or "",
        stated.content_type,
        extensions=stated.extensions,
    )


class _Stated(Struct, frozen=True, gc=False):
    """What properties say of an event: most clients send the same ones with every message."""

    id: str | None
    type: str | None
    time: Millis | None
    content_type: str
    extensions: Mapping[str, str]
    structured: bool


@lru_cache(maxsize=1024)
def _stated(octets: bytes) -> _Stated:
    properties = decode_properties(octets)
    extensions = {PROPERTIES: kept(octets)}
    if properties.expiration is not None and properties.expiration.isascii() and properties.expiration.isdigit():
        extensions[EXPIRATION] = properties.expiration
    seconds = properties.timestamp
    return _Stated(
        properties.message_id,
        properties.type,
        None if seconds is None or seconds > _LAST_TIMESTAMP else seconds * 1000,
        _content_type(properties),
        extensions,
        properties.content_type == STRUCTURED_MEDIA,
    )


@lru_cache(maxsize=1024)
def _source(exchange: str) -> str:
    return f"/exchanges/{quote(exchange)}"


def _content_type(properties: Properties) -> str:
    """That of the event: what is coded, or has a type that no header could hold, is bytes to all others."""
    stated = properties.content_type
    if not stated or properties.content_encoding not in _UNCODED or not (stated.isascii() and stated.isprintable()):
        return PLAIN
    return stated


def with_deaths(properties: Properties, event: Event) -> Properties:
    """The properties of a dead letter: ``x-death`` as RabbitMQ has it, the latest first, and no expiration.

    The same properties, if the event is none.
    """
    deaths = deaths_of(event)
    if not deaths:
        return properties
    headers: dict[str, Any] = {"x-death": [_death(death) for death in deaths]}
    first = min(deaths, key=lambda death: death.at)
    for name in ("queue", "reason", "exchange"):
        headers[f"x-first-death-{name}"] = getattr(first, name)
    return replace(properties, headers={**(properties.headers or {}), **headers}, expiration=None)


def _death(death: Death) -> Mapping[str, Any]:
    told = {
        "count": death.count,
        "exchange": death.exchange,
        "queue": death.queue,
        "reason": death.reason,
        "routing-keys": [death.key],
        "time": Timestamp(death.at // 1000),
    }
    return told if death.expiration is None else {**told, "original-expiration": death.expiration}
