"""A worker for functions as the hub holds it: it answers questions by the frames of ``frames.py``.

It knows no JavaScript and no queue; who is asked what, and what an answer means, is ``pool.py``'s. The other end of the
pipes is ``worker.py``.
"""

import asyncio

import msgspec

from eventyard.ports import FunctionLimits
from eventyard.targets.functions.frames import ANSWER_HEAD_BYTES, LONGEST_FAILURE, Answer, read_answer_head
from eventyard.targets.workers import process
from eventyard.targets.workers.process import START_SECONDS, WorkerLost, process_of


class Worker(process.Worker):
    """A worker that is ready. Not to be asked a second thing before the first is answered."""

    def __init__(self, process: asyncio.subprocess.Process, limits: FunctionLimits) -> None:
        super().__init__(process)
        self._longest = max(limits.result_bytes, LONGEST_FAILURE)

    @classmethod
    async def start(cls, limits: FunctionLimits) -> "Worker":
        """A new worker. Raises :class:`WorkerLost` when none can be had."""
        bounds = (str(limits.memory_bytes), str(limits.result_bytes))
        worker = cls(await process_of("eventyard.targets.functions.worker", *bounds), limits)
        answer = await worker._begun(worker.ask(b"", START_SECONDS))
        if not answer.ok:
            await worker.end()
            raise WorkerLost(str(msgspec.json.decode(answer.body)[0]))
        return worker

    async def ask(self, question: bytes, seconds: float) -> Answer:
        """Send a question and wait for its answer.

        Raises :class:`WorkerLost` when the worker ends, and ``TimeoutError`` after so many seconds. After either, and
        when it is cancelled, the worker is good for nothing but its :meth:`end`.
        """
        return await self._exchange(question, self._answer, seconds)

    async def _answer(self, reader: asyncio.StreamReader) -> Answer:
        ok, last, size = read_answer_head(await reader.readexactly(ANSWER_HEAD_BYTES))
        if size > self._longest:
            raise WorkerLost("it said more than it may")
        return Answer(ok, last, await reader.readexactly(size))
