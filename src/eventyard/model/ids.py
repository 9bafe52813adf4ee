"""Identifiers: 64-bit integers inside the journal, UUIDv7 strings for everything a client names.

Journal ids are handed out by the store in commit order. Public ids are made here, from a moment and random bits given
by the caller, so that the same arguments give the same id in a test.
"""

from typing import NewType

EntryId = NewType("EntryId", int)
"""A journal entry: 64-bit, ascending in commit order; what the DIH and CIH dialects call ``eventId``."""

Millis = int
"""A moment: milliseconds since the Unix epoch, UTC. A length of time carries the unit in its name (``timeout_ms``)."""

RANDOM_BITS = 74
"""How many random bits :func:`uuid7` wants."""

_LOW_62 = (1 << 62) - 1


def uuid7(now: Millis, randomness: int) -> str:
    """The UUIDv7 (RFC 9562, section 5.7) of a moment and 74 random bits, in its 36-character text form."""
    text = "%032x" % (now << 80 | 7 << 76 | randomness >> 62 << 64 | 2 << 62 | randomness & _LOW_62)
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
