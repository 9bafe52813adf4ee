"""The catalog: records as JSON beside the columns that must be unique. Their names live in the name table as well.

Removing a record leaves its row in ``names``, so that the journal goes on telling who it was.
"""

import sqlite3
from collections.abc import Sequence

import msgspec
from msgspec.structs import replace
from sqlalchemy import Connection, Text, cast, select

from eventyard.model.catalog import Record
from eventyard.stores.records import NAME_KINDS, TYPES, UNIQUE, Numbered, duplicate, identity
from eventyard.stores.sql.known import Known
from eventyard.stores.sql.tables import catalog, names

_decoders = {record: msgspec.json.Decoder(record) for record in TYPES}
_encode = msgspec.json.Encoder().encode


def _upsert(record: type[Record]) -> str:
    columns = ("id", *UNIQUE.get(record, ()), "record")
    sets = ", ".join(f"{column} = excluded.{column}" for column in columns[1:])
    return (
        f"INSERT INTO {catalog[record].name} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"
        f" ON CONFLICT (id) DO UPDATE SET {sets}"
    )


_UPSERTS = {record: _upsert(record) for record in TYPES}
_DELETES = {record: f"DELETE FROM {catalog[record].name} WHERE id = ?" for record in TYPES}


def load(connection: Connection) -> list[Record]:
    """Every record, with its number."""
    numbers = {(kind, record_id): number for number, kind, record_id in connection.execute(_NUMBERS)}
    records: list[Record] = []
    for record in TYPES:
        decode = _decoders[record].decode
        for (document,) in connection.execute(_DOCUMENTS[record]):
            made = decode(document)
            if isinstance(made, Numbered):
                made = replace(made, number=numbers[NAME_KINDS[record], made.id])
            records.append(made)
    return records


_NUMBERS = select(names.c.number, names.c.kind, names.c.id)
_DOCUMENTS = {record: select(cast(table.c.record, Text)) for record, table in catalog.items()}


def save(connection: sqlite3.Connection, known: Known, records: Sequence[Record]) -> list[Record]:
    """Insert or replace by id; the records with their numbers. Raises ``Conflict`` (``duplicate``)."""
    saved = []
    for record in records:
        unique = tuple(getattr(record, field) for field in UNIQUE.get(type(record), ()))
        try:
            connection.execute(_UPSERTS[type(record)], (identity(record), *unique, _encode(record).decode()))
        except sqlite3.IntegrityError:
            raise duplicate(record) from None
        saved.append(known.name(record) if isinstance(record, Numbered) else record)
    return saved


def remove(connection: sqlite3.Connection, records: Sequence[Record]) -> None:
    """Delete by id."""
    for record in records:
        connection.execute(_DELETES[type(record)], (identity(record),))
