import sqlite3

import pytest

from eventyard.model.errors import NotFound
from eventyard.model.journal import Recorded
from eventyard.stores.sql.append import append, prepare
from eventyard.stores.sql.known import Known
from eventyard.stores.sql.record import missing, record
from eventyard.testing import builders as b


@pytest.mark.parametrize("count", [1, 128])
def test_a_commit_is_few_statements_however_many_recordings(
    connection: sqlite3.Connection, known: Known, count: int
) -> None:
    append(connection, known, b.NOW, [prepare(b.publication(deliveries=[b.scene().delivery()]))] * count)
    statements: list[str] = []
    connection.set_trace_callback(statements.append)
    answers = record(connection, [b.delivered(2 * n, 2 * n - 1) for n in range(1, count + 1)])
    assert answers == [Recorded.WRITTEN] * count
    assert len(statements) == 6  # read, attempts, history, entries, tallies, queue


def test_an_unknown_entry_is_an_answer_and_no_exception(connection: sqlite3.Connection, known: Known) -> None:
    (answer,) = record(connection, [b.delivered(2, 1)])
    assert isinstance(answer, NotFound)
    assert answer.message == missing(2).message == "there is no journal entry 2"
