"""The properties of a content (AMQP 0-9-1, sections 1.8.1 and 4.2.6.1): bytes as they travel <-> a record.

What a client published is kept and forwarded as the bytes that came, so a property is never lost by being understood.
They are read when somebody wants to know one of them, and made for events that did not come in over AMQP.
"""

from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct

from eventyard.wire.amqp.errors import AmqpError, ReplyCode
from eventyard.wire.amqp.fields import MALFORMED, U8, U16, U64, FieldValue, read_shortstr, read_table, shortstr, table


class Properties(Struct, frozen=True, omit_defaults=True):
    """What a content says of itself; ``None`` is not said.

    ``timestamp`` is in seconds, ``expiration`` a text of milliseconds, ``delivery_mode`` 2 for persistent.
    """

    content_type: str | None = None
    content_encoding: str | None = None
    headers: Mapping[str, FieldValue] | None = None
    delivery_mode: int | None = None
    priority: int | None = None
    correlation_id: str | None = None
    reply_to: str | None = None
    expiration: str | None = None
    message_id: str | None = None
    timestamp: int | None = None
    type: str | None = None
    user_id: str | None = None
    app_id: str | None = None
    cluster_id: str | None = None


NO_PROPERTIES = b"\0\0"
"""The properties of a content that says nothing of itself."""


def _octet(data: bytes, at: int) -> tuple[int, int]:
    return data[at], at + 1


def _timestamp(data: bytes, at: int) -> tuple[int, int]:
    return U64.unpack_from(data, at)[0], at + 8


_Reader = Callable[[bytes, int], tuple[Any, int]]
_Writer = Callable[[Any], bytes]
_FORMS: dict[str, tuple[_Reader, _Writer]] = {
    "headers": (read_table, table),
    "delivery_mode": (_octet, U8.pack),
    "priority": (_octet, U8.pack),
    "timestamp": (_timestamp, U64.pack),
}
_FIELDS: tuple[tuple[int, str, _Reader, _Writer], ...] = tuple(
    (1 << (15 - place), name, *_FORMS.get(name, (read_shortstr, shortstr)))
    for place, name in enumerate(Properties.__struct_fields__)
)
"""The flag of each property, from the highest bit down, and how its value is read and written."""
_FLAGS = sum(flag for flag, *_ in _FIELDS)


def decode_properties(octets: bytes) -> Properties:
    """Read what stands behind the body's size in a content header. Raises :class:`AmqpError` (502)."""
    try:
        flags = U16.unpack_from(octets)[0]
        if flags & ~_FLAGS:
            raise ValueError("there are flags of no property")
        values: dict[str, Any] = {}
        at = 2
        for flag, name, read, _ in _FIELDS:
            if flags & flag:
                values[name], at = read(octets, at)
        if at != len(octets):
            raise ValueError("there is more than the properties")
    except MALFORMED as error:
        raise AmqpError(ReplyCode.SYNTAX_ERROR, f"cannot read the properties of a content: {error}") from None
    return Properties(**values)


def encode_properties(properties: Properties) -> bytes:
    """The same, written. Raises ``ValueError`` or ``struct.error`` for a value that does not fit its type."""
    flags = 0
    parts = [b""]
    for flag, name, _, write in _FIELDS:
        value = getattr(properties, name)
        if value is not None:
            flags |= flag
            parts.append(write(value))
    parts[0] = U16.pack(flags)
    return b"".join(parts)
