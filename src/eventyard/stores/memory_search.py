"""Entries of the in-memory store: what is kept of each, which of them a query wants, and how they are shown.

The shortest description of what a search means; ``sql/search.py`` says the same to a database.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from eventyard.model.event import Event
from eventyard.model.ids import EntryId, Millis
from eventyard.model.journal import Entry, HistoryLine, Listed, Listing, Publication, Query, Seen, Stories, Story
from eventyard.model.lifecycle import FINAL, Kind, Status
from eventyard.model.outcome import Attempt, Counts
from eventyard.model.reserved import APPLICATION, is_reserved
from eventyard.stores.family import NO_TOPIC, Family, called, counts_of, topic_of
from eventyard.stores.memory_catalog import Name

Names = Mapping[int, Name]

PARENTS = (Kind.PUBLICATION, Kind.COMPOUND_PUBLICATION)


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
    has_payload: bool = True
    supersedes: EntryId | None = None
    superseded_by: EntryId | None = None
    members: tuple[EntryId, ...] = ()

    @property
    def status(self) -> Status:
        """That of the last line."""
        return self.history[-1].status


def found(query: Query, entries: Mapping[EntryId, Kept], names: Names) -> list[Kept]:
    """Every entry that a query wants, in its order, from its offset on."""
    wanted = [entry for entry in entries.values() if matches(query, entry, names)]
    if query.by_time:
        wanted.sort(key=lambda entry: (entry.created_at, entry.id))
    if not query.ascending:
        wanted.reverse()
    return wanted[query.offset :]


def matches(query: Query, entry: Kept, names: Names) -> bool:
    """Whether every given criterion holds, or any, as the query has it; and what must hold in either case."""
    topic = names.get(entry.topic)
    criteria = list(_criteria(query, entry, names))
    return (
        entry.project in query.projects
        and (query.created_from is None or entry.created_at >= query.created_from)
        and (query.created_to is None or entry.created_at <= query.created_to)
        and (query.before is None or entry.id < query.before)
        and (query.after is None or entry.id > query.after)
        and (not query.of_kinds or entry.kind in query.of_kinds)
        and (not query.of_statuses or entry.status in query.of_statuses)
        and (query.own in (None, topic and topic.name) or topic is None or not topic.name.startswith(APPLICATION))
        and is_seen(query.seen, entry)
        and ((query.any and any(criteria)) or all(criteria))
    )


def is_seen(seen: Seen | None, entry: Kept) -> bool:
    """Whether a caller with categories may see an entry."""
    if seen is None:
        return True
    of_topic = entry.name in seen.names if entry.topic == NO_TOPIC else entry.topic in seen.topics
    return of_topic and entry.application in seen.applications


def _criteria(query: Query, entry: Kept, names: Names) -> Iterator[bool]:
    """For each criterion that is given, whether it holds."""
    for asked, kept in (
        (query.kinds, entry.kind),
        (query.statuses, entry.status),
        (query.descendants, entry.family.descendants),
    ):
        if asked:
            yield kept in asked
    for text, name in (
        (query.application, _name(names, entry.application)),
        (query.topic, topic_of(entry.kind, _name(names, entry.topic))),
        (query.name, _name(names, entry.name)),
    ):
        if text is not None:
            yield name is not None and called(name, text, contains=query.contains)
    for wanted, number in (
        (query.application_number, entry.application),
        (query.entry_id, entry.id),
        (query.event_id, entry.event.id),
        (query.parent_id, entry.parent_id),
        (query.run_id, entry.run_id),
    ):
        if wanted is not None:
            yield wanted == number


def _name(names: Names, number: int) -> str | None:
    return names[number].name if number in names else None


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
        topic=topic_of(entry.kind, topic.name if topic else None),
        name_id=name.id if name else None,
        name=name.name if name else None,
        event_id=entry.event.id,
        parent_id=entry.parent_id,
        created_at=entry.created_at,
        completed_at=entry.completed_at,
        delayed_ms=entry.delayed_ms,
        descendants=entry.family.descendants,
        counts=counts_of(entry.kind, entry.counts),
        run_id=entry.run_id,
    )


def stories(query: Query, entries: Mapping[EntryId, Kept], names: Names, most: int) -> Stories:
    """A page of entries with their stories, and how many match, counted up to ``most``."""
    page = found(query, entries, names)[: query.limit]
    total = len(found(replace(query, offset=0), entries, names))
    return Stories(tuple(_story(entry, entries, names) for entry in page), min(total, most), total > most)


def _story(entry: Kept, entries: Mapping[EntryId, Kept], names: Names) -> Story:
    children = sorted((child for child in entries.values() if child.parent_id == entry.id), key=lambda child: child.id)
    return Story(shown(entry, names), tuple(entry.history), tuple(_story(child, entries, names) for child in children))


def totals(entries: Iterable[Kept], projects: Sequence[int], seen: Seen | None = None) -> dict[tuple[int, int], int]:
    """(kind, status) -> number of entries, over those projects, of what may be seen there."""
    counted: dict[tuple[int, int], int] = {}
    for entry in entries:
        if entry.project in projects and is_seen(seen, entry):
            counted[entry.kind, entry.status] = counted.get((entry.kind, entry.status), 0) + 1
    return counted


def listed(listing: Listing, entries: Mapping[EntryId, Kept], names: Names) -> Listed:
    """A numbered page of publications."""
    found = [entry for entry in entries.values() if _is_listed(listing, entry, names)]
    if not listing.ascending:
        found.reverse()
    page = found[listing.offset : listing.offset + listing.limit]
    ended: dict[EntryId, list[Kept]] = {one.id: [] for one in page}
    for entry in entries.values():
        if entry.parent_id in ended and entry.status in FINAL and is_seen(listing.seen, entry):
            ended[entry.parent_id].append(entry)
    return Listed(tuple(_publication(one, ended[one.id], names) for one in page), len(found))


def _is_listed(listing: Listing, entry: Kept, names: Names) -> bool:
    return (
        entry.kind in PARENTS
        and entry.project in listing.projects
        and is_seen(listing.seen, entry)
        and not is_reserved(names[entry.name].name)
        and listing.application in (None, entry.application)
        and (listing.name is None or called(names[entry.name].name, listing.name, contains=False))
        and (not listing.endings or entry.family.endings in listing.endings)
        and listing.entry_id in (None, entry.id)
        and (listing.created_from is None or entry.created_at >= listing.created_from)
        and (listing.created_to is None or entry.created_at <= listing.created_to)
    )


def _publication(entry: Kept, ended: Iterable[Kept], names: Names) -> Publication:
    in_order = sorted(ended, key=lambda child: (child.completed_at or 0, child.id))
    return Publication(shown(entry, names), entry.application, entry.name, tuple(child.status for child in in_order))
