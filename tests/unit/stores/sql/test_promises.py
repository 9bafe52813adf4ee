import sqlite3

from eventyard.model.ids import EntryId
from eventyard.model.journal import Appended
from eventyard.stores.sql.fresh import SHELVES, STEP, Promise
from eventyard.stores.sql.known import Known
from eventyard.stores.sql.promises import Promises
from eventyard.testing import builders as b

ANSWER = Appended(EntryId(7), "event-1", 2, b.NOW)


def promised(key: str, **fields: object):
    return b.scene().publication(idempotency=(b.idempotency(key, **fields),))


def promise(connection: sqlite3.Connection, known: Known, *publications, now=b.NOW):
    promises = Promises(connection, known, publications, now)
    for place in range(len(publications)):
        promises.make(place, ANSWER)
    promises.write()


def file_all(known: Known):
    """Let a round of promises pass that expire as they are made, and so are not filed themselves."""
    over = Promise(0, b"", EntryId(0), 0, b.NOW, b.NOW, None, "")
    known.fresh.write([over] * SHELVES * STEP, b.NOW)


def earlier(connection: sqlite3.Connection, known: Known, new):
    return Promises(connection, known, [new], b.NOW).earlier(0, new.received_at)


def test_a_promise_is_found_again_and_says_by_which_key(connection):
    known = Known(connection)
    promise(connection, known, promised("one"), promised("two"))
    found = earlier(connection, known, promised("two"))
    assert (found.entry_id, found.event_id, found.deliveries) == (7, "event-1", 2)
    assert (found.key, found.mismatch) == ("two", False)
    assert earlier(connection, known, promised("three")) is None


def test_a_promise_is_found_in_the_table_once_it_is_filed(connection):
    known = Known(connection)
    promise(connection, known, promised("one", fingerprint=b"1"))
    file_all(known)
    found = earlier(connection, known, promised("one", fingerprint=b"2"))
    assert (found.entry_id, found.deliveries, found.key, found.mismatch) == (7, 2, "one", True)
    assert earlier(connection, known, promised("three")) is None


def test_a_promise_of_this_very_transaction_counts(connection):
    promises = Promises(connection, Known(connection), [promised("one"), promised("one")], b.NOW)
    assert promises.earlier(0, b.NOW) is None
    promises.make(0, ANSWER)
    assert promises.earlier(1, b.NOW).entry_id == 7


def test_a_chance_neighbour_with_the_same_number_is_not_taken_for_the_key(connection):
    known = Known(connection)
    promise(connection, known, promised("one"))
    file_all(known)
    assert earlier(connection, known, promised("one")) is not None
    connection.execute("UPDATE idempotency SET rest = x'00'")
    assert earlier(connection, known, promised("one")) is None


def test_a_promise_that_is_over_counts_no_more(connection):
    known = Known(connection)
    promise(connection, known, promised("one", expires_at=b.NOW))
    assert earlier(connection, known, promised("one")) is None
