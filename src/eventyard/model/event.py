"""An event: an immutable fact in the shape of CloudEvents 1.0, plus the routing key it is matched by."""

from collections.abc import Mapping
from functools import lru_cache

from msgspec import Struct

from eventyard.model.ids import Millis


@lru_cache(maxsize=256)
def is_json_type(content_type: str) -> bool:
    """Whether a content type says JSON (RFC 6839 suffixes included)."""
    media = content_type.partition(";")[0].strip().lower()
    return media == "application/json" or media.endswith("+json") or media == "text/json"


class Received(Struct, frozen=True, gc=False):
    """The HTTP request that an event came by, without credentials: for templates that speak of it, and for the record.

    Names of headers are in lower case; of a header or parameter that came several times the last counts.
    """

    method: str
    url: str
    query: Mapping[str, str] = {}
    headers: Mapping[str, str] = {}


class Event(Struct, frozen=True, gc=False):
    """One fact, as its publisher stated it (CloudEvents 1.0.2, section 3).

    ``data`` holds the bytes as they arrived; nobody re-encodes them. ``extensions`` are CloudEvents extension
    attributes, all as strings. ``routing_key`` is dot-separated words; without a better one it is the type.
    ``request`` is kept where the dialect it came in asks for it.
    """

    id: str
    source: str
    type: str
    time: Millis
    data: bytes
    routing_key: str
    content_type: str = "application/json"
    subject: str | None = None
    dataschema: str | None = None
    extensions: Mapping[str, str] = {}
    request: Received | None = None

    @property
    def is_json(self) -> bool:
        """Whether ``data`` is a JSON document by its content type."""
        return is_json_type(self.content_type)
