import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from eventyard.ports import FunctionLimits
from eventyard.targets.functions.frames import Answer, Question
from eventyard.targets.functions.process import Worker
from eventyard.targets.workers.process import WorkerLost

LIMITS = FunctionLimits(memory_bytes=16 << 20, result_bytes=4096)
HANGS = Question("while (true) {}", b"{}", 60_000).encode()


Start = Callable[..., Awaitable[Worker]]


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    """Starts workers that end with the test: no loop closes as long as one is left."""
    async with AsyncExitStack() as stack:

        async def start(limits: FunctionLimits = LIMITS) -> Worker:
            worker = await Worker.start(limits)
            stack.push_async_callback(worker.end)
            return worker

        yield start


@pytest.fixture
async def worker(start: Start) -> Worker:
    return await start()


def pid_of(worker: Worker) -> int:
    return worker._process.pid


def descriptors_of(worker: Worker) -> dict[str, Path]:
    return {file.name: file.readlink() for file in Path(f"/proc/{pid_of(worker)}/fd").iterdir()}


async def test_it_answers_what_it_is_asked(worker: Worker) -> None:
    for number in (b"1", b"2"):
        question = Question("return [eventContext]", number, 1000)
        assert await worker.ask(question.encode(), 30) == Answer(ok=True, last=False, body=b"[" + number + b"]")
    assert worker.alive


async def test_what_is_larger_than_a_pipe_goes_both_ways(start: Start) -> None:
    worker = await start(FunctionLimits(result_bytes=4 << 20))
    context = b'["' + b"x" * (1 << 20) + b'"]'
    answer = await worker.ask(Question("return eventContext.concat(eventContext)", context, 5000).encode(), 30)
    assert answer.body == context[:-1] + b"," + context[1:]


async def test_nothing_of_the_hub_is_in_it(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    place = Path("/proc") / str(pid_of(worker))
    assert sorted((place / "environ").read_bytes().split(b"\0")) == [b"", b"LANG=C.UTF-8", b"TZ=UTC"]
    assert (place / "cwd").readlink() == Path("/")
    assert os.getsid(pid_of(worker)) == pid_of(worker)
    status = (place / "status").read_text()
    assert "Threads:\t1\n" in status
    assert "NoNewPrivs:\t1\n" in status
    assert "Seccomp:\t2\n" in status


async def test_no_descriptor_of_the_hub_is_in_it(start: Start) -> None:
    inherited, other = os.pipe()
    os.set_inheritable(inherited, True)
    worker = await start()
    assert descriptors_of(worker).keys() == {"0", "1", "2"}
    assert descriptors_of(worker)["2"] == Path("/dev/null")
    os.close(inherited)
    os.close(other)


async def test_one_that_is_killed_in_the_middle_is_lost(worker: Worker) -> None:
    asking = asyncio.ensure_future(worker.ask(HANGS, 60))
    await asyncio.sleep(0)
    os.kill(pid_of(worker), signal.SIGKILL)
    with pytest.raises(WorkerLost, match=r"^it ended: Killed$"):
        await asking
    assert not worker.alive


async def test_one_that_is_killed_while_it_waits_is_not_alive(worker: Worker) -> None:
    os.kill(pid_of(worker), signal.SIGKILL)
    await worker._process.wait()
    assert not worker.alive
    with pytest.raises(WorkerLost):
        await worker.ask(HANGS, 60)


async def test_one_that_stays_away_can_be_ended(worker: Worker) -> None:
    with pytest.raises(TimeoutError):
        await worker.ask(HANGS, 0.01)
    await worker.end()
    with pytest.raises(ProcessLookupError):
        os.kill(pid_of(worker), 0)


async def test_one_that_says_more_than_it_may_is_lost(worker: Worker) -> None:
    worker._longest = 10
    with pytest.raises(WorkerLost, match=r"^it said more than it may$"):
        await worker.ask(Question("return ['0123456789']", b"{}", 1000).encode(), 30)


async def test_one_that_cannot_be_started_is_lost(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", "/nowhere/python")
    with pytest.raises(WorkerLost, match=r"^it cannot be started: "):
        await start()


async def test_one_that_ends_as_it_begins_is_lost(start: Start) -> None:
    with pytest.raises(WorkerLost, match=r"^it ended with status 1$"):
        await start(FunctionLimits(memory_bytes=1 << 70))


async def test_starting_one_can_be_cancelled(start: Start) -> None:
    starting = asyncio.ensure_future(start())
    await asyncio.sleep(0)
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
