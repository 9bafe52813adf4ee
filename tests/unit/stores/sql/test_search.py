"""Search finds what the plain in-memory store finds, whatever is asked, and asks the indexes it is meant to ask."""

import random
import sqlite3
from pathlib import Path

import pytest

from eventyard.model.ids import EntryId
from eventyard.model.journal import Query
from eventyard.model.lifecycle import Descendants, Kind, Status, Trigger
from eventyard.ports import Store
from eventyard.stores.memory import MemoryStore
from eventyard.stores.sql import file, pages, search
from eventyard.stores.sql.append import append, prepare
from eventyard.stores.sql.known import Known
from eventyard.stores.sql.store import SqliteStore
from eventyard.testing import builders as b
from eventyard.testing.fakes import HandClock


async def lived(store: Store, clock: HandClock, seed: int) -> tuple[b.Scene, b.Scene]:
    """A journal with a past: two projects, several sources, all kinds of ends, and a clock that jumps."""
    chance = random.Random(seed)
    scenes = (await b.saved(store), await b.saved(store, b.scene("north")))
    sources = await store.save([b.source(name) for name in ("Web", "web shop", "50%_off")])
    for _ in range(60):
        clock.now += chance.choice((1, 1, 5, 100, -300))
        scene = chance.choice(scenes)
        source = scene.source if scene is scenes[1] else chance.choice([scene.source, *sources])
        delivery = scene.delivery(status=chance.choice((Status.PROCESSING, Status.PENDING)))
        event = b.event(id=f"e-{chance.randrange(40)}")
        new = scene.publication(event, [delivery] * chance.randrange(3), source=source, received_at=clock.now)
        appended = await store.append(new)
        for child in range(appended.entry_id + 1, appended.entry_id + 1 + appended.deliveries):
            end = chance.choice((b.delivered, b.failed, None))
            if end is not None:
                await store.record(end(child, appended.entry_id, at=clock.now))
        chosen = EntryId(chance.randrange(1, appended.entry_id + 1))
        act = chance.choice((Trigger.DISCARD, Trigger.WAIT, Trigger.RETRY, None, None))
        if act is not None:
            await store.move([chosen], act, b.line(Status.NEW, at=clock.now), None)
    return scenes


def asked(chance: random.Random, scenes: tuple[b.Scene, b.Scene], now: int) -> Query:
    """A query with a few criteria at random."""
    numbers = [scene.project.number for scene in scenes]
    entry = EntryId(chance.randrange(1, 120))
    criteria = {
        "kinds": (chance.choice([Kind.PUBLICATION, Kind.SUBSCRIPTION, Kind.SYSTEM]),),
        "statuses": tuple(chance.sample(list(Status), chance.randrange(1, 4))),
        "descendants": tuple(chance.sample(list(Descendants), chance.randrange(1, 3))),
        "application": chance.choice(["default", "DEF"]),
        "application_number": scenes[0].application.number,
        "topic": chance.choice(["orders", "Orders-North", "ord"]),
        "name": chance.choice(["web", "WEB", "shop", "%", "_", "fulfilment", "50%_off"]),
        "event_id": f"e-{chance.randrange(42)}",
        "entry_id": entry,
        "parent_id": entry,
        "created_from": now - chance.randrange(3_000),
        "created_to": now - chance.randrange(3_000),
        "before": EntryId(entry + 9),
        "after": EntryId(max(0, entry - 50)),
    }
    chosen = {name: criteria[name] for name in chance.sample(list(criteria), chance.randrange(4))}
    return Query(
        projects=tuple(chance.sample(numbers, chance.randrange(1, 3))),
        contains=chance.random() < 0.5,
        any=chance.random() < 0.4,
        of_kinds=chance.choice([(), (), (Kind.SUBSCRIPTION,)]),
        of_statuses=chance.choice([(), (), (Status.COMPLETE, Status.DISCARDED)]),
        ascending=chance.random() < 0.5,
        by_time=chance.random() < 0.5,
        offset=chance.choice((0, 0, 1, 7, 40)),
        limit=chance.choice((1, 3, 50)),
        **chosen,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize("window", [search.WINDOW, 5])
@pytest.mark.parametrize("seed", range(3))
async def test_it_finds_what_plain_reading_finds(
    store: SqliteStore, clock: HandClock, seed: int, window: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "WINDOW", window)
    monkeypatch.setattr(search, "MOST_RUNS", 3)
    monkeypatch.setattr(search, "SHARE", 2)
    monkeypatch.setattr(pages, "MARGIN", 1)
    monkeypatch.setattr(pages, "AT_ONCE", 7)
    other_clock = HandClock()
    plain = MemoryStore(other_clock)
    scenes = await lived(store, clock, seed)
    await lived(plain, other_clock, seed)
    chance = random.Random(seed)
    for _ in range(200):
        query = asked(chance, scenes, clock.now)
        assert await store.find(query) == await plain.find(query), query
        assert await store.count(query, 20) == await plain.count(query, 20), query
        assert await store.stories(query, 20) == await plain.stories(query, 20), query
    for number in (scene.project.number for scene in scenes):
        assert await store.totals([number]) == await plain.totals([number])


QUERIES = {
    "rare name": Query(projects=(1,), name="other"),
    "rare status": Query(projects=(1,), statuses=(Status.ERROR,)),
    "rare descendants": Query(projects=(1,), descendants=(Descendants.DELAYED,)),
    "event id": Query(projects=(1,), event_id="first"),
    "no such event": Query(projects=(1,), event_id="none"),
    "children": Query(projects=(1,), parent_id=EntryId(1)),
    "run": Query(projects=(1,), run_id="r-1"),
    "old times": Query(projects=(1,), created_to=b.NOW),
    "a moment": Query(projects=(1,), created_from=b.NOW + 500, created_to=b.NOW + 510),
    "everything": Query(projects=(1,)),
    "any": Query(projects=(1,), any=True, name="other", statuses=(Status.ERROR,), descendants=(Descendants.DELAYED,)),
    "newest": Query(projects=(1,), by_time=True),
    "the application's own": Query(projects=(1,), own="application.other", application_number=3),
    "deep down": Query(projects=(1,), offset=4_000, limit=50),
    "deep down in a run": Query(projects=(1,), kinds=(Kind.PUBLICATION,), offset=4_000, by_time=True, limit=50),
}


@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES.keys())
def test_the_cost_does_not_grow_with_the_journal(
    connection: sqlite3.Connection, known: Known, path: Path, query: Query
) -> None:
    def fill(count: int, start: int) -> None:
        for at in range(start, start + count, 1_000):
            events = [b.event(id=f"event-{n}") for n in range(at, at + 1_000)]
            publications = [b.publication(event=e, received_at=b.NOW + at + n) for n, e in enumerate(events)]
            append(connection, known, b.NOW + at + 1_000, [prepare(new) for new in publications])

    append(connection, known, b.NOW, [prepare(b.publication(event=b.event(id="first")))])
    fill(5_000, 0)
    before = cost(path, query)
    fill(20_000, 5_000)
    assert cost(path, query) <= 1.5 * before + 1_000


def cost(path: Path, query: Query) -> int:
    """How many instructions of SQLite's machine a search takes."""
    engine = file.reading_engine(path, 1)
    counted = 0

    def count() -> None:
        nonlocal counted
        counted += 10

    with engine.connect() as reader:
        reader.connection.dbapi_connection.set_progress_handler(count, 10)  # type: ignore[union-attr]
        pages.page(reader, query, 51)
        reader.connection.dbapi_connection.set_progress_handler(None, 0)  # type: ignore[union-attr]
    engine.dispose()
    return counted
