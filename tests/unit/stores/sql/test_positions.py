import sqlite3
from pathlib import Path

from eventyard.model.ids import EntryId
from eventyard.model.streams import Position
from eventyard.stores.sql import file
from eventyard.stores.sql.positions import forget, keep, load


def read(path: Path) -> list[Position]:
    engine = file.reading_engine(path, 1)
    with engine.connect() as connection:
        found = load(connection)
    engine.dispose()
    return found


def test_nothing_is_kept_of_a_transaction_that_does_not_end(connection: sqlite3.Connection, path: Path) -> None:
    keep(connection, [Position("q-1", EntryId(1)), Position("q-2", EntryId(2))])
    connection.execute("BEGIN")
    keep(connection, [Position("q-1", EntryId(8)), Position("q-3", EntryId(8))])
    forget(connection, ["q-2"])
    assert read(path) == [Position("q-1", EntryId(1)), Position("q-2", EntryId(2))]
    connection.execute("ROLLBACK")
    assert read(path) == [Position("q-1", EntryId(1)), Position("q-2", EntryId(2))]


def test_a_position_kept_with_fewer_fields_is_read_with_what_they_are_without(
    connection: sqlite3.Connection, path: Path
) -> None:
    connection.execute("""INSERT INTO positions VALUES ('q', '{"queue_id": "q", "cursor": 4, "unheard-of": 1}')""")
    assert read(path) == [Position("q", EntryId(4))]
