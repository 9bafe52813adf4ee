"""Direct reply-to, as RabbitMQ has it: a place for replies that needs no declaration.

A client consumes the pseudo-queue ``amq.rabbitmq.reply-to`` and names it as ``reply-to``; who answers finds the name of
a real queue there. Here it is an exclusive queue like any other, made for the consumer and gone with it.
"""

from msgspec.structs import replace
from pamqp.commands import Basic

from eventyard.pipeline.streams.link import Link
from eventyard.pipeline.streams.queue import Queue
from eventyard.wire.amqp.errors import AmqpError, ReplyCode
from eventyard.wire.amqp.events import Publish
from eventyard.wire.amqp.properties import decode_properties, encode_properties

PSEUDO_QUEUE = "amq.rabbitmq.reply-to"
_OCTETS = PSEUDO_QUEUE.encode()


class DirectReplies:
    """Where the replies to a channel go."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._queue: Queue | None = None

    async def queue(self, consume: Basic.Consume) -> Queue:
        """The queue for a consumer of replies. Raises :class:`AmqpError` (406) for a second one, or one that acks."""
        if not consume.no_ack:
            raise AmqpError(ReplyCode.PRECONDITION_FAILED, "reply consumer cannot acknowledge", consume)
        if self._queue is not None and not self._queue.gone:
            raise AmqpError(ReplyCode.PRECONDITION_FAILED, "reply consumer already set", consume)
        self._queue = await self._link.declare_queue("", exclusive=True, auto_delete=True)
        return self._queue

    def addressed(self, publish: Publish) -> Publish:
        """A message with the name of the queue where it names the pseudo-queue. Raises :class:`AmqpError` (406)."""
        if _OCTETS not in publish.properties:
            return publish
        properties = decode_properties(publish.properties)
        if properties.reply_to != PSEUDO_QUEUE:
            return publish
        if self._queue is None or self._queue.gone:
            raise AmqpError(ReplyCode.PRECONDITION_FAILED, "fast reply consumer does not exist", Basic.Publish)
        return replace(publish, properties=encode_properties(replace(properties, reply_to=self._queue.name)))
