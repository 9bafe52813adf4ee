"""What a client sends: each message an event in the exchange of its destination; the sender hears once it is on disk.

How messages come together in one commit is told in ``gateways/gathering.py``.
"""

from collections.abc import Awaitable, Callable, Sequence

from eventyard.gateways.gathering import Gathering
from eventyard.gateways.stomp.messages import event_sent
from eventyard.model.errors import HubError, NotFound
from eventyard.model.ids import EntryId, Millis
from eventyard.pipeline.streams.link import Link
from eventyard.pipeline.streams.outgoing import Outgoing, Unrouted
from eventyard.wire.stomp.commands import Send
from eventyard.wire.stomp.destinations import TOPIC_EXCHANGE, Destination, Kind

OVERHEAD = 1024
"""Bytes that a message costs beside its body and the headers of the sender's own."""

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
        self._gathering: Gathering[Send] = Gathering(self._publish, _size, broken=lambda error: broken(error, "SEND"))
        self.put = self._gathering.put
        self.done = self._gathering.done
        self.stop = self._gathering.stop

    @property
    def busy(self) -> bool:
        """Whether something is not committed yet."""
        return self._gathering.busy

    @property
    def crowded(self) -> bool:
        """Whether so much waits that the client had better wait, too."""
        return self._gathering.crowded

    async def _publish(self, sends: Sequence[Send]) -> None:
        for send, result in zip(sends, await self._commit(sends), strict=True):
            self._tell(send, result)

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
            await self._link.check_exchange("")
            await self._link.declare_queue(to.name, durable=True)
        return "", to.name  # the default exchange

    async def _written(self, outgoing: Sequence[Outgoing], *, whole: bool = False) -> Sequence[Result]:
        return await self._gathering.written(lambda: self._link.publish(outgoing, whole=whole)) if outgoing else []


def _size(send: Send) -> int:
    """The bytes that a message takes up while it waits."""
    return len(send.body) + OVERHEAD + sum([len(name) + len(value) for name, value in send.headers.items()])
