"""Pages of a search: any of the criteria, in the order of time, after so many others.

Each of these comes down to the first so many ids for which every criterion holds, which ``search.py`` finds at a cost
that does not grow with the journal:

* *Any* of the criteria: the first so many of each, put together.
* The order of *time*: ids nearly follow it. Of the first so many by id, the last in time says from when on something
  else could belong before it; what is from then on is looked for once more, and that is hardly more.
* An *offset*: what is skipped is looked for too, but only its ids.
"""

from collections.abc import Iterator, Sequence

from msgspec.structs import replace
from sqlalchemy import Connection, select

from eventyard.model.ids import EntryId, Millis
from eventyard.model.journal import Query
from eventyard.stores.sql.search import count, matching
from eventyard.stores.sql.tables import entries

AT_ONCE = 5_000
"""How many ids stand in one statement."""

MARGIN = 256
"""How many more entries than wanted are looked for once it is known from when on they must be."""


def page(connection: Connection, query: Query, limit: int) -> list[EntryId]:
    """The ids of the first so many entries that match, after those that are skipped."""
    wanted = query.offset + limit
    ids = _in_time(connection, query, wanted) if query.by_time else _first(connection, query, wanted)
    return ids[query.offset :]


def total(connection: Connection, query: Query, limit: int) -> int:
    """How many entries match, counted up to a limit."""
    parts = query.alternatives()
    if len(parts) == 1:
        return count(connection, parts[0], limit)
    return len(_first(connection, query, limit))


def _first(connection: Connection, query: Query, wanted: int) -> list[EntryId]:
    """The first so many by their ids."""
    parts = query.alternatives()
    if len(parts) == 1:
        return matching(connection, parts[0], wanted)
    ids = set[EntryId]().union(*(matching(connection, part, wanted) for part in parts))
    return sorted(ids, reverse=not query.ascending)[:wanted]


def _in_time(connection: Connection, query: Query, wanted: int) -> list[EntryId]:
    """The first so many by the moment of their creation, and then by their ids."""
    known: dict[EntryId, Millis] = {}
    asked = wanted
    while wanted:
        ids = _first(connection, query, asked)
        known |= _moments(connection, [entry_id for entry_id in ids if entry_id not in known])
        first = sorted(known, key=lambda entry_id: (known[entry_id], entry_id), reverse=not query.ascending)[:wanted]
        if len(ids) < asked:
            return first
        last = known[first[-1]]
        asked = 4 * asked if last in (query.created_from, query.created_to) else 2 * wanted + MARGIN
        query = replace(query, created_to=last) if query.ascending else replace(query, created_from=last)
    return []


def _moments(connection: Connection, ids: Sequence[EntryId]) -> dict[EntryId, Millis]:
    moments: dict[EntryId, Millis] = {}
    for some in in_parts(ids):
        found = connection.execute(select(entries.c.id, entries.c.created_at).where(entries.c.id.in_(some)))
        moments.update({row.id: row.created_at for row in found})
    return moments


def in_parts(ids: Sequence[EntryId]) -> Iterator[Sequence[EntryId]]:
    """Many ids, so many at a time as stand in one statement."""
    return (ids[start : start + AT_ONCE] for start in range(0, len(ids), AT_ONCE))
