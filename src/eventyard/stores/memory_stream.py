"""The stream of the in-memory store: its publications in commit order, who watches, and how far queues have been read.

What it answers is what ``sql/stream.py``, ``sql/ways.py`` and ``sql/positions.py`` must answer.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from eventyard.model.event import Event
from eventyard.model.ids import EntryId, Millis
from eventyard.model.journal import READ_BYTES, Committed, Slice
from eventyard.model.lifecycle import Kind
from eventyard.model.replay import Way, Ways, Window
from eventyard.model.streams import Position
from eventyard.stores.family import taken
from eventyard.stores.memory_search import Kept, is_seen
from eventyard.stores.watchers import Watchers


class MemoryStream:
    """The stream over a store's entries, which are in the order of their ids."""

    def __init__(self, entries: Mapping[EntryId, Kept]) -> None:
        self.watchers = Watchers()
        self._entries = entries
        self._positions: dict[str, Position] = {}

    def read(self, topics: Sequence[int], after: EntryId, until: EntryId, limit: int) -> Slice:
        """See the port."""
        wanted = [one for one in self._publications(topics) if after < one.id <= until and one.has_payload]
        page = list(taken(((one, len(one.event.data)) for one in islice(wanted, limit)), READ_BYTES))
        reached = max(after, until) if len(page) == len(wanted) else page[-1].id
        return Slice(tuple(_committed(one) for one in page), reached)

    def ways(self, window: Window, after: EntryId, until: EntryId, limit: int) -> Ways:
        """See the port."""
        wanted = [one for one in self._publications(window.topics) if after < one.id <= until and _is_in(window, one)]
        reached = max(after, until) if len(wanted) <= limit else wanted[limit - 1].id
        return Ways(tuple(_way(one) for one in wanted[:limit]), reached)

    def events(self, ids: Sequence[EntryId]) -> dict[EntryId, Event]:
        """See the port."""
        kept = (self._entries.get(entry_id) for entry_id in ids)
        return {one.id: one.event for one in kept if one is not None and one.has_payload}

    def newest(self, topics: Sequence[int] | None) -> EntryId:
        """See the port."""
        return max((one.id for one in self._publications(topics)), default=EntryId(0))

    def at(self, moment: Millis) -> EntryId:
        """See the port."""
        since = (EntryId(one.id - 1) for one in self._publications(None) if (one.completed_at or 0) >= moment)
        return next(since, self.newest(None))

    def keep(self, positions: Sequence[Position]) -> None:
        """See the port."""
        self._positions |= {position.queue_id: position for position in positions}

    def forget(self, queue_ids: Sequence[str]) -> None:
        """See the port."""
        for queue_id in queue_ids:
            self._positions.pop(queue_id, None)

    def positions(self) -> list[Position]:
        """See the port."""
        return [self._positions[queue_id] for queue_id in sorted(self._positions)]

    def _publications(self, topics: Sequence[int] | None) -> Iterator[Kept]:
        return (
            entry
            for entry in self._entries.values()
            if entry.parent_id is None and (topics is None or entry.topic in topics)
        )


def _is_in(window: Window, entry: Kept) -> bool:
    return (
        entry.kind is Kind.PUBLICATION
        and entry.has_payload
        and window.source in (None, entry.name)
        and window.created_from <= entry.created_at <= window.created_to
        and is_seen(window.seen, entry)
    )


def _way(entry: Kept) -> Way:
    return Way(entry.id, entry.topic, entry.name, len(entry.event.data), entry.event.routing_key)


def _committed(entry: Kept) -> Committed:
    return Committed(
        entry.id, entry.completed_at or entry.created_at, entry.project, entry.application, entry.topic, entry.name,
        entry.event,
    )  # fmt: skip
