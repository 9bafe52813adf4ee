from types import SimpleNamespace

from eventyard.model.journal import Waiting
from eventyard.stores.memory import MemoryStore
from eventyard.stores.memory_due import Due, claimable, waiting
from eventyard.testing import builders as b
from eventyard.testing.fakes import HandClock

ENTRIES = {number: SimpleNamespace(target=number % 2) for number in range(1, 6)}
QUEUED = {1: Due(30, 0, 1), 2: Due(10, 0, 1), 3: Due(10, 0, 1), 4: Due(5, 40, 1), 5: Due(99, 0, 1)}


def test_what_is_due_and_free_is_claimable_oldest_first():
    assert claimable(QUEUED, ENTRIES, 1, 30) == [3, 1]
    assert claimable(QUEUED, ENTRIES, 0, 39) == [2]
    assert claimable(QUEUED, ENTRIES, 0, 40) == [4, 2]


def test_each_target_waits_for_its_first():
    assert list(waiting(QUEUED, ENTRIES)) == [Waiting(0, 10), Waiting(1, 10)]


async def test_a_leased_delivery_is_told_with_its_event():
    store = MemoryStore(HandClock())
    scene = await b.saved(store)
    await store.append(scene.publication(deliveries=[scene.delivery()]))
    (one,) = await store.claim({scene.target.number: 1}, b.NOW + 9, b.NOW)
    assert (one.entry_id, one.publication_id, one.subscription_id) == (2, 1, scene.subscription.id)
    assert (one.attempt, one.lease_until, one.event, one.lost) == (1, b.NOW + 9, b.event(), False)
