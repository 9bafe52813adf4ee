"""Messages of AMQP <-> events of the journal.

What a client publishes is kept with its properties as they came, and goes out to clients of AMQP as it came. Any other
event goes out as a CloudEvent: as one JSON document, or, for a consumer with the argument ``x-cloudevents: binary``, as
its data, with its attributes as headers (``cloudEvents:id`` and so on, as in the AMQP binding of CloudEvents 1.0.2).
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

from msgspec.structs import replace
from pamqp.commands import Basic

from eventyard.gateways import events
from eventyard.gateways.events import COUNT, OFFSET, with_deaths
from eventyard.gateways.rendering import binary, structured
from eventyard.model.event import Event
from eventyard.model.ids import Millis
from eventyard.pipeline.streams.deaths import DEATHS
from eventyard.pipeline.streams.feed import Message
from eventyard.pipeline.streams.properties import octets_of
from eventyard.wire.amqp.content import Content
from eventyard.wire.amqp.errors import AmqpError, ReplyCode
from eventyard.wire.amqp.events import Publish
from eventyard.wire.amqp.properties import Properties, decode_properties, encode_properties
from eventyard.wire.cloudevents import STRUCTURED_MEDIA

_COPIES = frozenset({"CC", "BCC"})
"""The headers with which senders name more routing keys to RabbitMQ."""


def event_of(publish: Publish, new_id: Callable[[], str], now: Millis) -> Event:
    """The event that a client publishes.

    Raises what ``events.event_of`` raises, and :class:`AmqpError` (540) for a message with more keys than one.
    """
    if b"CC" in publish.properties and _COPIES & (decode_properties(publish.properties).headers or {}).keys():
        raise AmqpError(
            ReplyCode.NOT_IMPLEMENTED, "the headers CC and BCC; an event has one routing key", Basic.Publish
        )
    return events.event_of(
        publish.exchange,
        publish.routing_key,
        publish.properties,
        publish.body,
        protocol="amqp",
        new_id=new_id,
        now=now,
    )


_APART = int.from_bytes(bytes(range(1, 9)), "big"), int.from_bytes(bytes(range(11, 19)), "big")
"""Two numbers that are written with eight octets, none of which they have in common."""


class Form(NamedTuple):
    """How a consumer wants its messages: CloudEvents as ``binary``, and each ``placed``, with its entry in a header.

    CloudEvents always are; for what clients of AMQP publish it is more work, and done for who reads the past.
    """

    binary: bool = False
    placed: bool = False


@lru_cache(maxsize=256)
def _around_place(octets: bytes) -> tuple[bytes, bytes]:
    """What stands before and behind the eight octets that tell a message's entry, when such properties have it."""
    properties = decode_properties(octets)
    one, other = (
        encode_properties(replace(properties, headers={**(properties.headers or {}), OFFSET: number}))
        for number in _APART
    )
    at = next(place for place, octet in enumerate(one) if octet != other[place])
    return one[:at], one[at + 8 :]


def content_of(message: Message, exchange: str, form: Form, count: int) -> Content:
    """A message as consumers are given it, made once for all of them, unless it comes again."""
    content: Content | None = message.made.get(form)
    if content is None:
        content = message.made[form] = _content(message, exchange, form)
    if not count:
        return content
    properties = decode_properties(content.properties)
    headers = {**(properties.headers or {}), COUNT: count}
    octets = encode_properties(replace(properties, headers=headers))
    return Content(exchange, message.event.routing_key, octets, content.body)


def _content(message: Message, exchange: str, form: Form) -> Content:
    event = message.event
    octets = octets_of(event)
    if octets is not None:
        if DEATHS in event.extensions:
            octets = encode_properties(with_deaths(decode_properties(octets), event))
        if form.placed:
            before, behind = _around_place(octets)
            octets = before + message.entry_id.to_bytes(8, "big") + behind
        return Content(exchange, event.routing_key, octets, event.data)
    headers: dict[str, Any] = {OFFSET: message.entry_id}
    content_type, body = STRUCTURED_MEDIA, b""
    if form.binary:
        attributes, body = binary(message)
        content_type = attributes["content-type"]
        named = ((f"cloudEvents:{name[3:]}", text) for name, text in attributes.items() if name.startswith("ce-"))
        headers |= {name: text for name, text in named if _short(name)}
    else:
        body = structured(message)
    properties = Properties(
        content_type=_short(content_type),
        headers=headers,
        delivery_mode=2,
        message_id=_short(event.id),
        timestamp=max(event.time // 1000, 0),
        type=_short(event.type),
    )
    return Content(exchange, event.routing_key, encode_properties(with_deaths(properties, event)), body)


def _short(text: str) -> str | None:
    """What fits into a short string; of what does not, a part would be something else."""
    return text if len(text.encode()) < 256 else None
