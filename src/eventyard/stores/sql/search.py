"""Finding entries: ids that match a query, newest (or oldest) first, at a cost that does not grow with the journal.

The steps, cheapest first:

1. A public id, journal id, parent or run id names few entries: take those by their index, and test the rest.
2. A time range becomes a range of ids by ``spans``.
3. Look at the nearest :data:`WINDOW` entries. What is common is found here, without any index.
4. What is rare is found by ``by_series``: every (series, status, descendants) that the query allows is one ordered run
   of ids in that index. Ask each run for its first id; the page can only come from as many runs as it has places, those
   whose first ids are nearest; read these and merge, a share at a time where many ids are wanted.

Step 4 costs one index look-up for each run, so it depends on how many sources and subscriptions the query allows, and
not on how many entries there are. What a query asks beyond that every criterion holds is the business of ``pages.py``.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Select,
    Subquery,
    and_,
    func,
    literal,
    select,
    true,
    union_all,
)

from eventyard.model.ids import EntryId
from eventyard.model.journal import MULTIPLE, Query
from eventyard.model.lifecycle import SEVERAL, Descendants, Kind, Status
from eventyard.model.reserved import APPLICATION
from eventyard.stores.family import NO_TOPIC, called
from eventyard.stores.sql.seen import is_seen
from eventyard.stores.sql.tables import BUCKET_BITS, SPAN_BITS, bucket, entries, names, series, spans

WINDOW = 1_000
"""How many entries are looked at before the index is asked."""

MOST_RUNS = 200
"""Runs read by one statement (SQLite takes 500 terms in a compound)."""

SHARE = 64
"""How many ids of each run are read at first, at least."""

PARENTS = (Kind.PUBLICATION, Kind.COMPOUND_PUBLICATION)
"""The kinds that have children, and so descendants other than ``NONE``."""


class Bounds(NamedTuple):
    """A range of ids, both ends included."""

    low: int
    high: int


class Run(NamedTuple):
    """What is one ordered run of ids in the index."""

    series: int
    status: int
    descendants: int


def matching(connection: Connection, query: Query, limit: int) -> list[EntryId]:
    """The ids of the first so many entries for which every criterion holds, in the order of the ids."""
    bounds = bounds_of(connection, query)
    if direct := _direct(connection, query):
        return _ids(connection, query, entries, [*direct, *_within(bounds), *_conditions(query, entries)], limit)
    window = _window(bounds, query.ascending)
    near = select(entries).where(*_within(window)).limit(WINDOW).subquery("near")
    found = _ids(connection, query, near, _conditions(query, near), limit)
    if len(found) >= limit or window == bounds:
        return found
    return _merged(connection, query, bounds, limit)


def count(connection: Connection, query: Query, limit: int) -> int:
    """How many entries match, counted up to a limit."""
    conditions = [*_within(bounds_of(connection, query)), *_exact(query, entries)]
    if direct := _direct(connection, query):
        conditions += [*direct, *_conditions(query, entries)]
    else:
        # All three columns of the index are given, so that the range of ids, its fourth, is a range there as well.
        conditions += [
            entries.c.series.in_(select(series.c.number).where(*_series(query))),
            entries.c.status.in_(_numbers(query.statuses or Status)),
            entries.c.descendants.in_(_numbers(query.descendants or Descendants)),
        ]
    matches = select(literal(1)).select_from(entries).where(*conditions).limit(limit).subquery()
    return connection.execute(select(func.count()).select_from(matches)).scalar_one()


# What the query says


def _conditions(query: Query, table: FromClause) -> list[ColumnElement[bool]]:
    """Everything but ranges and direct ids, written so that no index is used for it."""
    conditions = [_plain(table.c.series).in_(select(series.c.number).where(*_series(query))), *_exact(query, table)]
    if query.statuses:
        conditions.append(_plain(table.c.status).in_(_numbers(query.statuses)))
    if query.descendants:
        conditions.append(_plain(table.c.descendants).in_(_numbers(query.descendants)))
    return conditions


def _plain(column: ColumnElement[int]) -> ColumnElement[int]:
    return column.op("+")(0)


def _numbers(values: Iterable[int]) -> list[int]:
    return [int(value) for value in values]


def _exact(query: Query, table: FromClause) -> list[ColumnElement[bool]]:
    """The moments of creation, which a range of ids only comes near to."""
    conditions: list[ColumnElement[bool]] = []
    if query.created_from is not None:
        conditions.append(table.c.created_at >= query.created_from)
    if query.created_to is not None:
        conditions.append(table.c.created_at <= query.created_to)
    return conditions


def _series(query: Query) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [series.c.project.in_(query.projects)]
    if query.kinds:
        conditions.append(series.c.kind.in_([int(kind) for kind in query.kinds]))
    if query.application is not None:
        conditions.append(series.c.application.in_(_named(query.application, query.contains)))
    if query.application_number is not None:
        conditions.append(series.c.application == query.application_number)
    if query.topic is not None:
        conditions.append(_in_topic(query.topic, query.contains))
    if query.name is not None:
        conditions.append(series.c.name.in_(_named(query.name, query.contains)))
    if query.own is not None:
        told = names.c.name.startswith(APPLICATION, autoescape=True) & (names.c.name != query.own)
        conditions.append(series.c.topic.not_in(select(names.c.number).where(told)))
    return conditions + is_seen(query.seen)


def _in_topic(text: str, contains: bool) -> ColumnElement[bool]:
    named = series.c.topic.in_(_named(text, contains))
    if not called(MULTIPLE, text, contains=contains):
        return named
    return named | ((series.c.topic == NO_TOPIC) & series.c.kind.in_([int(kind) for kind in SEVERAL]))


def _named(text: str, contains: bool) -> Select[Any]:
    folded = names.c.folded
    matches = folded.contains(text.casefold(), autoescape=True) if contains else folded == text.casefold()
    return select(names.c.number).where(matches)


def _direct(connection: Connection, query: Query) -> list[ColumnElement[bool]]:
    """Conditions on ids that name few entries, each by its own index; none if the query has none."""
    conditions: list[ColumnElement[bool]] = []
    at = entries.alias("at")
    if query.entry_id is not None:
        conditions.append(entries.c.id == query.entry_id)
    if query.event_id is not None:
        published = _published(connection, query.event_id)
        delivered = select(at.c.id).where(at.c.parent_id.in_(published))
        conditions.append(entries.c.id.in_(select(at.c.id).where(at.c.id.in_(published)).union_all(delivered)))
    if query.parent_id is not None:
        conditions.append(entries.c.id.in_(select(at.c.id).where(at.c.parent_id == query.parent_id)))
    if query.run_id is not None:
        conditions.append(entries.c.id.in_(select(at.c.id).where(at.c.run_id == query.run_id)))
    return conditions


def _published(connection: Connection, event_id: str) -> list[int]:
    """The publications of an event id: one look-up for each bucket of the index."""
    newest = select(func.max(entries.c.id).op(">>")(BUCKET_BITS).label("number")).cte("buckets", recursive=True)
    buckets = newest.union_all(select(newest.c.number - 1).where(newest.c.number > 0))
    found = select(entries.c.id).select_from(buckets.join(entries, bucket == buckets.c.number))
    return list(
        connection.execute(found.where(entries.c.event_id == event_id, entries.c.parent_id.is_(None))).scalars()
    )


# Ranges of ids


def bounds_of(connection: Connection, query: Query) -> Bounds:
    """Between which ids everything lies that is of the query's time, and past or before the ids it names."""
    last = connection.execute(select(func.coalesce(func.max(entries.c.id), 0))).scalar_one()
    low = 1 if query.after is None else query.after + 1
    high = last if query.before is None else min(last, query.before - 1)
    if query.created_from is None and query.created_to is None:
        return Bounds(low, high)
    first_block, last_block = _blocks(connection, query, last)
    low, high = max(low, first_block << SPAN_BITS), min(high, ((last_block + 1) << SPAN_BITS) - 1)
    step = (1 << SPAN_BITS) - 1
    first = _first(connection, query, Bounds(low, min(high, low + step)), entries.c.id)
    end = _first(connection, query, Bounds(max(low, high - step), high), entries.c.id.desc())
    return Bounds(low + step + 1 if first is None else first, high - step - 1 if end is None else end)


