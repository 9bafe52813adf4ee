import sqlite3

import pytest

from eventyard.model.errors import Conflict
from eventyard.model.ids import EntryId
from eventyard.model.lifecycle import Status, Trigger
from eventyard.stores.sql.append import append, prepare
from eventyard.stores.sql.known import Known
from eventyard.stores.sql.moves import move, redeliver, replay
from eventyard.testing import builders as b


def test_a_retry_goes_to_the_target_the_delivery_was_for(connection: sqlite3.Connection, known: Known) -> None:
    scene = b.scene()
    append(connection, known, b.NOW, [prepare(scene.publication(deliveries=[scene.delivery()]))])
    move(connection, [EntryId(2)], Trigger.DISCARD, b.line(Status.NEW), None)
    assert connection.execute("SELECT count(*) FROM due").fetchone() == (0,)
    assert move(connection, [EntryId(2)], Trigger.RETRY, b.line(Status.NEW), b.NOW) == []
    (made,) = redeliver(connection, known, EntryId(1), [scene.delivery()], EntryId(2), b.line(Status.NEW))
    move(connection, [made], Trigger.FAIL, b.line(Status.NEW), None)
    move(connection, [made], Trigger.RETRY, b.line(Status.NEW), b.NOW + 7)
    queue = "SELECT delivery_id, publication_id, lane, due_at, lease_until, attempt FROM due"
    assert connection.execute(queue).fetchall() == [(made, 1, scene.target.number, b.NOW + 7, 0, 1)]


def test_an_illegal_reprocess_raises_before_anything_is_written(connection: sqlite3.Connection, known: Known) -> None:
    scene = b.scene()
    append(connection, known, b.NOW, [prepare(scene.publication(deliveries=[scene.delivery()]))])
    connection.execute("BEGIN")
    before = connection.total_changes
    with pytest.raises(Conflict):
        redeliver(connection, known, EntryId(1), [scene.delivery()], EntryId(2), b.line(Status.NEW))
    assert connection.total_changes == before
    connection.execute("ROLLBACK")


def test_a_replay_of_many_is_a_few_statements(connection: sqlite3.Connection, known: Known) -> None:
    scene = b.scene()
    append(connection, known, b.NOW, [prepare(scene.publication()) for _ in range(200)])
    asked: list[str] = []
    connection.set_trace_callback(asked.append)
    wanted = {EntryId(n): [scene.delivery()] for n in range(1, 201)}
    assert replay(connection, known, wanted, b.line(Status.PROCESSING, "replayed")) == list(wanted)
    connection.set_trace_callback(None)
    assert len(asked) < 20
    assert connection.execute("SELECT count(*), min(delivery_id) FROM due").fetchone() == (200, 201)
