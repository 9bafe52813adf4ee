import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import Connection

from eventyard.model.ids import EntryId
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


def test_a_total_of_a_time_is_counted_by_whole_blocks_and_what_is_beside_them(
    connection: sqlite3.Connection, known: Known, path: Path
) -> None:
    for start in range(0, 13_000, 1_000):
        new = [prepare(b.publication(received_at=b.NOW + start + n)) for n in range(1_000)]
        append(connection, known, b.NOW + start + 999, new)
    engine = file.reading_engine(path, 1)
    with engine.connect() as reading:
        for since, until in ((0, 20_000), (100, 12_345), (5_000, 5_001), (12_900, None), (None, 3), (4_000, 8_400)):
            query = Query(
                projects=(1,),
                name="shop",
                created_from=None if since is None else b.NOW + since,
                created_to=None if until is None else b.NOW + until,
            )
            wanted = len(range(since or 0, min(12_999 if until is None else until, 12_999) + 1))
            assert total(reading, query, 100_000) == wanted
            assert total(reading, query, 1_500) == min(wanted, 1_500)
        halved = Query(projects=(1,), created_from=b.NOW + 100, after=EntryId(6_000), before=EntryId(6_011))
        assert total(reading, halved, 100) == 10
    engine.dispose()
