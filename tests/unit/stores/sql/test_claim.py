import sqlite3

from eventyard.stores.sql.append import append, prepare
from eventyard.stores.sql.claim import claim, extend, release
from eventyard.stores.sql.known import Known
from eventyard.testing import builders as b

LEASE = b.NOW + 1_000


def steps(connection: sqlite3.Connection, known: Known, lane: int) -> int:
    """How many instructions of SQLite's machine a claim of one place takes, in hundreds."""
    counted = 0

    def count() -> None:
        nonlocal counted
        counted += 1

    connection.set_progress_handler(count, 100)
    claim(connection, known, {lane: 1}, LEASE, b.NOW)
    connection.set_progress_handler(None, 0)
    return counted


def test_a_claim_costs_what_it_takes_and_not_what_waits(connection: sqlite3.Connection, known: Known) -> None:
    scene = b.scene()
    quick = b.target("quick", number=99)
    append(connection, known, b.NOW, [prepare(scene.publication(deliveries=[scene.delivery(target=quick)] * 10))])
    before = steps(connection, known, 99)
    crowd = [scene.delivery(), scene.delivery(lease_until=LEASE), scene.delivery(due_at=b.NOW + 9)] * 3_000
    append(connection, known, b.NOW, [prepare(scene.publication(deliveries=crowd))])
    assert abs(steps(connection, known, 99) - before) <= 2
    assert steps(connection, known, scene.target.number) <= before + 2


def test_leases_are_rows_of_the_queue(connection: sqlite3.Connection, known: Known) -> None:
    scene = b.scene()
    append(connection, known, b.NOW, [prepare(scene.publication(deliveries=[scene.delivery()] * 3))])
    claim(connection, known, {scene.target.number: 2}, LEASE, b.NOW)
    assert extend(connection, 2, LEASE + 5, b.NOW)  # type: ignore[arg-type]
    leases = "SELECT delivery_id, lease_until FROM due ORDER BY delivery_id"
    assert connection.execute(leases).fetchall() == [(2, LEASE + 5), (3, LEASE), (4, 0)]
    assert release(connection) == 2
    assert connection.execute(leases).fetchall() == [(2, 0), (3, 0), (4, 0)]
