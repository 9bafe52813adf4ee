"""The headers of what the hub sends: which of them a target may set, and those that tell one delivery from another."""

from hashlib import blake2b

from eventyard import __version__
from eventyard.matching.pointer import pointer
from eventyard.model.errors import Invalid
from eventyard.ports import Delivery

TOKEN = r"^[!#$%&'*+.^_`|~0-9A-Za-z-]+$"
"""A name or method (RFC 9110, 5.6.2)."""

VALUE = r"^[\t -~]*$"
"""A value in visible ASCII (RFC 9110, 5.5): no CR, no LF."""

USER_AGENT = f"Eventyard/{__version__}"

CONNECTION = frozenset({
    "connection", "content-length", "host", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade",
})  # fmt: skip
"""Headers that say where a message ends, or that concern one connection (RFC 9110, 7.6.1)."""


def message_id(delivery: Delivery) -> str:
    """The same for every attempt of a delivery, another for any other delivery, of any hub.

    A reprocessed delivery is a new one: whoever asked for it wants the receiver to act again.
    """
    event = delivery.event
    origin = blake2b(f"{event.source}\0{event.id}".encode(errors="surrogatepass"), digest_size=8).hexdigest()
    return f"msg_{origin}_{delivery.entry_id}"


def not_here(name: str, hint: str | None = None) -> Invalid:
    """The error for a header that a target cannot set among its ``headers``."""
    return Invalid(
        "invalid_settings", f"headers: {name} cannot be set here", pointer=pointer("/settings/headers", name), hint=hint
    )
