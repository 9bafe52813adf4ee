"""What the writer knows by heart, so that the hot path asks the database nothing: numbers, series, the open span.

It is read once from the database, changed inside transactions, and read again after one that failed; so it never holds
what is not on disk, except for the span that is being filled (see :class:`Known`).
"""

import sqlite3
from typing import NamedTuple

from msgspec.structs import replace

from eventyard.model.ids import Millis
from eventyard.model.lifecycle import Kind
from eventyard.stores.records import NAME_KINDS, NameKind, Numbered
from eventyard.stores.sql.fresh import Fresh
from eventyard.stores.sql.tables import SPAN_BITS

_OPEN_SPAN = """
SELECT min(created_at), max(iif(parent_id IS NULL, max(created_at, coalesce(completed_at, 0)), created_at))
FROM entries WHERE id >= ?
"""
"""As the appends would have it: from the first creation to the last creation or commit of a publication."""


class Series(NamedTuple):
    """What the entries of one series have in common: kind, and numbers of the name table."""

    kind: int
    project: int
    application: int
    topic: int
    name: int


class Known:
    """The writer's memory. ``next_id`` is the next journal id; ``fresh`` the promises not filed yet.

    The span of the block that is being filled is kept here and written when the block is full; after a restart it is
    found again from the block's entries, which are 4,096 at most.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        (last,) = connection.execute("SELECT coalesce(max(id), 0) FROM entries").fetchone()
        self.next_id: int = last + 1
        self.fresh = Fresh(connection)
        self._series: dict[tuple[int, int, int, int, int], int] = {
            tuple(row): number
            for number, *row in connection.execute("SELECT number, kind, project, application, topic, name FROM series")
        }
        self._meaning = {number: Series(*series) for series, number in self._series.items()}
        self._numbers: dict[tuple[int, str], int] = {}
        self._ids: dict[int, str] = {}
        for number, kind, record_id in connection.execute("SELECT number, kind, id FROM names"):
            self._numbers[kind, record_id] = number
            self._ids[number] = record_id
        (block,) = connection.execute("SELECT coalesce(max(block), -1) FROM spans").fetchone()
        self._block: int = block + 1
        self._first_at, self._last_at = connection.execute(_OPEN_SPAN, (self._block << SPAN_BITS,)).fetchone()

    def series(self, kind: Kind, project: int, application: int, topic: int, name: int) -> int:
        """The number of a series, new or not."""
        number = self._series.get((kind, project, application, topic, name))
        if number is None:
            number = len(self._series) + 1
            key = Series(int(kind), project, application, topic, name)
            self._connection.execute("INSERT INTO series VALUES (?, ?, ?, ?, ?, ?)", (number, *key))
            self._series[key] = number
            self._meaning[number] = key
        return number

    def meaning(self, series: int) -> Series:
        """What a series number stands for."""
        return self._meaning[series]

    def number(self, kind: NameKind, record_id: str) -> int:
        """A record's number in the name table; 0 when it has none."""
        return self._numbers.get((kind, record_id), 0)

    def record_id(self, number: int) -> str:
        """The id of the record with that number, alive or not."""
        return self._ids[number]

    def name(self, record: Numbered) -> Numbered:
        """Keep a record's name under its number, which it gets when it is new; the record with its number."""
        kind, folded = NAME_KINDS[type(record)], record.name.casefold()
        number = self.number(kind, record.id)
        if number:
            self._connection.execute(
                "UPDATE names SET name = ?, folded = ? WHERE number = ?", (record.name, folded, number)
            )
        else:
            number = len(self._ids) + 1
            values = (number, int(kind), record.id, record.name, folded)
            self._connection.execute("INSERT INTO names VALUES (?, ?, ?, ?, ?)", values)
            self._numbers[kind, record.id] = number
            self._ids[number] = record.id
        return replace(record, number=number)

    def span(self, first_at: Millis, last_at: Millis) -> None:
        """Entries up to ``next_id`` were created between these moments."""
        self._first_at = first_at if self._first_at is None else min(self._first_at, first_at)
        self._last_at = last_at if self._last_at is None else max(self._last_at, last_at)
        while self.next_id >> SPAN_BITS > self._block:
            values = (self._block, self._first_at, self._last_at)
            self._connection.execute("INSERT INTO spans VALUES (?, ?, ?)", values)
            self._block += 1
            self._first_at, self._last_at = first_at, last_at
