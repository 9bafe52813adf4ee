"""JSON values as YAML, for tools that want a document in it. Writing only, and no more of YAML than that takes.

What is written is read the same by YAML 1.2, whose superset of JSON it is, and by readers of 1.1.
"""

import re
from collections.abc import Iterator
from typing import Any

import msgspec


def to_yaml(value: Any) -> bytes:
    """A JSON value in block style; texts are quoted as JSON quotes them, which YAML reads the same."""
    return b"".join(_lines(value, 0))


def _lines(value: Any, depth: int) -> Iterator[bytes]:
    indent = b"  " * depth
    if isinstance(value, dict) and value:
        for name, part in value.items():
            yield b"%s%s:" % (indent, _scalar(name))
            yield from _below(part, depth)
    elif isinstance(value, list) and value:
        for part in value:
            yield b"%s-" % indent
            yield from _below(part, depth)
    else:
        yield b"%s%s\n" % (indent, _scalar(value))


def _below(part: Any, depth: int) -> Iterator[bytes]:
    if isinstance(part, dict | list) and part:
        yield b"\n"
        yield from _lines(part, depth + 1)
    else:
        yield b" %s\n" % _scalar(part)


def _scalar(value: Any) -> bytes:
    text = msgspec.json.encode(value).decode()
    if isinstance(value, str):
        text = _UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
    elif isinstance(value, float):
        text = _EXPONENT.sub(lambda found: f"{found[1]}{found[2] or '.0'}e{found[3] or '+'}{found[4]}", text)
    return text.encode()


_UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
"""What YAML wants escaped (1.2.2, section 5.1) or takes for an end of line, and JSON does not."""

_EXPONENT = re.compile(r"(-?[0-9]+)(\.[0-9]+)?e([+-]?)([0-9]+)")
"""YAML 1.1 knows a number with an exponent by its point and sign."""
