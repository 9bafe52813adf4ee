import sqlite3

from eventyard.model.ids import EntryId
from eventyard.model.journal import NewBundle
from eventyard.model.lifecycle import Kind, Status
from eventyard.stores.sql.append import append, prepare
from eventyard.stores.sql.bundles import gather
from eventyard.stores.sql.known import Known
from eventyard.testing import builders as b


def compound(scene: b.Scene, *members: int) -> NewBundle:
    lines = (b.line(Status.NEW), b.line(Status.PROCESSING, "Released"))
    ids = tuple(EntryId(member) for member in members)
    return NewBundle(
        Kind.COMPOUND_SUBSCRIPTION, 1, 0, scene.subscription, scene.target, b.event(b""), lines, ids, "part of it"
    )


def delayed(connection: sqlite3.Connection, known: Known, scene: b.Scene, number: int) -> None:
    publications = [scene.publication(deliveries=[scene.delivery(status=Status.DELAYED)]) for _ in range(number)]
    append(connection, known, b.NOW, [prepare(one) for one in publications])


def test_a_bundle_writes_its_entry_its_event_its_members_and_its_place_in_the_queue(
    connection: sqlite3.Connection, known: Known
) -> None:
    scene = b.scene()
    delayed(connection, known, scene, 2)
    assert gather(connection, known, compound(scene, 2, 4), None) == 5
    assert connection.execute("SELECT * FROM members").fetchall() == [(5, 2), (5, 4)]
    assert connection.execute("SELECT * FROM due").fetchall() == [(5, 5, scene.target.number, b.NOW, 0, 1)]
    assert connection.execute("SELECT count(*) FROM payloads").fetchone() == (3,)
    assert known.next_id == 6


def test_a_member_that_is_gone_leaves_everything_as_it_was(connection: sqlite3.Connection, known: Known) -> None:
    scene = b.scene()
    delayed(connection, known, scene, 1)
    connection.execute("DELETE FROM payloads")
    before = connection.total_changes
    assert gather(connection, known, compound(scene, 2, 99), None) is None
    assert gather(connection, known, compound(scene, 2), None) is None
    assert connection.total_changes == before
    assert known.next_id == 3
