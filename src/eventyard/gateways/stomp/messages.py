"""Messages of STOMP <-> events of the journal.

The headers of a SEND become the properties and headers that the message has in AMQP, as RabbitMQ has it, and come back
on a MESSAGE; so whoever sends with one protocol is understood by who reads with the other. Any other event goes out as
a CloudEvent: as one JSON document, or, for a subscription with ``x-cloudevents:binary``, as its data with its
attributes as headers ``ce-…``.
"""

import struct
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import msgspec
from msgspec import Struct

from eventyard.gateways.events import OFFSET, event_of, with_deaths
from eventyard.gateways.rendering import binary, structured
from eventyard.model.event import Event
from eventyard.model.ids import Millis
from eventyard.pipeline.streams.deaths import DEATHS
from eventyard.pipeline.streams.feed import Message
from eventyard.pipeline.streams.properties import octets_of
from eventyard.wire.amqp.properties import Properties, decode_properties, encode_properties
from eventyard.wire.cloudevents import STRUCTURED_MEDIA, Mode, decode_binary, mode_of
from eventyard.wire.stomp.commands import Send
from eventyard.wire.stomp.destinations import build
from eventyard.wire.stomp.errors import Refused, invalid
from eventyard.wire.stomp.messages import tail
from eventyard.wire.websocket import is_text

_TEXTS: Mapping[str, str] = {
    "content-type": "content_type",
    "content-encoding": "content_encoding",
    "correlation-id": "correlation_id",
    "reply-to": "reply_to",
    "expiration": "expiration",
    "amqp-message-id": "message_id",
    "type": "type",
    "user-id": "user_id",
    "app-id": "app_id",
}
"""Headers that are properties of text, and what those are called in AMQP."""

_NUMBERS: Mapping[str, int] = {"priority": 255, "timestamp": (1 << 63) - 1}
"""Headers that are properties of a number, and the largest."""

_PERSISTENT = 2
"""The delivery mode of a message that is to outlive the broker."""

Pairs = tuple[tuple[str, str], ...]


class Tail(Struct, frozen=True):
    """All of a MESSAGE but its head, and whether it is UTF-8."""

    data: bytes
    text: bool


def event_sent(
    send: Send, exchange: str, routing_key: str | None, *, reply_to: str | None, new_id: Callable[[], str], now: Millis
) -> Event:
    """The event of a SEND; ``reply_to`` stands in place of the sender's, if it is not ``None``.

    Raises :class:`Refused` for a header that no property can hold, and ``Invalid`` for a CloudEvent that is none.
    """
    properties = dict(send.properties)
    if reply_to is not None:
        properties["reply-to"] = reply_to
    headers = {**send.headers, **properties}
    if mode_of(headers) is Mode.BINARY:
        event = decode_binary(headers, send.body, now)
        return event if routing_key is None else msgspec.structs.replace(event, routing_key=routing_key)
    octets = _octets(tuple(properties.items()), tuple(send.headers.items()))
    return event_of(exchange, routing_key, octets, send.body, protocol="stomp", new_id=new_id, now=now)


@lru_cache(maxsize=1024)
def _octets(properties: Pairs, headers: Pairs) -> bytes:
    """The headers of a SEND as the properties of AMQP, encoded."""
    found: dict[str, Any] = {"headers": dict(headers)} if headers else {}
    for name, value in properties:
        if name in _TEXTS:
            found[_TEXTS[name]] = value
        elif name in _NUMBERS:
            if not (value.isascii() and value.isdigit() and len(value) < 20 and int(value) <= _NUMBERS[name]):
                raise invalid("SEND", name, f"a number up to {_NUMBERS[name]}")
            found[name] = int(value)
        elif value not in ("true", "false"):
            raise invalid("SEND", name, "true or false")
        elif value == "true":
            found["delivery_mode"] = _PERSISTENT
    try:
        return encode_properties(Properties(**found))
    except (ValueError, struct.error):
        raise Refused("Invalid header", "a header of SEND is longer than a property of AMQP can be") from None


def tail_of(message: Message, exchange: str, *, as_binary: bool) -> Tail:
    """A message as its subscribers are given it, made once for all of them."""
    form = ("stomp", as_binary)
    made: Tail | None = message.made.get(form)
    if made is None:
        made = message.made[form] = _tail(message, exchange, as_binary=as_binary)
    return made


def _tail(message: Message, exchange: str, *, as_binary: bool) -> Tail:
    event = message.event
    octets = octets_of(event)
    if octets is not None:
        if DEATHS in event.extensions:
            octets = encode_properties(with_deaths(decode_properties(octets), event))
        headers, body = dict(_headers(octets)), event.data
    elif as_binary:
        attributes, body = binary(message)
        headers = dict(attributes)
    else:
        headers = {"content-type": STRUCTURED_MEDIA, "type": event.type, "amqp-message-id": event.id}
        body = structured(message)
    headers[OFFSET] = str(message.entry_id)
    data = tail(build(exchange, event.routing_key), headers, body)
    return Tail(data, is_text(data))


@lru_cache(maxsize=1024)
def _headers(octets: bytes) -> Mapping[str, str]:
    """The properties of a message as headers; of the sender's own, those that would hide one of them are left out."""
    properties = decode_properties(octets)
    headers = {name: text for name, field in _TEXTS.items() if (text := getattr(properties, field)) is not None}
    for name in _NUMBERS:
        value = getattr(properties, name)
        if value is not None:
            headers[name] = str(value)
    if properties.delivery_mode == _PERSISTENT:
        headers["persistent"] = "true"
    for name, own in (properties.headers or {}).items():
        if name and name not in headers:
            headers[name] = _text(own)
    return headers


def _text(value: Any) -> str:
    """A value of a table as a header: texts as they are, everything else as JSON writes it."""
    return value if isinstance(value, str) else msgspec.json.encode(value, enc_hook=str).decode()
