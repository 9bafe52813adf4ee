import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import event

from eventyard.model.journal import Query
from eventyard.model.lifecycle import Kind, Status
from eventyard.stores.sql import file, pages
from eventyard.stores.sql.append import append, prepare
from eventyard.stores.sql.known import Known
from eventyard.stores.sql.stories import stories
from eventyard.testing import builders as b

SCENE = b.scene()


def test_a_page_is_read_in_as_few_statements_as_one_entry(
    connection: sqlite3.Connection, known: Known, path: Path
) -> None:
    new = [b.publication(deliveries=[SCENE.delivery()] * 2) for _ in range(40)]
    append(connection, known, b.NOW, [prepare(one) for one in new])
    taken = []
    for limit in (1, 40):
        engine = file.reading_engine(path, 1)
        statements: list[str] = []
        event.listen(engine, "before_cursor_execute", lambda *args, said=statements: said.append(args[2]))
        with engine.connect() as reader:
            told = stories(reader, Query(projects=(1,), kinds=(Kind.PUBLICATION,), limit=limit), 1_000)
        engine.dispose()
        assert (len(told.stories), told.total, told.more) == (limit, 40, False)
        assert all(len(story.children) == 2 for story in told.stories)
        taken.append(len(statements))
    assert taken[1] <= taken[0]


def test_children_have_children_and_every_line_is_in_its_place(
    connection: sqlite3.Connection, known: Known, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "AT_ONCE", 1)
    append(connection, known, b.NOW, [prepare(b.publication(deliveries=[SCENE.delivery()] * 3))])
    connection.execute("UPDATE entries SET parent_id = 2 WHERE id = 4")
    connection.executemany("INSERT INTO history VALUES (?, ?, ?, 7, ?, NULL)", [(2, 1, b.NOW, "a"), (2, 2, b.NOW, "b")])
    engine = file.reading_engine(path, 1)
    with engine.connect() as reader:
        [story] = stories(reader, Query(projects=(1,), kinds=(Kind.PUBLICATION,)), 1_000).stories
    engine.dispose()
    assert [child.entry.id for child in story.children] == [2, 3]
    assert [child.entry.id for child in story.children[0].children] == [4]
    assert [line.status for line in story.history] == [Status.PROCESSING, Status.COMPLETE]
    assert [line.comment for line in story.children[0].history] == ["", "a", "b"]
