"""The work queue of the in-memory store: what is due when, and who has it. ``sql/claim.py`` asks this of a database."""

from collections.abc import Iterator, Mapping

from msgspec import Struct

from eventyard.model.ids import EntryId, Millis
from eventyard.model.journal import Claimed, Waiting
from eventyard.stores.memory_search import Kept, Names


class Due(Struct):
    """A delivery that waits for its next attempt, or is leased for it."""

    due_at: Millis
    lease_until: Millis
    attempt: int


Queued = Mapping[EntryId, Due]
Entries = Mapping[EntryId, Kept]


def claimable(queued: Queued, entries: Entries, target: int, now: Millis) -> list[EntryId]:
    """The deliveries of a target that are due and free, the oldest due first."""
    found = [
        (due.due_at, entry_id)
        for entry_id, due in queued.items()
        if entries[entry_id].target == target and max(due.due_at, due.lease_until) <= now
    ]
    return [entry_id for _, entry_id in sorted(found)]


def waiting(queued: Queued, entries: Entries) -> Iterator[Waiting]:
    """Per target, from when on something is due and free."""
    first: dict[int, Millis] = {}
    for entry_id, due in queued.items():
        target, free_at = entries[entry_id].target, due.lease_until or due.due_at
        first[target] = min(first.get(target, free_at), free_at)
    return (Waiting(target, at) for target, at in sorted(first.items()))


def claimed(delivery: Kept, due: Due, names: Names, *, lost: bool) -> Claimed:
    """A delivery that was leased just now."""
    return Claimed(
        entry_id=delivery.id,
        publication_id=delivery.parent_id or delivery.id,
        subscription_id=names[delivery.name].id,
        target_number=delivery.target,
        attempt=due.attempt,
        due_at=due.due_at,
        lease_until=due.lease_until,
        event=delivery.event,
        status=delivery.status,
        lost=lost,
    )
