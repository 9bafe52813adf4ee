"""Identifiers as eventhos makes them: what was given, a dash, and ten random characters that fit into a URL."""

import secrets
import string

ALPHABET = string.ascii_letters + string.digits + "_-"
SUFFIX = 10

LONGEST = 75
"""Characters of an identifier, suffix included."""

LONGEST_GIVEN = LONGEST - SUFFIX - 1


def suffixed(given: str) -> str:
    """A fresh identifier that begins with what was given."""
    return f"{given}-{''.join(secrets.choice(ALPHABET) for _ in range(SUFFIX))}"