def _first(connection: Connection, query: Query, bounds: Bounds, order: ColumnElement[int]) -> int | None:
    """The first id within a block at either end of the range that really is of the time asked for."""
    found = select(entries.c.id).where(*_within(bounds), *_exact(query, entries)).order_by(order).limit(1)
    return connection.execute(found).scalar()


def _blocks(connection: Connection, query: Query, last: int) -> tuple[int, int]:
    """The first and last block that may hold entries of the query's time; (0, -1) when none does."""
    full = connection.execute(select(func.coalesce(func.max(spans.c.block), -1))).scalar_one()
    open_block = select(func.min(entries.c.created_at), func.max(entries.c.created_at))
    first_at, last_at = connection.execute(open_block.where(entries.c.id >= (full + 1) << SPAN_BITS)).one()
    at_least = query.created_from if query.created_from is not None else -(1 << 62)
    at_most = query.created_to if query.created_to is not None else 1 << 62
    first, end = connection.execute(
        select(func.min(spans.c.block), func.max(spans.c.block)).where(
            spans.c.last_at >= at_least, spans.c.first_at <= at_most
        )
    ).one()
    if first_at is not None and last_at >= at_least and first_at <= at_most:
        return (full + 1 if first is None else first), last >> SPAN_BITS
    return (0, -1) if first is None else (first, end)


