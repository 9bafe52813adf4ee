"""Numbered pages list what the plain in-memory store lists; tallies say what counting would say, always."""

import random
import sqlite3
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from eventyard.model.ids import EntryId
from eventyard.model.journal import Listing
from eventyard.model.lifecycle import Endings
from eventyard.stores.memory import MemoryStore
from eventyard.stores.sql import file, listing, tables
from eventyard.stores.sql.append import append, prepare
from eventyard.stores.sql.known import Known
from eventyard.stores.sql.store import SqliteStore
from eventyard.testing import builders as b
from eventyard.testing.fakes import HandClock
from tests.unit.stores.sql.test_search import lived


def counted(path: Path) -> tuple[set[tuple[int, ...]], set[tuple[int, ...]]]:
    """The tallies, and what they should be."""
    connection = sqlite3.connect(path)
    kept = connection.execute("SELECT series, endings, block, number FROM tallies WHERE number <> 0")
    true = connection.execute(
        f"SELECT series, {tables.endings}, id >> {tables.SPAN_BITS}, count(*) FROM entries"
        " WHERE parent_id IS NULL GROUP BY 1, 2, 3"
    )
    found = set(kept), set(true)
    connection.close()
    return found


def asked(chance: random.Random, scenes: tuple[b.Scene, b.Scene], now: int) -> Listing:
    """A page with a few criteria at random."""
    criteria = {
        "application": chance.choice(scenes).application.number,
        "name": chance.choice(["web", "WEB SHOP", "shop", "50%_off"]),
        "endings": tuple(chance.sample(list(Endings), chance.randrange(1, 4))),
        "entry_id": EntryId(chance.randrange(1, 120)),
        "created_from": now - chance.randrange(3_000),
        "created_to": now - chance.randrange(3_000),
    }
    chosen = {name: criteria[name] for name in chance.sample(list(criteria), chance.randrange(4))}
    return Listing(
        projects=tuple(chance.sample([scene.project.number for scene in scenes], chance.randrange(1, 3))),
        ascending=chance.random() < 0.5,
        offset=chance.choice((0, 0, 1, 7, 500)),
        limit=chance.choice((1, 3, 50)),
        **chosen,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize("seed", range(3))
async def test_it_lists_what_plain_reading_lists(store: SqliteStore, path: Path, clock: HandClock, seed: int) -> None:
    other_clock = HandClock()
    plain = MemoryStore(other_clock)
    scenes = await lived(store, clock, seed)
    await lived(plain, other_clock, seed)
    chance = random.Random(seed)
    for _ in range(200):
        page = asked(chance, scenes, clock.now)
        assert await store.listed(page) == await plain.listed(page), page
    kept, true = counted(path)
    assert kept == true


async def test_an_older_journal_is_counted_when_it_is_upgraded(
    path: Path, clock: HandClock, downgrade: Callable[[Path, str], None]
) -> None:
    async with AsyncExitStack() as stack:
        store = SqliteStore(path, clock)
        await store.start(stack)
        scenes = await lived(store, clock, 1)
        before = await store.listed(Listing(projects=(scenes[0].project.number,)))
    downgrade(path, "0004")
    async with AsyncExitStack() as stack:
        store = SqliteStore(path, clock)
        await store.start(stack)
        assert await store.listed(Listing(projects=(scenes[0].project.number,))) == before
        await lived(store, clock, 2)
    kept, true = counted(path)
    assert kept == true


PAGES = {
    "first": Listing(projects=(1,)),
    "deep": Listing(projects=(1,), offset=4_900),
    "last, oldest first": Listing(projects=(1,), offset=4_990, ascending=True),
    "rare name": Listing(projects=(1,), name="other"),
    "rare ending": Listing(projects=(1,), endings=(Endings.OTHERWISE,)),
    "one": Listing(projects=(1,), entry_id=EntryId(7)),
    "a moment": Listing(projects=(1,), created_from=b.NOW + 500, created_to=b.NOW + 510),
}


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES.keys())
def test_the_cost_hardly_grows_with_the_journal(
    connection: sqlite3.Connection, known: Known, path: Path, page: Listing
) -> None:
    def fill(count: int, start: int) -> None:
        for at in range(start, start + count, 1_000):
            publications = [b.publication(received_at=b.NOW + at + n) for n in range(1_000)]
            append(connection, known, b.NOW + at + 1_000, [prepare(new) for new in publications])
        connection.commit()

    fill(10_000, 0)
    early = cost(path, page)
    fill(40_000, 10_000)
    assert cost(path, page) < 2 * early + 1_000


def cost(path: Path, page: Listing) -> int:
    """Steps of SQLite's machine."""
    steps = 0

    def step() -> None:
        nonlocal steps
        steps += 1

    engine = file.reading_engine(path, 1)
    with engine.connect() as reading:
        raw = reading.connection.driver_connection
        assert isinstance(raw, sqlite3.Connection)
        listing.listed(reading, page)
        raw.set_progress_handler(step, 100)
        listing.listed(reading, page)
        raw.set_progress_handler(None, 0)
    engine.dispose()
    return steps
