import sqlite3

import pytest

from eventyard.model.lifecycle import Status
from eventyard.stores.sql.append import append, event_of, prepare
from eventyard.stores.sql.known import Known
from eventyard.testing import builders as b


def test_an_event_is_kept_as_plain_json_and_comes_back_whole() -> None:
    event = b.event(b"\xff", subject="s", extensions={"a": "b"}, content_type="text/plain")
    kept = prepare(b.publication(event=event)).attributes
    assert kept == (
        '{"id":"event-1","source":"/shop","type":"order.created","time":1767323045678,"routing_key":"order.created",'
        '"content_type":"text/plain","subject":"s","extensions":{"a":"b"}}'
    )
    assert event_of(kept, b"\xff") == event


def test_what_is_usual_is_not_written() -> None:
    kept = prepare(b.publication()).attributes
    assert "subject" not in kept
    assert event_of(kept, b.event().data) == b.event()


@pytest.mark.parametrize("count", [1, 200])
def test_a_commit_is_few_statements_however_many_events(
    connection: sqlite3.Connection, known: Known, count: int
) -> None:
    batch = [prepare(b.publication(deliveries=[b.scene().delivery()])) for _ in range(count)]
    append(connection, known, b.NOW, batch[:1])
    statements: list[str] = []
    connection.set_trace_callback(statements.append)
    append(connection, known, b.NOW, batch)
    connection.set_trace_callback(None)
    assert len(statements) == (4 if count == 1 else 5)  # 200 events and as many deliveries are two parts of 256 entries
    assert known.next_id == 3 + 2 * count


def test_what_follows_from_an_entry_is_not_written_as_history(connection: sqlite3.Connection, known: Known) -> None:
    append(connection, known, b.NOW, [prepare(b.publication(deliveries=[b.scene().delivery()]))])
    assert connection.execute("SELECT id, born, lines FROM entries").fetchall() == [(1, 3, 2), (2, 3, 1)]
    assert connection.execute("SELECT count(*) FROM history").fetchone() == (0,)


def test_what_waits_for_others_is_in_no_queue(connection: sqlite3.Connection, known: Known) -> None:
    scene = b.scene()
    deliveries = [scene.delivery(status=Status.DELAYED), scene.delivery()]
    append(connection, known, b.NOW, [prepare(scene.publication(deliveries=deliveries))])
    assert connection.execute("SELECT delivery_id FROM due").fetchall() == [(3,)]
    assert connection.execute("SELECT children, open, delayed FROM entries WHERE id = 1").fetchall() == [(2, 1, 1)]