def _window(bounds: Bounds, ascending: bool) -> Bounds:
    if ascending:
        return Bounds(bounds.low, min(bounds.high, bounds.low + WINDOW - 1))
    return Bounds(max(bounds.low, bounds.high - WINDOW + 1), bounds.high)


def _within(bounds: Bounds, table: FromClause = entries) -> list[ColumnElement[bool]]:
    return [table.c.id >= bounds.low, table.c.id <= bounds.high]


def _ids(
    connection: Connection, query: Query, table: FromClause, conditions: Sequence[ColumnElement[bool]], limit: int
) -> list[EntryId]:
    order = table.c.id if query.ascending else table.c.id.desc()
    return list(connection.execute(select(table.c.id).where(*conditions).order_by(order).limit(limit)).scalars())


# Runs of the index


def _merged(connection: Connection, query: Query, bounds: Bounds, limit: int) -> list[EntryId]:
    """Merge the runs whose first ids are nearest: a share of each, and more of those that the page needs more of."""
    left = dict.fromkeys(_runs(connection, query, bounds, limit), bounds)
    share = min(limit, max(SHARE, 2 * limit // max(1, len(left))))
    ids: list[EntryId] = []
    while left:
        shares = _shares(connection, query, left, share)
        ids = sorted(chain(ids, *shares.values()), reverse=not query.ascending)[:limit]
        left = {
            run: beyond
            for run, found in shares.items()
            if len(found) == share and (beyond := _beyond(left[run], found[-1], query.ascending))
            if len(ids) < limit or _nearer(found[-1], ids[-1], query.ascending)
        }
        share = min(limit, 2 * share)
    return ids


def _beyond(bounds: Bounds, last: int, ascending: bool) -> Bounds | None:
    """What of a range is left behind an id; ``None`` when nothing is."""
    rest = Bounds(last + 1, bounds.high) if ascending else Bounds(bounds.low, last - 1)
    return rest if rest.low <= rest.high else None


def _nearer(one: int, other: int, ascending: bool) -> bool:
    return one < other if ascending else one > other


def _shares(connection: Connection, query: Query, left: Mapping[Run, Bounds], share: int) -> dict[Run, list[EntryId]]:
    """The first so many ids of each run that are within its bounds."""
    runs = list(left)
    shares: dict[Run, list[EntryId]] = {run: [] for run in runs}
    exact = {" AND created_at >= ?": query.created_from, " AND created_at <= ?": query.created_to}
    times = {condition: moment for condition, moment in exact.items() if moment is not None}
    arm = _ARM.format(times="".join(times), order="" if query.ascending else "DESC")
    for start in range(0, len(runs), MOST_RUNS):
        some = runs[start : start + MOST_RUNS]
        values = [(place, *run, *left[run], *times.values(), share) for place, run in enumerate(some, start)]
        union = " UNION ALL ".join([arm] * len(some))
        for entry_id, place in connection.exec_driver_sql(union, tuple(chain.from_iterable(values))):
            shares[runs[place]].append(entry_id)
    return shares


_ARM = (
    "SELECT id, place FROM (SELECT id, ? AS place FROM entries"
    " WHERE series = ? AND status = ? AND descendants = ? AND id >= ? AND id <= ?{times} ORDER BY id {order} LIMIT ?)"
)
"""What reads one run. To have the union of hundreds composed anew would take longer than to read them."""


def _runs(connection: Connection, query: Query, bounds: Bounds, limit: int) -> list[Run]:
    """The runs that a page can come from: those with the nearest first ids, as many as the page has places."""
    statuses = _constants("status", _numbers(query.statuses or Status))
    states = _constants("state", _numbers(query.descendants or Descendants))
    at = entries.alias("at")
    first = (
        select(at.c.id)
        .where(
            at.c.series == series.c.number,
            at.c.status == statuses.c.value,
            at.c.descendants == states.c.value,
            *_within(bounds, at),
            *_exact(query, at),
        )
        .order_by(at.c.id if query.ascending else at.c.id.desc())
        .limit(1)
        .correlate(series, statuses, states)
        .scalar_subquery()
        .label("first")
    )
    childless = and_(series.c.kind.not_in([int(kind) for kind in PARENTS]), states.c.value != int(Descendants.NONE))
    runs = (
        select(series.c.number, statuses.c.value.label("status"), states.c.value.label("state"), first)
        .select_from(series.join(statuses, true()).join(states, true()))
        .where(*_series(query), ~childless)
        .subquery()
    )
    nearest = runs.c.first if query.ascending else runs.c.first.desc()
    return [
        Run(*row)
        for row in connection.execute(
            select(runs.c.number, runs.c.status, runs.c.state)
            .where(runs.c.first.is_not(None))
            .order_by(nearest)
            .limit(limit)
        )
    ]


def _constants(name: str, values: Sequence[int]) -> Subquery:
    return union_all(*(select(literal(value).label("value")) for value in values)).subquery(name)
