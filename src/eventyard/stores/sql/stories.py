"""The stories of a page of entries: children and histories, a generation at a time and never one by one."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Row, select

from eventyard.model.ids import EntryId
from eventyard.model.journal import Entry, HistoryLine, Query, Stories, Story
from eventyard.model.lifecycle import Status
from eventyard.stores.sql.pages import in_parts, page, total
from eventyard.stores.sql.reading import ENTRIES, born, entry_of
from eventyard.stores.sql.tables import entries, history

Histories = dict[int, list[HistoryLine]]
Children = dict[int, list[Entry]]


def stories(connection: Connection, query: Query, most: int) -> Stories:
    """The page, and how many entries match, counted up to ``most``."""
    ids = page(connection, query, query.limit + 1)
    asked, last = ids[: query.limit], len(ids) <= query.limit
    counted = query.offset + len(ids) if last and (ids or not query.offset) else total(connection, query, most + 1)
    told = told_of(connection, asked)
    return Stories(tuple(told[entry_id] for entry_id in asked), min(counted, most), counted > most)


def told_of(connection: Connection, ids: Sequence[EntryId]) -> dict[EntryId, Story]:
    """The stories of those entries."""
    histories: Histories = {}
    children: Children = {}
    found = [_kept(row, histories) for part in in_parts(ids) for row in _rows(connection, part)]
    generation = [entry.id for entry in found]
    while generation:
        for part in in_parts(generation):
            for row in connection.execute(_LINES.where(history.c.entry_id.in_(part))):
                histories[row.entry_id].append(HistoryLine(row.at, Status(row.status), row.comment, row.actor))
        born_of = [_kept(row, histories) for part in in_parts(generation) for row in _born_of(connection, part)]
        for child in born_of:
            assert child.parent_id is not None
            children.setdefault(child.parent_id, []).append(child)
        generation = [child.id for child in born_of]
    return {entry.id: _story(entry, histories, children) for entry in found}


_LINES = select(history).order_by(history.c.entry_id, history.c.line)


def _rows(connection: Connection, ids: Sequence[EntryId]) -> Iterable[Row[Any]]:
    return connection.execute(ENTRIES.where(entries.c.id.in_(ids)))


def _born_of(connection: Connection, ids: Sequence[EntryId]) -> Iterable[Row[Any]]:
    return connection.execute(ENTRIES.where(entries.c.parent_id.in_(ids)).order_by(entries.c.id))


def _kept(row: Row[Any], histories: Histories) -> Entry:
    histories[row.id] = born(row)
    return entry_of(row)


def _story(entry: Entry, histories: Histories, children: Children) -> Story:
    below = children.get(entry.id, ())
    return Story(entry, tuple(histories[entry.id]), tuple(_story(child, histories, children) for child in below))
