import sqlite3
from pathlib import Path

from eventyard.model.ids import EntryId
from eventyard.model.journal import Delayed, Delaying, Sibling
from eventyard.model.lifecycle import Status
from eventyard.stores.sql import file
from eventyard.stores.sql.append import append, prepare
from eventyard.stores.sql.known import Known
from eventyard.stores.sql.siblings import _DELAYED, _DELAYING, _SIBLINGS, delayed, delaying, siblings
from eventyard.testing import builders as b


def test_they_are_found_by_their_parent_and_read_as_one_row(
    path: Path, connection: sqlite3.Connection, known: Known
) -> None:
    scene = b.scene()
    deliveries = [scene.delivery(), scene.delivery(status=Status.DELAYED)]
    append(connection, known, b.NOW, [prepare(scene.publication(deliveries=deliveries))] * 2)
    engine = file.reading_engine(path, 1)
    with engine.connect() as reader:
        found = siblings(reader, [EntryId(4)])
    engine.dispose()
    assert found == [
        Sibling(EntryId(5), EntryId(4), "subscription-fulfilment", 5, Status.PROCESSING),
        Sibling(EntryId(6), EntryId(4), "subscription-fulfilment", 5, Status.DELAYED),
    ]
    plan = connection.execute(f"EXPLAIN QUERY PLAN {_SIBLINGS}", ("[4]",)).fetchall()
    assert any("by_parent" in row[-1] for row in plan)


def test_delayed_ones_are_found_by_the_index_of_the_series(
    path: Path, connection: sqlite3.Connection, known: Known
) -> None:
    scene = b.scene()
    deliveries = [scene.delivery(), scene.delivery(status=Status.DELAYED)]
    append(connection, known, b.NOW, [prepare(scene.publication(deliveries=deliveries))] * 2)
    connection.execute("INSERT OR IGNORE INTO names VALUES (6, 5, 'subscription-fulfilment', 'f', 'f')")
    connection.commit()
    engine = file.reading_engine(path, 1)
    with engine.connect() as reader:
        whose = delaying(reader)
        found = delayed(reader, (6, None, EntryId(0), None, 9), newest=True)
    engine.dispose()
    assert whose == [Delaying(6, "subscription-fulfilment")]
    assert [(one.entry_id, one.publication_id) for one in found] == [(6, 4), (3, 1)]
    assert found[0] == Delayed(EntryId(6), EntryId(4), 5, b.NOW, 3, len(b.event().data))
    for statement, given in ((_DELAYING, ()), (_DELAYED % "ASC", (6, None, 0, 9, 9))):
        plan = [row[-1] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", given)]
        assert any("by_series" in step for step in plan)
        assert any("named_series (kind=? AND name=?)" in step for step in plan) == (statement != _DELAYING), plan
