"""What a worker does beyond that is tried with real ones, in ``functions/test_process.py``."""

import asyncio

import pytest

from eventyard.targets.workers.process import Worker, WorkerLost, process_of

IDLE = "eventyard.targets.mappings.worker"
"""A module that reads a question before it says anything."""


async def test_it_runs_a_module_until_it_is_ended() -> None:
    worker = Worker(await process_of(IDLE))
    assert worker.alive
    await worker.end()
    await worker.end()
    assert not worker.alive


async def test_one_that_says_nothing_at_first_is_ended() -> None:
    worker = Worker(await process_of(IDLE))
    with pytest.raises(WorkerLost, match=r"^it does not start$"):
        await worker._begun(worker._exchange(b"", lambda reader: reader.readexactly(1), 0.01))
    assert not worker.alive


async def test_one_that_is_not_there_is_lost() -> None:
    worker = Worker(await process_of("eventyard.nowhere"))
    with pytest.raises(WorkerLost, match=r"^it ended with status 1$"):
        await worker._begun(worker._exchange(b"", lambda reader: reader.readexactly(1), 60))


async def test_one_that_cannot_be_started_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", "/nowhere/python")
    with pytest.raises(WorkerLost, match=r"^it cannot be started: "):
        await process_of(IDLE)


async def test_starting_one_can_be_cancelled() -> None:
    starting = asyncio.ensure_future(process_of(IDLE))
    await asyncio.sleep(0)
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
