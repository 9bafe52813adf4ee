import asyncio
import os
import select
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from eventyard.ports import FunctionLimits
from eventyard.targets.functions import pool
from eventyard.targets.functions.pool import FunctionError, Functions, NotRun, lacking

HANGS = "while (true) {}"
STAYS_AWAY = "const a = []; a.length = 2 ** 32 - 1; a.sort()"
"""A loop of the interpreter that never looks at the clock."""
LONG_MS = 60_000


@pytest.fixture
async def functions() -> AsyncIterator[Functions]:
    async with AsyncExitStack() as stack:
        functions = Functions(FunctionLimits(workers=2))
        await functions.start(stack)
        yield functions


def workers_of(functions: Functions) -> list[int]:
    return [worker._process.pid for worker in functions._pool.workers]


async def begun(functions: Functions, source: str) -> "asyncio.Future[object]":
    """A call that is under way in a worker that was there before."""
    await functions.call("return {}", {})
    call = asyncio.ensure_future(functions.call(source, {}, timeout_ms=LONG_MS))
    await asyncio.sleep(0)
    return call


async def test_a_function_makes_an_object_of_its_context(functions: Functions) -> None:
    context = {"httpRequest": {"headers": {"x-shop": "å"}, "query": {}, "body": {"n": [1, 2.5, None]}, "url": "/"}}
    body = "const { headers, body } = eventContext.httpRequest; return { shop: headers['x-shop'], n: body.n }"
    assert await functions.call(body, context) == {"shop": "å", "n": [1, 2.5, None]}
    assert await functions.call("return [eventContext]", context) == [context]


async def test_no_process_is_there_before_the_first_call_and_one_serves_many(functions: Functions) -> None:
    assert workers_of(functions) == []
    await functions.call("return {}", {})
    (first,) = workers_of(functions)
    for _ in range(10):
        await functions.call("return {}", {})
    assert workers_of(functions) == [first]


async def test_what_fails_says_where(functions: Functions) -> None:
    with pytest.raises(
        FunctionError, match=r"^line 2, column 3: TypeError: cannot read property 'x' of null$"
    ) as caught:
        await functions.call("\n  null.x", {})
    assert (caught.value.line, caught.value.column) == (2, 3)
    with pytest.raises(FunctionError, match=r"^it must return an object or an array, and returned number$") as caught:
        await functions.call("return 1", {})
    assert (caught.value.line, caught.value.column) == (None, None)


@pytest.mark.parametrize(
    ("source", "context", "message"),
    [
        ("return {}", {"a": object()}, "its eventContext is not to be told in JSON"),
        ("return {}", {"a": "\ud800"}, "its eventContext is not to be told in JSON"),
        ("return {}", {"a": "x" * (9 << 20)}, r"its eventContext has \d+ bytes; functions may use 8388608 of them"),
        ("return '\ud800'", {}, "its source is not text"),
        ("return ['\\ud800']", {}, "it returned what is not to be told in JSON"),
        (
            "let o = []; for (let i = 0; i < 1500; i++) o = [o]; return o",
            {},
            "it returned what is not to be told in JSON",
        ),
        ("return ['x'.repeat(2 ** 20)]", {}, "it returned more than 1048576 bytes"),
    ],
)
async def test_what_cannot_be_told_is_a_failure(
    functions: Functions, source: str, context: dict[str, object], message: str
) -> None:
    with pytest.raises(FunctionError, match=message):
        await functions.call(source, context)


async def test_a_source_is_checked_without_being_run(functions: Functions) -> None:
    assert await functions.check("while (true) {}") is None
    problem = "line 2, column 5: SyntaxError: unexpected token in expression: '}'"
    assert await functions.check("return {\n a: }") == problem
    assert await functions.check("'\ud800'") == "its source is not text: it holds lone surrogates"
    assert workers_of(functions) == []


async def test_who_writes_a_function_does_not_wait_for_those_that_run(functions: Functions) -> None:
    hanging = [asyncio.ensure_future(functions.call(f"{HANGS} // {n}", {}, timeout_ms=LONG_MS)) for n in range(3)]
    assert await functions.check("return {") is not None
    assert not any(call.done() for call in hanging)
    for call in hanging:
        call.cancel()
    await asyncio.gather(*hanging, return_exceptions=True)


async def test_a_function_that_overruns_fails_and_costs_no_process(functions: Functions) -> None:
    await functions.call("return {}", {})
    before = workers_of(functions)
    with pytest.raises(FunctionError, match=r"^it ran longer than 30 ms$"):
        await functions.call(HANGS, {}, timeout_ms=30)
    assert workers_of(functions) == before
    assert await functions.call("return {}", {}) == {}


async def test_a_function_that_stays_away_costs_its_process(
    functions: Functions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "GRACE_SECONDS", 0.2)
    await functions.call("return {}", {})
    (before,) = workers_of(functions)
    with pytest.raises(FunctionError, match=r"^it ran longer than 30 ms, and had to be ended$"):
        await functions.call(STAYS_AWAY, {}, timeout_ms=30)
    monkeypatch.undo()
    assert await functions.call("return {}", {}) == {}
    assert before not in workers_of(functions)


