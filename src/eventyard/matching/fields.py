"""An event's data, read along paths and flattened to strings: what filters compare.

A path goes through objects only, from the root of the data. What lies at its end is compared by its string form, which
is that of Go's ``%v``, because the event-sources API this dialect comes from is written in Go.
"""

import json
import sys
from decimal import Decimal
from math import isfinite
from typing import Any

import msgspec

Path = tuple[str, ...]
"""Member names from the root of the data downwards."""

NIL = "<nil>"
"""The string form of ``null``, and of what is not there."""


def decode(data: bytes) -> Any:
    """The JSON value of an event's data. A number beyond every float is infinite, as nobody shall refuse it.

    Raises ``ValueError`` or ``RecursionError`` for what is not JSON.
    """
    try:
        return msgspec.json.decode(data)
    except msgspec.DecodeError:
        _check(data)
        return _DECODE_ALL.decode(data.decode())


def _integer(digits: str) -> int | float:
    return int(digits) if len(digits) <= sys.int_info.default_max_str_digits else float(digits)


_check = msgspec.json.Decoder(msgspec.Raw).decode
_DECODE_ALL = json.JSONDecoder(parse_int=_integer)
"""For numbers that ``msgspec`` refuses. What else it refuses is not JSON, though this takes some of it."""


def read(data: Any, path: Path) -> Any:
    """The value at the end of the path; ``None`` where the path leads nowhere."""
    for name in path:
        if not isinstance(data, dict):
            return None
        data = data.get(name)
    return data


def text(value: Any) -> str | None:
    """The string form of a JSON value; ``None`` for an object or array, which has none and equals no string."""
    if isinstance(value, str):
        return value
    if value is None:
        return NIL
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return number_text(value)
    return None


def number_text(number: float) -> str:
    """A number as Go prints a float64 with ``%v``: the fewest digits that name it, from 1e+06 on with an exponent.

    ``1.0`` is ``1``, ``999999`` is itself, ``1234567`` is ``1.234567e+06``, ``0.00001`` is ``1e-05``. A number beyond
    the range of a float64 is ``+Inf`` or ``-Inf``.
    """
    try:
        value = float(number)
    except OverflowError:
        return "+Inf" if number > 0 else "-Inf"
    if not isfinite(value):
        return "NaN" if value != value else "+Inf" if value > 0 else "-Inf"  # noqa: PLR0124 - the test for NaN
    shortest = repr(value)
    if value == 0 or 1e-4 <= abs(value) < 1e6:
        return shortest.removesuffix(".0")
    digits = shortest.partition("e")[0].lstrip("-").replace(".", "").strip("0")
    sign, point, exponent = "-" * (value < 0), "." * (len(digits) > 1), Decimal(shortest).adjusted()
    return f"{sign}{digits[0]}{point}{digits[1:]}e{exponent:+03}"


class Fields(dict[Path, str | None]):
    """The string forms along the paths somebody asked for: each path is walked once per event, however many ask.

    ``fields[path]`` is the string form of what lies there, as :func:`text` gives it.
    """

    __slots__ = ("data",)

    def __init__(self, data: Any) -> None:
        super().__init__()
        self.data = data

    def __missing__(self, path: Path) -> str | None:
        self[path] = found = text(read(self.data, path))
        return found
