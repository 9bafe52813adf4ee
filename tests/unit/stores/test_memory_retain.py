from eventyard.model.ids import EntryId
from eventyard.model.retention import Fate, Over, Purged, Term
from eventyard.stores.memory import MemoryStore
from eventyard.testing import builders as b
from eventyard.testing.fakes import HandClock


async def test_all_that_is_over_is_found_in_one_look_past_an_entry():
    store = MemoryStore(HandClock())
    scene = await b.saved(store)
    for _ in range(4):
        await store.append(scene.publication())
    over: Over = await store.over([Term(scene.topic.number, b.NOW, None, None)], EntryId(1))
    assert ([(one.id, one.fate) for one in over.doomed], over.reached) == (
        [(2, Fate.CONSUMED), (3, Fate.CONSUMED)], None,
    )  # fmt: skip


async def test_a_purge_of_nothing_takes_nothing():
    store = MemoryStore(HandClock())
    assert await store.purge([Term(1, b.NOW, None, None)], [EntryId(1)]) == Purged()