async def test_one_of_fifty_hangs_and_the_others_are_answered(functions: Functions) -> None:
    hanging = asyncio.ensure_future(functions.call(HANGS, {}, timeout_ms=LONG_MS))
    others = [functions.call("return [eventContext.n]", {"n": n}) for n in range(49)]
    assert await asyncio.gather(*others) == [[n] for n in range(49)]
    assert not hanging.done()
    hanging.cancel()
    with pytest.raises(asyncio.CancelledError):
        await hanging


async def test_a_function_that_hangs_again_and_again_leaves_a_worker_to_the_others(functions: Functions) -> None:
    hanging = [asyncio.ensure_future(functions.call(HANGS, {}, timeout_ms=LONG_MS)) for _ in range(10)]
    assert await functions.call("return [1]", {}) == [1]
    assert not any(call.done() for call in hanging)
    for call in hanging:
        call.cancel()
    assert {type(error) for error in await asyncio.gather(*hanging, return_exceptions=True)} == {asyncio.CancelledError}


async def test_a_call_that_nobody_waits_for_ends_its_process(functions: Functions) -> None:
    call = await begun(functions, HANGS)
    (pid,) = workers_of(functions)
    ended = os.pidfd_open(pid)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert gone(ended)
    assert await functions.call("return {}", {}) == {}


async def test_a_worker_killed_in_the_middle_is_a_failure_and_the_next_call_has_another(functions: Functions) -> None:
    call = await begun(functions, HANGS)
    (pid,) = workers_of(functions)
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(FunctionError, match=r"^the process that ran it is lost: it ended: Killed$"):
        await call
    assert await functions.call("return {}", {}) == {}
    assert pid not in workers_of(functions)


async def test_a_worker_killed_between_two_calls_is_not_missed(functions: Functions) -> None:
    await functions.call("return {}", {})
    (worker,) = functions._pool.workers
    os.kill(worker._process.pid, signal.SIGKILL)
    await worker._process.wait()
    assert await functions.call("return {}", {}) == {}


async def test_a_worker_that_retires_is_replaced(functions: Functions) -> None:
    await functions.call("return {}", {})
    (worker,) = functions._pool.workers
    answer = worker.ask

    async def last(question: bytes, seconds: float) -> pool.Answer:
        return (await answer(question, seconds))._replace(last=True)

    worker.ask = last  # type: ignore[method-assign]
    assert await functions.call("return [1]", {}) == [1]
    assert worker not in functions._pool.workers
    assert await functions.call("return [2]", {}) == [2]


async def test_stopping_ends_what_is_under_way_and_takes_no_more(functions: Functions) -> None:
    call = await begun(functions, HANGS)
    waiting = asyncio.ensure_future(functions.call(HANGS, {}))
    (pid,) = workers_of(functions)
    ended = os.pidfd_open(pid)
    await functions.stop()
    assert gone(ended)
    with pytest.raises(FunctionError, match=r"^the process that ran it is lost: it ended: Killed$"):
        await call
    for late in (waiting, functions.call("return {}", {})):
        with pytest.raises(NotRun, match=r"^the hub is stopping$"):
            await late


async def test_without_an_interpreter_every_call_says_so() -> None:
    functions = Functions(why_not="no JavaScript interpreter is installed")
    assert not functions.available
    for attempt in (functions.call("return {}", {}), functions.check("return {}")):
        with pytest.raises(NotRun, match=r"^no JavaScript interpreter is installed$"):
            await attempt


async def test_without_a_process_every_call_says_so(functions: Functions, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", "/nowhere/python")
    with pytest.raises(NotRun, match=r"^no process to run functions can be had: it cannot be started: "):
        await functions.call("return {}", {})


def test_here_nothing_is_lacking() -> None:
    assert lacking() is None
    assert Functions().available


@pytest.mark.parametrize(("system", "machine"), [("darwin", "arm64"), ("win32", "AMD64"), ("linux", "riscv64")])
def test_where_nothing_can_be_confined_no_function_is_run(system: str, machine: str) -> None:
    sentence = "functions are run only where a process can be confined: on Linux, x86_64 or aarch64"
    assert lacking(system=system, machine=machine) == sentence


def test_an_interpreter_that_is_not_installed_can_be() -> None:
    sentence = "no JavaScript interpreter is installed; run: pip install 'eventyard[functions]'"
    assert lacking(interpreter="an_interpreter_of_tomorrow") == sentence


def gone(process: int) -> bool:
    """Whether a process ends, however long it takes this machine to end it."""
    poll = select.poll()
    poll.register(process, select.POLLIN)
    ended = bool(poll.poll(60_000))
    os.close(process)
    return ended


HUB = f"""
import asyncio
from eventyard.targets.functions.pool import Functions

async def main():
    functions = Functions()
    await functions.call("return {{}}", {{}})
    (worker,) = functions._pool.workers
    call = asyncio.ensure_future(functions.call({STAYS_AWAY!r}, {{}}, timeout_ms=60_000))
    await asyncio.sleep(0)
    print(worker._process.pid, flush=True)
    await call

asyncio.run(main())
"""


def test_a_hub_that_is_killed_leaves_no_process_behind_not_even_in_the_middle_of_a_function() -> None:
    with subprocess.Popen([sys.executable, "-c", HUB], stdout=subprocess.PIPE, text=True) as hub:
        assert hub.stdout is not None
        worker = os.pidfd_open(int(hub.stdout.readline()))
        hub.kill()
        assert gone(worker)
