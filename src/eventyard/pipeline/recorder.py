"""Recording: outcomes on their way to the disk, at most so many, and none thrown away while the process lives.

``dispatch.py`` and ``work.py`` put recordings here and go on; the store commits them in groups. While the store cannot
write, they wait here and are tried again, and nothing new is claimed (:meth:`Recorder.sound`): what the hub knows
must be on record before a lease that has run out meanwhile lets the same delivery be tried again. Once an end is on
record for which others of the same event have waited, ``release.py`` is told; of one that is an Error, ``mail.py``;
of every one, ``ends.py``.
"""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

from eventyard.model.errors import Unavailable
from eventyard.model.journal import Recorded, Recording
from eventyard.model.lifecycle import Status
from eventyard.ports import Store
from eventyard.telemetry.log import Log

FIRST_PAUSE, LONGEST_PAUSE = 0.05, 5.0
"""Seconds between tries while the store cannot write: the first wait, and what doubling ends at."""


Told = Callable[[Recording, Recorded], None]
"""Is told of an end that is on record, and for which others have waited."""

Failed = Callable[[Recording], None]
"""Is told of an end as Error that is on record."""

Ended = Callable[[Recording], None]
"""Is told of every status change that is on record."""


class Recorder:
    """Commits recordings beside the attempts. ``pause`` waits so many seconds; tests give one that does not."""

    def __init__(
        self,
        store: Store,
        log: Log,
        *,
        bound: int,
        told: Told = lambda recording, told: None,
        failed: Failed = lambda recording: None,
        ended: Ended = lambda recording: None,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._store = store
        self._log = log
        self._bound = bound
        self._told = told
        self._failed = failed
        self._ended = ended
        self._pause = pause
        self._open = 0
        self._stranded: list[tuple[Recording, Callable[[Recording], None] | None]] = []
        self._mending: asyncio.Task[None] | None = None
        self._wait = FIRST_PAUSE
        self._room = asyncio.Event()
        self._room.set()
        self._empty = asyncio.Event()
        self._empty.set()
        self._sound = asyncio.Event()
        self._sound.set()

    @property
    def full(self) -> bool:
        """Whether as many recordings are on their way as may be."""
        return self._open >= self._bound

    async def room(self) -> None:
        """Wait until there is room for one more."""
        await self._room.wait()

    async def sound(self) -> None:
        """Wait until the store writes again."""
        await self._sound.wait()

    async def empty(self) -> None:
        """Wait until everything is on disk."""
        await self._empty.wait()

    def put(self, recording: Recording, then: Callable[[Recording], None] | None = None) -> None:
        """Start committing; ``then`` is called once it is on disk."""
        self._open += 1
        if self._open == 1:
            self._empty.clear()
        if self._open >= self._bound:
            self._room.clear()
        if self._mending is not None:
            self._stranded.append((recording, then))
            return
        future = asyncio.ensure_future(self._store.record(recording))
        future.add_done_callback(partial(self._done, recording, then))

    async def write(self, recording: Recording) -> Recorded:
        """Commit, for a caller who waits for it. Raises ``Unavailable``."""
        recorded = await self._store.record(recording)
        self._tell(recording, recorded)
        return recorded

    def stop(self) -> None:
        """Give up on what could not be written."""
        if self._mending is not None:
            self._mending.cancel()

    def _done(
        self, recording: Recording, then: Callable[[Recording], None] | None, future: "asyncio.Future[Recorded]"
    ) -> None:
        if future.cancelled():
            return
        error = future.exception()
        if isinstance(error, Unavailable):
            self._stranded.append((recording, then))
            self._sound.clear()
            if self._mending is None:
                self._log.error("store_unavailable", error=error.message, recordings=self._open)
                self._mending = asyncio.get_running_loop().create_task(self._mend())
            return
        if not self._sound.is_set():
            self._wait = FIRST_PAUSE
            self._sound.set()
        if error is not None:
            self._log.error("recording_failed", entry_id=recording.entry_id, error=repr(error))
        elif then is not None:
            then(recording)
        self._open -= 1
        if self._open < self._bound:
            self._room.set()
        if not self._open:
            self._empty.set()
        if error is None:
            self._tell(recording, future.result())

    def _tell(self, recording: Recording, recorded: Recorded) -> None:
        if recorded > Recorded.WRITTEN:
            self._told(recording, recorded)
        if recorded and recording.line is not None:
            self._ended(recording)
            if recording.line.status is Status.ERROR:
                self._failed(recording)

    async def _mend(self) -> None:
        await self._pause(self._wait)
        self._wait = min(self._wait * 2, LONGEST_PAUSE)
        self._mending = None
        stranded, self._stranded = self._stranded, []
        self._open -= len(stranded)
        for recording, then in stranded:
            self.put(recording, then)
