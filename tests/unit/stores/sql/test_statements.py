import sqlite3
from collections.abc import Iterator

import pytest

from eventyard.stores.sql.statements import MOST, id_list, insert, one_document, update


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    made = sqlite3.connect(":memory:", isolation_level=None)
    made.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, a, b DEFAULT 7)")
    yield made
    made.close()


@pytest.mark.parametrize("count", [1, 2, 3, 63, 64, 65, MOST, MOST + 1, 3 * MOST + 5])
def test_any_number_of_rows_is_written(connection: sqlite3.Connection, count: int) -> None:
    insert("t", "id, a").run(connection, [value for n in range(count) for value in (n, f"row {n}")])
    expected = [(n, f"row {n}", 7) for n in range(count)]
    assert connection.execute("SELECT * FROM t ORDER BY id").fetchall() == expected
    update("t", "id, b, a").run(connection, [value for n in range(0, count, 2) for value in (n, n + 1, b"\x00")])
    assert connection.execute("SELECT count(*) FROM t WHERE b = id + 1 AND a = x'00'").fetchone() == ((count + 1) // 2,)
    assert connection.execute("SELECT count(*) FROM t").fetchone() == (count,)


def test_many_lengths_share_few_texts(connection: sqlite3.Connection) -> None:
    texts: set[str] = set()
    connection.set_trace_callback(lambda text: texts.add(str(text.count("("))))
    for count in range(65, 128):
        insert("t", "id, a", verb="INSERT OR REPLACE").run(connection, [1, 2] * count)
    assert len(texts) == 1


def test_rows_come_back_as_one_document(connection: sqlite3.Connection) -> None:
    insert("t", "id, a").run(connection, [1, "x", 2, None, 3, "z"])
    text = "SELECT json_group_array(json_array(id, a)) FROM t WHERE id IN (SELECT value FROM json_each(?))"
    assert one_document(connection.execute(text, (id_list({1, 2, 9}),))) == [[1, "x"], [2, None]]
