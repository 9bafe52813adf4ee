"""Messages of AMQP <-> events of the journal.

What a client publishes is kept with its properties as they came, and goes out to clients of AMQP as it came. Any other
event goes out as a CloudEvent: as one JSON document, or, for a consumer with the argument ``x-cloudevents: binary``, as
its data, with its attributes as headers (``cloudEvents:id`` and so on, as in the AMQP binding of CloudEvents 1.0.2).
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from msgspec.structs import replace

from eventyard.gateways.rendering import binary, structured
from eventyard.model.event import Event
from eventyard.model.ids import Millis
from eventyard.pipeline.streams.feed import Message
from eventyard.pipeline.streams.properties import PROPERTIES, kept, octets_of
from eventyard.pipeline.streams.queue import EXPIRATION
from eventyard.pipeline.streams.queues import DEATHS
from eventyard.wire.amqp.content import Content
from eventyard.wire.amqp.events import Publish
from eventyard.wire.amqp.properties import Properties, decode_properties, encode_properties
from eventyard.wire.cloudevents import STRUCTURED_MEDIA, decode_structured

OFFSET = "x-stream-offset"
"""The header that tells the entry of a message: where a replay that begins with it would begin."""

COUNT = "x-delivery-count"
"""The header that tells how often a message was delivered before, when it was."""

PLAIN = "application/octet-stream"
_UNCODED = (None, "", "identity", "utf-8", "utf8", "UTF-8")
_LAST_TIMESTAMP = 253_402_300_799
"""Seconds of the last moment of the year 9999, beyond which a timestamp is taken for none."""

_decode = lru_cache(maxsize=1024)(decode_properties)


def event_of(publish: Publish, new_id: Callable[[], str], now: Millis) -> Event:
    """The event that a client publishes.

    Raises :class:`AmqpError` (502) for properties that cannot be read, and ``Invalid`` for a CloudEvent that is none.
    """
    properties = _decode(publish.properties)
    if properties.content_type == STRUCTURED_MEDIA:
        return replace(decode_structured(publish.body, now), routing_key=publish.routing_key)
    extensions = {PROPERTIES: kept(publish.properties)}
    if properties.expiration is not None and properties.expiration.isascii() and properties.expiration.isdigit():
        extensions[EXPIRATION] = properties.expiration
    plain = properties.content_type is None or properties.content_encoding not in _UNCODED
    stated = properties.timestamp
    return Event(
        id=properties.message_id or new_id(),
        source=f"/exchanges/{quote(publish.exchange)}",
        type=properties.type or "amqp.message",
        time=now if stated is None or stated > _LAST_TIMESTAMP else stated * 1000,
        data=publish.body,
        routing_key=publish.routing_key,
        content_type=PLAIN if plain else str(properties.content_type),
        extensions=extensions,
    )


def content_of(message: Message, exchange: str, *, as_binary: bool, count: int) -> Content:
    """A message as consumers are given it, made once for all of them, unless it comes again."""
    form = ("amqp", as_binary)
    content: Content | None = message.made.get(form)
    if content is None:
        content = message.made[form] = _content(message, exchange, as_binary=as_binary)
    if not count:
        return content
    properties = decode_properties(content.properties)
    headers = {**(properties.headers or {}), COUNT: count}
    octets = encode_properties(replace(properties, headers=headers))
    return Content(exchange, message.event.routing_key, octets, content.body)


def _content(message: Message, exchange: str, *, as_binary: bool) -> Content:
    event = message.event
    octets = octets_of(event)
    if octets is not None:
        if DEATHS in event.extensions:
            octets = _with_deaths(decode_properties(octets), exchange, event)
        return Content(exchange, event.routing_key, octets, event.data)
    headers: dict[str, Any] = {OFFSET: message.entry_id}
    content_type, body = STRUCTURED_MEDIA, b""
    if as_binary:
        attributes, body = binary(message)
        content_type = attributes["content-type"]
        headers |= {f"cloudEvents:{name[3:]}": text for name, text in attributes.items() if name.startswith("ce-")}
    else:
        body = structured(message)
    properties = Properties(
        content_type=content_type,
        headers=headers,
        delivery_mode=2,
        message_id=event.id if len(event.id.encode()) < 256 else None,
        timestamp=max(event.time // 1000, 0),
        type=event.type if len(event.type.encode()) < 256 else None,
    )
    return Content(exchange, event.routing_key, encode_properties(properties), body)


def _with_deaths(properties: Properties, exchange: str, event: Event) -> bytes:
    """The properties of a dead letter: ``x-death`` as RabbitMQ has it, the latest first, and no expiration."""
    deaths: dict[tuple[str, str], int] = {}
    for death in event.extensions[DEATHS].split(","):
        queue, _, reason = death.rpartition(":")
        deaths[queue, reason] = deaths.pop((queue, reason), 0) + 1
    listed: list[Mapping[str, Any]] = [
        {"queue": queue, "reason": reason, "count": count, "exchange": exchange, "routing-keys": [event.routing_key]}
        for (queue, reason), count in reversed(deaths.items())
    ]
    first_queue, _, first_reason = event.extensions[DEATHS].split(",")[0].rpartition(":")
    headers = {
        **(properties.headers or {}),
        "x-death": listed,
        "x-first-death-queue": first_queue,
        "x-first-death-reason": first_reason,
    }
    return encode_properties(replace(properties, headers=headers, expiration=None))
