"""Entries of the in-memory store: what is kept of each, which of them a query wants, and how they are shown.

The shortest description of what a search means; ``sql/search.py`` says the same to a database.
"""

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from eventyard.model.event import Event
from eventyard.model.ids import EntryId, Millis
from eventyard.model.journal import Entry, HistoryLine, Listed, Listing, Publication, Query
from eventyard.model.lifecycle import FINAL, Kind, Status
from eventyard.model.outcome import Attempt, Counts
from eventyard.model.reserved import is_reserved
from eventyard.stores.family import Family
from eventyard.stores.memory_catalog import Name

Names = Mapping[int, Name]


class Kept(Struct, kw_only=True):
    """An entry and everything beside it."""

    id: EntryId
    kind: Kind
    project: int
    application: int
    topic: int
    name: int
    event: Event
    created_at: Millis
    history: list[HistoryLine]
    parent_id: EntryId | None = None
    target: int = 0
    completed_at: Millis | None = None
    delayed_ms: int = 0
    family: Family
    attempts: dict[int, Attempt]
    counts: Counts = Counts()
    run_id: str | None = None

    @property
    def status(self) -> Status:
        """That of the last line."""
        return self.history[-1].status


def matches(query: Query, entry: Kept, names: Names) -> bool:
    """Whether every given criterion holds."""
    return (
        entry.project in query.projects
        and (not query.kinds or entry.kind in query.kinds)
        and (not query.statuses or entry.status in query.statuses)
        and (not query.descendants or entry.family.descendants in query.descendants)
        and _named(query.application, names.get(entry.application), contains=query.contains)
        and _named(query.topic, names.get(entry.topic), contains=query.contains)
        and _named(query.name, names.get(entry.name), contains=query.contains)
        and query.entry_id in (None, entry.id)
        and query.event_id in (None, entry.event.id)
        and query.parent_id in (None, entry.parent_id)
        and query.run_id in (None, entry.run_id)
        and (query.created_from is None or entry.created_at >= query.created_from)
        and (query.created_to is None or entry.created_at <= query.created_to)
        and (query.before is None or entry.id < query.before)
        and (query.after is None or entry.id > query.after)
    )


def _named(wanted: str | None, name: Name | None, *, contains: bool) -> bool:
    if wanted is None or name is None:
        return wanted is None
    wanted, folded = wanted.casefold(), name.name.casefold()
    return wanted in folded if contains else wanted == folded


def shown(entry: Kept, names: Names) -> Entry:
    """The entry as it is read, under the names of now."""
    project, application, topic, name = (
        names.get(number) for number in (entry.project, entry.application, entry.topic, entry.name)
    )
    return Entry(
        id=entry.id,
        kind=entry.kind,
        status=entry.status,
        project_id=project.id if project else "",
        application_id=application.id if application else None,
        application=application.name if application else None,
        topic_id=topic.id if topic else None,
        topic=topic.name if topic else None,
        name_id=name.id if name else None,
        name=name.name if name else None,
        event_id=entry.event.id,
        parent_id=entry.parent_id,
        created_at=entry.created_at,
        completed_at=entry.completed_at,
        delayed_ms=entry.delayed_ms,
        descendants=entry.family.descendants,
        counts=entry.counts,
        run_id=entry.run_id,
    )


def totals(entries: Iterable[Kept], projects: Sequence[int]) -> dict[tuple[int, int], int]:
    """(kind, status) -> number of entries, over those projects."""
    counted: dict[tuple[int, int], int] = {}
    for entry in entries:
        if entry.project in projects:
            counted[entry.kind, entry.status] = counted.get((entry.kind, entry.status), 0) + 1
    return counted


def listed(listing: Listing, entries: Mapping[EntryId, Kept], names: Names) -> Listed:
    """A numbered page of publications."""
    found = [entry for entry in entries.values() if _is_listed(listing, entry, names)]
    if not listing.ascending:
        found.reverse()
    page = found[listing.offset : listing.offset + listing.limit]
    return Listed(tuple(_publication(one, entries.values(), names) for one in page), len(found))


def _is_listed(listing: Listing, entry: Kept, names: Names) -> bool:
    return (
        entry.parent_id is None
        and entry.project in listing.projects
        and not is_reserved(names[entry.name].name)
        and listing.application in (None, entry.application)
        and _named(listing.name, names.get(entry.name), contains=False)
        and (not listing.endings or entry.family.endings in listing.endings)
        and listing.entry_id in (None, entry.id)
        and (listing.created_from is None or entry.created_at >= listing.created_from)
        and (listing.created_to is None or entry.created_at <= listing.created_to)
    )


def _publication(entry: Kept, entries: Iterable[Kept], names: Names) -> Publication:
    over = [child for child in entries if child.parent_id == entry.id and child.status in FINAL]
    over.sort(key=lambda child: (child.completed_at or 0, child.id))
    return Publication(shown(entry, names), entry.application, entry.name, tuple(child.status for child in over))
