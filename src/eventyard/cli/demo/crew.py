"""The demo's worker: ``eventyard.worker``, as a program of somebody else would use it, in a thread of its own."""

import asyncio
import threading
from collections.abc import Callable
from typing import Self

from eventyard.worker import Counts, Run, Worker

JOIN_S = 10.0


class Crew:
    """Works on the runs of one job while it is entered; ``done`` are the ids of the events it worked on."""

    def __init__(self, url: str, key: str, job: str) -> None:
        self.done: list[str] = []
        self.watch: Callable[[str], None] | None = None
        self.failure: Exception | None = None
        self._worker = Worker(url, key, name="demo")
        self._worker.job(job)(self.handle)

    def __enter__(self) -> Self:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._worker.stop)
        self.join()
        self._loop.close()

    def join(self) -> None:
        """Until the worker has ended, by itself or because it was told to."""
        self._thread.join(JOIN_S)

    async def handle(self, run: Run) -> Counts:
        """One run: an issue is looked at."""
        event = run.event
        self.done.append(event["id"])
        if self.watch is not None:
            self.watch(f"the worker got {event['type']} {event['id']}")
        return Counts(source_success=1, target_success=1)

    def _work(self) -> None:
        try:
            self._loop.run_until_complete(self._worker.work())
        except Exception as error:
            self.failure = error
