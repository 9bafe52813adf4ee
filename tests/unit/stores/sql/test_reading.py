import sqlite3

import pytest

from eventyard.model.errors import NotFound
from eventyard.model.ids import EntryId
from eventyard.model.journal import Query
from eventyard.model.lifecycle import Status
from eventyard.stores.sql import file
from eventyard.stores.sql.append import append, prepare
from eventyard.stores.sql.known import Known
from eventyard.stores.sql.reading import detail, find
from eventyard.testing import builders as b


def test_an_entry_outlives_its_payload(connection: sqlite3.Connection, known: Known, path: object) -> None:
    append(connection, known, b.NOW, [prepare(b.publication(event=b.event(id=f"e-{n}"))) for n in range(2)])
    connection.execute("DELETE FROM payloads WHERE entry_id = 1")
    engine = file.reading_engine(path, 1)  # type: ignore[arg-type]
    with engine.connect() as reader:
        old = detail(reader, EntryId(1))
        assert (old.event, old.entry.event_id, old.entry.status) == (None, "e-0", Status.COMPLETE)
        assert len(find(reader, Query(projects=(1,))).entries) == 2
        with pytest.raises(NotFound):
            detail(reader, EntryId(3))
    engine.dispose()


def test_the_lines_an_entry_is_born_with_come_before_those_written(
    connection: sqlite3.Connection, known: Known, path: object
) -> None:
    append(connection, known, b.NOW + 3, [prepare(b.publication())])
    connection.execute("INSERT INTO history VALUES (1, 3, ?, 7, 'enough', 'user:admin')", (b.NOW + 9,))
    engine = file.reading_engine(path, 1)  # type: ignore[arg-type]
    with engine.connect() as reader:
        lines = detail(reader, EntryId(1)).history
    engine.dispose()
    assert [(line.at - b.NOW, line.status, line.actor) for line in lines] == [
        (0, Status.PROCESSING, None), (3, Status.COMPLETE, None), (9, Status.DISCARDED, "user:admin"),
    ]  # fmt: skip
