"""Evaluates mappings in processes of their own, so that none can keep the hub waiting, or take its memory.

A process serves one evaluation after the other. One that takes too long costs its process, and who wrote it: of one
expression only one evaluation runs at a time, so that however many deliveries a hostile one has, the other processes
are there for everybody else (``workers/pool.py``). What such a process does is ``worker.py``'s.
"""

import asyncio
from contextlib import AsyncExitStack

import msgspec

from eventyard.matching.mapping import EVALUATE_MS, MappingError
from eventyard.model.ids import Millis
from eventyard.targets.mappings.worker import ERROR, MAX_REPLY, VALUE, Question, framed
from eventyard.targets.workers.pool import Pool, Stopping
from eventyard.targets.workers.process import START_SECONDS, Worker, WorkerLost, process_of

PROCESSES = 4
"""How many there are at most. They are started when they are first needed."""

LIMIT_S = EVALUATE_MS / 1000 + 0.5
"""How long a process may take to answer, for what the engine's own watch does not see."""

_READY = Question("true", msgspec.Raw(b"null"), 0)


class NotEvaluated(MappingError):
    """The mapping had no chance: there is no process. Another try may find one."""


class Mappings:
    """Processes that evaluate."""

    def __init__(self, processes: int = PROCESSES) -> None:
        self._pool = Pool(Evaluator.start, processes, 1)

    async def start(self, stack: AsyncExitStack) -> None:
        """Register that the processes end with ``stack``; none is started yet."""
        stack.push_async_callback(self._pool.stop)

    async def evaluate(self, expression: str, document: bytes, now: Millis) -> bytes | None:
        """What a mapping makes of a JSON document, as JSON too; ``None`` when that is nothing.

        Raises :class:`eventyard.matching.mapping.MappingError`.
        """
        question = Question(expression, msgspec.Raw(document), now)
        try:
            async with self._pool.worker(expression) as worker:
                reply = await _told(worker, question)
        except Stopping as error:
            raise NotEvaluated(str(error)) from None
        except WorkerLost:
            raise NotEvaluated("the process that evaluates it does not start") from None
        if reply[:1] == ERROR:
            raise MappingError(reply[1:].decode())
        return reply[1:] if reply[:1] == VALUE else None


class Evaluator(Worker):
    """A process that is ready to evaluate."""

    @classmethod
    async def start(cls) -> "Evaluator":
        """A new one. Raises :class:`WorkerLost`."""
        worker = cls(await process_of("eventyard.targets.mappings.worker"))
        await worker._begun(worker.ask(_READY, START_SECONDS))
        return worker

    async def ask(self, question: Question, seconds: float) -> bytes:
        """The reply to a question. Raises :class:`WorkerLost`, and ``TimeoutError`` after so many seconds."""
        return await self._exchange(framed(msgspec.json.encode(question)), _reply, seconds)


async def _told(worker: Evaluator, question: Question) -> bytes:
    """The reply to a question; of a process that did not live to tell one, the mapping is to blame."""
    try:
        return await worker.ask(question, LIMIT_S)
    except TimeoutError:
        raise MappingError(f"it takes longer than {LIMIT_S:g} s") from None
    except WorkerLost:
        raise MappingError("it needs too much memory") from None


async def _reply(reader: asyncio.StreamReader) -> bytes:
    size = int.from_bytes(await reader.readexactly(4), "big")
    if size > MAX_REPLY + 1:
        raise WorkerLost("it said more than it may")
    return await reader.readexactly(size)
