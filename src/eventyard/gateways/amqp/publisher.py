"""What a connection publishes: each message an event, confirmed once it is on disk, returned or refused.

How messages come together in one commit is told in ``gateways/gathering.py``. A client is told while the journal cannot
be written.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pamqp.commands import Basic

from eventyard.gateways.amqp.messages import event_of
from eventyard.gateways.amqp.replies import reply_to
from eventyard.gateways.gathering import Gathering
from eventyard.model.errors import HubError
from eventyard.model.ids import EntryId
from eventyard.pipeline.streams.link import Link
from eventyard.pipeline.streams.outgoing import Outgoing, Unrouted
from eventyard.wire.amqp.acknowledgements import Confirms
from eventyard.wire.amqp.content import Content
from eventyard.wire.amqp.errors import AmqpError
from eventyard.wire.amqp.events import Publish

if TYPE_CHECKING:
    from eventyard.gateways.amqp.channel import AmqpChannel
    from eventyard.gateways.amqp.connection import AmqpConnection

OVERHEAD = 512
"""Octets that a message costs beside its own."""

Result = EntryId | Unrouted | HubError | AmqpError | None


class Publisher:
    """The publications of one connection."""

    def __init__(self, connection: "AmqpConnection", link: Link) -> None:
        self._connection = connection
        self._link = link
        self._gathering: Gathering[tuple[Publish, AmqpChannel]] = Gathering(
            self._publish,
            lambda one: size_of(one[0]),
            broken=lambda error: connection.broken(error, "publish"),
            held_up=lambda reason: connection.unblock() if reason is None else connection.block(reason),
        )
        self.done = self._gathering.done
        self.stop = self._gathering.stop

    @property
    def blocked(self) -> bool:
        """Whether the journal cannot be written."""
        return self._gathering.blocked

    @property
    def crowded(self) -> bool:
        """Whether enough waits that the client had better wait too."""
        return self._gathering.crowded

    def put(self, publish: Publish, channel: "AmqpChannel") -> None:
        """Publish a message, after those before it."""
        self._gathering.put((publish, channel))

    async def _publish(self, batch: Sequence[tuple[Publish, "AmqpChannel"]]) -> None:
        confirming: dict[AmqpChannel, Confirms | None] = {}
        for (publish, channel), result in zip(batch, await self._commit(batch), strict=True):
            if isinstance(result, int):
                if channel not in confirming:
                    confirming[channel] = self._confirms(channel)
                if publish.tag and (confirms := confirming[channel]) is not None:
                    confirms.settle(publish.tag)
            elif self._connection.has(channel):
                self._tell(publish, result)
                confirming.clear()  # it may have ended the channel
        for number in {publish.channel for publish, _ in batch}:
            self._connection.wire.confirm(number)
        self._connection.published()

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
        now, new_id = self._link.now(), self._link.new_id
        checked: set[str] = set()
        failed: set[AmqpChannel] = set()
        for place, (publish, channel) in enumerate(batch):
            if channel in failed or not self._connection.has(channel):
                continue
            try:
                if publish.exchange not in checked:
                    await self._link.check_exchange(publish.exchange)
                    checked.add(publish.exchange)
                event = event_of(publish, new_id, now)
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
        return await self._gathering.written(lambda: self._link.publish(outgoing, whole=whole)) if outgoing else []

    def _confirms(self, channel: "AmqpChannel") -> Confirms | None:
        """What is confirmed on a channel, if that is there and wants it."""
        known = self._connection.wire.channels.get(channel.number) if self._connection.has(channel) else None
        return known.confirms if known is not None and known.open else None

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
