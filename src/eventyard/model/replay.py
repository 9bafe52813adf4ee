"""What a replay reads of the past: by which way each publication went, without the data it brought.

Most subscriptions look at no data. So the store tells ways by the thousand, and gives the events of those only of which
somebody looks at the data; of how many at a time, whoever asks decides by their sizes.
"""

from msgspec import Struct

from eventyard.model.ids import EntryId, Millis
from eventyard.model.journal import Seen


class Window(Struct, frozen=True, kw_only=True):
    """Publications, bundles left out, of these topics and perhaps of one source, as name-table numbers.

    They came between two moments, both included; ``seen`` is as in ``Query``.
    """

    topics: tuple[int, ...]
    source: int | None = None
    seen: Seen | None = None
    created_from: Millis
    created_to: Millis


class Way(Struct, frozen=True, array_like=True, gc=False):
    """Where a publication came in: the numbers of its topic and source, and its routing key."""

    entry_id: EntryId
    topic: int
    source: int
    size: int
    """Bytes of its event's data."""
    routing_key: str


class Ways(Struct, frozen=True):
    """A part of a window, ascending. Nothing that was asked for and is not in it lies at or before ``reached``."""

    ways: tuple[Way, ...]
    reached: EntryId
