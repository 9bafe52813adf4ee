"""A worker process as the hub holds it: started, asked one thing at a time, ended.

It knows no frames and no queue; what is said over the pipes is its subclasses' (``functions/process.py``,
``mappings/pool.py``), who is asked when is ``pool.py``'s.
"""

import asyncio
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")

START_SECONDS = 30
_FAREWELL_SECONDS = 2

ENVIRONMENT = {"LANG": "C.UTF-8", "TZ": "UTC"}
"""All of a worker's environment: nothing of the hub's, which may hold secrets."""


class WorkerLost(Exception):
    """There is no worker, or no more; the message says how it ended."""


class Worker:
    """A worker that is ready. Not to be asked a second thing before the first is answered."""

    def __init__(self, process: Process) -> None:
        self._process = process

    @property
    def alive(self) -> bool:
        """Whether it can be asked, as far as is known."""
        reader = self._process.stdout
        return self._process.returncode is None and reader is not None and not reader.at_eof()

    async def end(self) -> None:
        """Kill it, and wait until nothing of it is left."""
        self.kill()
        await self._process.wait()

    def kill(self) -> None:
        """End it, whatever it is doing."""
        if self._process.returncode is None:
            self._process.kill()

    async def _begun(self, greeting: Awaitable[T]) -> T:
        """What a new worker says first. One that says nothing is ended; raises :class:`WorkerLost`."""
        try:
            return await greeting
        except BaseException as error:
            await self.end()
            if isinstance(error, TimeoutError):
                raise WorkerLost("it does not start") from None
            raise

    async def _exchange(
        self, question: bytes, read: Callable[[asyncio.StreamReader], Awaitable[T]], seconds: float
    ) -> T:
        """Send a question and ``read`` its answer.

        Raises :class:`WorkerLost` when the worker ends, and ``TimeoutError`` after so many seconds. After either, and
        when it is cancelled, the worker is good for nothing but its :meth:`end`.
        """
        writer, reader = self._process.stdin, self._process.stdout
        assert writer is not None
        assert reader is not None
        try:
            async with asyncio.timeout(seconds):
                writer.write(question)
                return await read(reader)
        except (ConnectionError, RuntimeError, asyncio.IncompleteReadError):  # the second is uvloop's
            raise WorkerLost(await self._how_it_ended()) from None

    async def _how_it_ended(self) -> str:
        try:
            async with asyncio.timeout(_FAREWELL_SECONDS):
                status = await self._process.wait()
        except TimeoutError:
            return "it hung up"
        return f"it ended: {signal.strsignal(-status)}" if status < 0 else f"it ended with status {status}"


async def process_of(module: str, *arguments: str) -> Process:
    """A new process that runs a module of ours, apart from the hub's environment, folder and session.

    Raises :class:`WorkerLost`. Cancelled, it ends what it has begun: a loop may not know of a process half made.
    """
    making = asyncio.ensure_future(
        asyncio.create_subprocess_exec(
            sys.executable, "-I", "-m", module, *arguments,
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
