"""A batch as it came, cut into its items and no more: each is read, and refused, by itself.

They are counted while they are cut, so that a body of millions costs no more than one of as many as are taken. How
large the body is was bounded before (``api/http.py``); the items go on to ``wire/cloudevents.py`` or to whoever else
reads them.
"""

import re
from collections.abc import Callable, Sequence
from functools import lru_cache

import msgspec
from msgspec import Raw
from msgspec.json import Decoder

from eventyard.model.errors import TooLarge

_decode_all = Decoder(list[Raw]).decode
_NOT_BLANK = re.compile(rb"[^ \t\r\n]")


def in_array(body: bytes, limit: int) -> Sequence[Raw]:
    """The items of a JSON array, as they stand in it.

    Raises ``TooLarge`` (``batch_too_large``), and what ``msgspec`` and Python raise for what is no JSON, no array, or
    nested too deep.
    """
    if body.count(b",") < limit:
        return _decode_all(body)
    try:
        return [item for item in _decode_first(limit)(body) if item]
    except msgspec.ValidationError:
        begun = _NOT_BLANK.search(body)
        if begun is not None and begun[0] == b"[":  # an array of anything is only wrong in its length
            raise _too_many(limit) from None
        raise


def in_lines(body: bytes, limit: int) -> Sequence[bytes]:
    """The lines of NDJSON that are not blank, from their first character. Raises ``TooLarge`` (``batch_too_large``)."""
    lines: list[bytes] = []
    end = 0
    while begun := _NOT_BLANK.search(body, end):
        if len(lines) == limit:
            raise _too_many(limit)
        end = body.find(b"\n", begun.start())
        if end < 0:
            end = len(body)
        lines.append(body[begun.start() : end])
    return lines


@lru_cache(maxsize=8)
def _decode_first(limit: int) -> Callable[[bytes], tuple[Raw, ...]]:
    """Decodes an array, with an empty item for each below ``limit``, and stops with an error at the first beyond.

    To ``msgspec`` it is a record of so many optional fields, which it is told to read from an array.
    """
    fields = [(f"item_{place}", Raw, Raw()) for place in range(limit)]
    array = msgspec.defstruct("Array", fields, array_like=True, forbid_unknown_fields=True, gc=False)
    decode = Decoder(array).decode
    return lambda body: msgspec.structs.astuple(decode(body))


def _too_many(limit: int) -> TooLarge:
    return TooLarge("batch_too_large", f"the batch holds more than {limit} items", hint="send smaller batches")
