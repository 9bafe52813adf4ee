"""The AMQP properties that an event was published with, kept beside it as they came, so that they go out as they came.

They lie in one extension attribute, in base64; an event that came in by another door has none, and goes out to clients
of AMQP and STOMP as a CloudEvent.
"""

from base64 import b64decode, b64encode
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from eventyard.model.event import Event
from eventyard.model.ids import Millis
from eventyard.pipeline.streams.feed import Message
from eventyard.wire.amqp.properties import Properties, decode_properties

PROPERTIES = "amqpproperties"
"""The extension attribute."""

EXPIRATION = "amqpexpiration"
"""The extension attribute that holds a message's own time to live, in milliseconds; none comes from outside."""


@lru_cache(maxsize=256)
def kept(octets: bytes) -> str:
    """The value of the attribute for properties as they came."""
    return b64encode(octets).decode()


def octets_of(event: Event) -> bytes | None:
    """The properties as they came, or ``None`` for an event that has none."""
    text = event.extensions.get(PROPERTIES)
    return None if text is None else _octets(text)


def properties_of(event: Event) -> Properties | None:
    """The same, read."""
    octets = octets_of(event)
    return None if octets is None else decode_properties(octets)


def headers_of(event: Event) -> Mapping[str, Any]:
    """The headers that a headers exchange looks at."""
    properties = properties_of(event)
    return {} if properties is None or properties.headers is None else properties.headers


def priority_of(message: Message, most: int) -> int:
    """How much before others a message goes out of a queue that looks at it: 0 to ``most``."""
    properties = properties_of(message.event)
    return min((properties.priority or 0) if properties else 0, most)


def deadline_of(message: Message, ttl_ms: Millis | None) -> Millis | None:
    """When a message has waited too long in a queue with that time to live, by its own wish or the queue's."""
    own = message.event.extensions.get(EXPIRATION) if message.event.extensions else None
    times = [int(own)] if own else []
    if ttl_ms is not None:
        times.append(ttl_ms)
    return message.at + min(times) if times else None


@lru_cache(maxsize=256)
def _octets(text: str) -> bytes:
    return b64decode(text)
