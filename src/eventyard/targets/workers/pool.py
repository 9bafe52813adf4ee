"""A few workers for many pieces of work, so that no piece can harm or hold up the hub, nor all the other pieces.

Workers start when they are first needed. Whatever goes wrong with one costs that one: it is ended, and the next piece
of work has another. How a worker is spoken to is ``process.py``'s; what it is asked, and what its failure means, that
of ``functions/pool.py`` and ``mappings/pool.py``.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Generic, TypeVar
from weakref import WeakValueDictionary

from eventyard.targets.workers.process import Worker

W = TypeVar("W", bound=Worker)


class Stopping(Exception):
    """The hub is stopping, and no worker is to be had any more."""


class Pool(Generic[W]):
    """Workers, at most ``places`` at work at a time, of them ``each`` at most on what has the same key."""

    def __init__(self, start: Callable[[], Awaitable[W]], places: int, each: int) -> None:
        self._start = start
        self._places = asyncio.Semaphore(places)
        self._each = each
        self._turns: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()
        self._idle: list[W] = []
        self._ending: set[asyncio.Task[None]] = set()
        self._stopped = False
        self.workers: set[W] = set()
        """Those that are there."""

    async def stop(self) -> None:
        """End every worker. What is under way fails."""
        self._stopped = True
        for worker in list(self.workers):
            self.dismiss(worker)
        await asyncio.gather(*self._ending)

    @asynccontextmanager
    async def worker(self, key: str) -> AsyncIterator[W]:
        """A worker for a piece of work, which is ended unless that goes well. Raises as :meth:`hire` does."""
        turn = self._turns.setdefault(key, asyncio.Semaphore(self._each))
        async with turn, self._places:
            worker = await self._one()
            try:
                yield worker
            except BaseException:
                self.dismiss(worker)
                raise
            if worker in self.workers:
                self._idle.append(worker)

    async def hire(self) -> W:
        """A worker beyond the others, to be dismissed. Raises :class:`WorkerLost`, :class:`Stopping`."""
        self._go_on()
        worker = await self._start()
        try:
            self._go_on()
        except Stopping:
            await worker.end()
            raise
        self.workers.add(worker)
        return worker

    def dismiss(self, worker: W) -> None:
        """Kill a worker now, and let somebody see it off."""
        if worker in self.workers:
            self.workers.remove(worker)
            worker.kill()
            farewell = asyncio.ensure_future(worker.end())
            self._ending.add(farewell)
            farewell.add_done_callback(self._ending.discard)

    async def _one(self) -> W:
        while self._idle and not self._stopped:
            worker = self._idle.pop()
            if worker.alive:
                return worker
            self.dismiss(worker)
        return await self.hire()

    def _go_on(self) -> None:
        if self._stopped:
            raise Stopping("the hub is stopping")
