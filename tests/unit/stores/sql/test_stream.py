"""The stream is read in few statements of one row each, from where the indexes say, at most so much at a time."""

import random
import sqlite3
from typing import Any

import pytest
from sqlalchemy import Connection

from eventyard.model.catalog import Topic
from eventyard.model.ids import EntryId
from eventyard.model.journal import Slice
from eventyard.model.lifecycle import Status, Trigger
from eventyard.ports import Store
from eventyard.stores.memory import MemoryStore
from eventyard.stores.sql import stream
from eventyard.stores.sql.known import Known
from eventyard.stores.sql.store import SqliteStore
from eventyard.testing import builders as b
from eventyard.testing.fakes import HandClock
from tests.unit.stores.sql.conftest import Asked, published

TOPIC, RARE = 3, 77


def test_a_page_is_three_rows(connection: sqlite3.Connection, known: Known, reader: Connection, asked: Asked) -> None:
    published(connection, known, *[TOPIC] * 500)
    assert len(stream.read(reader, [TOPIC], EntryId(0), EntryId(500), 400).publications) == 400
    statements = [statement for statement, _ in asked if statement != "BEGIN"]
    assert len(statements) == 3
    for statement, values in asked[1:]:
        assert len(connection.execute(statement, values).fetchall()) == 1


def test_a_call_looks_at_so_many_entries(
    connection: sqlite3.Connection, known: Known, reader: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "LOOK", 10)
    published(connection, known, RARE, *[TOPIC] * 8, RARE, RARE, *[TOPIC] * 40, RARE, *[TOPIC] * 40)
    reached, slices = EntryId(0), []
    while reached < 92:
        part = stream.read(reader, [RARE], reached, EntryId(92), 100)
        slices.append(([one.entry_id for one in part.publications], part.reached))
        reached = part.reached
    assert slices == [([1, 10], 10), ([11], 20), ([], 51), ([52], 61), ([], 92)]


def test_what_has_outlived_its_payload_is_left_out(
    connection: sqlite3.Connection, known: Known, reader: Connection
) -> None:
    published(connection, known, *[TOPIC] * 5)
    connection.execute("DELETE FROM payloads WHERE entry_id IN (1, 3, 5)")
    part = stream.read(reader, [TOPIC], EntryId(0), EntryId(5), 9)
    assert ([one.entry_id for one in part.publications], part.reached) == ([2, 4], 5)
    connection.execute("DELETE FROM payloads")
    reader.rollback()
    assert stream.read(reader, [TOPIC], EntryId(0), EntryId(5), 9) == Slice((), EntryId(5))
    assert stream.newest(reader, None) == stream.newest(reader, [TOPIC]) == 5


PLANS = {
    "page": (stream._PAGE, {"after": 0, "until": 9, "series": "[1]", "limit": 9}, "PRIMARY KEY (rowid>? AND rowid<?)"),
    "data": (stream.DATA, {"ids": "[1]"}, "payloads USING INTEGER PRIMARY KEY (rowid=?)"),
    "first of a series": (stream._FIRST_PAST, {"after": 0, "series": "[1]"} | stream._STATES, "INDEX by_series"),
    "last of a series": (stream._LAST_PAST, {"after": 0, "series": "[1]"} | stream._STATES, "INDEX by_series"),
    "newest": (stream._NEWEST, {}, "INTEGER PRIMARY KEY (rowid>?)"),
    "newest block": (stream._NEWEST, {}, "INDEX by_event"),
    "moment": (stream._FIRST_SINCE, {"moment": 1}, "PRIMARY KEY (rowid>? AND rowid<?)"),
}


@pytest.mark.parametrize(("statement", "values", "step"), PLANS.values(), ids=PLANS.keys())
def test_it_goes_where_it_is_meant_to(
    connection: sqlite3.Connection, statement: str, values: dict[str, Any], step: str
) -> None:
    plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", values)]
    assert any(step in line for line in plan), plan
    assert not [line for line in plan if line.startswith("SCAN entries") and "by_event" not in line], plan
    assert not [line for line in plan if "TEMP B-TREE" in line], plan


async def lived(store: Store, clock: HandClock, seed: int) -> list[int]:
    """A journal with a past: three topics, two sources, deliveries in all states. The numbers of its topics."""
    chance = random.Random(seed)
    scene = await b.saved(store)
    (source,) = await store.save([b.source("web")])
    rarer = await store.save([b.topic("rare"), b.topic("rarer")])
    numbers = [scene.topic.number, *(topic.number for topic in rarer if isinstance(topic, Topic))]
    for n in range(120):
        clock.now += chance.choice((1, 5, 100, -300))
        topic = chance.choices(numbers, (40, 4, 1))[0]
        event_ = b.event(chance.randbytes(chance.choice((0, 9, 300))), id=f"e-{n}")
        batch = [
            scene.publication(
                event_,
                [scene.delivery()] * chance.randrange(3),
                source=chance.choice((scene.source, source)),
                topic_number=topic,
                received_at=clock.now - chance.randrange(4),
            )
        ] * chance.choice((1, 1, 5))
        first = (await store.append_batch(batch))[0]
        if first.deliveries and chance.random() < 0.5:
            end = chance.choice((b.delivered, b.failed))
            await store.record(end(first.entry_id + 1, first.entry_id, at=clock.now))
        if chance.random() < 0.2:
            await store.move([first.entry_id], Trigger.DISCARD, b.line(Status.NEW, at=clock.now), None)
    return numbers


@pytest.mark.parametrize("look", [stream.LOOK, 7])
@pytest.mark.parametrize("seed", range(3))
async def test_it_reads_what_plain_reading_reads(
    store: SqliteStore, clock: HandClock, seed: int, look: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "LOOK", look)
    other_clock = HandClock()
    plain = MemoryStore(other_clock)
    numbers = await lived(store, clock, seed)
    await lived(plain, other_clock, seed)
    chance = random.Random(seed)
    newest = await store.newest()
    for _ in range(100):
        topics = chance.sample(numbers, chance.randrange(4))
        after, until = EntryId(chance.randrange(newest)), EntryId(chance.randrange(newest))
        whole = (await plain.read(topics, after, until, 1_000)).publications
        read: list[Any] = []
        reached = after
        while reached < until:
            part = await store.read(topics, reached, until, chance.choice((1, 5, 100)))
            read += part.publications
            assert part.reached > reached
            reached = part.reached
        assert tuple(read) == whole
        assert await store.newest(topics) == await plain.newest(topics)
        moment = clock.now + chance.randrange(-20_000, 2_000)
        assert await store.at(moment) == await plain.at(moment)
