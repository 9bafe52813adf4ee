"""A worker process as the hub holds it: started, asked one thing at a time, ended.

It knows no JavaScript and no queue; who is asked what, and what an answer means, is ``pool.py``'s. The other end of the
pipes is ``worker.py``.
"""

import asyncio
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process

import msgspec

from eventyard.ports import FunctionLimits
from eventyard.targets.functions.frames import ANSWER_HEAD_BYTES, LONGEST_FAILURE, Answer, read_answer_head

START_SECONDS = 30
_FAREWELL_SECONDS = 2

ENVIRONMENT = {"LANG": "C.UTF-8", "TZ": "UTC"}
"""All of a worker's environment: nothing of the hub's, which may hold secrets."""


class WorkerLost(Exception):
    """There is no worker, or no more; the message says how it ended."""


class Worker:
    """A worker that is ready. Not to be asked a second thing before the first is answered."""

    def __init__(self, process: Process, limits: FunctionLimits) -> None:
        self._process = process
        self._longest = max(limits.result_bytes, LONGEST_FAILURE)

    @classmethod
    async def start(cls, limits: FunctionLimits) -> "Worker":
        """A new worker. Raises :class:`WorkerLost` when none can be had."""
        worker = cls(await _process(limits), limits)
        try:
            answer = await worker._answer(START_SECONDS)
        except BaseException as error:
            await worker.end()
            if isinstance(error, TimeoutError):
                raise WorkerLost("it does not start") from None
            raise
        if not answer.ok:
            await worker.end()
            raise WorkerLost(str(msgspec.json.decode(answer.body)[0]))
        return worker

    @property
    def alive(self) -> bool:
        """Whether it can be asked, as far as is known."""
        reader = self._process.stdout
        return self._process.returncode is None and reader is not None and not reader.at_eof()

    async def ask(self, question: bytes, seconds: float) -> Answer:
        """Send a question and wait for its answer.

        Raises :class:`WorkerLost` when the worker ends, and ``TimeoutError`` after so many seconds. After either, and
        when it is cancelled, the worker is good for nothing but its :meth:`end`.
        """
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(question)
            return await self._answer(seconds)
        except (ConnectionError, RuntimeError):
            raise WorkerLost(await self._how_it_ended()) from None

    async def end(self) -> None:
        """Kill it, and wait until nothing of it is left."""
        if self._process.returncode is None:
            self.kill()
        await self._process.wait()

    def kill(self) -> None:
        """End it, whatever it is doing."""
        if self._process.returncode is None:
            self._process.kill()

    async def _answer(self, seconds: float) -> Answer:
        reader = self._process.stdout
        assert reader is not None
        try:
            async with asyncio.timeout(seconds):
                ok, last, size = read_answer_head(await reader.readexactly(ANSWER_HEAD_BYTES))
                if size > self._longest:
                    raise WorkerLost("it said more than it may")
                return Answer(ok, last, await reader.readexactly(size))
        except asyncio.IncompleteReadError:
            raise WorkerLost(await self._how_it_ended()) from None

    async def _how_it_ended(self) -> str:
        try:
            async with asyncio.timeout(_FAREWELL_SECONDS):
                status = await self._process.wait()
        except TimeoutError:
            return "it hung up"
        return f"it ended: {signal.strsignal(-status)}" if status < 0 else f"it ended with status {status}"


async def _process(limits: FunctionLimits) -> Process:
    """A new process. Cancelled, it ends what it has begun: a loop may not know of a process that is half made."""
    arguments = ("-I", "-m", "eventyard.targets.functions.worker", str(limits.memory_bytes), str(limits.result_bytes))
    making = asyncio.ensure_future(
        asyncio.create_subprocess_exec(
            sys.executable, *arguments,
            stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env=ENVIRONMENT, cwd="/", start_new_session=True,
        )
    )  # fmt: skip
    try:
        return await asyncio.shield(making)
    except OSError as error:
        raise WorkerLost(f"it cannot be started: {error}") from None
    except asyncio.CancelledError:
        await asyncio.wait([making])
        if making.exception() is None:
            making.result().kill()
            await making.result().wait()
        raise
