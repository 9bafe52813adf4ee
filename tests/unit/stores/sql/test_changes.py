import sqlite3

from eventyard.model.ids import EntryId
from eventyard.model.lifecycle import Descendants, Status
from eventyard.stores.sql.append import append, prepare
from eventyard.stores.sql.changes import Changes
from eventyard.stores.sql.known import Known
from eventyard.testing import builders as b


def publish(connection: sqlite3.Connection, known: Known) -> None:
    append(connection, known, b.NOW, [prepare(b.publication(deliveries=[b.scene().delivery()] * 2))])


def test_parents_are_read_with_their_children(connection: sqlite3.Connection, known: Known) -> None:
    publish(connection, known)
    changes = Changes(connection, [2])
    parent, child = changes.get(1), changes.get(2)
    assert parent is not None and child is not None
    assert (parent.family.children, parent.family.open, child.parent_id) == (2, 2, 1)
    assert (child.status, child.target, changes.get(3)) == (Status.PROCESSING, 5, None)


def test_nothing_is_written_before_it_is_asked_for(connection: sqlite3.Connection, known: Known) -> None:
    publish(connection, known)
    changes = Changes(connection, [2])
    child = changes.get(2)
    assert child is not None
    changes.line(child, b.line(Status.ERROR, "gone", at=b.NOW + 1))
    rows = "SELECT status, descendants FROM entries ORDER BY id"
    assert connection.execute(rows).fetchall() == [(5, 1), (3, 0), (3, 0)]
    changes.write()
    assert connection.execute(rows).fetchall() == [(5, 1), (6, 0), (3, 0)]
    assert connection.execute("SELECT * FROM history").fetchall() == [(2, 2, b.NOW + 1, 6, "gone", None)]


def test_each_change_sees_the_one_before(connection: sqlite3.Connection, known: Known) -> None:
    publish(connection, known)
    changes = Changes(connection, [2, 3])
    for entry_id, status in ((2, Status.ERROR), (3, Status.COMPLETE), (2, Status.DISCARDED)):
        entry = changes.get(entry_id)
        assert entry is not None
        changes.line(entry, b.line(status))
    changes.write()
    parent = Changes(connection, [1]).get(1)
    assert parent is not None and parent.family.descendants is Descendants.FINAL
    assert connection.execute("SELECT entry_id, line, status FROM history").fetchall() == [
        (2, 2, 6), (2, 3, 7), (3, 2, 5),
    ]  # fmt: skip


def test_the_last_word_on_the_queue_counts(connection: sqlite3.Connection, known: Known) -> None:
    publish(connection, known)
    changes = Changes(connection, [1, 2, 3])
    first, second, publication = changes.get(2), changes.get(3), changes.get(1)
    assert first is not None and second is not None and publication is not None
    changes.queue(first, None)
    changes.queue(first, b.NOW + 5)
    changes.queue(second, b.NOW + 5)
    changes.queue(second, None)
    changes.queue(publication, b.NOW + 5)
    changes.attempt(EntryId(2), b.attempt(7))
    changes.write()
    assert connection.execute("SELECT delivery_id, due_at, attempt FROM due").fetchall() == [(2, b.NOW + 5, 8)]
