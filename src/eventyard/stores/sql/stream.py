"""The stream, read from the file: publications of some topics in commit order, page by page, beside a busy writer.

A reader in a thread has to win the interpreter back after every row that SQLite gives it, and beside a busy event loop
each time costs a switch interval (``statements.py`` tells why): row by row a page would take a second. So here
SQLite gathers a page into one row: a JSON document for all attributes, a blob for all data. The loop runs on meanwhile.

A topic is some series. Entries are looked at by id, :data:`LOOK` at most; where none of so many is of a topic's series,
``by_series`` is asked where the next one is, so that a rare topic among millions of entries is a few steps away.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection

from eventyard.model.ids import EntryId, Millis
from eventyard.model.journal import READ_BYTES, Committed, Slice
from eventyard.model.lifecycle import Descendants, Kind, Status
from eventyard.stores.family import taken
from eventyard.stores.sql.append import Attributes
from eventyard.stores.sql.known import Series
from eventyard.stores.sql.statements import id_list
from eventyard.stores.sql.tables import BUCKET_BITS, SPAN_BITS

LOOK = 20_000
"""Entries that one call looks at."""

_KINDS = id_list([Kind.PUBLICATION, Kind.COMPOUND_PUBLICATION])

_SERIES = """
SELECT json_group_array(json_array(number, kind, project, application, topic, name)) FROM series
WHERE kind IN (SELECT value FROM json_each(:kinds)) AND topic IN (SELECT value FROM json_each(:topics))
"""
_PAGE = """
SELECT '[' || group_concat(
  '[' || id || ',' || series || ',' || at || ',' || size || ',' || attributes || ']', ',') || ']'
FROM (
  SELECT id, series, coalesce(completed_at, created_at) AS at, length(data) AS size, attributes
  FROM entries CROSS JOIN payloads ON entry_id = id
  WHERE id > :after AND id <= :until AND parent_id IS NULL AND +series IN (SELECT value FROM json_each(:series))
  ORDER BY id LIMIT :limit)
"""
DATA = """
SELECT CAST(group_concat(data, '') AS BLOB) FROM (
  SELECT data FROM payloads WHERE entry_id IN (SELECT value FROM json_each(:ids)) ORDER BY entry_id)
"""
_RUN = """
SELECT {aggregate}((
  SELECT id FROM entries
  WHERE series = one.value AND status = status.value AND descendants = state.value AND id > :after
  ORDER BY id {order} LIMIT 1))
FROM json_each(:series) AS one, json_each(:statuses) AS status, json_each(:states) AS state
"""
_FIRST_PAST = _RUN.format(aggregate="min", order="ASC")
_LAST_PAST = _RUN.format(aggregate="max", order="DESC")
_STATES = {"statuses": id_list(Status), "states": id_list(Descendants)}

# The index by_event has publications only, by blocks of ids; so the last block is known at once.
_NEWEST = f"""
SELECT id FROM entries WHERE parent_id IS NULL
  AND id >= (SELECT max(id >> {BUCKET_BITS}) FROM entries WHERE parent_id IS NULL) << {BUCKET_BITS}
ORDER BY id DESC LIMIT 1
"""
_FIRST_SINCE = f"""
SELECT coalesce(
  (SELECT id FROM spans CROSS JOIN entries
     ON id BETWEEN block << {SPAN_BITS} AND ((block + 1) << {SPAN_BITS}) - 1
   WHERE last_at >= :moment AND parent_id IS NULL AND completed_at >= :moment ORDER BY block, id LIMIT 1),
  (SELECT id FROM entries
   WHERE id >= (SELECT coalesce(max(block) + 1, 0) FROM spans) << {SPAN_BITS}
     AND parent_id IS NULL AND completed_at >= :moment ORDER BY id LIMIT 1))
"""


class _Found(msgspec.Struct, array_like=True, gc=False):
    """A publication on a page."""

    id: EntryId
    series: int
    at: Millis
    size: int
    attributes: Attributes


_decode = msgspec.json.Decoder(list[_Found]).decode


def read(connection: Connection, topics: Sequence[int], after: EntryId, until: EntryId, limit: int) -> Slice:
    """Publications of topics with ``after < id <= until``: as many as a page, its bytes and :data:`LOOK` allow."""
    series = _series(connection, topics)
    if not series or after >= until:
        return Slice((), max(after, until))
    end = EntryId(min(until, after + LOOK))
    wanted = {"series": id_list(series), "after": after, "until": end, "limit": limit}
    document = _value(connection, _PAGE, wanted)
    if document is None:
        return Slice((), before_next(connection, series, end, until))
    found = _decode(document)
    page = list(taken(((one, one.size) for one in found), READ_BYTES))
    whole = len(page) == len(found) < limit
    return Slice(_with_data(connection, series, page), end if whole else page[-1].id)


def newest(connection: Connection, topics: Sequence[int] | None) -> EntryId:
    """The newest publication, of all or of some topics; 0 when there is none."""
    if topics is None:
        return EntryId(_value(connection, _NEWEST, {}) or 0)
    wanted = {"series": id_list(_series(connection, topics)), "after": 0} | _STATES
    return EntryId(_value(connection, _LAST_PAST, wanted) or 0)


def at(connection: Connection, moment: Millis) -> EntryId:
    """The entry before the first publication that was committed at a moment or later; without one, the newest."""
    first = _value(connection, _FIRST_SINCE, {"moment": moment})
    return newest(connection, None) if first is None else EntryId(first - 1)


def before_next(connection: Connection, series: Iterable[int], end: EntryId, until: EntryId) -> EntryId:
    """How far, past ``end``, there is nothing of those series."""
    if end == until:
        return until
    following = _value(connection, _FIRST_PAST, {"series": id_list(series), "after": end} | _STATES)
    return until if following is None else EntryId(min(until, following - 1))


def _series(connection: Connection, topics: Sequence[int]) -> dict[int, Series]:
    """The series of the topics' publications, by number."""
    rows = _value(connection, _SERIES, {"kinds": _KINDS, "topics": id_list(topics)})
    return {number: Series(*meaning) for number, *meaning in msgspec.json.decode(rows)}


def _with_data(connection: Connection, series: Mapping[int, Series], page: Sequence[_Found]) -> tuple[Committed, ...]:
    data: bytes = _value(connection, DATA, {"ids": id_list(one.id for one in page)})
    made, start = [], 0
    for one in page:
        end = start + one.size
        _, project, application, topic, source = series[one.series]
        event = one.attributes.event(data[start:end])
        made.append(Committed(one.id, one.at, project, application, topic, source, event))
        start = end
    return tuple(made)


def _value(connection: Connection, statement: str, values: Mapping[str, Any]) -> Any:
    return connection.exec_driver_sql(statement, dict(values)).scalar()
