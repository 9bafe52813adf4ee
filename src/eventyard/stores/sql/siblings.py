"""The deliveries of a publication, as who lets them wait for each other needs them: what became of each, and no more.

Read for many publications at a time, and as one row of JSON, for the reason that ``stream.py`` gives.
"""

from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection

from eventyard.model.ids import EntryId
from eventyard.model.journal import Sibling
from eventyard.stores.sql.statements import id_list

_SIBLINGS = """
SELECT json_group_array(json_array(id, parent_id, subscription, target, status)) FROM (
  SELECT entries.id, parent_id, names.id AS subscription, target, status FROM entries
  JOIN series ON series.number = entries.series JOIN names ON names.number = series.name
  WHERE parent_id IN (SELECT value FROM json_each(?)) ORDER BY entries.id)
"""

_decode = msgspec.json.Decoder(list[Sibling]).decode


def siblings(connection: Connection, publication_ids: Sequence[EntryId]) -> list[Sibling]:
    """Every delivery of those publications, by id."""
    return _decode(connection.exec_driver_sql(_SIBLINGS, (id_list(publication_ids),)).scalar_one())
