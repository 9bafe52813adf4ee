"""How deep JSON is nested, told before a parser is let near it.

A parser that recurses is brought down by a few kilobytes of ``[``. The check costs next to nothing on an ordinary
body: one that opens no more braces and brackets than the limit cannot be deeper than the limit. Only beyond that are
strings cut out and the levels counted, and that without a Python loop over the bytes. The body goes on to
``wire/cloudevents.py`` or to whoever else parses it.
"""

from itertools import accumulate

from eventyard.model.errors import TooLarge

_ALL_BUT_OPENING = bytes(byte for byte in range(256) if byte not in b"[{")
_ALL_BUT_BRACKETS = bytes(byte for byte in range(256) if byte not in b"[]{}")
_UP_AND_DOWN = bytes.maketrans(b"[{]}", b"\x01\x01\xff\xff")
"""Brackets as signed bytes: one level up, one level down."""


def check_depth(body: bytes, limit: int) -> None:
    """Raise ``TooLarge`` (``body_too_deep``) when arrays and objects are nested more than ``limit`` deep.

    A scalar has depth 0, ``[]`` has depth 1; brackets inside strings do not count. What is not JSON passes if a parser
    would find that out before it is deeper than ``limit``.
    """
    if len(body.translate(None, _ALL_BUT_OPENING)) <= limit:
        return
    # Escapes go first, the escaped backslash before the escaped quote: after that every quote opens or closes a string.
    unescaped = body.replace(rb"\\", b"").replace(rb"\"", b"") if b"\\" in body else body
    steps = b"".join(unescaped.split(b'"')[::2]).translate(_UP_AND_DOWN, _ALL_BUT_BRACKETS)
    if max(accumulate(memoryview(steps).cast("b")), default=0) > limit:
        raise TooLarge("body_too_deep", f"the JSON is nested more than {limit} levels deep")
