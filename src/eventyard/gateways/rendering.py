"""A message as its readers see it, made once for all of them: the CloudEvent as one JSON document, or as it came.

An event that came in over AMQP or STOMP goes out to such clients as it came. Every other goes out as a CloudEvent,
structured unless its reader wants it binary; ``sequence`` is the extension of that name and the place in the stream
from which a replay can begin.
"""

from msgspec.structs import replace

from eventyard.model.event import Event
from eventyard.pipeline.streams.feed import Message
from eventyard.wire.cloudevents import encode_binary, encode_structured


def structured(message: Message) -> bytes:
    """The CloudEvent as one JSON document (``application/cloudevents+json``)."""
    made: bytes | None = message.made.get("structured")
    if made is None:
        made = message.made["structured"] = encode_structured(_numbered(message))[1]
    return made


def binary(message: Message) -> tuple[dict[str, str], bytes]:
    """The CloudEvent's attributes as headers ``content-type`` and ``ce-…``, and its data."""
    made: tuple[dict[str, str], bytes] | None = message.made.get("binary")
    if made is None:
        made = message.made["binary"] = encode_binary(_numbered(message))
    return made


def _numbered(message: Message) -> Event:
    sequence = f"{message.entry_id:018d}"
    return replace(message.event, extensions={**message.event.extensions, "sequence": sequence})
