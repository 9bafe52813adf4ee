"""Reading the journal back: rows into entries, one entry with everything on record, totals.

Functions of a connection, the same for every SQL database. What finds the ids is in ``pages.py``; the stream is read
in ``stream.py``, and what is told of many entries at a time in ``stories.py``.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, Select, Text, cast, func, select

from eventyard.model.errors import NotFound
from eventyard.model.event import Event
from eventyard.model.ids import EntryId
from eventyard.model.journal import Entry, EntryDetail, HistoryLine, Page, Query, Seen
from eventyard.model.lifecycle import Descendants, Kind, Status
from eventyard.model.outcome import Attempt, Counts, Outcome, Result
from eventyard.stores.family import PUBLISHED, counts_of, topic_of
from eventyard.stores.sql.append import event_of
from eventyard.stores.sql.changes import More
from eventyard.stores.sql.pages import page
from eventyard.stores.sql.seen import is_seen
from eventyard.stores.sql.tables import attempts, due, entries, history, members, names, payloads, series

_projects, _applications, _topics, _names = (names.alias(f"{what}_name") for what in ("project", "app", "topic", "own"))

ENTRIES: Select[Any] = select(
    entries,
    series.c.kind,
    _projects.c.id.label("project_id"),
    _applications.c.id.label("application_id"),
    _applications.c.name.label("application"),
    _topics.c.id.label("topic_id"),
    _topics.c.name.label("topic"),
    _names.c.id.label("name_id"),
    _names.c.name.label("name"),
).select_from(
    entries.join(series, series.c.number == entries.c.series)
    .outerjoin(_projects, _projects.c.number == series.c.project)
    .outerjoin(_applications, _applications.c.number == series.c.application)
    .outerjoin(_topics, _topics.c.number == series.c.topic)
    .outerjoin(_names, _names.c.number == series.c.name)
)


def find(connection: Connection, query: Query) -> Page:
    """A page of entries."""
    ids = page(connection, query, query.limit + 1)
    asked = ids[: query.limit]
    found = {row.id: entry_of(row) for row in connection.execute(ENTRIES.where(entries.c.id.in_(asked)))}
    return Page(tuple(found[entry_id] for entry_id in asked), len(ids) > query.limit)


def detail(connection: Connection, entry_id: EntryId) -> EntryDetail:
    """One entry with everything about it. Raises ``NotFound``."""
    row = connection.execute(ENTRIES.where(entries.c.id == entry_id)).one_or_none()
    if row is None:
        raise NotFound("not_found", f"there is no journal entry {entry_id}")
    children = connection.execute(ENTRIES.where(entries.c.parent_id == entry_id).order_by(entries.c.id))
    lines = connection.execute(select(history).where(history.c.entry_id == entry_id).order_by(history.c.line))
    tries = connection.execute(_ATTEMPTS.where(attempts.c.delivery_id == entry_id).order_by(attempts.c.number))
    queued = connection.execute(select(due).where(due.c.delivery_id == entry_id)).one_or_none()
    return EntryDetail(
        entry=entry_of(row),
        event=_event(connection, row.parent_id or entry_id),
        children=tuple(entry_of(child) for child in children),
        history=(*born(row), *(HistoryLine(ln.at, Status(ln.status), ln.comment, ln.actor) for ln in lines)),
        attempts=tuple(_attempt(one) for one in tries),
        due_at=queued.due_at if queued else None,
        lease_until=(queued.lease_until or None) if queued else None,
        supersedes=row.supersedes,
        superseded_by=_successor(connection, row) if row.status == Status.REPROCESSED else None,
        members=() if row.target is None or row.parent_id is not None else _members(connection, entry_id),
        bundle=None if row.parent_id is None else _bundle(connection, entry_id),
    )


def totals(connection: Connection, projects: Sequence[int], seen: Seen | None = None) -> Mapping[tuple[int, int], int]:
    """(kind, status) -> number of entries that may be seen."""
    counted = connection.execute(
        select(series.c.kind, entries.c.status, func.count())
        .select_from(series.join(entries, entries.c.series == series.c.number))
        .where(series.c.project.in_(projects), *is_seen(seen))
        .group_by(series.c.kind, entries.c.status)
    )
    return {(kind, status): number for kind, status, number in counted}


def _members(connection: Connection, bundle_id: int) -> tuple[EntryId, ...]:
    """The deliveries that are made as a bundle."""
    found = select(members.c.entry_id).where(members.c.root_id == bundle_id).order_by(members.c.entry_id)
    return tuple(EntryId(one) for one in connection.execute(found).scalars())


def _bundle(connection: Connection, entry_id: int) -> EntryId | None:
    """The bundle as which a delivery is made."""
    return connection.execute(select(members.c.root_id).where(members.c.entry_id == entry_id)).scalar_one_or_none()


def _successor(connection: Connection, row: Row[Any]) -> EntryId | None:
    """The entry that took the place of one: of a bundle, that of a member's successor; else a child of its parent."""
    if row.parent_id is None:
        for member in _members(connection, row.id)[:1]:
            old = connection.execute(select(entries).where(entries.c.id == member)).one()
            new = _successor(connection, old)
            return None if new is None else _bundle(connection, new)
        return None
    sibling = select(entries.c.id).where(entries.c.parent_id == row.parent_id, entries.c.supersedes == row.id)
    return connection.execute(sibling).scalar_one_or_none()


def _event(connection: Connection, publication_id: int) -> Event | None:
    kept = connection.execute(_PAYLOADS.where(payloads.c.entry_id == publication_id)).one_or_none()
    return None if kept is None else event_of(*kept)


_PAYLOADS = select(cast(payloads.c.attributes, Text), payloads.c.data)
_ATTEMPTS = select(attempts, cast(attempts.c.more, Text).label("more_text"))


def born(row: Row[Any]) -> list[HistoryLine]:
    """The lines an entry is born with, which follow from the entry itself (see ``tables.py``)."""
    if row.born is None:
        return []
    lines = [HistoryLine(row.created_at, Status(row.born))]
    if row.parent_id is None:
        lines.append(HistoryLine(row.completed_at, Status.COMPLETE, PUBLISHED))
    return lines


def _attempt(row: Row[Any]) -> Attempt:
    more = msgspec.json.decode(row.more_text, type=More)
    outcome = Outcome(
        Result(row.result),
        row.status_code,
        row.error,
        more.retry_after_ms,
        more.response_headers,
        row.response_body or b"",
        more.run_id,
        more.counts,
        more.sent,
    )
    return Attempt(row.number, row.started_at, row.duration_ms, outcome)


def entry_of(row: Row[Any]) -> Entry:
    """A row of :data:`ENTRIES` as an entry."""
    return Entry(
        id=EntryId(row.id),
        kind=Kind(row.kind),
        status=Status(row.status),
        project_id=row.project_id or "",
        application_id=row.application_id,
        application=row.application,
        topic_id=row.topic_id,
        topic=topic_of(Kind(row.kind), row.topic),
        name_id=row.name_id,
        name=row.name,
        event_id=row.event_id,
        parent_id=row.parent_id,
        created_at=row.created_at,
        completed_at=row.completed_at,
        delayed_ms=row.delayed_ms,
        descendants=Descendants(row.descendants),
        counts=counts_of(
            Kind(row.kind), Counts(row.source_success, row.source_failed, row.target_success, row.target_failed)
        ),
        run_id=row.run_id,
    )
