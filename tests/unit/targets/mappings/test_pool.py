import asyncio
import os
import select
import signal
import subprocess
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from eventyard.matching.mapping import MappingError
from eventyard.targets.mappings import pool as module
from eventyard.targets.mappings.pool import Mappings, NotEvaluated

HOSTILE = {
    "a loop without end": "($f := function($x){$f($x + 1)}; $f(0))",
    "a recursion without end": "($f := function($x){1 + $f($x + 1)}; $f(0))",
    "brackets without end": "(" * 8_000 + "1" + ")" * 8_000,
    "a string that doubles": "($f := function($s, $n){$n = 0 ? $s : $f($s & $s, $n - 1)}; $f('x', 40))",
    "a list that doubles": "($f := function($s, $n){$n = 0 ? $s : $f($append($s, $s), $n - 1)}; $f([1, 2], 40))",
    "a tree that doubles": "($f := function($s, $n){$n = 0 ? $s : $f({'a': $s, 'b': $s}, $n - 1)}; $f(1, 40))",
    "a tree as a string": "($f := function($s, $n){$n = 0 ? $s : $f({'a': $s, 'b': $s}, $n - 1)}; $string($f(1, 40)))",
    "a string of two gigabytes": "$pad('', 2000000000)",
    "what is replaced by more": "$replace($pad('', 100000, 'a'), 'a', $pad('', 100000, 'b'))",
    "ten million numbers": "[1..9999999]",
    "numbers times numbers": "$sum([1..90000].($sum([1..90000])))",
    "a sort that never agrees": "$sort([1..90000], function($a, $b){$count([1..90000]) > 0})",
    "what is made while it runs": "$eval('$eval(\"1\")')",
}  # fmt: skip


def processes_of(mappings: Mappings) -> list[Process]:
    return [worker._process for worker in mappings._pool.workers]


@pytest.fixture
async def mappings() -> AsyncIterator[Mappings]:
    async with AsyncExitStack() as stack:
        mappings = Mappings(processes=2)
        await mappings.start(stack)
        yield mappings


async def test_a_mapping_is_evaluated_again_and_again_by_the_same_process(mappings: Mappings) -> None:
    for n in range(3):
        assert await mappings.evaluate("{'n': n + 1}", b'{"n": %d}' % n, 0) == b'{"n":%d}' % (n + 1)
    assert len(processes_of(mappings)) == 1


async def test_nothing_and_null_and_an_error_are_told_apart(mappings: Mappings) -> None:
    assert await mappings.evaluate("a", b"{}", 0) is None
    assert await mappings.evaluate("null", b"{}", 0) == b"null"
    with pytest.raises(MappingError, match="no customer"):
        await mappings.evaluate("$error('no customer')", b"{}", 0)


@pytest.mark.parametrize("expression", HOSTILE.values(), ids=HOSTILE)
async def test_a_hostile_mapping_fails_while_others_go_on(expression: str, mappings: Mappings) -> None:
    hostile = asyncio.create_task(mappings.evaluate(expression, b"{}", 0))
    turns = 0
    while not hostile.done():
        assert await mappings.evaluate("'still here'", b"{}", 0) == b'"still here"'
        turns += 1
    assert turns
    with pytest.raises(MappingError):
        await hostile


async def test_of_one_mapping_only_one_evaluation_runs_at_a_time(mappings: Mappings) -> None:
    await asyncio.gather(*(mappings.evaluate("a", b"{}", 0) for _ in range(20)))
    assert len(processes_of(mappings)) == 1


async def test_a_process_that_says_nothing_is_ended(mappings: Mappings, monkeypatch: pytest.MonkeyPatch) -> None:
    await mappings.evaluate("1", b"{}", 0)
    [process] = processes_of(mappings)
    monkeypatch.setattr(module, "LIMIT_S", 0.01)
    with pytest.raises(MappingError, match=r"longer than 0\.01 s"):
        await mappings.evaluate("($f := function($x){$f($x + 1)}; $f(0))", b"{}", 0)
    assert await process.wait() == -9
    assert not processes_of(mappings)


async def test_one_who_does_not_wait_for_the_end_costs_the_process(mappings: Mappings) -> None:
    await mappings.evaluate("1", b"{}", 0)
    [process] = processes_of(mappings)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await mappings.evaluate("($f := function($x){$f($x + 1)}; $f(0))", b"{}", 0)
    assert await process.wait() == -9
    assert await mappings.evaluate("1", b"{}", 0) == b"1"


async def test_a_process_that_died_in_its_sleep_is_nobody_s_fault(mappings: Mappings) -> None:
    await mappings.evaluate("1", b"{}", 0)
    [process] = processes_of(mappings)
    process.kill()
    await process.wait()
    assert await mappings.evaluate("1", b"{}", 0) == b"1"


async def test_a_process_that_cannot_be_started_is_an_error(
    mappings: Mappings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.executable", "/bin/false")
    with pytest.raises(NotEvaluated, match="does not start"):
        await mappings.evaluate("1", b"{}", 0)
    assert not processes_of(mappings)


def environment(pid: int) -> bytes:
    return Path(f"/proc/{pid}/environ").read_bytes()


async def test_a_process_sees_nothing_of_the_hubs_environment(
    mappings: Mappings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EVENTYARD_BOOTSTRAP_KEY", "not-to-be-seen")
    await mappings.evaluate("1", b"{}", 0)
    [process] = processes_of(mappings)
    assert b"not-to-be-seen" not in environment(process.pid)


async def test_with_the_pool_its_processes_end() -> None:
    async with AsyncExitStack() as stack:
        mappings = Mappings()
        await mappings.start(stack)
        await asyncio.gather(*(mappings.evaluate(f"{n}", b"{}", 0) for n in range(3)))
        pids = [process.pid for process in processes_of(mappings)]
        assert pids
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


async def test_when_the_hub_stops_an_evaluation_is_not_the_mapping_s_fault(mappings: Mappings) -> None:
    await mappings._pool.stop()
    with pytest.raises(NotEvaluated, match="the hub is stopping"):
        await mappings.evaluate("1", b"{}", 0)
    assert not processes_of(mappings)


HUB = """
import asyncio
from eventyard.targets.mappings.pool import Mappings

async def main():
    mappings = Mappings()
    await mappings.evaluate("1", b"{}", 0)
    (worker,) = mappings._pool.workers
    print(worker._process.pid, flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


def test_a_hub_that_is_killed_leaves_no_process_behind_not_even_one_that_hears_nothing() -> None:
    with subprocess.Popen([sys.executable, "-c", HUB], stdout=subprocess.PIPE, text=True) as hub:
        assert hub.stdout is not None
        pid = int(hub.stdout.readline())
        worker = os.pidfd_open(pid)
        os.kill(pid, signal.SIGSTOP)
        hub.kill()
        poll = select.poll()
        poll.register(worker, select.POLLIN)
        assert poll.poll(60_000)
        os.close(worker)
