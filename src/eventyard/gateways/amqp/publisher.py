"""What a connection publishes: gathered while the last of it is being committed, then committed together, in order.

So a client that publishes fast pays one commit for many messages, and a client that waits for each confirmation gets it
at once. While the journal cannot be written the client is told that it is blocked, and nothing it sent is lost: it is
tried again until it is on disk or the connection ends.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from pamqp.commands import Basic

from eventyard.gateways.amqp.messages import event_of
from eventyard.gateways.amqp.replies import reply_to
from eventyard.model.errors import HubError, Unavailable
from eventyard.model.ids import EntryId
from eventyard.pipeline.streams.link import Link
from eventyard.pipeline.streams.outgoing import Outgoing, Unrouted
from eventyard.wire.amqp.content import Content
from eventyard.wire.amqp.errors import AmqpError
from eventyard.wire.amqp.events import Publish

if TYPE_CHECKING:
    from eventyard.gateways.amqp.channel import AmqpChannel
    from eventyard.gateways.amqp.connection import AmqpConnection

TOGETHER = 1_000
"""Messages in one commit at most."""

AHEAD_BYTES = 8 << 20
"""Octets that may wait to be committed before nothing more is read from the client."""

AGAIN_S = 1.0
"""Seconds between two tries to write to a journal that cannot be written."""

OVERHEAD = 512
"""Octets that a message costs beside its own."""

Result = EntryId | Unrouted | HubError | AmqpError | None


class Publisher:
    """The publications of one connection."""

    def __init__(self, connection: "AmqpConnection", link: Link) -> None:
        self._connection = connection
        self._link = link
        self._waiting: list[tuple[Publish, AmqpChannel]] = []
        self._bytes = 0
        self._busy: asyncio.Task[None] | None = None
        self.blocked = False
        """The journal cannot be written."""

    @property
    def crowded(self) -> bool:
        """Whether enough waits that the client had better wait too."""
        return self._bytes > AHEAD_BYTES

    def put(self, publish: Publish, channel: "AmqpChannel") -> None:
        """Publish a message, after those before it."""
        self._waiting.append((publish, channel))
        self._bytes += size_of(publish)
        if self._busy is None:
            self._busy = asyncio.create_task(self._work())

    async def done(self) -> None:
        """Wait until everything published so far is committed or refused."""
        while self._busy is not None:
            await asyncio.shield(self._busy)

    async def stop(self) -> None:
        """Commit what came before the client left, unless that cannot be done now."""
        if self._busy is not None and self.blocked:
            self._busy.cancel()
        with suppress(asyncio.CancelledError):
            await self.done()

    async def _work(self) -> None:
        try:
            # What came with the same bytes is published with it.
            await asyncio.sleep(0)
            while self._waiting:
                batch = self._next()
                results = await self._commit(batch)
                for (publish, channel), result in zip(batch, results, strict=True):
                    if self._connection.has(channel):
                        self._tell(publish, result)
                for number in {publish.channel for publish, _ in batch}:
                    self._connection.wire.confirm(number)
                self._connection.published()
        except Exception as error:  # nothing of the batch is confirmed
            self._connection.broken(error, "publish")
        finally:
            self._busy = None

    def _next(self) -> list[tuple[Publish, "AmqpChannel"]]:
        waiting = self._waiting
        if len(waiting) <= TOGETHER:
            self._waiting, self._bytes = [], 0
            return waiting
        batch, self._waiting = waiting[:TOGETHER], waiting[TOGETHER:]
        self._bytes -= sum([size_of(publish) for publish, _ in batch])
        return batch

    async def publish_together(self, batch: Sequence[Publish]) -> None:
        """Commit a transaction; all of it, or nothing if part of it cannot be. Raises ``HubError``, ``AmqpError``."""
        now = self._link.now()
        outgoing = [Outgoing(one.exchange, event_of(one, self._link.new_id, now), one.mandatory) for one in batch]
        results = await self._written(outgoing, whole=True)
        for publish, result in zip(batch, results, strict=True):
            self._tell(publish, result)

    async def _commit(self, batch: Sequence[tuple[Publish, "AmqpChannel"]]) -> list[Result]:
        results: list[Result] = [None] * len(batch)
        outgoing: list[Outgoing] = []
        places: list[int] = []
        now = self._link.now()
        checked: set[str] = set()
        failed: set[AmqpChannel] = set()
        for place, (publish, channel) in enumerate(batch):
            if channel in failed or not self._connection.has(channel):
                continue
            try:
                if publish.exchange not in checked:
                    await self._link.check_exchange(publish.exchange)
                    checked.add(publish.exchange)
                event = event_of(publish, self._link.new_id, now)
            except (HubError, AmqpError) as error:
                results[place] = error
                failed.add(channel)
                continue
            outgoing.append(Outgoing(publish.exchange, event, publish.mandatory))
            places.append(place)
        for place, result in zip(places, await self._written(outgoing), strict=True):
            results[place] = result
        return results

    async def _written(self, outgoing: Sequence[Outgoing], *, whole: bool = False) -> Sequence[Result]:
        while True:
            try:
                results = await self._link.publish(outgoing, whole=whole) if outgoing else []
            except Unavailable as error:
                self.blocked = True
                self._connection.block(error)
                await asyncio.sleep(AGAIN_S)
            else:
                self.blocked = False
                self._connection.unblock()
                return results

    def _tell(self, publish: Publish, result: Result) -> None:
        """Confirm, return or refuse a message; ``None`` is one behind a failure on its channel, which ended there."""
        channel = self._connection.wire.channels.get(publish.channel) if publish.tag else None
        if not isinstance(result, int):
            self._tell_what_is_wrong(publish, result)
        if result is not None and channel is not None and channel.open and channel.confirms is not None:
            channel.confirms.settle(publish.tag, not isinstance(result, HubError))

    def _tell_what_is_wrong(self, publish: Publish, result: Result) -> None:
        if isinstance(result, Unrouted):
            content = Content(publish.exchange, publish.routing_key, publish.properties, publish.body)
            self._connection.write(*content.returned(publish.channel, self._connection.wire.tuning.frame_max))
        elif isinstance(result, AmqpError):
            self._connection.fail(result.blaming(Basic.Publish), publish.channel)
        elif isinstance(result, HubError) and result.code != "queue_full":
            self._connection.fail(reply_to(result, Basic.Publish), publish.channel)


def size_of(publish: Publish) -> int:
    """The octets that a message takes up while it waits."""
    return len(publish.body) + len(publish.properties) + OVERHEAD
