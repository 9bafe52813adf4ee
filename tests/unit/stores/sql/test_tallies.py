"""Publications are counted by series, endings and block of ids, in as few rows as there are combinations."""

import sqlite3

import pytest

from eventyard.model.lifecycle import Endings
from eventyard.stores.sql.tallies import Tallies


@pytest.fixture
def connection() -> sqlite3.Connection:
    made = sqlite3.connect(":memory:", isolation_level=None)
    made.execute("CREATE TABLE tallies (series, endings, block, number, PRIMARY KEY (series, endings, block))")
    return made


def kept(connection: sqlite3.Connection) -> list[tuple[int, ...]]:
    return connection.execute("SELECT * FROM tallies ORDER BY 1, 2, 3").fetchall()


def test_a_group_is_counted_in_as_many_rows_as_it_has_combinations(connection: sqlite3.Connection) -> None:
    tallies = Tallies()
    for entry_id in (1, 2, 4_095, 4_096):
        tallies.count(7, Endings.NONE, entry_id)
    tallies.count(8, Endings.NONE, 3)
    tallies.write(connection)
    assert kept(connection) == [(7, 0, 0, 3), (7, 0, 1, 1), (8, 0, 0, 1)]


def test_later_counts_are_added(connection: sqlite3.Connection) -> None:
    for endings, step in ((Endings.NONE, 1), (Endings.NONE, 1), (Endings.NONE, -1), (Endings.COMPLETE, 1)):
        tallies = Tallies()
        tallies.count(7, endings, 5, step)
        tallies.write(connection)
    assert kept(connection) == [(7, 0, 0, 1), (7, 1, 0, 1)]


def test_what_comes_to_nothing_is_not_written(connection: sqlite3.Connection) -> None:
    tallies = Tallies()
    tallies.count(7, Endings.NONE, 5)
    tallies.count(7, Endings.NONE, 6, -1)
    tallies.write(connection)
    assert kept(connection) == []


def test_what_has_come_down_to_nothing_is_forgotten_where_it_was_changed(connection: sqlite3.Connection) -> None:
    rows = [(7, 0, 0, 0), (7, 1, 0, 1), (7, 3, 0, 0), (7, 0, 1, 0), (8, 0, 0, 0)]
    connection.executemany("INSERT INTO tallies VALUES (?, ?, ?, ?)", rows)
    tallies = Tallies()
    tallies.count(7, Endings.COMPLETE, 5, -1)
    tallies.write(connection)
    tallies.clear(connection)
    assert kept(connection) == [(7, 0, 1, 0), (8, 0, 0, 0)]
