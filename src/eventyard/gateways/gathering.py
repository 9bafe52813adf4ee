"""Gathering: what a client publishes while the last of it is being committed is then committed together, in order.

So a client that publishes fast pays one commit for many messages, and one that waits for each answer gets it as soon as
its message is on disk, and never before. While the journal cannot be written nothing is lost: it is tried again until
it can be, or the client is gone; a client that goes on publishing is not read meanwhile. What a message is, and how its
sender hears what became of it, is the protocol's business.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Generic, TypeVar

from eventyard.model.errors import Unavailable

TOGETHER = 1_000
"""Messages in one commit at most."""

AHEAD_BYTES = 8 << 20
"""Octets that may wait to be committed before nothing more is read from the client."""

AGAIN_S = 1.0
"""Seconds between two tries to write to a journal that cannot be written."""

Item = TypeVar("Item")
Written = TypeVar("Written")


class Gathering(Generic[Item]):
    """The messages of one connection."""

    def __init__(
        self,
        commit: Callable[[list[Item]], Awaitable[None]],
        size: Callable[[Item], int],
        *,
        broken: Callable[[Exception], None],
        held_up: Callable[[Unavailable | None], None] | None = None,
    ) -> None:
        """``commit`` publishes messages and tells what became of each; ``size`` is in octets; ``broken`` hears of our
        own faults, and ``held_up`` why the journal cannot be written, and (``None``) that it can be again.
        """
        self._commit = commit
        self._size = size
        self._broken = broken
        self._held_up = held_up
        self._waiting: list[Item] = []
        self._octets = 0
        self._work: asyncio.Task[None] | None = None
        self._stopping = asyncio.Event()
        self.blocked = False
        """The journal cannot be written."""

    @property
    def busy(self) -> bool:
        """Whether something is not committed yet."""
        return self._work is not None

    @property
    def crowded(self) -> bool:
        """Whether so much waits that the client had better wait, too."""
        return self._octets > AHEAD_BYTES

    def put(self, item: Item) -> None:
        """Publish a message, after those before it."""
        self._waiting.append(item)
        self._octets += self._size(item)
        if self._work is None:
            self._work = asyncio.create_task(self._commit_all())

    async def done(self) -> None:
        """Wait until everything published so far is committed or refused."""
        while self._work is not None:
            await asyncio.shield(self._work)

    async def stop(self) -> None:
        """Commit what came before the client left, unless that cannot be done now."""
        self._stopping.set()
        with suppress(asyncio.CancelledError):
            await self.done()

    async def written(self, write: Callable[[], Awaitable[Written]]) -> Written:
        """Do it, as often as it takes. Raises ``Unavailable`` if it cannot be done, and the client is gone."""
        while True:
            try:
                result = await write()
            except Unavailable as error:
                self._hold(error)
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._stopping.wait(), AGAIN_S)
                if self._stopping.is_set():
                    raise
            else:
                if self.blocked:
                    self._hold(None)
                return result

    def _hold(self, reason: Unavailable | None) -> None:
        self.blocked = reason is not None
        if self._held_up is not None:
            self._held_up(reason)

    async def _commit_all(self) -> None:
        try:
            # What came with the same bytes is committed with it.
            await asyncio.sleep(0)
            while self._waiting:
                await self._commit(self._next())
        except Unavailable:
            pass  # the client is gone, and nobody is there to be told
        except Exception as error:  # a bug must not leave the client waiting
            self._broken(error)
        finally:
            self._work = None

    def _next(self) -> list[Item]:
        waiting = self._waiting
        if len(waiting) <= TOGETHER:
            self._waiting, self._octets = [], 0
            return waiting
        batch, self._waiting = waiting[:TOGETHER], waiting[TOGETHER:]
        self._octets -= sum([self._size(item) for item in batch])
        return batch
