import sqlite3

from eventyard.model.ids import EntryId
from eventyard.model.journal import Appended
from eventyard.stores.sql.known import Known
from eventyard.stores.sql.promises import SWEEP_AFTER, Promises
from eventyard.testing import builders as b

ANSWER = Appended(EntryId(7), "event-1", 2, b.NOW)


def promised(key: str, **fields: object):
    return b.scene().publication(idempotency=(b.idempotency(key, **fields),))


def promise(connection: sqlite3.Connection, known: Known, *publications, now=b.NOW):
    promises = Promises(connection, known, publications, now)
    for place, new in enumerate(publications):
        promises.make(place, new, ANSWER)
    promises.write()


def kept(connection: sqlite3.Connection) -> int:
    return connection.execute("SELECT count(*) FROM idempotency").fetchone()[0]


def test_a_promise_is_found_again_and_says_by_which_key(connection):
    known = Known(connection)
    promise(connection, known, promised("one"), promised("two"))
    found = Promises(connection, known, [promised("two")], b.NOW).earlier(0, promised("two"))
    assert (found.entry_id, found.deliveries, found.key, found.mismatch) == (7, 2, "two", False)
    assert Promises(connection, known, [promised("three")], b.NOW).earlier(0, promised("three")) is None


def test_a_promise_of_this_very_transaction_counts(connection):
    promises = Promises(connection, Known(connection), [promised("one"), promised("one")], b.NOW)
    assert promises.earlier(0, promised("one")) is None
    promises.make(0, promised("one"), ANSWER)
    assert promises.earlier(1, promised("one")).entry_id == 7


def test_a_chance_neighbour_with_the_same_number_is_not_taken_for_the_key(connection):
    known = Known(connection)
    promise(connection, known, promised("one"))
    connection.execute("UPDATE idempotency SET rest = x'00'")
    assert Promises(connection, known, [promised("one")], b.NOW).earlier(0, promised("one")) is None


def test_a_promise_that_is_over_counts_no_more(connection):
    known = Known(connection)
    promise(connection, known, promised("one", expires_at=b.NOW))
    assert Promises(connection, known, [promised("one")], b.NOW).earlier(0, promised("one")) is None


def test_whoever_adds_keys_sweeps_those_that_are_over_and_no_others(connection):
    known = Known(connection)
    promise(connection, known, *(promised(f"old-{n}", expires_at=b.NOW) for n in range(SWEEP_AFTER - 1)))
    promise(connection, known, *(promised(f"live-{n}") for n in range(SWEEP_AFTER)))
    for round_ in range(3):
        promise(connection, known, *(promised(f"new-{round_}-{n}") for n in range(SWEEP_AFTER)))
    assert kept(connection) == 4 * SWEEP_AFTER
