"""Deliveries as who lets them wait needs them: those of a publication, what became of each, and no more; and the
delayed ones of a subscription.

Read many at a time, and as one row of JSON, for the reason that ``stream.py`` gives.
"""

from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection

from eventyard.model.ids import EntryId
from eventyard.model.journal import Delayed, Delaying, Sibling
from eventyard.model.lifecycle import Kind, Status
from eventyard.stores.sql.statements import id_list

_SIBLINGS = """
SELECT json_group_array(json_array(id, parent_id, subscription, target, status)) FROM (
  SELECT entries.id, parent_id, names.id AS subscription, target, status FROM entries
  JOIN series ON series.number = entries.series JOIN names ON names.number = series.name
  WHERE parent_id IN (SELECT value FROM json_each(?)) ORDER BY entries.id)
"""

# A delivery has no descendants. That this is said lets the index by_series be read in the order of the ids.
_IS_DELAYED = f"entries.series = series.number AND entries.status = {Status.DELAYED:d} AND entries.descendants = 0"

_DELAYING = f"""
SELECT series.name, names.id FROM series JOIN names ON names.number = series.name
WHERE series.kind = {Kind.SUBSCRIPTION:d} AND EXISTS (SELECT 1 FROM entries WHERE {_IS_DELAYED})
GROUP BY series.name ORDER BY series.name
"""

_DELAYED = f"""
SELECT json_group_array(json_array(id, parent_id, target, created_at, topic,
  (SELECT coalesce(max(length(data)), 0) FROM payloads WHERE entry_id = parent_id))) FROM (
  SELECT entries.id, parent_id, target, created_at, topic FROM series JOIN entries ON {_IS_DELAYED}
  WHERE series.kind = {Kind.SUBSCRIPTION:d} AND series.name = ? AND series.topic = coalesce(?, series.topic)
    AND entries.id > ? AND entries.id <= ? AND NOT EXISTS (SELECT 1 FROM members WHERE entry_id = entries.id)
  ORDER BY entries.id %s LIMIT ?)
"""

_LAST = (1 << 63) - 1

_decode_delayed = msgspec.json.Decoder(list[Delayed]).decode
_decode = msgspec.json.Decoder(list[Sibling]).decode


def siblings(connection: Connection, publication_ids: Sequence[EntryId]) -> list[Sibling]:
    """Every delivery of those publications, by id."""
    return _decode(connection.exec_driver_sql(_SIBLINGS, (id_list(publication_ids),)).scalar_one())


def delaying(connection: Connection) -> list[Delaying]:
    """Every subscription of which a delivery is delayed, by number: a look into the index for each series."""
    return [Delaying(*row) for row in connection.exec_driver_sql(_DELAYING)]


def delayed(
    connection: Connection, bounds: tuple[int, int | None, EntryId, EntryId | None, int], *, newest: bool = False
) -> list[Delayed]:
    """So many delayed deliveries of a subscription, of those between two ids."""
    number, topic, after, through, limit = bounds
    statement = _DELAYED % ("DESC" if newest else "ASC")
    given = (number, topic, after, _LAST if through is None else through, limit)
    return _decode_delayed(connection.exec_driver_sql(statement, given).scalar_one())
