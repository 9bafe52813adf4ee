from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from pamqp import decode as peer

from eventyard.wire.amqp.fields import (
    DEEPEST,
    MALFORMED,
    FieldValue,
    Timestamp,
    longstr,
    read_longstr,
    read_shortstr,
    read_table,
    shortstr,
    table,
)

EVERY_TYPE: dict[str, FieldValue] = {
    "t": True,
    "I": -1,
    "l": 2**40,
    "d": 0.1,
    "S": "größe",
    "bytes": b"\xff",
    "x": bytearray(b"\0\xff"),
    "T": Timestamp(1_767_323_045),
    "D": Decimal("-1.25"),
    "F": {"deeper": {"V": None}},
    "A": [1, "two", [False]],
}


def test_a_table_of_every_type_survives() -> None:
    octets = table(EVERY_TYPE)
    value, end = read_table(octets, 0)
    assert (value, end) == (EVERY_TYPE, len(octets))
    assert {name: type(field) for name, field in value.items()} == {
        name: type(field) for name, field in EVERY_TYPE.items()
    }


def test_another_codec_reads_the_same() -> None:
    _, value = peer.field_table(table({name: field for name, field in EVERY_TYPE.items() if name != "T"}))
    assert value == {name: field for name, field in EVERY_TYPE.items() if name != "T"}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (b"t\x02", True),
        (b"b\xff", -1),
        (b"B\xff", 255),
        (b"s\xff\xfe", -2),
        (b"u\xff\xfe", 65_534),
        (b"i\xff\xff\xff\xff", 2**32 - 1),
        (b"L\xff\xff\xff\xff\xff\xff\xff\xff", -1),
        (b"f\x3f\x80\x00\x00", 1.0),
        (b"D\x03\x00\x00\x00\x01", Decimal("0.001")),
    ],
)
def test_the_types_of_other_clients_are_read(field: bytes, value: Any) -> None:
    octets = (len(field) + 2).to_bytes(4, "big") + b"\1k" + field
    assert read_table(octets, 0) == ({"k": value}, len(octets))


@pytest.mark.parametrize(
    ("read", "octets"),
    [
        (read_shortstr, b""),
        (read_shortstr, b"\x03ab"),
        (read_shortstr, b"\x01\xff"),
        (read_longstr, b"\0\0\0"),
        (read_longstr, b"\0\0\0\x03ab"),
        (read_table, b"\0\0\0\x01"),
        (read_table, b"\0\0\0\x01\x00"),
        (read_table, b"\0\0\0\x02\x00V"[:-1]),
        (read_table, b"\0\0\0\x03\x01k?"),
        (read_table, b"\0\0\0\x04\x01kI\0"),
        (read_table, b"\0\0\0\x03\x01kS\0\0\0\x01a"),
        (read_table, b"\0\0\0\x08\x01kA\0\0\0\x01tt"),
    ],
)
def test_what_ends_too_early_is_malformed(read: Callable[[bytes, int], object], octets: bytes) -> None:
    with pytest.raises(MALFORMED):
        read(octets, 0)


def nested(levels: int, kind: bytes) -> bytes:
    """A table that holds a table (or an array) that holds … and so on; the innermost is empty."""
    octets = bytes(4)
    for level in range(levels):
        field = kind + octets
        if kind == b"F" or level == levels - 1:
            field = b"\0" + field
        octets = len(field).to_bytes(4, "big") + field
    return octets


@pytest.mark.parametrize("kind", [b"F", b"A"])
def test_nesting_has_a_bound(kind: bytes) -> None:
    assert read_table(nested(DEEPEST - 1, kind), 0)
    for levels in (DEEPEST, 20_000):
        with pytest.raises(ValueError, match="nested beyond 32 levels"):
            read_table(nested(levels, kind), 0)


def test_text_that_is_not_utf8_stays_bytes() -> None:
    assert read_longstr(longstr(b"\xff"), 0) == (b"\xff", 5)
    assert read_longstr(longstr("\0a\0b"), 0) == ("\0a\0b", 8)


@pytest.mark.parametrize(
    "write", [lambda: shortstr("ü" * 128), lambda: table({"k": 2**63}), lambda: table({"k": Decimal("NaN")})]
)
def test_what_has_no_place_on_the_wire_is_refused(write: Callable[[], bytes]) -> None:
    with pytest.raises(MALFORMED):
        write()
