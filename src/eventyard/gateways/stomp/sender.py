"""What a client sends: gathered while the last of it is being committed, then committed together, in order.

So a client that sends fast pays one commit for many messages, and one that waits for each receipt gets it as soon as
its message is on disk, and never before. While the journal cannot be written, nothing is lost: it is tried again until
it can, or the connection ends; a client that goes on sending is not read meanwhile.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

from eventyard.gateways.stomp.messages import event_sent
from eventyard.model.errors import HubError, NotFound, Unavailable
from eventyard.model.ids import EntryId, Millis
from eventyard.pipeline.streams.link import Link
from eventyard.pipeline.streams.outgoing import Outgoing, Unrouted
from eventyard.wire.stomp.commands import Send
from eventyard.wire.stomp.destinations import TOPIC_EXCHANGE, Destination, Kind

TOGETHER = 1_000
"""Messages in one commit at most."""

AHEAD_BYTES = 8 << 20
"""Bytes that may wait to be committed before nothing more is read from the client."""

OVERHEAD = 1024
"""Bytes that a message costs beside its body and the headers of the sender's own."""

AGAIN_S = 1.0
"""Seconds between two tries to write to a journal that cannot be written."""

Result = EntryId | Unrouted | HubError | None
"""What became of a message; ``None``: nothing, as one before it failed and ended the conversation."""


class Sender:
    """The messages that one client sends."""

    def __init__(
        self,
        link: Link,
        *,
        reply_queue: Callable[[str], Awaitable[str]],
        goes_on_after: Callable[[HubError], bool],
        tell: Callable[[Send, Result], None],
        broken: Callable[[Exception, str], None],
    ) -> None:
        """``reply_queue`` makes the queue behind a temporary one, and ``tell`` hears what became of each message;
        ``broken`` hears of our own faults.
        """
        self._link = link
        self._reply_queue = reply_queue
        self._goes_on_after = goes_on_after
        self._tell = tell
        self._broken = broken
        self._waiting: list[Send] = []
        self._bytes = 0
        self._busy: asyncio.Task[None] | None = None
        self._stopping = asyncio.Event()

    @property
    def busy(self) -> bool:
        """Whether something is not committed yet."""
        return self._busy is not None

    @property
    def crowded(self) -> bool:
        """Whether so much waits that the client had better wait, too."""
        return self._bytes > AHEAD_BYTES

    def put(self, send: Send) -> None:
        """Publish a message, after those before it."""
        self._waiting.append(send)
        self._bytes += _size(send)
        if self._busy is None:
            self._busy = asyncio.create_task(self._work())

    async def done(self) -> None:
        """Wait until everything sent so far is committed or refused."""
        while self._busy is not None:
            await asyncio.shield(self._busy)

    async def stop(self) -> None:
        """Commit what came before the client left, unless that cannot be done now."""
        self._stopping.set()
        with suppress(asyncio.CancelledError):
            await self.done()

    async def _work(self) -> None:
        try:
            # What came with the same bytes is committed with it.
            await asyncio.sleep(0)
            while self._waiting:
                batch, self._waiting = self._waiting[:TOGETHER], self._waiting[TOGETHER:]
                self._bytes -= sum([_size(send) for send in batch])
                for send, result in zip(batch, await self._commit(batch), strict=True):
                    self._tell(send, result)
        except Unavailable:
            pass  # it is stopping, and nobody is there to be told
        except Exception as error:  # a bug must not leave the client waiting
            self._broken(error, "SEND")
        finally:
            self._busy = None

    async def together(self, sends: Sequence[Send]) -> None:
        """Commit what was sent in a transaction: all of it, or nothing if part of it cannot be. Raises ``HubError``."""
        now = self._link.now()
        checked: set[str] = set()
        await self._written([await self._outgoing(send, now, checked) for send in sends], whole=True)

    async def _commit(self, sends: Sequence[Send]) -> list[Result]:
        results: list[Result] = [None] * len(sends)
        outgoing: list[Outgoing] = []
        places: list[int] = []
        checked: set[str] = set()
        now = self._link.now()
        for place, send in enumerate(sends):
            try:
                outgoing.append(await self._outgoing(send, now, checked))
            except HubError as error:
                results[place] = error
                if not self._goes_on_after(error):
                    break
            else:
                places.append(place)
        for place, result in zip(places, await self._written(outgoing), strict=True):
            results[place] = result
        return results

    async def _outgoing(self, send: Send, now: Millis, checked: set[str]) -> Outgoing:
        """What is to be published. ``checked`` are exchanges to which the client may publish."""
        exchange, key = await self._place(send.destination)
        if exchange not in checked:
            await self._link.check_exchange(exchange)
            checked.add(exchange)
        reply_to = None
        if send.reply_to is not None:
            reply_to = Kind.REPLY_QUEUE + await self._reply_queue(send.reply_to.name)
        return Outgoing(exchange, event_sent(send, exchange, key, reply_to=reply_to, new_id=self._link.new_id, now=now))

    async def _place(self, to: Destination) -> tuple[str, str | None]:
        """The exchange and the routing key of a destination; a queue that must be there, is."""
        if to.kind is Kind.EXCHANGE:
            return to.name, to.key
        if to.kind is Kind.TOPIC:
            return TOPIC_EXCHANGE, to.name
        if to.kind is not Kind.REPLY_QUEUE and not self._link.has_queue(to.name):
            if to.kind is Kind.EXISTING_QUEUE:
                raise NotFound("not_found", f"no queue {to.name!r}")
            await self._link.declare_queue(to.name, durable=True)
        return "", to.name  # the default exchange

    async def _written(self, outgoing: Sequence[Outgoing], *, whole: bool = False) -> Sequence[Result]:
        """Publish, as often as it takes. Raises ``Unavailable`` if that cannot be done, and the client is gone."""
        while outgoing:
            try:
                return await self._link.publish(outgoing, whole=whole)
            except Unavailable:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._stopping.wait(), AGAIN_S)
                if self._stopping.is_set():
                    raise
        return []


def _size(send: Send) -> int:
    """The bytes that a message takes up while it waits."""
    return len(send.body) + OVERHEAD + sum([len(name) + len(value) for name, value in send.headers.items()])
