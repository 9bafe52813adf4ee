from types import SimpleNamespace

from eventyard.model.journal import Waiting
from eventyard.stores.memory_due import Due, claimable, waiting

ENTRIES = {number: SimpleNamespace(target=number % 2) for number in range(1, 6)}
QUEUED = {1: Due(30, 0, 1), 2: Due(10, 0, 1), 3: Due(10, 0, 1), 4: Due(5, 40, 1), 5: Due(99, 0, 1)}


def test_what_is_due_and_free_is_claimable_oldest_first():
    assert claimable(QUEUED, ENTRIES, 1, 30) == [3, 1]
    assert claimable(QUEUED, ENTRIES, 0, 39) == [2]
    assert claimable(QUEUED, ENTRIES, 0, 40) == [4, 2]


def test_each_target_waits_for_its_first():
    assert list(waiting(QUEUED, ENTRIES)) == [Waiting(0, 10), Waiting(1, 10)]
