"""Conditions on a series by what a caller with categories may see; the store's contract tries them on a journal."""

from sqlalchemy import create_engine, insert, select

from eventyard.model.journal import Seen
from eventyard.stores.sql.seen import is_seen
from eventyard.stores.sql.tables import series


def found(seen):
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        series.create(connection)
        rows = [(1, 10, 20, 30), (2, 10, 21, 30), (3, 11, 20, 30), (4, 10, 0, 30), (5, 10, 0, 31)]
        connection.execute(
            insert(series),
            [
                {"number": number, "kind": 1, "project": 1, "application": application, "topic": topic, "name": name}
                for number, application, topic, name in rows
            ],
        )
        return list(
            connection.execute(select(series.c.number).where(*is_seen(seen)).order_by(series.c.number)).scalars()
        )


def test_who_may_see_everything_is_asked_nothing():
    assert is_seen(None) == []


def test_application_and_topic_must_both_be_seen_and_where_there_is_no_topic_a_name():
    assert found(Seen((10,), (20,), (30,))) == [1, 4]
    assert found(Seen((10, 11), (20, 21), ())) == [1, 2, 3]
    assert found(Seen((), (20,), (30,))) == []


def test_any_number_of_numbers_goes_into_one_statement():
    many = tuple(range(100_000))
    assert found(Seen(many, many, many)) == [1, 2, 3, 4, 5]
