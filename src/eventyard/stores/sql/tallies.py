"""Tallies: how many publications there are of each series in each block of ids, by how their deliveries ended.

Kept in the transaction that changes them: a count for a whole group of publications, not for each. ``listing.py`` reads
them, so that the total of a numbered page, and where it begins, cost a look at the blocks and not at the entries.
"""

import sqlite3

import msgspec

from eventyard.model.ids import EntryId
from eventyard.model.lifecycle import Endings
from eventyard.stores.sql.statements import Rows
from eventyard.stores.sql.tables import SPAN_BITS

_ADD = Rows(
    "INSERT INTO tallies (series, endings, block, number) {rows}"
    " ON CONFLICT (series, endings, block) DO UPDATE SET number = number + excluded.number",
    4,
)
_CLEAR = (
    "DELETE FROM tallies WHERE number = 0 AND (series, endings, block) IN"
    " (SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(?))"
)

_encode = msgspec.json.Encoder().encode


class Tallies:
    """What one transaction changes of the tallies."""

    def __init__(self) -> None:
        self._steps: dict[tuple[int, Endings, int], int] = {}

    def count(self, series: int, endings: Endings, entry_id: EntryId | int, step: int = 1) -> None:
        """One publication more (or, with ``step`` -1, less) whose deliveries ended so."""
        key = (series, endings, entry_id >> SPAN_BITS)
        self._steps[key] = self._steps.get(key, 0) + step

    def write(self, connection: sqlite3.Connection) -> None:
        """Add the changes to what is kept."""
        values: list[int] = []
        for (series, endings, block), step in self._steps.items():
            if step:
                values += (series, endings, block, step)
        if values:
            _ADD.run(connection, values)

    def clear(self, connection: sqlite3.Connection) -> None:
        """Forget what has come down to nothing, in the series and blocks that were changed, once that is written."""
        places = {(series, int(endings), block) for series, _, block in self._steps for endings in Endings}
        connection.execute(_CLEAR, (_encode(sorted(places)).decode(),))
