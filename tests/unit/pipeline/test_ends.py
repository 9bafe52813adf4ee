"""Waiting for the end of a delivery."""

import asyncio

import pytest

from eventyard.model.errors import NotFound
from eventyard.model.ids import EntryId
from eventyard.pipeline.ends import Ends
from eventyard.stores.memory import MemoryStore
from eventyard.testing import builders as b
from eventyard.testing.fakes import HandClock, settle

LONG = 60_000


@pytest.fixture
async def store() -> MemoryStore:
    """A publication 1 with deliveries 2 and 3."""
    made = MemoryStore(HandClock())
    scene = await b.saved(made)
    await made.append(scene.publication(deliveries=[scene.delivery(), scene.delivery()]))
    return made


@pytest.fixture
def ends(store: MemoryStore) -> Ends:
    return Ends(store)


async def test_who_waits_is_told_of_the_end(ends: Ends) -> None:
    waiting = [asyncio.create_task(ends.of(EntryId(2), LONG)) for _ in range(2)]
    await settle()
    ends.recorded(b.delivered(3, 1))
    ends.recorded(b.failed(2, 1, again_at=b.NOW + 1))
    await settle()
    assert not any(task.done() for task in waiting)
    ends.recorded(b.failed(2, 1))
    assert await asyncio.gather(*waiting) == [True, True]


async def test_what_is_over_is_not_waited_for(store: MemoryStore, ends: Ends) -> None:
    await store.record(b.delivered(2, 1))
    assert await ends.of(EntryId(2), LONG)


async def test_nobody_waits_forever(ends: Ends) -> None:
    assert not await ends.of(EntryId(2), 0)


async def test_nothing_is_kept_of_who_waited(ends: Ends) -> None:
    task = asyncio.create_task(ends.of(EntryId(2), LONG))
    await settle()
    task.cancel()
    await settle()
    await ends.of(EntryId(3), 0)
    with pytest.raises(NotFound):
        await ends.of(EntryId(99), LONG)
    assert not ends._waiting
