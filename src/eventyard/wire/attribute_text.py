"""What the text of an attribute may hold (CloudEvents 1.0.2, section 2.5, String), whichever way an event comes in."""

import re

from eventyard.model.errors import Invalid

_FORBIDDEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef"
    + "".join(chr(plane << 16 | low) for plane in range(17) for low in (0xFFFE, 0xFFFF))
    + "]"
)
"""Controls, surrogates, noncharacters."""


def check_text(text: str, pointer: str, code: str = "invalid_cloudevent") -> str:
    """The text. Raises ``Invalid`` with that code if it holds a forbidden character.

    What is all printable (``str.isprintable``) holds none, and need not be asked about.
    """
    if _FORBIDDEN.search(text):
        raise Invalid(
            code, "it holds a character that no attribute may hold (a control, surrogate or noncharacter)",
            pointer=pointer,
        )  # fmt: skip
    return text
