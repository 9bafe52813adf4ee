"""Letting go of what is over: finding it block by block, and deleting whole families in the writer's transaction.

What is over is decided by ``model/retention.py``; :data:`_FATES` says the same in SQL, once for who looks and once more
for who deletes, because a delivery may have been reprocessed in between. Blocks that ``spans`` shows to be too young
are not looked at. Pages that become free are used again; the file does not shrink.

A bundle goes with the last of its members, and its event with the event of the first.

The family of the newest entry stays until there is a newer one: the next id follows from it after a restart.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection

from eventyard.model.ids import EntryId
from eventyard.model.lifecycle import FINAL, Endings
from eventyard.model.retention import SETTLED, Doomed, Fate, Over, Purged, Term
from eventyard.stores.sql.search import PARENTS
from eventyard.stores.sql.statements import id_list, one_document
from eventyard.stores.sql.tables import SPAN_BITS, endings
from eventyard.stores.sql.tallies import Tallies

_SETTLED = ", ".join(str(int(status)) for status in sorted(SETTLED))
_FINAL = ", ".join(str(int(status)) for status in sorted(FINAL))
_PARENTS = ", ".join(str(int(kind)) for kind in PARENTS)

_FATES = f"""
WITH term AS MATERIALIZED (
  SELECT value ->> 0 AS topic, value ->> 1 AS consumed, value ->> 2 AS unconsumed, value ->> 3 AS payload,
    value ->> 4 AS read FROM json_each(:terms)),
root AS (
  SELECT entries.id AS root_id, entries.created_at AS born_at, entries.completed_at AS over_at, children,
    open + delayed > 0 OR (entries.target IS NOT NULL AND status NOT IN ({_FINAL})) AS needed,
    entries.id > coalesce(read, entries.id) AS unread,
    status IN ({_SETTLED}) AND open + delayed + failed = 0 AND entries.id <= coalesce(read, entries.id) AS settled,
    consumed, unconsumed, payload, iif(series.kind IN ({_PARENTS}), entries.series, 0) AS tallied, {endings} AS ended
  FROM entries JOIN series ON series.number = entries.series JOIN term ON term.topic = series.topic
  WHERE {{which}} AND entries.parent_id IS NULL AND entries.created_at <= :latest
    AND NOT EXISTS (SELECT 1 FROM members WHERE members.root_id = entries.id)
    AND entries.id <> (SELECT coalesce(parent_id, id) FROM entries ORDER BY id DESC LIMIT 1)),
fates AS (
  SELECT root_id, tallied, ended, children + 1 AS size, CASE
    WHEN settled AND born_at <= consumed AND max(coalesce(over_at, born_at), coalesce(
      (SELECT max(child.completed_at) FROM entries AS child WHERE child.parent_id = root_id), 0)) <= consumed
      THEN {int(Fate.CONSUMED)}
    WHEN NOT settled AND born_at <= unconsumed AND NOT (needed AND (
      EXISTS (SELECT 1 FROM due WHERE delivery_id = root_id AND lease_until > 0) OR EXISTS (
        SELECT 1 FROM entries AS child JOIN due ON delivery_id = child.id
        WHERE child.parent_id = root_id AND lease_until > 0))) THEN {int(Fate.UNCONSUMED)}
    WHEN born_at <= payload AND NOT needed AND NOT unread
      AND EXISTS (SELECT 1 FROM payloads WHERE entry_id = root_id) THEN {int(Fate.PAYLOAD)}
    END AS fate FROM root)
SELECT json_group_array(json_array(root_id, fate, size, tallied, ended)) FROM (
  SELECT * FROM fates WHERE fate IS NOT NULL ORDER BY root_id)
"""
_OF_BLOCK = _FATES.format(which="entries.id BETWEEN :first AND :last")
_OF_IDS = _FATES.format(which="entries.id IN (SELECT value FROM json_each(:ids))")
_NEXT_BLOCK = "SELECT min(block) FROM spans WHERE block >= ? AND first_at <= ?"
_OPEN_BLOCK = "SELECT coalesce(max(block) + 1, 0) FROM spans"
_CHILDREN = "SELECT json_group_array(id) FROM entries WHERE parent_id IN (SELECT value FROM json_each(?))"
_DELETE = "DELETE FROM {} WHERE {} IN (SELECT value FROM json_each(?))"
_BUNDLES = """
SELECT json_group_array(DISTINCT root_id) FROM members JOIN entries ON entries.id = entry_id
WHERE parent_id IN (SELECT value FROM json_each(?))
"""
_EMPTY = """
SELECT json_group_array(value) FROM json_each(?)
WHERE NOT EXISTS (SELECT 1 FROM members WHERE root_id = value) AND value < (SELECT max(id) FROM entries)
  AND NOT EXISTS (SELECT 1 FROM due WHERE delivery_id = value AND lease_until > 0)
