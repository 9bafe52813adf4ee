"""Numbered pages of publications: any of them, and the total, at a cost that hardly grows with the journal.

``tallies`` says how many publications of each series there are in each block of ids, by how their deliveries ended.
Their sum is the total; walking along them leads to the block in which a page begins, and only that block, and those
behind it until the page is full, are looked at. With a time range, blocks that lie within it count as they are, and
those at its ends are counted again.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, func, or_, select

from eventyard.model.ids import EntryId
from eventyard.model.journal import Listed, Listing, Publication
from eventyard.model.lifecycle import FINAL, Status
from eventyard.model.reserved import RESERVED
from eventyard.stores.sql.reading import ENTRIES, entry_of
from eventyard.stores.sql.search import PARENTS
from eventyard.stores.sql.seen import is_seen
from eventyard.stores.sql.tables import SPAN_BITS, endings, entries, names, series, spans, tallies


class Block(NamedTuple):
    """A block of ids, and how many publications in it match."""

    number: int
    matches: int


def listed(connection: Connection, listing: Listing) -> Listed:
    """The page, and the total."""
    if listing.entry_id is not None:
        block = listing.entry_id >> SPAN_BITS
        blocks = [Block(block, _counted(connection, listing, block))]
    else:
        blocks = _blocks(connection, listing)
    if not listing.ascending:
        blocks.reverse()
    return Listed(_publications(connection, listing, blocks), sum(block.matches for block in blocks))


# How many, and where


def _blocks(connection: Connection, listing: Listing) -> list[Block]:
    """The blocks in which anything matches, in their order."""
    tallied = select(tallies.c.block, func.sum(tallies.c.number)).where(
        tallies.c.series.in_(_series(listing)), tallies.c.number > 0
    )
    if listing.endings:
        tallied = tallied.where(tallies.c.endings.in_([int(ending) for ending in listing.endings]))
    found = [Block(*row) for row in connection.execute(tallied.group_by(tallies.c.block).order_by(tallies.c.block))]
    return list(_in_time(connection, listing, found))


def _in_time(connection: Connection, listing: Listing, blocks: list[Block]) -> Iterator[Block]:
    """What is left of the blocks by the time range. A block that is still being filled has no span."""
    if listing.created_from is None and listing.created_to is None:
        yield from blocks
        return
    since = listing.created_from if listing.created_from is not None else -(1 << 62)
    until = listing.created_to if listing.created_to is not None else 1 << 62
    known = {number: (first, last) for number, first, last in connection.execute(select(spans))}
    for block in blocks:
        first, last = known.get(block.number, (-(1 << 62), 1 << 62))
        if since <= first and last <= until:
            yield block
        elif first <= until and since <= last and (matches := _counted(connection, listing, block.number)):
            yield Block(block.number, matches)


def _counted(connection: Connection, listing: Listing, block: int) -> int:
    return connection.execute(select(func.count(entries.c.id)).where(*_conditions(listing, block))).scalar_one()


def _series(listing: Listing) -> Select[Any]:
    """The series that may match."""
    found = select(series.c.number).where(
        series.c.kind.in_([int(kind) for kind in PARENTS]),
        series.c.project.in_(listing.projects),
        series.c.name.not_in(
            select(names.c.number).where(or_(*(names.c.name.startswith(prefix) for prefix in RESERVED)))
        ),
    )
    if listing.application is not None:
        found = found.where(series.c.application == listing.application)
    if listing.name is not None:
        named = select(names.c.number).where(names.c.folded == listing.name.casefold())
        found = found.where(series.c.name.in_(named))
    return found.where(*is_seen(listing.seen))


def _conditions(listing: Listing, block: int) -> list[ColumnElement[bool]]:
    """Everything, within one block, written so that the block is read from end to end."""
    conditions: list[ColumnElement[bool]] = [
        entries.c.id.between(block << SPAN_BITS, ((block + 1) << SPAN_BITS) - 1),
        entries.c.series.op("+")(0).in_(_series(listing)),
    ]
    if listing.entry_id is not None:
        conditions.append(entries.c.id == listing.entry_id)
    if listing.endings:
        conditions.append(endings.in_([int(ending) for ending in listing.endings]))
    if listing.created_from is not None:
        conditions.append(entries.c.created_at >= listing.created_from)
    if listing.created_to is not None:
        conditions.append(entries.c.created_at <= listing.created_to)
    return conditions


# The page


def _publications(connection: Connection, listing: Listing, blocks: list[Block]) -> tuple[Publication, ...]:
    ids = _ids(connection, listing, blocks)
    rows = connection.execute(_PUBLICATIONS.where(entries.c.id.in_(ids))).all()
    ended: dict[int, list[Status]] = {}
    told = select(series.c.number).where(series.c.project.in_(listing.projects), *is_seen(listing.seen))
    over = _ENDED.where(entries.c.parent_id.in_(ids), entries.c.series.op("+")(0).in_(told))
    for parent_id, status in connection.execute(over):
        ended.setdefault(parent_id, []).append(Status(status))
    found = {
        row.id: Publication(entry_of(row), row.application_number, row.source_number, tuple(ended.get(row.id, ())))
        for row in rows
    }
    return tuple(found[entry_id] for entry_id in ids)


def _ids(connection: Connection, listing: Listing, blocks: list[Block]) -> list[EntryId]:
    ids: list[EntryId] = []
    skip = listing.offset
    for block in blocks:
        if skip >= block.matches:
            skip -= block.matches
            continue
        order = entries.c.id if listing.ascending else entries.c.id.desc()
        some = select(entries.c.id).where(*_conditions(listing, block.number)).order_by(order)
        ids += connection.execute(some.limit(listing.limit - len(ids)).offset(skip)).scalars()
        skip = 0
        if len(ids) >= listing.limit:
            break
    return ids


_PUBLICATIONS = ENTRIES.add_columns(
    series.c.application.label("application_number"), series.c.name.label("source_number")
)
_ENDED = (
    select(entries.c.parent_id, entries.c.status)
    .where(entries.c.status.in_([int(status) for status in FINAL]))
    .order_by(entries.c.completed_at, entries.c.id)
)
