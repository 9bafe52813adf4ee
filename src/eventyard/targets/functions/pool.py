"""Functions: JavaScript bodies run by a few confined processes, so that none of them can harm or hold up the hub.

The hub's process never loads the interpreter, not even to check a syntax. One that overruns its time is killed, and the
others go on meanwhile: that is the business of ``workers/pool.py``. How a worker is spoken to is ``process.py``'s; who
calls functions, and what their failure means for a delivery, is the target type's.
"""

import platform
import sys
from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager
from importlib.util import find_spec
from typing import Any

import msgspec

from eventyard.ports import FunctionLimits
from eventyard.targets.functions.frames import Answer, Question
from eventyard.targets.functions.process import Worker
from eventyard.targets.workers.pool import Pool, Stopping
from eventyard.targets.workers.process import WorkerLost

GRACE_SECONDS, SHARE = 2.0, 4
"""A worker is killed when the clock shows so much more, and so many times as much, as a function may compute: on a busy
machine it waits for a processor longer than it uses one.
"""

CONTEXT_SHARE = 8
"""A context may come to this part of the memory: as objects it takes several times the bytes of its JSON."""

MACHINES = ("x86_64", "aarch64")


class FunctionError(Exception):
    """A function came to nothing that could be sent. ``line`` and ``column`` say where in it, from 1, where known."""

    def __init__(self, message: str, line: int | None = None, column: int | None = None) -> None:
        super().__init__(message if line is None else f"line {line}, column {column}: {message}")
        self.line, self.column = line, column


class NotRun(FunctionError):
    """The function had no chance: there is no interpreter, or no process. Another try may find one."""


def lacking(interpreter: str = "_quickjs", system: str = sys.platform, machine: str | None = None) -> str | None:
    """Why no function can be run here, and what to do about it; ``None`` when nothing is lacking."""
    if system != "linux" or (machine or platform.machine()) not in MACHINES:
        return f"functions are run only where a process can be confined: on Linux, {' or '.join(MACHINES)}"
    if find_spec(interpreter) is None:
        return "no JavaScript interpreter is installed; run: pip install 'eventyard[functions]'"
    return None


class Functions:
    """Runs function bodies. ``why_not`` says why it cannot, as :func:`lacking` does."""

    def __init__(self, limits: FunctionLimits | None = None, why_not: str | None = None) -> None:
        self._limits = limits or FunctionLimits()
        self.why_not = why_not or lacking()
        # One function, however often it is called and however long it takes, leaves a worker to the others.
        self._pool = Pool(lambda: Worker.start(self._limits), self._limits.workers, max(1, self._limits.workers - 1))

    @property
    def available(self) -> bool:
        """Whether functions can be run here."""
        return self.why_not is None

    async def start(self, stack: AsyncExitStack) -> None:
        """Have everything ended with the ``stack``. Workers start with the first call."""
        stack.push_async_callback(self.stop)

    async def stop(self) -> None:
        """End every worker. Calls under way fail."""
        await self._pool.stop()

    async def call(self, source: str, context: Mapping[str, Any], *, timeout_ms: int | None = None) -> Any:
        """The object or array that a function body returns for its ``eventContext``. ``timeout_ms`` is processor time.

        Raises :class:`FunctionError`, and nothing else, whatever the function does.
        """
        try:
            text = msgspec.json.encode(context)
        except (TypeError, ValueError, RecursionError) as error:
            raise FunctionError(f"its eventContext is not to be told in JSON: {error}") from None
        if len(text) > (most := self._limits.memory_bytes // CONTEXT_SHARE):
            raise FunctionError(f"its eventContext has {len(text)} bytes; functions may use {most} of them")
        question, timeout_ms = self._question(source, text, timeout_ms)
        with _had():
            async with self._pool.worker(source) as worker:
                answer = await self._ask(worker, question, timeout_ms)
                if answer.last:
                    self._pool.dismiss(worker)
        try:
            return msgspec.json.decode(_json_of(answer))
        except (ValueError, RecursionError) as error:
            raise FunctionError(f"it returned what is not to be told in JSON: {error}") from None

    async def check(self, source: str) -> str | None:
        """Why a function body cannot be compiled; ``None`` when it can be. Nothing of it is run.

        It has a worker for itself: whoever writes a function does not wait for those that run. Raises :class:`NotRun`
        when it cannot be told.
        """
        try:
            question, timeout_ms = self._question(source, None, None)
            with _had():
                worker = await self._pool.hire()
            try:
                _json_of(await self._ask(worker, question, timeout_ms))
            finally:
                self._pool.dismiss(worker)
        except NotRun:
            raise
        except FunctionError as error:
            return str(error)
        return None

    def _question(self, source: str, context: bytes | None, timeout_ms: int | None) -> tuple[bytes, int]:
        if self.why_not is not None:
            raise NotRun(self.why_not)
        timeout_ms = timeout_ms or self._limits.timeout_ms
        try:
            return Question(source, context, timeout_ms).encode(), timeout_ms
        except UnicodeEncodeError:
            raise FunctionError("its source is not text: it holds lone surrogates") from None

    async def _ask(self, worker: Worker, question: bytes, timeout_ms: int) -> Answer:
        try:
            return await worker.ask(question, timeout_ms / 1000 * SHARE + GRACE_SECONDS)
        except TimeoutError:
            raise FunctionError(f"it ran longer than {timeout_ms} ms, and had to be ended") from None
        except WorkerLost as error:
            raise FunctionError(f"the process that ran it is lost: {error}") from None


@contextmanager
def _had() -> Iterator[None]:
    """Say it as :class:`NotRun` when no worker can be had."""
    try:
        yield
    except Stopping as error:
        raise NotRun(str(error)) from None
    except WorkerLost as error:
        raise NotRun(f"no process to run functions can be had: {error}") from None


def _json_of(answer: Answer) -> bytes:
    """The JSON of a result. Raises :class:`FunctionError` for a failure."""
    if answer.ok:
        return answer.body
    raise FunctionError(*msgspec.json.decode(answer.body, type=tuple[str, int | None, int | None]))