"""
_OVER = f"""
DELETE FROM payloads WHERE entry_id IN (
  SELECT id FROM entries WHERE id IN (SELECT value FROM json_each(?)) AND status IN ({_FINAL}))
"""
_WHOLE = [_DELETE.format(*place) for place in (
    ("due", "delivery_id"), ("attempts", "delivery_id"),
    ("history", "entry_id"), ("payloads", "entry_id"), ("entries", "id"),
)]  # fmt: skip
_MEMBERS = _DELETE.format("members", "entry_id")
_PAYLOADS = _DELETE.format("payloads", "entry_id")

_encode = msgspec.json.Encoder().encode


def over(connection: Connection, terms: Sequence[Term], after: EntryId) -> Over:
    """What is over in the next block past an entry that holds anything old enough."""
    latest = max((term.latest for term in terms), default=-1)
    first = after + 1
    block: int | None = connection.exec_driver_sql(_NEXT_BLOCK, (first >> SPAN_BITS, latest)).scalar()
    opened: int = connection.exec_driver_sql(_OPEN_BLOCK).scalar_one()
    if block is None:
        block = max(opened, first >> SPAN_BITS)
    last = ((block + 1) << SPAN_BITS) - 1
    wanted = _wanted(terms) | {"first": max(first, block << SPAN_BITS), "last": last}
    rows = msgspec.json.decode(connection.exec_driver_sql(_OF_BLOCK, wanted).scalar_one())
    return Over(tuple(_doomed(row) for row in rows), None if block >= opened else EntryId(last))


def purge(connection: sqlite3.Connection, terms: Sequence[Term], ids: Sequence[EntryId]) -> Purged:
    """Delete, of these publications, what is over still."""
    purged, tallies = Purged(), Tallies()
    whole: list[int] = []
    payloads: list[int] = []
    for row in one_document(connection.execute(_OF_IDS, _wanted(terms) | {"ids": id_list(ids)})):
        one = _doomed(row)
        purged.count(one)
        if one.fate is Fate.PAYLOAD:
            payloads.append(one.id)
            continue
        whole.append(one.id)
        series, ended = row[3:]
        if series:
            tallies.count(series, Endings(ended), one.id, -1)
    if payloads:
        connection.execute(_PAYLOADS, (id_list(payloads),))
        if bundles := _bundles_of(connection, payloads):
            connection.execute(_OVER, (id_list(bundles),))
    if whole:
        bundles = _bundles_of(connection, whole)
        children = one_document(connection.execute(_CHILDREN, (id_list(whole),)))
        _delete(connection, [*whole, *children])
        if bundles:
            purged.entries += _delete_empty(connection, bundles, children)
        tallies.write(connection)
        tallies.clear(connection)
    return purged


def _bundles_of(connection: sqlite3.Connection, publications: Sequence[int]) -> list[int]:
    """The bundles as which deliveries of these publications are made."""
    return one_document(connection.execute(_BUNDLES, (id_list(publications),)))


def _delete(connection: sqlite3.Connection, ids: Sequence[int]) -> None:
    gone = id_list(ids)
    for statement in _WHOLE:
        connection.execute(statement, (gone,))


def _delete_empty(connection: sqlite3.Connection, bundles: Sequence[int], members: Sequence[int]) -> int:
    """Delete those of the bundles that have no member but these; how many they were."""
    connection.execute(_MEMBERS, (id_list(members),))
    empty = one_document(connection.execute(_EMPTY, (id_list(bundles),)))
    _delete(connection, empty)
    return len(empty)


def pages(doomed: int) -> int:
    """About how many pages of the log a purge of so many publications takes."""
    return 8 + doomed // 2


def _wanted(terms: Iterable[Term]) -> dict[str, Any]:
    rows = [(one.topic, one.consumed, one.unconsumed, one.payload, one.read) for one in terms]
    return {"terms": _encode(rows).decode(), "latest": max((one.latest for one in terms), default=-1)}


def _doomed(row: Sequence[int]) -> Doomed:
    entry_id, fate, size, *_ = row
    return Doomed(EntryId(entry_id), Fate(fate), size)
