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

RANDOM_BITS = 74
"""How many random bits :func:`uuid7` wants."""

_LOW_48 = (1 << 48) - 1


def uuid7(now: Millis, randomness: int) -> str:
    """The UUIDv7 (RFC 9562, section 5.7) of a moment and 74 random bits, in its 36-character text form."""
    middle = 0x8000 | randomness >> 48 & 0x3FFF
    return "%s%03x-%04x-%012x" % (_moment(now), randomness >> 62, middle, randomness & _LOW_48)  # noqa: UP031 - a third faster


@lru_cache(maxsize=16)
def _moment(now: Millis) -> str:
    """The part that all ids of a moment begin with, up to the version."""
    return f"{now >> 16:08x}-{now & 0xFFFF:04x}-7"
