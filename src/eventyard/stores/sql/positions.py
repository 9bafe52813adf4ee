"""How far durable queues have been read: one row for each, replaced as a whole.

Written inside the writer's transaction, so what is kept in one call is kept together or not at all.
"""

import sqlite3
from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection, Text, cast, select

from eventyard.model.streams import Position
from eventyard.stores.sql.statements import insert
from eventyard.stores.sql.tables import positions

_KEEP = insert("positions", "queue_id, position", verb="INSERT OR REPLACE")
_FORGET = "DELETE FROM positions WHERE queue_id IN (SELECT value FROM json_each(?))"
_KEPT = select(cast(positions.c.position, Text)).order_by(positions.c.queue_id)

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Position).decode


def keep(connection: sqlite3.Connection, kept: Sequence[Position]) -> None:
    """Insert or replace by queue id."""
    if kept:
        _KEEP.run(connection, [value for one in kept for value in (one.queue_id, _encode(one).decode())])


def forget(connection: sqlite3.Connection, queue_ids: Sequence[str]) -> None:
    """Delete by queue id."""
    connection.execute(_FORGET, (_encode(queue_ids).decode(),))


def load(connection: Connection) -> list[Position]:
    """Every position, in the order of the queues' ids."""
    return [_decode(document) for (document,) in connection.execute(_KEPT)]
