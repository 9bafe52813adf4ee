"""Answers kept by Idempotency-Key, so that a POST whose answer was lost can be sent again without doing it twice.

Kept in memory: for the idempotency window, as long as there is room (:data:`ROOM`, oldest out first), and not over a
restart. Events have a promise on disk instead (``pipeline/accept.py``); this is for everything else that is made.
"""

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable

from msgspec import Struct

from eventyard.api.http import Answer
from eventyard.model.errors import Conflict
from eventyard.model.ids import Millis
from eventyard.ports import Clock

ROOM = 16 << 20
"""Bytes of answers that are kept at most."""

_OVERHEAD = 1024
"""What one answer costs beside its body, counted generously."""

Slot = tuple[str, ...]
"""Who sent what where, and under which key."""


class _Kept(Struct, eq=False):
    fingerprint: bytes
    expires_at: Millis
    done: asyncio.Event
    answer: Answer | None = None

    @property
    def size(self) -> int:
        return _OVERHEAD + (0 if self.answer is None else len(self.answer.body))


class Replays:
    """The answers of one hub."""

    def __init__(self, clock: Clock, window_ms: Millis, room: int = ROOM) -> None:
        self._clock = clock
        self._window_ms = window_ms
        self._room = room
        self._kept: OrderedDict[Slot, _Kept] = OrderedDict()
        self._size = 0

    async def once(self, slot: Slot, body: bytes, make: Callable[[], Awaitable[Answer]]) -> tuple[Answer, bool]:
        """The answer ``make`` gives, or gave before for the same slot and body; and whether it is the one from before.

        A request that comes while its twin is under way waits for it. Only successes are kept. Raises ``Conflict``
        (``idempotency_mismatch``) when the slot was used for another body, and whatever ``make`` raises.
        """
        fingerprint = hashlib.blake2b(body, digest_size=16).digest()
        while (kept := self._find(slot)) is not None:
            if kept.fingerprint != fingerprint:
                raise Conflict(
                    "idempotency_mismatch",
                    f"the key {slot[-1]!r} was used before, for another body",
                    pointer="Idempotency-Key",
                    hint="use a new key for a new request",
                )
            if kept.answer is not None:
                return kept.answer, True
            await kept.done.wait()
        kept = self._kept[slot] = _Kept(fingerprint, self._clock() + self._window_ms, asyncio.Event())
        try:
            answer = await make()
            if answer.status < 300:
                kept.answer = answer
            return answer, False
        finally:
            if kept.answer is None:
                del self._kept[slot]
            else:
                self._size += kept.size
                self._make_room()
            kept.done.set()

    def _find(self, slot: Slot) -> _Kept | None:
        kept = self._kept.get(slot)
        if kept is None or kept.answer is None or kept.expires_at > self._clock():
            return kept
        self._drop(slot)
        return None

    def _make_room(self) -> None:
        """Drop what is expired, and the oldest beyond that, until it fits. What is under way stays."""
        now = self._clock()
        for slot, kept in list(self._kept.items()):
            if self._size <= self._room and kept.expires_at > now:
                return
            if kept.answer is not None:
                self._drop(slot)

    def _drop(self, slot: Slot) -> None:
        self._size -= self._kept.pop(slot).size
