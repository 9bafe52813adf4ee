"""The pieces together: what only a store on disk can show. What every store keeps is in tests/contract."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from eventyard.model.errors import Unavailable
from eventyard.model.ids import EntryId
from eventyard.stores.sql.store import SqliteStore
from eventyard.testing import builders as b
from eventyard.testing.fakes import HandClock


async def test_a_stopped_store_has_written_what_it_took_and_takes_no_more(path: Path, clock: HandClock) -> None:
    store = SqliteStore(path, clock)
    async with AsyncExitStack() as stack:
        await store.start(stack)
        scene = await b.saved(store)
        waiting = [store.append(scene.publication()) for _ in range(50)]
    assert [appended.entry_id for appended in await asyncio.gather(*waiting)] == list(range(1, 51))
    with pytest.raises(Unavailable) as refused:
        await store.append(scene.publication())
    assert refused.value.code == "shutting_down"


async def test_a_caller_who_went_away_harms_nobody(store: SqliteStore) -> None:
    scene = await b.saved(store)
    gone = asyncio.ensure_future(store.append(scene.publication()))
    stays = store.append(scene.publication())
    gone.cancel()
    assert (await stays).entry_id == 2
    assert (await store.detail(EntryId(1))).event == b.event()


async def test_readers_see_whole_commits_while_others_are_written(store: SqliteStore) -> None:
    scene = await b.saved(store)
    number = scene.project.number
    writing = [store.append(scene.publication(deliveries=[scene.delivery()])) for _ in range(200)]
    while not all(one.done() for one in writing):  # type: ignore[attr-defined]
        totals = await store.totals([number])
        assert len(set(totals.values())) <= 1
    assert sum((await store.totals([number])).values()) == 400
