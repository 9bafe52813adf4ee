"""Strings, numbers and field tables of AMQP 0-9-1 (section 4.2.5, with RabbitMQ's errata for the value types).

Reading is strict and takes one pass: every length is checked against what is there, and nesting has a bound, so that a
hostile table costs no more than its bytes. pamqp, whose classes are used for the methods, reads past the end of a short
buffer, copies the rest of a table for each of its fields and recurses without a bound; hence this file.

A reader takes bytes and a position and gives the value and the next position. All of them raise ``ValueError``,
``IndexError`` or ``struct.error`` (:data:`MALFORMED`) for what cannot be read; writers raise ``ValueError`` or
``struct.error`` for what has no place on the wire.
"""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from struct import Struct
from struct import error as StructError
from typing import TypeAlias

DEEPEST = 32
"""How many tables and arrays may stand in one another."""

MALFORMED = (ValueError, IndexError, StructError)


class Timestamp(int):
    """Seconds since the epoch: a number that a table remembers to be a time."""


FieldValue: TypeAlias = (
    "bool | int | float | str | bytes | bytearray | Decimal | Sequence[FieldValue] | Mapping[str, FieldValue] | None"
)
"""A value of a table. ``str`` is a long string of UTF-8, ``bytes`` one of anything else, ``bytearray`` a byte array."""

U8 = Struct(">B")
U16 = Struct(">H")
U32 = Struct(">I")
U64 = Struct(">Q")
_I32 = Struct(">i")
_I64 = Struct(">q")
_DOUBLE = Struct(">d")
_DECIMAL = Struct(">Bi")

_FIXED = {
    ord("t"): Struct(">?"),
    ord("b"): Struct(">b"),
    ord("B"): U8,
    ord("s"): Struct(">h"),
    ord("u"): U16,
    ord("I"): _I32,
    ord("i"): U32,
    ord("l"): _I64,
    ord("L"): _I64,
    ord("f"): Struct(">f"),
    ord("d"): _DOUBLE,
}


def read_shortstr(data: bytes, at: int) -> tuple[str, int]:
    """An octet of length and that many octets of UTF-8."""
    start = at + 1
    end = start + data[at]
    if end > len(data):
        raise ValueError("a short string ends beyond the frame")
    return data[start:end].decode(), end


def read_longstr(data: bytes, at: int) -> tuple[str | bytes, int]:
    """Four octets of length and that many octets: text if they are UTF-8."""
    value, end = _read_octets(data, at)
    try:
        return value.decode(), end
    except UnicodeDecodeError:
        return value, end


def read_table(data: bytes, at: int, depth: int = 0) -> tuple[dict[str, FieldValue], int]:
    """Names and values. The last of a repeated name wins."""
    at, end = _enter(data, at, depth)
    table: dict[str, FieldValue] = {}
    while at < end:
        name, at = read_shortstr(data, at)
        table[name], at = _read_value(data, at, depth)
    if at > end:
        raise ValueError("a field ends beyond its table")
    return table, end


def _read_array(data: bytes, at: int, depth: int) -> tuple[list[FieldValue], int]:
    at, end = _enter(data, at, depth)
    values = []
    while at < end:
        value, at = _read_value(data, at, depth)
        values.append(value)
    if at > end:
        raise ValueError("a value ends beyond its array")
    return values, end


def _read_value(data: bytes, at: int, depth: int) -> tuple[FieldValue, int]:
    kind = data[at]
    at += 1
    fixed = _FIXED.get(kind)
    if fixed is not None:
        return fixed.unpack_from(data, at)[0], at + fixed.size
    read = _READ.get(kind)
    if read is None:
        raise ValueError(f"there is no type of field {chr(kind)!r}")
    return read(data, at, depth)


def _read_octets(data: bytes, at: int) -> tuple[bytes, int]:
    start = at + 4
    end = start + U32.unpack_from(data, at)[0]
    if end > len(data):
        raise ValueError("a long string ends beyond the frame")
    return data[start:end], end


def _enter(data: bytes, at: int, depth: int) -> tuple[int, int]:
    if depth >= DEEPEST:
        raise ValueError(f"tables and arrays are nested beyond {DEEPEST} levels")
    start = at + 4
    end = start + U32.unpack_from(data, at)[0]
    if end > len(data):
        raise ValueError("a table or array ends beyond the frame")
    return start, end


def _read_byte_array(data: bytes, at: int, depth: int) -> tuple[bytearray, int]:
    value, end = _read_octets(data, at)
    return bytearray(value), end


def _read_decimal(data: bytes, at: int, depth: int) -> tuple[Decimal, int]:
    scale, digits = _DECIMAL.unpack_from(data, at)
    return Decimal(digits).scaleb(-scale), at + _DECIMAL.size


_READ: dict[int, Callable[[bytes, int, int], tuple[FieldValue, int]]] = {
    ord("S"): lambda data, at, depth: read_longstr(data, at),
    ord("F"): lambda data, at, depth: read_table(data, at, depth + 1),
    ord("A"): lambda data, at, depth: _read_array(data, at, depth + 1),
    ord("T"): lambda data, at, depth: (Timestamp(U64.unpack_from(data, at)[0]), at + U64.size),
    ord("V"): lambda data, at, depth: (None, at),
    ord("x"): _read_byte_array,
    ord("D"): _read_decimal,
}
"""The types that are not a number of a fixed size."""


def shortstr(text: str) -> bytes:
    """A text of at most 255 octets of UTF-8."""
    octets = text.encode()
    if len(octets) > 255:
        raise ValueError("a short string has at most 255 octets")
    return U8.pack(len(octets)) + octets


def longstr(text: str | bytes) -> bytes:
    """A text, or bytes as they are."""
    octets = text.encode() if isinstance(text, str) else text
    return U32.pack(len(octets)) + octets


def table(fields: Mapping[str, FieldValue]) -> bytes:
    """Names and values, in the order they come."""
    octets = b"".join(shortstr(name) + _value(value) for name, value in fields.items())
    return U32.pack(len(octets)) + octets


def _value(value: FieldValue) -> bytes:  # noqa: PLR0911 - one for each type
    """Whole numbers go as 32 or 64 bits with a sign: the two that every client reads."""
    match value:
        case None:
            return b"V"
        case bool():
            return b"t\1" if value else b"t\0"
        case Timestamp():
            return b"T" + U64.pack(value)
        case int():
            return b"I" + _I32.pack(value) if -(2**31) <= value < 2**31 else b"l" + _I64.pack(value)
        case float():
            return b"d" + _DOUBLE.pack(value)
        case str() | bytes():
            return b"S" + longstr(value)
        case bytearray():
            return b"x" + longstr(bytes(value))
        case Decimal():
            return b"D" + _decimal(value)
        case Mapping():
            return b"F" + table(value)
        case _:
            octets = b"".join(map(_value, value))
            return b"A" + U32.pack(len(octets)) + octets


def _decimal(value: Decimal) -> bytes:
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int):
        raise ValueError("a decimal field is a finite number")
    scale = max(0, -exponent)
    return _DECIMAL.pack(scale, int(value.scaleb(scale)))
