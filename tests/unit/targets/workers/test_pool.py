"""With workers that only pretend: real ones are tried in ``functions/test_pool.py`` and ``mappings/test_pool.py``."""

import asyncio
from collections.abc import Iterator

import pytest

from eventyard.targets.workers.pool import Pool, Stopping
from eventyard.targets.workers.process import Worker, WorkerLost


class Pretender(Worker):
    """A worker without a process."""

    def __init__(self) -> None:
        self.killed = False

    @property
    def alive(self) -> bool:
        return not self.killed

    def kill(self) -> None:
        self.killed = True

    async def end(self) -> None:
        self.kill()


def pool_of(places: int = 2, each: int = 1) -> Pool[Pretender]:
    async def start() -> Pretender:
        return Pretender()

    return Pool(start, places, each)


async def test_one_worker_serves_again_and_again() -> None:
    pool = pool_of()
    for key in ("a", "b", "a"):
        async with pool.worker(key) as worker:
            assert worker.alive
    assert pool.workers == {worker}


async def test_work_that_goes_wrong_costs_its_worker() -> None:
    pool = pool_of()
    with pytest.raises(ValueError, match="wrong"):
        async with pool.worker("a") as worker:
            raise ValueError("wrong")
    assert worker.killed
    assert not pool.workers


async def test_one_that_was_dismissed_or_died_serves_no_more() -> None:
    pool = pool_of()
    async with pool.worker("a") as first:
        pool.dismiss(first)
    async with pool.worker("a") as second:
        assert second is not first
    second.kill()
    async with pool.worker("a") as third:
        assert third is not second
    assert pool.workers == {third}


async def test_so_many_work_at_a_time_and_of_a_key_fewer() -> None:
    pool = pool_of(places=3, each=2)
    leave, begun = asyncio.Event(), []

    async def work(key: str) -> None:
        async with pool.worker(key):
            begun.append(key)
            await leave.wait()

    tasks = [asyncio.create_task(work(key)) for key in "aaabb"]
    for _ in range(10):
        await asyncio.sleep(0)
    assert begun == ["a", "a", "b"]
    leave.set()
    await asyncio.gather(*tasks)
    assert sorted(begun) == ["a", "a", "a", "b", "b"]
    assert len(pool.workers) == 3


async def test_one_who_is_hired_is_beyond_the_others() -> None:
    pool = pool_of(places=1)
    async with pool.worker("a"):
        hired = await pool.hire()
        assert len(pool.workers) == 2
        pool.dismiss(hired)
    assert hired.killed


async def test_stopping_ends_all_and_starts_none() -> None:
    pool = pool_of()
    async with pool.worker("a") as worker:
        await pool.stop()
        assert worker.killed
    for taking in (pool.worker("a").__aenter__(), pool.hire()):
        with pytest.raises(Stopping):
            await taking
    assert not pool.workers


async def test_one_that_was_starting_when_the_pool_stopped_is_ended() -> None:
    late = Pretender()

    async def start() -> Pretender:
        await pool.stop()
        return late

    pool = Pool(start, 1, 1)
    with pytest.raises(Stopping):
        await pool.hire()
    assert late.killed


async def test_what_cannot_be_started_keeps_no_place() -> None:
    starts: Iterator[Pretender | None] = iter([None, Pretender()])

    async def start() -> Pretender:
        worker = next(starts)
        if worker is None:
            raise WorkerLost("it cannot be started")
        return worker

    pool = Pool(start, 1, 1)
    with pytest.raises(WorkerLost):
        await pool.worker("a").__aenter__()
    async with pool.worker("a") as worker:
        assert worker.alive
