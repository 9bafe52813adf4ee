"""Evaluates mappings in processes of their own, so that none can keep the hub waiting, or take its memory.

A process serves one evaluation after the other. One that takes too long costs its process, and who wrote it: of one
expression only one evaluation runs at a time, so that however many deliveries a hostile one has, the other processes
are there for everybody else. What such a process does is ``worker.py``'s.
"""

import asyncio
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from contextlib import AsyncExitStack
from weakref import WeakValueDictionary

import msgspec

from eventyard.matching.mapping import EVALUATE_MS, MappingError
from eventyard.model.ids import Millis
from eventyard.targets.mappings.worker import ERROR, MAX_REPLY, VALUE, Question, framed

PROCESSES = 4
"""How many there are at most. They are started when they are first needed."""

LIMIT_S = EVALUATE_MS / 1000 + 0.5
"""How long a process may take to answer, for what the engine's own watch does not see."""

START_S = 10.0
"""How long a process may take to be there."""

_READY = Question("true", msgspec.Raw(b"null"), 0)
_GONE = (OSError, EOFError, RuntimeError)
"""What writing to a process, or reading from it, raises when it is gone; the last is uvloop's."""

_INHERITED = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH")
"""What a process sees of the hub's environment, which may hold secrets."""


class Mappings:
    """Processes that evaluate."""

    def __init__(self, processes: int = PROCESSES) -> None:
        self._room = asyncio.Semaphore(processes)
        self._idle: list[Process] = []
        self._all: set[Process] = set()
        self._ending: set[asyncio.Task[int]] = set()
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def start(self, stack: AsyncExitStack) -> None:
        """Register that the processes end with ``stack``; none is started yet."""
        stack.push_async_callback(self.close)

    async def close(self) -> None:
        """End every process."""
        self._idle.clear()
        for process in list(self._all):
            self._end(process)
        await asyncio.gather(*self._ending)

    async def evaluate(self, expression: str, document: bytes, now: Millis) -> bytes | None:
        """What a mapping makes of a JSON document, as JSON too; ``None`` when that is nothing.

        Raises :class:`eventyard.matching.mapping.MappingError`.
        """
        turn = self._turns.setdefault(expression, asyncio.Lock())
        async with turn, self._room:
            process = await self._process()
            try:
                async with asyncio.timeout(LIMIT_S):
                    reply = await _ask(process, Question(expression, msgspec.Raw(document), now))
            except TimeoutError:
                raise MappingError(f"it takes longer than {LIMIT_S:g} s") from None
            except _GONE:
                raise MappingError("it needs too much memory") from None
            else:
                self._idle.append(process)
            finally:
                if process not in self._idle:
                    self._end(process)
        if reply[:1] == ERROR:
            raise MappingError(reply[1:].decode())
        return reply[1:] if reply[:1] == VALUE else None

    async def _process(self) -> Process:
        while self._idle:
            process = self._idle.pop()
            if process.returncode is None and process.stdout is not None and not process.stdout.at_eof():
                return process
            self._end(process)
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "eventyard.targets.mappings.worker",
            stdin=PIPE, stdout=PIPE, stderr=DEVNULL, limit=MAX_REPLY,
            env={name: os.environ[name] for name in _INHERITED if name in os.environ},
        )  # fmt: skip
        self._all.add(process)
        try:
            async with asyncio.timeout(START_S):
                await _ask(process, _READY)
        except BaseException as error:
            self._end(process)
            if isinstance(error, _GONE):  # a time-out is an OSError, too
                raise MappingError("the process that evaluates it does not start") from None
            raise
        return process

    def _end(self, process: Process) -> None:
        """Kill a process now, and have somebody see it off."""
        if process in self._all:
            self._all.remove(process)
            if process.returncode is None:
                process.kill()
            farewell = asyncio.ensure_future(process.wait())
            self._ending.add(farewell)
            farewell.add_done_callback(self._ending.discard)


async def _ask(process: Process, question: Question) -> bytes:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(framed(msgspec.json.encode(question)))
    await process.stdin.drain()
    size = int.from_bytes(await process.stdout.readexactly(4), "big")
    return await process.stdout.readexactly(size)
