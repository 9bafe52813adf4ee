"""What the contract suite in tests/contract does not say, because only the fake promises it."""

from eventyard.model.ids import EntryId
from eventyard.stores.memory import MemoryStore
from eventyard.testing import builders as b
from eventyard.testing.fakes import HandClock


async def test_what_is_written_is_there_before_it_is_awaited() -> None:
    store = MemoryStore(HandClock())
    scene = await b.saved(store)
    waiting = store.append(scene.publication())
    assert (await store.detail(EntryId(1))).event == b.event()
    assert (await waiting).entry_id == 1


async def test_two_stores_share_nothing() -> None:
    first, second = MemoryStore(HandClock()), MemoryStore(HandClock())
    scene = await b.saved(first)
    await first.append(scene.publication())
    assert await second.load() == []
    assert await second.totals([scene.project.number]) == {}
