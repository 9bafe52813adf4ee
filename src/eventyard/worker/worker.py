"""The worker's loop: claim, run the function, keep the lease alive meanwhile, say how it ended.

A function that returns completes its run; one that raises fails it, and the hub tries again by the job's retry policy,
unless it raised ``Fail(retry=False)``. At SIGTERM or SIGINT nothing new is claimed, and what is running ends.
"""

import asyncio
import inspect
import logging
import os
import signal
import socket
from collections.abc import Awaitable, Callable
from random import random
from typing import Any, TypeVar

import aiohttp

from eventyard.worker.hub import Counts, Done, Fail, Hub, HubAway, HubProblem, LeaseLost, Run

Handler = Callable[[Run], Any]
H = TypeVar("H", bound=Handler)

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
"""Seconds between tries while the hub is away: the first wait, and what doubling ends at."""

log = logging.getLogger("eventyard.worker")


class Worker:
    """Runs the jobs of one process. ``concurrency`` bounds how many runs it has in hand, over all its jobs."""

    def __init__(
        self,
        url: str,
        key: str,
        *,
        name: str | None = None,
        concurrency: int = 10,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._url = url
        self._key = key
        self.name = name or f"{socket.gethostname()}-{os.getpid()}"
        self._slots = asyncio.Semaphore(concurrency)
        self._pause = pause
        self._jobs: dict[str, Handler] = {}
        self._stopping = asyncio.Event()
        self._running: set[asyncio.Task[None]] = set()

    def job(self, name: str) -> Callable[[H], H]:
        """Decorate the function for a job, by the job's name or id. It may be async, or plain (then run in a thread).

        It gets the :class:`Run` and returns nothing, a :class:`Done` or :class:`Counts`.
        """

        def remember(handler: H) -> H:
            if name in self._jobs:
                raise ValueError(f"job {name!r} has a function already")
            self._jobs[name] = handler
            return handler

        return remember

    def run(self) -> None:
        """Work until SIGTERM or SIGINT; the process does nothing else. Raises :class:`HubProblem`."""
        asyncio.run(self._run_until_signal())

    def stop(self) -> None:
        """Claim nothing more, let what is running end; then :meth:`work` returns."""
        self._stopping.set()

    async def work(self) -> None:
        """Work until :meth:`stop`. Raises :class:`HubProblem` when the hub refuses for good (a wrong key or job)."""
        if not self._jobs:
            raise ValueError("no job has a function; decorate one with @worker.job(name)")
        async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
            hub = Hub(session, self._url, self._key)
            try:
                await self._until_stopped(asyncio.create_task(self._serve_all(hub)))
            finally:
                if self._running:
                    await asyncio.wait(self._running)

    async def _run_until_signal(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)
        try:
            await self.work()
        finally:
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.remove_signal_handler(number)

    async def _serve_all(self, hub: Hub) -> None:
        await asyncio.gather(*(self._serve(hub, job, handler) for job, handler in self._jobs.items()))

    async def _until_stopped(self, serving: "asyncio.Task[None]") -> None:
        stopping = asyncio.ensure_future(self._stopping.wait())
        await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if not serving.done():
            serving.cancel()
        stopping.cancel()
        await asyncio.wait({serving, stopping})
        if not serving.cancelled():
            serving.result()

    async def _serve(self, hub: Hub, job: str, handler: Handler) -> None:
        """Claim one run after the other, as slots become free."""
        pause = FIRST_PAUSE
        while True:
            await self._slots.acquire()
            try:
                runs = await hub.claim(job, self.name, 1)
            except HubAway as away:
                self._slots.release()
                log.warning("the hub is away (%s); asking again in %.1f s", away, pause)
                await self._pause(pause * (0.5 + random()))
                pause = min(pause * 2, LONGEST_PAUSE)
                continue
            except BaseException:
                self._slots.release()
                raise
            pause = FIRST_PAUSE
            if not runs:
                self._slots.release()
            for run in runs:
                task = asyncio.create_task(self._handle(hub, handler, run))
                self._running.add(task)
                task.add_done_callback(self._ended)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._running.discard(task)
        self._slots.release()
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("a run could not be ended", exc_info=error)

    async def _handle(self, hub: Hub, handler: Handler, run: Run) -> None:
        """Run the function beside the heartbeats of its lease; tell the hub how it ended."""
        work = asyncio.ensure_future(_call(handler, run))
        beats = asyncio.create_task(self._keep(hub, run, work))
        try:
            ending = await _ending(work, run)
        finally:
            beats.cancel()
        if ending is None:
            log.warning("the lease on run %s is lost; somebody else may have it", run.id)
            return
        await self._tell(hub, run, ending)

    async def _keep(self, hub: Hub, run: Run, work: "asyncio.Future[Any]") -> None:
        """A heartbeat every third of the lease. When the lease is lost, the function is cancelled."""
        third = run.lease_s / 3
        while True:
            await self._pause(third)
            try:
                await hub.heartbeat(run)
            except HubAway as away:
                log.warning("no heartbeat for run %s: %s", run.id, away)
            except (LeaseLost, HubProblem):
                work.cancel()
                return

    async def _tell(self, hub: Hub, run: Run, ending: Done | Fail) -> None:
        """Say how a run ended, until the hub has heard it or does not want to know."""
        pause = FIRST_PAUSE
        while True:
            try:
                if isinstance(ending, Fail):
                    await hub.fail(run, ending)
                else:
                    await hub.complete(run, ending)
                return
            except LeaseLost:
                log.warning("run %s ended after its lease was lost", run.id)
                return
            except HubAway as away:
                log.warning("the hub does not hear how run %s ended (%s); again in %.1f s", run.id, away, pause)
                await self._pause(pause)
                pause = min(pause * 2, LONGEST_PAUSE)


async def _call(handler: Handler, run: Run) -> Any:
    if inspect.iscoroutinefunction(handler):
        return await handler(run)
    return await asyncio.to_thread(handler, run)


async def _ending(work: "asyncio.Future[Any]", run: Run) -> Done | Fail | None:
    """What the function came to; ``None`` when it was cancelled because the lease is lost."""
    try:
        returned = await work
    except asyncio.CancelledError:
        if work.cancelled():
            return None
        raise
    except Fail as failure:
        return failure
    except Exception as error:
        log.exception("run %s failed", run.id)
        return Fail(f"{type(error).__name__}: {error}")
    if isinstance(returned, Done):
        return returned
    return Done(counts=returned if isinstance(returned, Counts) else None)
