"""Ends: whoever wants to know how a delivery ends waits here, and is told when it is on record. Nobody polls.

``recorder.py`` tells; what an operator ends by hand is not told of, so who waits is bounded by a time.
"""

import asyncio

from eventyard.model.ids import EntryId, Millis
from eventyard.model.journal import Recording
from eventyard.model.lifecycle import FINAL
from eventyard.ports import Store


class Ends:
    """Who waits for which delivery."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: dict[EntryId, list[asyncio.Future[None]]] = {}

    def recorded(self, recording: Recording) -> None:
        """A status change is on record."""
        if recording.entry_id not in self._waiting or recording.line is None or recording.line.status not in FINAL:
            return
        for future in self._waiting.pop(recording.entry_id):
            if not future.done():
                future.set_result(None)

    async def of(self, entry_id: EntryId, timeout_ms: Millis) -> bool:
        """Wait for the end of a delivery, for so long. Whether it has ended."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(entry_id, []).append(future)
        try:
            # It may have ended before anybody waited, and cannot from here on without being told.
            if (await self._store.detail(entry_id)).entry.status in FINAL:
                return True
            async with asyncio.timeout(timeout_ms / 1000):
                await future
            return True
        except TimeoutError:
            return False
        finally:
            waiting = self._waiting.get(entry_id, [])
            if future in waiting:
                waiting.remove(future)
            if not waiting:
                self._waiting.pop(entry_id, None)
