"""Pages of a search: any of the criteria, in the order of time, after so many others.

Each of these comes down to the first so many ids for which every criterion holds, which ``search.py`` finds at a cost
that does not grow with the journal:

* *Any* of the criteria: the first so many of each, put together.
* The order of *time*: ids nearly follow it. Of the first so many by id, the last in time says from when on something
  that comes later by its id could belong before it; hardly anything does.
* An *offset*: what is skipped is looked for too, but only its ids.
* The *total*: counted by the index alone wherever a whole block of ids lies within the time that is asked for.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby

from msgspec.structs import replace
from sqlalchemy import Connection, func, select

from eventyard.model.ids import EntryId, Millis
from eventyard.model.journal import Query
from eventyard.stores.sql.search import count, matching
from eventyard.stores.sql.tables import SPAN_BITS, entries, spans

AT_ONCE = 5_000
"""How many ids stand in one statement."""

MARGIN = 256
"""How many of those are looked for at first that are elsewhere by time than by id."""


def page(connection: Connection, query: Query, limit: int) -> list[EntryId]:
    """The ids of the first so many entries that match, after those that are skipped."""
    wanted = query.offset + limit
    ids = _in_time(connection, query, wanted) if query.by_time else _first(connection, query, wanted)
    return ids[query.offset :]


def total(connection: Connection, query: Query, limit: int) -> int:
    """How many entries match, counted up to a limit."""
    parts = query.alternatives()
    if len(parts) != 1:
        return len(_first(connection, query, limit))
    counted = 0
    for segment in _segments(connection, parts[0]):
        counted += count(connection, segment, limit - counted)
        if counted >= limit:
            break
    return counted


def _segments(connection: Connection, query: Query) -> list[Query]:
    """The query in parts by ids: blocks that lie within its time need no look at the moment of each entry."""
    if query.created_from is None and query.created_to is None:
        return [query]
    since = query.created_from if query.created_from is not None else -(1 << 62)
    until = query.created_to if query.created_to is not None else 1 << 62
    near = select(spans).where(spans.c.last_at >= since, spans.c.first_at <= until).order_by(spans.c.block)
    within = [(row.block, since <= row.first_at and row.last_at <= until) for row in connection.execute(near)]
    full = connection.execute(select(func.coalesce(func.max(spans.c.block), -1))).scalar_one()
    segments = []
    for inside, some in groupby(enumerate(within), key=lambda one: (one[1][1], one[1][0] - one[0])):
        blocks = [block for _, (block, _) in some]
        segment = _between(query, blocks[0] << SPAN_BITS, (blocks[-1] + 1) << SPAN_BITS)
        segments.append(replace(segment, created_from=None, created_to=None) if inside[0] else segment)
    return [*segments, _between(query, (full + 1) << SPAN_BITS, 1 << 62)]


def _between(query: Query, low: int, high: int) -> Query:
    """What a query finds from one id on and before another."""
    after = low - 1 if query.after is None else max(query.after, low - 1)
    before = high if query.before is None else min(query.before, high)
    return replace(query, after=EntryId(after), before=EntryId(before))


def _first(connection: Connection, query: Query, wanted: int) -> list[EntryId]:
    """The first so many by their ids."""
    parts = query.alternatives()
    if len(parts) == 1:
        return matching(connection, parts[0], wanted)
    ids = set[EntryId]().union(*(matching(connection, part, wanted) for part in parts))
    return sorted(ids, reverse=not query.ascending)[:wanted]


def _in_time(connection: Connection, query: Query, wanted: int) -> list[EntryId]:
    """The first so many by the moment of their creation, and then by their ids."""
    ids = _first(connection, query, wanted)
    known = _moments(connection, ids)
    asked, enough = MARGIN, len(ids) < wanted or not wanted
    while True:
        first = sorted(known, key=lambda entry_id: (known[entry_id], entry_id), reverse=not query.ascending)[:wanted]
        if enough:
            return first
        strays = _first(connection, _strays(query, ids[-1], known[first[-1]]), asked)
        known |= _moments(connection, strays)
        asked, enough, ids = 4 * asked, len(strays) < asked, strays or ids


def _strays(query: Query, reached: EntryId, last: Millis) -> Query:
    """What comes later by its id and sooner by its time: the clock was put back, or commits crossed."""
    if query.ascending:
        return replace(query, after=reached, created_to=last - 1)
    return replace(query, before=reached, created_from=last + 1)


def _moments(connection: Connection, ids: Sequence[EntryId]) -> dict[EntryId, Millis]:
    moments: dict[EntryId, Millis] = {}
    for some in in_parts(ids):
        found = connection.execute(select(entries.c.id, entries.c.created_at).where(entries.c.id.in_(some)))
        moments.update({row.id: row.created_at for row in found})
    return moments


def in_parts(ids: Sequence[EntryId]) -> Iterator[Sequence[EntryId]]:
    """Many ids, so many at a time as stand in one statement."""
    return (ids[start : start + AT_ONCE] for start in range(0, len(ids), AT_ONCE))
