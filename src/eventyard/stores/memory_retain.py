"""Letting go of what is over, in the in-memory store: the shortest description of what ``sql/retain.py`` does."""

from collections.abc import Iterator, Sequence

from eventyard.model.ids import EntryId
from eventyard.model.lifecycle import FINAL
from eventyard.model.retention import SETTLED, Doomed, Facts, Fate, Over, Purged, Term, fate
from eventyard.stores.memory_due import Due
from eventyard.stores.memory_search import Kept

Entries = dict[EntryId, Kept]
Queued = dict[EntryId, Due]


def over(terms: Sequence[Term], after: EntryId, entries: Entries, queued: Queued) -> Over:
    """All that is over past an entry, at once."""
    return Over(tuple(one for one in _doomed(terms, entries, queued) if one.id > after), None)


def purge(terms: Sequence[Term], ids: Sequence[EntryId], entries: Entries, queued: Queued) -> Purged:
    """Delete, of these publications, what is over still."""
    purged = Purged()
    for one in [doomed for doomed in _doomed(terms, entries, queued) if doomed.id in ids]:
        purged.count(one)
        children = _children(one.id, entries)
        bundles = [bundle for bundle in entries.values() if not set(children).isdisjoint(bundle.members)]
        if one.fate is Fate.PAYLOAD:
            for over in (entries[one.id], *(bundle for bundle in bundles if bundle.status in FINAL)):
                over.has_payload = False
            continue
        for bundle in bundles:
            bundle.members = tuple(member for member in bundle.members if member not in children)
        empty = [bundle.id for bundle in bundles if not bundle.members and bundle.id != next(reversed(entries))]
        empty = [bundle for bundle in empty if bundle not in queued or not queued[bundle].lease_until]
        purged.entries += len(empty)
        for gone in (one.id, *children, *empty):
            del entries[gone]
            queued.pop(gone, None)
    return purged


def _doomed(terms: Sequence[Term], entries: Entries, queued: Queued) -> Iterator[Doomed]:
    by_topic = {term.topic: term for term in terms}
    for entry in entries.values():
        term = by_topic.get(entry.topic)
        if term is None or entry.parent_id is not None or entry.members or entry.id == _newest_family(entries):
            continue
        decided = fate(term, _facts(entry, entries, queued))
        if decided is not None:
            yield Doomed(entry.id, decided, entry.family.children + 1)


def _newest_family(entries: Entries) -> EntryId:
    newest = entries[next(reversed(entries))]
    return newest.parent_id or newest.id


def _facts(entry: Kept, entries: Entries, queued: Queued) -> Facts:
    children = [entries[child] for child in _children(entry.id, entries)]
    family = entry.family
    settled = entry.status in SETTLED and not family.open + family.delayed + family.failed
    ends = [one.completed_at or one.created_at for one in (entry, *children)]
    return Facts(
        id=entry.id,
        created_at=entry.created_at,
        settled_at=max(ends) if settled else None,
        needed=family.open + family.delayed > 0 or (entry.target > 0 and entry.status not in FINAL),
        leased=any(one.id in queued and queued[one.id].lease_until > 0 for one in (entry, *children)),
        payload=entry.has_payload,
    )


def _children(entry_id: EntryId, entries: Entries) -> list[EntryId]:
    return [child.id for child in entries.values() if child.parent_id == entry_id]
