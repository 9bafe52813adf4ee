"""The data of an event as tables of rows, which is what data integration programs speak of.

``{"orders": [{"id": 1}], "lines": []}`` is two tables. Whatever else an event's data is becomes one table under a name
that the caller gives: an array its rows, anything else its only row.
"""

import base64
from collections.abc import Iterable
from typing import Any

import msgspec

from eventyard.model.event import Event

Tables = dict[str, list[Any]]
"""Rows by the names of their tables. A row is, as a rule, an object of columns."""


def tables_of(event: Event, name: str) -> Tables:
    """The tables of an event's data; data that is none is one called ``name``, and what is not JSON a row of Base64."""
    data = _decoded(event)
    if isinstance(data, dict) and data and all(_is_table(value) for value in data.values()):
        return data
    return {name: data if isinstance(data, list) else [data]}


def rows_in(tables: Tables) -> int:
    """How many rows there are in all tables."""
    return sum(map(len, tables.values()))


def merged(several: Iterable[Tables]) -> Tables:
    """The tables of several events: the rows of each table one after another."""
    found: Tables = {}
    for tables in several:
        for name, rows in tables.items():
            found.setdefault(name, []).extend(rows)
    return found


def _is_table(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(row, dict) for row in value)


def _decoded(event: Event) -> Any:
    if event.is_json:
        try:
            return msgspec.json.decode(event.data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            pass  # no data, a number that no program could hold, or what was taken over from elsewhere
    return {"data_base64": base64.b64encode(event.data).decode()}
