"""Statements about many rows at once, as text that SQLite has to read only once.

Python's ``sqlite3`` gives up the interpreter lock and takes it back at every step of a statement, and taking it back
beside a busy event loop costs a switch interval. So a commit must be few statements, not few rows. A statement here
takes up to :data:`MOST` rows as one ``VALUES`` list; its length is rounded up to a power of two and cut by ``LIMIT``,
so that there are nine texts of each and their prepared forms stay in the connection's cache. What is read back comes
as one row of JSON, for the same reason.

Binding a value costs 0.02 microseconds if it is a number and 0.07 if it is text; but for bytes and ``None`` Python
looks each time whether some protocol adapts them, which takes 0.4 and 0.25. An adapter that is registered is found
sooner.
"""

import sqlite3
from collections.abc import Iterable
from types import NoneType
from typing import Any

import msgspec

MOST = 256
"""Rows in one statement; more are cut into several."""

CACHED = 256
"""Prepared statements that the writing connection keeps."""


def bind_plainly() -> None:
    """Register the adapters, for all of the process: that is where Python's sqlite3 keeps them."""
    sqlite3.register_adapter(bytes, bytes)
    sqlite3.register_adapter(NoneType, _itself)


def _itself(nothing: None) -> None:
    return nothing


class Rows:
    """A statement with a ``VALUES`` list of so many columns where its text says ``{rows}``."""

    def __init__(self, text: str, width: int) -> None:
        self._width = width
        row = f"({','.join('?' * width)})"
        sizes = [1 << power for power in range(MOST.bit_length())]
        self._texts = {
            size: text.format(rows=f"SELECT * FROM (VALUES {','.join([row] * size)}) LIMIT ?") for size in sizes
        }

    def run(self, connection: sqlite3.Connection, values: list[Any]) -> list[Any]:
        """Execute for the rows whose values stand one after the other in ``values``; what a query finds for them."""
        found: list[Any] = []
        most = MOST * self._width
        for start in range(0, len(values), most):
            part = values[start : start + most] if len(values) > most else values
            rows = len(part) // self._width
            size = 1 << (rows - 1).bit_length()
            found += connection.execute(self._texts[size], [*part, *[0] * ((size - rows) * self._width), rows])
        return found


def insert(table: str, columns: str, *, verb: str = "INSERT") -> Rows:
    """The insertion of many rows into a table."""
    return Rows(f"{verb} INTO {table} ({columns}) {{rows}}", columns.count(",") + 1)


def update(table: str, columns: str) -> Rows:
    """The update of many rows; the first column is the key by which they are found."""
    key, *others = columns.split(", ")
    sets = ", ".join(f"{column} = new.column{n}" for n, column in enumerate(others, start=2))
    return Rows(f"UPDATE {table} SET {sets} FROM ({{rows}}) AS new WHERE {table}.{key} = new.column1", len(others) + 1)


def id_list(ids: Iterable[int]) -> str:
    """Ids as the JSON array that ``json_each(?)`` takes."""
    return msgspec.json.encode(list(ids)).decode()


def one_document(cursor: sqlite3.Cursor) -> list[Any]:
    """The rows of a statement that gathers them with ``json_group_array``."""
    decoded: list[Any] = msgspec.json.decode(cursor.fetchone()[0])
    return decoded
