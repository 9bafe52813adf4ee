"""Idempotency keys: by what an event is known when it comes a second time to its source.

A key tells its kind before a colon, so that no word of a sender's is ever taken for another's. The journal keeps it for
a window beside the publication (``model/journal.py``, :class:`Idempotency`); what a second one gets is decided in
``accept.py``, and said here when it is a refusal.
"""

from collections.abc import Mapping

from eventyard.model.errors import Conflict, Invalid, Unauthenticated
from eventyard.model.event import Event

HEADER = "Idempotency-Key"
KEY_LIMIT = 255
"""Characters of an idempotency key."""

SIGNATURE = "signature:"
"""The kind of the key that a signature itself is."""


def checked(text: str) -> str:
    """The same. Raises ``Invalid`` (``invalid_parameter``) for a key beyond its bound."""
    if not 0 < len(text) <= KEY_LIMIT:
        message = f"an idempotency key has 1 to {KEY_LIMIT} characters"
        raise Invalid("invalid_parameter", message, pointer=HEADER)
    return text


def of_sender(headers: Mapping[str, str]) -> str | None:
    """By the Idempotency-Key header. Raises ``Invalid`` (``invalid_parameter``) for one beyond its bound."""
    text = headers.get("idempotency-key")
    return None if text is None else f"key:{checked(text)}"


def of_delivery(number: str) -> str:
    """By what the sender calls the delivery, such as ``webhook-id``."""
    return f"delivery:{number}"


def of_event(event: Event) -> str:
    """By source and id, which together identify an event (CE 3.1). No source holds a tab, though it may a space."""
    return f"event:{event.source}\t{event.id}"


def of_item(key: str, number: int) -> str:
    """By the place in a batch that came with a key. That of an item has a kind of its own, as a sender's may be any."""
    return f"item:{number}:{key.removeprefix('key:')}"


def mismatch(key: str) -> Conflict:
    """What is said of a key that came with other data before."""
    kind, _, known = key.partition(":")
    pointer, hint = None, "use a new id"
    if kind == "event":
        source, _, name = known.partition("\t")
        message = f"event {name!r} of {source!r} came before, with other data"
    elif kind == "delivery":
        message = f"delivery {known!r} came before, with other data"
    else:
        known = known.partition(":")[2] if kind == "item" else known
        message, pointer, hint = f"{known!r} was used before, for other data", HEADER, "use a new key"
    return Conflict("idempotency_mismatch", message, pointer=pointer, hint=f"{hint} for a new event")


def repeated_signature() -> Unauthenticated:
    """What is said of a signature that came before, where the sender may not send again."""
    return Unauthenticated(
        "signature_replayed",
        "this signature was used before",
        hint="sign each request anew; to repeat a request safely, send an Idempotency-Key",
    )
