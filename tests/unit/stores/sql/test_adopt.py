import sqlite3

from eventyard.model.lifecycle import Status
from eventyard.stores.sql.adopt import adopt
from eventyard.stores.sql.append import append, prepare
from eventyard.stores.sql.known import Known
from eventyard.testing import builders as b

THEN = b.NOW - 1_000_000


def test_a_past_is_written_with_its_lives_and_nothing_of_it_is_queued(
    connection: sqlite3.Connection, known: Known
) -> None:
    scene = b.scene()
    lines = (b.line(Status.PROCESSING, at=THEN), b.line(Status.COMPLETE, "200", at=THEN + 5))
    past = scene.past("1", at=THEN, deliveries=[scene.past_delivery(lines, [b.attempt(started_at=THEN)])])
    assert adopt(connection, known, b.NOW, [past]) == 1
    columns = "id, parent_id, status, descendants, born, lines, created_at, completed_at, children, open, failed"
    assert connection.execute(f"SELECT {columns} FROM entries ORDER BY id").fetchall() == [
        (1, None, 5, 4, None, 1, THEN, THEN, 1, 0, 0),
        (2, 1, 5, 0, None, 2, THEN, THEN + 5, 0, 0, 0),
    ]
    assert connection.execute("SELECT DISTINCT topic FROM series").fetchall() == [(0,)]
    assert connection.execute("SELECT entry_id, line, status, comment FROM history").fetchall() == [
        (1, 1, 5, "taken over"), (2, 1, 3, ""), (2, 2, 5, "200"),
    ]  # fmt: skip
    assert connection.execute("SELECT delivery_id, number FROM attempts").fetchall() == [(2, 1)]
    assert connection.execute("SELECT count(*) FROM due").fetchone() == (0,)


def test_the_promise_outlives_what_knows_it(connection: sqlite3.Connection, known: Known) -> None:
    adopt(connection, known, b.NOW, [b.scene().past("1", at=THEN)])
    assert adopt(connection, Known(connection), b.NOW, [b.scene().past("1", at=THEN)]) == 0


def test_blocks_know_the_times_of_what_was_adopted_into_them(connection: sqlite3.Connection, known: Known) -> None:
    scene = b.scene()
    append(connection, known, b.NOW, [prepare(scene.publication())])
    adopt(connection, known, b.NOW, [scene.past(str(n), at=THEN + n) for n in range(8200)])
    assert connection.execute("SELECT * FROM spans").fetchall() == [
        (0, THEN, b.NOW), (1, THEN, THEN + 8199),
    ]  # fmt: skip
