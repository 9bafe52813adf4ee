"""What queues need around them, as plain lists: a feed of messages, who wants which, and what was buried."""

import asyncio
from collections.abc import Coroutine, Sequence
from types import SimpleNamespace
from typing import Any, cast

from eventyard.model.event import Event
from eventyard.model.ids import EntryId
from eventyard.pipeline.sight import Sight
from eventyard.pipeline.streams.consumer import Consumer, Credit, Held
from eventyard.pipeline.streams.feed import Feed, Message
from eventyard.pipeline.streams.queue import Queue
from eventyard.testing.fakes import HandClock


def message(entry_id: int, key: str = "a.b.c", application: int = 1, **extensions: str) -> Message:
    event = Event(f"e{entry_id}", "/here", "t", 0, b"{}", key, extensions=extensions)
    return Message(EntryId(entry_id), HandClock().now, "exchange", event, application, len(event.data))


class ListFeed:
    """A feed over a list: ``remembered`` of its last messages are in memory, the others are read page by page."""

    def __init__(self) -> None:
        self.all: list[Message] = []
        self.remembered = 1_000_000
        self.pages = 0
        self.gate = asyncio.Event()
        self.gate.set()

    @property
    def head(self) -> EntryId:
        return self.all[-1].entry_id if self.all else EntryId(0)

    def since(self, cursor: EntryId) -> Sequence[Message] | None:
        past = self.all[: -self.remembered] if self.remembered else self.all
        if past and cursor < past[-1].entry_id:
            return None
        return [one for one in self.all if one.entry_id > cursor]

    async def history(self, exchanges: Sequence[str], cursor: EntryId, limit: int) -> tuple[list[Message], EntryId]:
        self.pages += 1
        until = self.head
        await self.gate.wait()
        found = [one for one in self.all if cursor < one.entry_id <= until]
        page = found[:limit]
        return page, page[-1].entry_id if len(found) > limit else until


class Around:
    """The surroundings of the queues of a test."""

    def __init__(self) -> None:
        self.list = ListFeed()
        self.feed = cast(Feed, self.list)
        self.now = HandClock()
        self.buried: list[tuple[int, str]] = []
        self.kept: list[Queue] = []
        self.timed: list[Queue] = []
        self.queues: list[Queue] = []
        self.tasks: list[asyncio.Task[None]] = []
        self.unwanted = "unwanted"
        self.hidden: set[int] = set()
        """Applications that nobody with categories sees."""

    def wanted(self, queue: Queue, message: Message) -> bool:
        return message.event.routing_key != self.unwanted

    def upstream(self, queue: Queue) -> Sequence[str]:
        return ["exchange"]

    def sight(self, held: frozenset[str]) -> Sight:
        return cast(Sight, SimpleNamespace(shows_publication=lambda _, application: application not in self.hidden))

    async def bury(self, queue: Queue, message: Message, reason: str, count: int) -> None:
        self.buried.append((message.entry_id, reason))

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        self.tasks.append(asyncio.create_task(work))

    async def settle(self) -> None:
        """Let everything that was begun beside come to its end."""
        while self.tasks:
            await self.tasks.pop()

    def changed(self, queue: Queue) -> None:
        self.kept.append(queue)

    def watch_time(self, queue: Queue) -> None:
        self.timed.append(queue)

    def publish(self, *ids: int, key: str = "a.b.c", application: int = 1, **extensions: str) -> None:
        """Commit messages: they are in the feed, and pushed to the queues of the test."""
        for entry_id in ids:
            one = message(entry_id, key, application, **extensions)
            self.list.all.append(one)
            for queue in self.queues:
                if self.wanted(queue, one):
                    queue.push([one])


class Reader:
    """A consumer that keeps what it is given."""

    def __init__(self, *, no_ack: bool = False, prefetch: int = 0, priority: int = 0, exclusive: bool = False) -> None:
        self.ids: list[int] = []
        self.counts: list[int] = []
        self.held: list[Held] = []
        self.cancelled: list[str] = []
        self.credit = Credit(prefetch)
        self.consumer = Consumer(
            "tag", self._deliver, cancelled=lambda _, error: self.cancelled.append(error.code), no_ack=no_ack,
            credits=() if no_ack else (self.credit,), priority=priority, exclusive=exclusive,
        )  # fmt: skip

    def _deliver(self, messages: Sequence[Message], helds: Sequence[Held] | None, count: int) -> None:
        self.ids += [message.entry_id for message in messages]
        self.counts += [count] * len(messages)
        self.held += helds or ()
