"""Identifiers: 64-bit integers inside the journal, UUIDv7 strings for everything a client names.

Journal ids are handed out by the store in commit order. Public ids are made here, from a moment and random bits given
by the caller, so that the same arguments give the same id in a test.
"""

from functools import lru_cache
from typing import NewType

EntryId = NewType("EntryId", int)
"""A journal entry: 64-bit, ascending in commit order; what the DIH and CIH dialects call ``eventId``."""

Millis = int
"""A moment: milliseconds since the Unix epoch, UTC. A length of time carries the unit in its name (``timeout_ms``)."""

RANDOM_BYTES = 10
"""How many random bytes :func:`uuid7` wants. An id holds 74 of their bits."""


def uuid7(now: Millis, randomness: bytes) -> str:
    """The UUIDv7 (RFC 9562, section 5.7) of a moment and ten random bytes, in its 36-character text form."""
    digits = randomness.hex()
    return f"{_moment(now)}{digits[:3]}-{_VARIANT[digits[3]]}{digits[4:7]}-{digits[7:19]}"


def uuid7s(now: Millis, randomness: bytes) -> list[str]:
    """The :func:`uuid7` of each ten of the random bytes, which are a multiple of ten; for two thirds of the cost."""
    begun, digits = _moment(now), randomness.hex()
    return [
        f"{begun}{digits[at : at + 3]}-{_VARIANT[digits[at + 3]]}{digits[at + 4 : at + 7]}-{digits[at + 7 : at + 19]}"
        for at in range(0, len(digits), 2 * RANDOM_BYTES)
    ]


@lru_cache(maxsize=16)
def _moment(now: Millis) -> str:
    """The part that all ids of a moment begin with, up to the version."""
    return f"{now >> 16:08x}-{now & 0xFFFF:04x}-7"


_VARIANT = {digit: "89ab"[int(digit, 16) % 4] for digit in "0123456789abcdef"}
"""What stands for a random digit where the first two bits tell the variant (RFC 9562, section 4.1)."""
