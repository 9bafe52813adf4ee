"""By which way publications came, and some of their events: what a replay reads, as ``stream.py`` reads the stream.

A page is one row of JSON for the same reason as there. Of a payload only the beginning is touched, where its attributes
are, however much data follows. Entries are looked at by id, within the ids that the window's moments leave.
"""

from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection, func, select

from eventyard.model.event import Event
from eventyard.model.ids import EntryId
from eventyard.model.journal import Query
from eventyard.model.lifecycle import Kind
from eventyard.model.replay import Way, Ways, Window
from eventyard.stores.sql.append import Attributes
from eventyard.stores.sql.search import bounds_of
from eventyard.stores.sql.seen import is_seen
from eventyard.stores.sql.statements import id_list
from eventyard.stores.sql.stream import DATA, LOOK, before_next
from eventyard.stores.sql.tables import series

_PAGE = """
SELECT '[' || group_concat(
  '[' || id || ',' || topic || ',' || name || ',' || size || ',' || routing_key || ']', ',') || ']'
FROM (
  SELECT id, topic, name, length(data) AS size, attributes -> '$.routing_key' AS routing_key
  FROM entries CROSS JOIN series ON number = series CROSS JOIN payloads ON entry_id = id
  WHERE id > :after AND id <= :until AND parent_id IS NULL AND created_at BETWEEN :created_from AND :created_to
    AND +series IN (SELECT value FROM json_each(:series))
  ORDER BY id LIMIT :limit)
"""
_EVENTS = """
SELECT '[' || group_concat('[' || entry_id || ',' || size || ',' || attributes || ']', ',') || ']' FROM (
  SELECT entry_id, length(data) AS size, attributes FROM payloads
  WHERE entry_id IN (SELECT value FROM json_each(:ids)) ORDER BY entry_id)
"""

_decode_ways = msgspec.json.Decoder(tuple[Way, ...]).decode
_decode_events = msgspec.json.Decoder(list[tuple[EntryId, int, Attributes]]).decode


def ways(connection: Connection, window: Window, after: EntryId, until: EntryId, limit: int) -> Ways:
    """The ways of a window with ``after < id <= until``: as many as a page and :data:`LOOK` allow."""
    numbers = _series(connection, window)
    since, to = window.created_from, window.created_to
    query = Query(projects=(), after=after, before=EntryId(until + 1), created_from=since, created_to=to)
    near = bounds_of(connection, query)
    if not numbers or near.low > near.high:
        return Ways((), max(after, until))
    end = EntryId(min(near.high, near.low + LOOK - 1))
    wanted = {"series": id_list(numbers), "after": near.low - 1, "until": end, "limit": limit}
    wanted |= {"created_from": since, "created_to": to}
    document = connection.exec_driver_sql(_PAGE, wanted).scalar()
    if document is None:
        reached = before_next(connection, numbers, end, EntryId(near.high))
        return Ways((), until if reached == near.high else reached)
    found = _decode_ways(document)
    reached = end if len(found) < limit else found[-1].entry_id
    return Ways(found, until if reached == near.high else reached)


def events(connection: Connection, ids: Sequence[EntryId]) -> dict[EntryId, Event]:
    """The events of those publications that are still kept."""
    asked = {"ids": id_list(ids)}
    document = connection.exec_driver_sql(_EVENTS, asked).scalar()
    if document is None:
        return {}
    data: bytes = connection.exec_driver_sql(DATA, asked).scalar_one()
    found, start = {}, 0
    for entry_id, size, attributes in _decode_events(document):
        found[entry_id] = attributes.event(data[start : start + size])
        start += size
    return found


def _series(connection: Connection, window: Window) -> list[int]:
    """The series that are in the window."""
    topics = select(func.json_each(id_list(window.topics)).table_valued("value").c.value)
    wanted = select(func.json_group_array(series.c.number)).where(
        series.c.kind == int(Kind.PUBLICATION), series.c.topic.in_(topics), *is_seen(window.seen)
    )
    if window.source is not None:
        wanted = wanted.where(series.c.name == window.source)
    numbers: list[int] = msgspec.json.decode(connection.execute(wanted).scalar_one())
    return numbers
