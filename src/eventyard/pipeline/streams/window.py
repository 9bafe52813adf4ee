"""The window of a queue: the next few messages that wait; the others are where they were already, in the journal.

While all that waits fits in, the window is *live*: what comes is added to it. When it does not, the window keeps what
it has and a cursor, and is filled from there again when it runs low, first from the feed's memory, then from the
journal in pages. Beside it lie the messages that came back, which are the first to go out again; and all messages of a
queue with priorities, which go out by rank as far as the window reaches.
"""

import asyncio
import heapq
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence

from eventyard.model.ids import EntryId
from eventyard.model.streams import Position
from eventyard.pipeline.streams.feed import Feed, Message

MOST = 1_000
"""Messages in a window at most."""

MOST_BYTES = 8 << 20
"""Bytes of data in it, beyond which no more come in."""

PAGE = 250
"""Messages read from the journal at a time: few enough that who publishes meanwhile hardly notices."""


class Window:
    """The window of one queue."""

    def __init__(
        self,
        feed: Feed,
        wanted: Callable[[Message], bool],
        upstream: Callable[[], Sequence[str]],
        *,
        cursor: EntryId | None,
        position: Position | None,
        rank: Callable[[Message], int] | None = None,
    ) -> None:
        """``wanted`` tells which messages of the feed are the queue's, ``upstream`` which exchanges they come from.

        The message of the highest ``rank`` is the next one, where there are ranks. It begins where a kept
        ``position`` says, past ``cursor``, or (both ``None``) here and now.
        """
        self.bytes = 0
        self._feed = feed
        self._wanted = wanted
        self._upstream = upstream
        self._rank = rank
        self._ranked = 0
        """Messages in ``_back`` that never went out."""
        self._ready: deque[Message] = deque()
        self._back: list[tuple[int, EntryId, int, Message]] = []
        self._done = position.done if position else ()
        self._returned = dict(position.returned) if position else {}
        if position is not None:
            cursor = position.cursor
        self.live = cursor is None
        """It holds all that waits. Otherwise it holds what waits up to the cursor."""
        self._cursor = feed.head if cursor is None else cursor
        self._filling: asyncio.Future[None] | None = None

    def __len__(self) -> int:
        return len(self._ready) + len(self._back)

    @property
    def low(self) -> bool:
        """Whether there is more to be had, and room for it."""
        return not self.live and self._fresh < MOST // 2

    @property
    def _fresh(self) -> int:
        """How many of what it holds never went out."""
        return len(self._ready) + self._ranked

    @property
    def _has_room(self) -> bool:
        return self._fresh < MOST and self.bytes < MOST_BYTES

    @property
    def lag(self) -> int:
        """Entries of the journal from the next message, or where it is looked for, to the newest."""
        if len(self):
            return self._feed.head - self.head().entry_id + 1
        return 0 if self.live else self._feed.head - self._cursor

    def add(self, message: Message) -> None:
        """Take what was routed just now; if there is no room, it is found again in the feed."""
        if not self.live:
            return
        if self._has_room:
            self._append(message)
        else:
            self.live = False
            self._cursor = EntryId(message.entry_id - 1)

    def put_back(self, message: Message, count: int) -> None:
        """Take back what was delivered ``count`` times."""
        rank = 0 if self._rank is None else -self._rank(message)
        heapq.heappush(self._back, (rank, message.entry_id, count, message))

    def head(self) -> Message:
        """The next message."""
        return self._back[0][3] if self._back else self._ready[0]

    def take(self, most: int, size: int) -> tuple[list[Message], int]:
        """Take out the next messages that were delivered equally often, and how often that was.

        At most ``most``, and no more once they have ``size`` bytes.
        """
        message, count = self.pop()
        messages = [message]
        size -= message.size
        while most > len(messages) and size > 0 and self._ready and not self._back and not count:
            messages.append(message := self._ready.popleft())
            self.bytes -= message.size
            size -= message.size
        return messages, count

    def pop(self) -> tuple[Message, int]:
        """Take out the next message, with how often it was delivered before."""
        if self._back:
            _, _, count, message = heapq.heappop(self._back)
            if not count:
                self._ranked -= 1
                self.bytes -= message.size
            return message, count
        message = self._ready.popleft()
        self.bytes -= message.size
        return message, 0

    def rewind(self, cursor: EntryId) -> None:
        """Look for what is wanted from an earlier entry on."""
        if cursor < self._feed.head:
            self._cursor, self.live = cursor, False

    def clear(self) -> None:
        """Forget all that waits, here and in the journal."""
        self._ready.clear()
        self._back.clear()
        self._returned.clear()
        self.bytes, self.live, self._done, self._ranked = 0, True, (), 0
        self._cursor = self._feed.head

    def sift(self, wanted: Callable[[Message], bool]) -> int:
        """Let go of what it holds that is wanted no more; how many that was."""
        before = len(self)
        self._ready = deque(message for message in self._ready if wanted(message))
        self._back = [one for one in self._back if wanted(one[3])]
        heapq.heapify(self._back)
        fresh = [*self._ready, *(message for _, _, count, message in self._back if not count)]
        self.bytes, self._ranked = sum(message.size for message in fresh), len(fresh) - len(self._ready)
        return before - len(self)

    # Filling

    async def fill(self) -> None:
        """Bring in more, from memory or from the journal, until there is some or no more to be had."""
        if self._filling is not None:
            await asyncio.shield(self._filling)
            return
        self._filling = asyncio.get_running_loop().create_future()
        before = len(self)
        try:
            while not self.live and len(self) == before and self._has_room:
                recent = self._feed.since(self._cursor)
                if recent is not None:
                    self._take(recent, self._feed.head)
                else:
                    messages, reached = await self._feed.history(self._upstream(), self._cursor, PAGE)
                    self._take(messages, reached)
        finally:
            self._filling.set_result(None)
            self._filling = None

    def _take(self, messages: Iterable[Message], reached: EntryId) -> None:
        if self.live or reached < self._cursor:
            return  # emptied while the journal was read
        for message in messages:
            if not self._has_room:
                self._cursor = EntryId(message.entry_id - 1)
                return
            if message.entry_id > self._cursor and not self._was_done(message.entry_id) and self._wanted(message):
                count = self._returned.pop(message.entry_id, 0)
                if count:
                    self.put_back(message, count)
                else:
                    self._append(message)
        self._cursor = reached
        self.live = reached >= self._feed.head

    def _append(self, message: Message) -> None:
        self.bytes += message.size
        if self._rank is None:
            self._ready.append(message)
        else:
            self._ranked += 1
            self.put_back(message, 0)

    def _was_done(self, entry_id: EntryId) -> bool:
        place = bisect_right(self._done, entry_id, key=lambda span: span[0])
        return place > 0 and entry_id <= self._done[place - 1][1]

    # Where it stands

    def begin(self, given: Iterable[EntryId]) -> EntryId:
        """The first entry that would be looked at if all were read again that is not done with, as ``given`` is not."""
        return min([EntryId(self._top + 1), *given, *(entry_id for _, entry_id, _, _ in self._back)])

    @property
    def _top(self) -> EntryId:
        """Up to here everything was taken out, or came back."""
        if self._ready:
            return EntryId(self._ready[0].entry_id - 1)
        return self._feed.head if self.live else self._cursor

    def position(self, queue_id: str, depth: int, given: Mapping[EntryId, int]) -> Position:
        """How far the queue has been read, so that all that is not done with is read again from there.

        ``given`` are the messages that are out and not settled, with how often they will have been delivered.
        """
        top = self._top
        out = dict(given)
        out.update((entry_id, count) for _, entry_id, count, _ in self._back)
        ids = sorted(out)
        ends = [*(entry_id - 1 for entry_id in ids[1:]), top] if ids else []
        between = [(EntryId(first + 1), EntryId(last)) for first, last in zip(ids, ends, strict=True) if last > first]
        beyond = [(max(first, EntryId(top + 1)), last) for first, last in self._done if last > top]
        returned = {entry_id: count for entry_id, count in (*out.items(), *self._returned.items()) if count}
        cursor = EntryId(ids[0] - 1) if ids else top
        return Position(queue_id, cursor, (*between, *beyond), depth, self._feed.head, returned)
