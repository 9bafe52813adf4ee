import sqlite3

from eventyard.model.ids import EntryId
from eventyard.model.journal import Listing
from eventyard.model.retention import Purged, Term
from eventyard.stores.sql import retain
from eventyard.stores.sql.store import SqliteStore
from eventyard.testing import builders as b

EVERY_TABLE = ("entries", "payloads", "history", "attempts", "due")


def rows(path, table):
    with sqlite3.connect(path) as connection:
        return connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]


async def kept(store: SqliteStore):
    """Two families of three: one delivery complete, one failed and discarded; and one publication after them."""
    scene = await b.saved(store)
    for first in (1, 4):
        await store.append(scene.publication(deliveries=[scene.delivery(), scene.delivery()]))
        await store.record(b.delivered(first + 1, first))
        await store.record(b.failed(first + 2, first))
    await store.append(scene.publication())
    return scene


async def test_nothing_of_a_purged_family_is_left_in_any_table(store, path):
    scene = await kept(store)
    before = [rows(path, table) for table in EVERY_TABLE]
    term = Term(scene.topic.number, None, b.NOW, None)
    assert await store.purge([term], [EntryId(1), EntryId(4)]) == Purged(unconsumed=2, entries=6)
    assert before == [7, 3, 4, 4, 0]
    assert [rows(path, table) for table in EVERY_TABLE] == [1, 1, 0, 0, 0]


async def test_tallies_that_come_down_to_nothing_are_forgotten(store, path):
    scene = await kept(store)
    await store.purge([Term(scene.topic.number, None, b.NOW, None)], [EntryId(1), EntryId(4)])
    assert (await store.listed(Listing(projects=(scene.project.number,)))).total == 1
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT number FROM tallies").fetchall() == [(1,)]


async def test_a_full_block_is_looked_at_by_itself(store):
    scene = await b.saved(store)
    await store.append_batch([scene.publication() for _ in range(4_200)])
    term = Term(scene.topic.number, b.NOW, None, None)
    first = await store.over([term], EntryId(0))
    assert (first.doomed[-1].id, first.reached) == (4_095, 4_095)
    second = await store.over([term], first.reached)
    assert (second.doomed[0].id, second.doomed[-1].id, second.reached) == (4_096, 4_199, None)


async def test_blocks_that_are_too_young_are_passed_over(store):
    scene = await b.saved(store)
    await store.append_batch([scene.publication() for _ in range(4_200)])
    assert (await store.over([Term(scene.topic.number, b.NOW - 1, None, None)], EntryId(0))).reached is None


async def test_a_purge_is_weighed_by_what_it_takes_of_the_log():
    assert retain.pages(1) < retain.pages(1_000)
