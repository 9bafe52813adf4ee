import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import Connection

from eventyard.model.journal import Query
from eventyard.model.lifecycle import Kind
from eventyard.stores.sql import file
from eventyard.stores.sql.append import append, prepare
from eventyard.stores.sql.known import Known
from eventyard.stores.sql.pages import page, total
from eventyard.testing import builders as b

EVERYTHING = Query(projects=(1,))
NEWEST = Query(projects=(1,), by_time=True)
ANY = Query(projects=(1,), any=True, name="shop", kinds=(Kind.SYSTEM,))


@pytest.fixture
def reader(connection: sqlite3.Connection, known: Known, path: Path):  # type: ignore[no-untyped-def]
    """Six publications; the clock is put back by ten before the fourth."""
    for moment in (0, 2, 2, -10, -8, 3):
        append(connection, known, b.NOW + moment, [prepare(b.publication(received_at=b.NOW + moment))])
    engine = file.reading_engine(path, 1)
    with engine.connect() as reading:
        yield reading
    engine.dispose()


def test_a_page_is_the_first_so_many_after_those_that_are_skipped(reader: Connection) -> None:
    assert page(reader, EVERYTHING, 2) == [6, 5]
    assert page(reader, Query(projects=(1,), offset=3), 2) == [3, 2]
    assert page(reader, Query(projects=(1,), offset=6), 2) == []
    assert page(reader, EVERYTHING, 0) == page(reader, NEWEST, 0) == []


def test_by_time_a_clock_put_back_is_not_noticed(reader: Connection) -> None:
    assert page(reader, NEWEST, 10) == [6, 3, 2, 1, 5, 4]
    assert page(reader, NEWEST, 2) == [6, 3]
    assert page(reader, Query(projects=(1,), by_time=True, ascending=True, offset=1), 3) == [5, 1, 2]


def test_any_criterion_will_do_and_nothing_comes_twice(reader: Connection) -> None:
    assert page(reader, ANY, 2) == [6, 5]
    both = Query(projects=(1,), any=True, name="shop", kinds=(Kind.PUBLICATION,), ascending=True)
    assert page(reader, both, 3) == [1, 2, 3]


def test_a_total_takes_no_notice_of_pages_and_stops_at_its_limit(reader: Connection) -> None:
    for query in (EVERYTHING, NEWEST, ANY, Query(projects=(1,), offset=5)):
        assert (total(reader, query, 100), total(reader, query, 4)) == (6, 4)
