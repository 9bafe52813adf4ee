"""Ways and events are read in few statements of one row each, by id, at most so much at a time."""

import random
import sqlite3
from typing import Any

import pytest
from sqlalchemy import Connection

from eventyard.model.catalog import Source, Topic
from eventyard.model.ids import EntryId
from eventyard.model.replay import Way, Ways, Window
from eventyard.ports import Store
from eventyard.stores.memory import MemoryStore
from eventyard.stores.sql import ways
from eventyard.stores.sql.append import append, prepare
from eventyard.stores.sql.known import Known
from eventyard.stores.sql.store import SqliteStore
from eventyard.testing import builders as b
from eventyard.testing.fakes import HandClock
from tests.unit.stores.sql.conftest import Asked, published

TOPIC, RARE = 3, 77
EVER = {"created_from": 0, "created_to": 1 << 50}


def test_a_page_is_a_few_rows(connection: sqlite3.Connection, known: Known, reader: Connection, asked: Asked) -> None:
    published(connection, known, *[TOPIC] * 500)
    window = Window(topics=(TOPIC,), created_from=b.NOW, created_to=b.NOW)
    assert len(ways.ways(reader, window, EntryId(0), EntryId(500), 400).ways) == 400
    assert len(ways.events(reader, [EntryId(n) for n in range(1, 401)])) == 400
    statements = [one for one in asked if one[0] != "BEGIN"]
    assert len(statements) <= 10
    for statement, values in statements:
        assert len(connection.execute(statement, values).fetchall()) == 1


def test_a_call_looks_at_so_many_entries(
    connection: sqlite3.Connection, known: Known, reader: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ways, "LOOK", 10)
    published(connection, known, RARE, *[TOPIC] * 8, RARE, RARE, *[TOPIC] * 40, RARE, *[TOPIC] * 40)
    reached, parts = EntryId(0), []
    while reached < 92:
        part = ways.ways(reader, Window(topics=(RARE,), **EVER), reached, EntryId(92), 100)
        parts.append(([way.entry_id for way in part.ways], part.reached))
        reached = part.reached
    assert parts == [([1, 10], 10), ([11], 20), ([], 51), ([52], 61), ([], 92)]


def test_only_the_ids_that_a_window_leaves_are_looked_at(
    connection: sqlite3.Connection, known: Known, reader: Connection, asked: Asked
) -> None:
    for n in range(20):
        new = b.publication(received_at=b.NOW + n, topic_number=TOPIC)
        append(connection, known, b.NOW + n, [prepare(new)] * 1_000)
    window = Window(topics=(TOPIC,), created_from=b.NOW + 9, created_to=b.NOW + 10)
    part = ways.ways(reader, window, EntryId(0), EntryId(20_000), 5_000)
    assert ([way.entry_id for way in part.ways], part.reached) == (list(range(9_001, 11_001)), 20_000)
    [(after, until)] = [(values["after"], values["until"]) for statement, values in asked if statement == ways._PAGE]
    assert (after, until) == (9_000, 11_000)


PAGE = {"after": 0, "until": 9, "series": "[1]", "limit": 9} | EVER
PLANS = {
    "page": (ways._PAGE, PAGE, "entries USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"),
    "page's payloads": (ways._PAGE, PAGE, "payloads USING INTEGER PRIMARY KEY (rowid=?)"),
    "events": (ways._EVENTS, {"ids": "[1]"}, "payloads USING INTEGER PRIMARY KEY (rowid=?)"),
}


@pytest.mark.parametrize(("statement", "values", "step"), PLANS.values(), ids=PLANS.keys())
def test_it_goes_where_it_is_meant_to(
    connection: sqlite3.Connection, statement: str, values: dict[str, Any], step: str
) -> None:
    plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", values)]
    assert any(step in line for line in plan), plan
    assert not [line for line in plan if line.startswith(("SCAN entries", "SCAN payloads")) or "TEMP" in line], plan


async def lived(store: Store, clock: HandClock, seed: int) -> tuple[list[int], list[int]]:
    """A journal with a past that a clock has jumped in. The numbers of its topics and sources."""
    chance = random.Random(seed)
    scene = await b.saved(store)
    web, *rare = await store.save([b.source("web"), b.topic("rare"), b.topic("rarer")])
    assert isinstance(web, Source)
    topics = [scene.topic.number, *(topic.number for topic in rare if isinstance(topic, Topic))]
    for n in range(120):
        clock.now += chance.choice((1, 5, 100, -300))
        new = scene.publication(
            b.event(chance.randbytes(chance.choice((0, 9, 300))), id=f"e-{n}", routing_key=chance.choice(("a", "ö.b"))),
            [scene.delivery()] * chance.randrange(3),
            source=chance.choice((scene.source, web)),
            topic_number=chance.choices(topics, (40, 4, 1))[0],
            received_at=clock.now - chance.randrange(4),
        )
        await store.append_batch([new] * chance.choice((1, 1, 5)))
    return topics, [scene.source.number, web.number]


@pytest.mark.parametrize("look", [ways.LOOK, 7])
@pytest.mark.parametrize("seed", range(3))
async def test_it_finds_what_the_plain_store_finds(
    store: SqliteStore, clock: HandClock, seed: int, look: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ways, "LOOK", look)
    chance = random.Random(seed)
    plain = MemoryStore(clock)
    start = clock.now
    topics, sources = await lived(plain, clock, seed)
    clock.now = start
    assert await lived(store, clock, seed) == (topics, sources)
    until = await store.newest()
    for _ in range(25):
        first, last = sorted(chance.randrange(start - 3_000, start + 1_000) for _ in range(2))
        window = Window(
            topics=tuple(chance.sample(topics, chance.randrange(1, 4))),
            source=chance.choice((None, *sources)),
            created_from=first,
            created_to=last,
        )
        after, limit = EntryId(chance.randrange(0, until // 2)), chance.randrange(1, 40)
        whole = await plain.ways(window, after, until, 10_000)
        found: list[Way] = []
        reached = after
        while reached < until:
            part: Ways = await store.ways(window, reached, until, limit)
            assert part.reached > reached
            found += part.ways
            reached = part.reached
        assert (tuple(found), reached) == (whole.ways, whole.reached)
        ids = [way.entry_id for way in found]
        assert await store.events(ids) == await plain.events(ids)
