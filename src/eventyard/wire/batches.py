"""A batch as it came, cut into its items and no more: each is read, and refused, by itself.

They are counted while they are cut, so that a body of millions costs no more than one of as many as are taken. How
large the body is was bounded before (``api/http.py``); the items go on to ``wire/cloudevents.py`` or to whoever else
reads them.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Final

import msgspec
from msgspec import Raw
from msgspec.json import Decoder

from eventyard.model.errors import TooLarge

_decode_all = Decoder(list[Raw]).decode
_COUNTED: Final = 10_000
"""Items up to which a limit stops the reading. A larger one is looked at when all has been read."""


def in_array(body: bytes, limit: int) -> Sequence[Raw]:
    """The items of a JSON array, as they stand in it.

    Raises ``TooLarge`` (``batch_too_large``), and what ``msgspec`` and Python raise for what is no JSON, no array, or
    nested too deep.
    """
    if limit > _COUNTED or body.count(b",") < limit:
        items = _decode_all(body)
        if len(items) > limit:
            raise _too_many(limit)
        return items
    try:
        return [item for item in _decode_first(limit)(body) if item]
    except msgspec.ValidationError as error:
        if "length" in str(error):
            raise _too_many(limit) from None
        raise


def in_lines(body: bytes, limit: int) -> Sequence[bytes]:
    """The lines of NDJSON that are not blank. Raises ``TooLarge`` (``batch_too_large``), for many blank ones too."""
    if body.count(b"\n") > 2 * limit:
        raise _too_many(limit)
    lines = [line for line in body.split(b"\n") if line and not line.isspace()]
    if len(lines) > limit:
        raise _too_many(limit)
    return lines


@lru_cache(maxsize=8)
def _decode_first(limit: int) -> Callable[[bytes], tuple[Raw, ...]]:
    """Decodes an array, with an empty item for each below ``limit``, and stops with an error at the first beyond."""
    fields = [(f"item_{place}", Raw, Raw()) for place in range(limit)]
    array = msgspec.defstruct("Array", fields, array_like=True, forbid_unknown_fields=True, gc=False)
    decode = Decoder(array).decode
    return lambda body: msgspec.structs.astuple(decode(body))


def _too_many(limit: int) -> TooLarge:
    return TooLarge("batch_too_large", f"the batch holds more than {limit} items", hint="send smaller batches")
