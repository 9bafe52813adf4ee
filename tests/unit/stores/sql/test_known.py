import sqlite3

from eventyard.model.lifecycle import Kind
from eventyard.stores.records import NameKind
from eventyard.stores.sql.append import append, prepare
from eventyard.stores.sql.known import Known, Series
from eventyard.stores.sql.tables import SPAN_BITS
from eventyard.testing import builders as b


def test_what_is_known_is_known_again_after_a_restart(connection: sqlite3.Connection) -> None:
    known = Known(connection)
    named = known.name(b.source())
    number = known.series(Kind.PUBLICATION, 1, 2, 3, 4)
    again = Known(connection)
    assert again.number(NameKind.SOURCE, "source-shop") == getattr(named, "number", 0) == 1
    assert again.record_id(1) == "source-shop"
    assert again.series(Kind.PUBLICATION, 1, 2, 3, 4) == number
    assert again.meaning(number) == Series(Kind.PUBLICATION, 1, 2, 3, 4)
    assert again.series(Kind.SUBSCRIPTION, 1, 2, 3, 4) == number + 1


def test_a_rename_keeps_the_number(connection: sqlite3.Connection) -> None:
    known = Known(connection)
    known.name(b.source("Straße", id="s"))
    known.name(b.source("Gasse", id="s"))
    assert connection.execute("SELECT number, name, folded FROM names").fetchall() == [(1, "Gasse", "gasse")]


def test_a_span_is_written_when_its_block_is_full(connection: sqlite3.Connection) -> None:
    known = Known(connection)
    known.next_id = 10
    known.span(100, 110)
    assert connection.execute("SELECT * FROM spans").fetchall() == []
    known.next_id = (2 << SPAN_BITS) + 1
    known.span(90, 105)
    assert connection.execute("SELECT * FROM spans").fetchall() == [(0, 90, 110), (1, 90, 105)]


def test_the_open_span_is_found_again_as_the_appends_had_it(connection: sqlite3.Connection, known: Known) -> None:
    append(connection, known, 150, [prepare(b.publication(received_at=100, deliveries=[b.scene().delivery()]))])
    connection.execute("UPDATE entries SET completed_at = 999 WHERE parent_id IS NOT NULL")
    again = Known(connection)
    again.next_id = 1 << SPAN_BITS
    again.span(120, 120)
    assert connection.execute("SELECT * FROM spans").fetchall() == [(0, 100, 150)]
