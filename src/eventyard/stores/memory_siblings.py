"""Deliveries of the in-memory store, as who lets them wait needs them; ``sql/siblings.py`` tells a database."""

from collections.abc import Mapping, Sequence

from eventyard.model.ids import EntryId
from eventyard.model.journal import Delayed, Delaying, Sibling
from eventyard.model.lifecycle import Status
from eventyard.stores.memory_search import Kept, Names


def siblings(entries: Mapping[EntryId, Kept], names: Names, publication_ids: Sequence[EntryId]) -> list[Sibling]:
    """Every delivery of those publications, by id."""
    return [
        Sibling(entry.id, entry.parent_id, names[entry.name].id, entry.target, entry.status)
        for entry in entries.values()
        if entry.parent_id is not None and entry.parent_id in publication_ids
    ]


def delaying(entries: Mapping[EntryId, Kept], names: Names) -> list[Delaying]:
    """Every subscription of which a delivery is delayed, by number."""
    numbers = {entry.name for entry in entries.values() if entry.status is Status.DELAYED}
    return [Delaying(number, names[number].id) for number in sorted(numbers)]


def delayed(
    entries: Mapping[EntryId, Kept], bounds: tuple[int, int | None, EntryId, EntryId | None, int], *, newest: bool
) -> list[Delayed]:
    """So many delayed deliveries of a subscription, of those between two ids."""
    number, topic, after, through, limit = bounds
    bundled = {member for entry in entries.values() for member in entry.members}
    found = [
        Delayed(entry.id, entry.parent_id, entry.target, entry.created_at, entry.topic, len(entry.event.data))
        for entry in entries.values()
        if entry.name == number
        and topic in (None, entry.topic)
        and entry.status is Status.DELAYED
        and entry.parent_id is not None
        and entry.id not in bundled
        if after < entry.id <= (entry.id if through is None else through)
    ]
    return sorted(found, key=lambda one: one.entry_id, reverse=newest)[:limit]
