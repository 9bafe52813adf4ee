"""One channel of a connection: its consumers, what it holds, and what each method on it does with the streams.

A method is a coroutine if it changes something that is kept; its connection reads nothing more until it is done, so
methods take effect in the order they were sent. What is published goes another way, in ``publisher.py``.
"""

import secrets
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from pamqp.base import Frame as Method
from pamqp.commands import Basic, Confirm, Exchange, Queue, Tx

from eventyard.gateways.amqp.direct import PSEUDO_QUEUE, DirectReplies
from eventyard.gateways.amqp.messages import Form, content_of
from eventyard.gateways.amqp.transaction import Settlement, Transaction
from eventyard.gateways.events import AS_BINARY, OFFSET
from eventyard.model.errors import HubError, NotFound
from eventyard.model.streams import ExchangeSettings, ExchangeType
from eventyard.pipeline.streams.consumer import Consumer, Credit, Deliver, Held, acknowledge, release
from eventyard.pipeline.streams.feed import Message
from eventyard.pipeline.streams.link import Link
from eventyard.wire.amqp.acknowledgements import Unacked
from eventyard.wire.amqp.content import Outlet
from eventyard.wire.amqp.errors import AmqpError, ReplyCode
from eventyard.wire.amqp.methods import make, name_of

if TYPE_CHECKING:
    from eventyard.gateways.amqp.connection import AmqpConnection

Work = Coroutine[Any, Any, None]


class AmqpChannel:
    """What the gateway keeps of one open channel."""

    def __init__(self, connection: "AmqpConnection", link: Link, number: int) -> None:
        self.number = number
        self.unacked: Unacked[Held] = Unacked()
        self.transaction = Transaction()
        self.replies = DirectReplies(link)
        self._connection = connection
        self._link = link
        self._consumers: dict[str, Consumer] = {}
        self._prefetch = 0
        self._shared = Credit()
        self._last_queue = ""
        self._deleting = False
        self._notices: list[Method] = []

    @property
    def transactional(self) -> bool:
        """Whether what happens here waits for ``tx.commit``."""
        channel = self._connection.wire.channels.get(self.number)
        return channel is not None and channel.transactional

    def handle(self, method: Method) -> Work | None:
        """Do what a method asks; what takes longer is returned, to be awaited. Raises ``HubError``, ``AmqpError``."""
        handler = _HANDLERS.get(type(method))
        if handler is None:
            raise AmqpError(ReplyCode.NOT_IMPLEMENTED, f"{name_of(method)} is not done here", method)
        return handler(self, method)

    def close(self) -> Work:
        """End at once: consumers first, then what they held goes back. Returned is what takes longer."""
        consumers, self._consumers = self._consumers, {}
        read = [self._link.stop(consumer) for consumer in consumers.values()]
        release(self.unacked.clear())
        return self._link.leave(read)

    def held(self) -> list[Held]:
        """Everything that was given here and not settled, when the connection is lost."""
        return self.unacked.clear()

    def _send(self, method: Method) -> None:
        self._connection.wire.send(self.number, method)

    # Exchanges

    async def _declare_exchange(self, method: Exchange.Declare) -> None:
        arguments = dict(method.arguments or {})
        alternate = arguments.pop("alternate-exchange", None)
        if method.passive:
            await self._link.declare_exchange(method.exchange, ExchangeSettings(), passive=True)
        else:
            wish = ExchangeSettings(
                type=_exchange_type(method),
                durable=bool(method.durable),
                auto_delete=bool(method.auto_delete),
                internal=bool(method.internal),
                alternate=None if alternate is None else str(alternate),
                arguments=arguments,
            )
            await self._link.declare_exchange(method.exchange, wish)
        if not method.nowait:
            self._send(Exchange.DeclareOk())

    async def _delete_exchange(self, method: Exchange.Delete) -> None:
        await self._link.delete_exchange(method.exchange, if_unused=bool(method.if_unused))
        if not method.nowait:
            self._send(Exchange.DeleteOk())

    async def _bind_exchange(self, method: Exchange.Bind) -> None:
        await self._link.bind_exchange(
            method.destination, method.source, method.routing_key, dict(method.arguments or {})
        )
        if not method.nowait:
            self._send(Exchange.BindOk())

    async def _unbind_exchange(self, method: Exchange.Unbind) -> None:
        with suppress(NotFound):  # as in RabbitMQ, what is not there need not be taken away
            await self._link.unbind_exchange(
                method.destination, method.source, method.routing_key, dict(method.arguments or {})
            )
        if not method.nowait:
            self._send(Exchange.UnbindOk())

    # Queues

    def _name(self, given: str | None) -> str:
        """The queue of a method: that of the last declaration on this channel, if none is named."""
        if given:
            return given
        if not self._last_queue:
            raise AmqpError(ReplyCode.NOT_FOUND, "no previously declared queue")
        return self._last_queue

    async def _declare_queue(self, method: Queue.Declare) -> None:
        name = self._name("") if method.passive and not method.queue else method.queue
        queue = await self._link.declare_queue(
            name,
            passive=bool(method.passive),
            durable=bool(method.durable),
            exclusive=bool(method.exclusive),
            auto_delete=bool(method.auto_delete),
            arguments=dict(method.arguments or {}),
        )
        self._last_queue = queue.name
        if not method.nowait:
            self._send(
                make(Queue.DeclareOk, queue=queue.name, message_count=queue.depth, consumer_count=len(queue.consumers))
            )

    async def _bind_queue(self, method: Queue.Bind) -> None:
        name = self._name(method.queue)
        key = name if not method.queue and not method.routing_key else method.routing_key
        await self._link.bind(self._link.queue(name), method.exchange, key, dict(method.arguments or {}))
        if not method.nowait:
            self._send(Queue.BindOk())

    async def _unbind_queue(self, method: Queue.Unbind) -> None:
        name = self._name(method.queue)
        with suppress(NotFound):
            queue = self._link.queue(name)
            await self._link.unbind(queue, method.exchange, method.routing_key, dict(method.arguments or {}))
        self._send(Queue.UnbindOk())

    async def _purge_queue(self, method: Queue.Purge) -> None:
        number = self._link.purge(self._name(method.queue))
        if not method.nowait:
            self._send(Queue.PurgeOk(message_count=number))

    async def _delete_queue(self, method: Queue.Delete) -> None:
        with self._notices_after():
            number = await self._link.delete_queue(
                self._name(method.queue), if_unused=bool(method.if_unused), if_empty=bool(method.if_empty)
            )
            if not method.nowait:
                self._send(Queue.DeleteOk(message_count=number))

    # Consuming

    def _qos(self, method: Basic.Qos) -> None:
        if method.global_:
            self._shared.change(method.prefetch_count or 0)
        else:
            self._prefetch = method.prefetch_count or 0
        self._send(Basic.QosOk())

    async def _consume(self, method: Basic.Consume) -> None:
        arguments = dict(method.arguments or {})
        tag = method.consumer_tag or f"amq.ctag-{secrets.token_urlsafe(16)}"
        if tag in self._consumers:
            raise AmqpError(ReplyCode.NOT_ALLOWED, f"attempt to reuse consumer tag '{tag}'", method)
        if method.queue == PSEUDO_QUEUE:
            queue = await self.replies.queue(method)
        else:
            queue = self._link.queue(self._name(method.queue))
        no_ack = bool(method.no_ack)
        credits = () if no_ack else (Credit(self._prefetch), self._shared, self._connection.unacked)
        offset = arguments.get(OFFSET)
        form = Form(arguments.get(AS_BINARY) == "binary", offset is not None)
        priority = arguments.get("x-priority", 0)
        if not isinstance(priority, int) or isinstance(priority, bool):
            raise AmqpError(ReplyCode.PRECONDITION_FAILED, f"invalid arg 'x-priority': {priority!r}", method)
        consumer = Consumer(
            tag,
            self._deliver_to(tag, form),
            cancelled=self._cancelled,
            no_ack=no_ack,
            credits=credits,
            priority=priority,
            exclusive=bool(method.exclusive),
        )

        def accepted() -> None:
            self._consumers[tag] = consumer
            if not method.nowait:
                self._send(make(Basic.ConsumeOk, consumer_tag=tag))

        await self._link.consume(queue, consumer, accepted, offset=offset)

    def _deliver_to(self, tag: str, form: Form) -> Deliver:
        connection, unacked = self._connection, self.unacked
        outlet = Outlet(self.number, tag, connection.wire.tuning.frame_max)
        name_of = connection.exchange_name

        def deliver(messages: Sequence[Message], helds: Sequence[Held] | None, count: int) -> None:
            frames: list[bytes] = []
            for place, message in enumerate(messages):
                content = message.made.get(form)
                if content is None or count:
                    content = content_of(message, name_of(message), form, count)
                number = unacked.next_tag() if helds is None else unacked.add(helds[place])
                frames += outlet.frames(content, number, count > 0)
            connection.write(*frames)

        return deliver

    def _cancelled(self, consumer: Consumer, reason: HubError) -> None:
        """The queue has ended the consumer."""
        self._link.consumers.pop(consumer, None)
        if self._consumers.pop(consumer.tag, None) is None:
            return
        if "consumer_cancel_notify" in self._connection.wire.capabilities:
            self._notices.append(make(Basic.Cancel, consumer_tag=consumer.tag, nowait=True))
            if not self._deleting:
                self._notify()

    @contextmanager
    def _notices_after(self) -> Iterator[None]:
        """Whoever deletes a queue hears that it is gone before they hear so of their own consumers."""
        self._deleting = True
        try:
            yield
        finally:
            self._deleting = False
            self._notify()

    def _notify(self) -> None:
        notices, self._notices = self._notices, []
        for notice in notices:
            self._send(notice)
        self._connection.flush_soon()

    async def _cancel(self, method: Basic.Cancel) -> None:
        consumer = self._consumers.pop(method.consumer_tag or "", None)
        if not method.nowait:
            self._send(make(Basic.CancelOk, consumer_tag=method.consumer_tag))
        if consumer is not None:
            await self._link.cancel(consumer)

    async def _get(self, method: Basic.Get) -> None:
        queue = self._link.queue(self._name(method.queue))
        taken = await self._link.get(queue, no_ack=bool(method.no_ack), credit=self._connection.unacked)
        if taken is None:
            self._send(Basic.GetEmpty())
            return
        message, held, count = taken
        content = content_of(message, self._connection.exchange_name(message), Form(), count)
        tag = self.unacked.next_tag() if held is None else self.unacked.add(held)
        frame_max = self._connection.wire.tuning.frame_max
        self._connection.write(*content.got(self.number, frame_max, tag, count > 0, queue.depth))

    # Settling

    def _ack(self, method: Basic.Ack) -> None:
        self._settle(method, method.delivery_tag or 0, bool(method.multiple), acknowledge)

    def _nack(self, method: Basic.Nack) -> Work | None:
        return self._refuse(method, bool(method.multiple))

    def _reject(self, method: Basic.Reject) -> Work | None:
        return self._refuse(method, False)

    def _refuse(self, method: Basic.Nack | Basic.Reject, multiple: bool) -> Work | None:
        tag = method.delivery_tag or 0
        if method.requeue:
            return self._give_back(method, tag, multiple)
        self._settle(method, tag, multiple, _reject_all)
        return None

    async def _give_back(self, method: Method, tag: int, multiple: bool) -> None:
        # What comes back may go out again at once, to this client too: one after the other, so that it has to read.
        self._settle(method, tag, multiple, release)

    def _settle(self, method: Method, tag: int, multiple: bool, settle: Callable[[Sequence[Held]], None]) -> None:
        if self.transactional:
            self.transaction.settle(Settlement(tag, multiple, settle))
            return
        settle(self.unacked.settle(tag, multiple))

    async def _recover(self, method: Basic.Recover) -> None:
        await self._recover_async(method)
        self._send(Basic.RecoverOk())

    async def _recover_async(self, method: Basic.Recover | Basic.RecoverAsync) -> None:
        if not method.requeue:
            raise AmqpError(ReplyCode.NOT_IMPLEMENTED, "requeue=false", method)
        release(self.unacked.clear())

    # Confirmations and transactions

    async def _confirm(self, method: Confirm.Select) -> None:
        if not method.nowait:
            self._send(Confirm.SelectOk())

    async def _commit(self, method: Tx.Commit) -> None:
        await self.transaction.commit(self._connection.publisher, self.unacked)
        self._send(Tx.CommitOk())

    async def _rollback(self, method: Tx.Rollback) -> None:
        self.transaction.rollback()
        self._send(Tx.RollbackOk())


def _exchange_type(method: Exchange.Declare) -> ExchangeType:
    try:
        return ExchangeType(method.exchange_type)
    except ValueError:
        raise AmqpError(
            ReplyCode.PRECONDITION_FAILED, f"unknown exchange type '{method.exchange_type}'", method
        ) from None


def _reject_all(helds: Sequence[Held]) -> None:
    for held in helds:
        held.queue.reject(held)


_HANDLERS: Mapping[type[Method], Callable[[AmqpChannel, Any], Work | None]] = {
    Exchange.Declare: AmqpChannel._declare_exchange,
    Exchange.Delete: AmqpChannel._delete_exchange,
    Exchange.Bind: AmqpChannel._bind_exchange,
    Exchange.Unbind: AmqpChannel._unbind_exchange,
    Queue.Declare: AmqpChannel._declare_queue,
    Queue.Bind: AmqpChannel._bind_queue,
    Queue.Unbind: AmqpChannel._unbind_queue,
    Queue.Purge: AmqpChannel._purge_queue,
    Queue.Delete: AmqpChannel._delete_queue,
    Basic.Qos: AmqpChannel._qos,
    Basic.Consume: AmqpChannel._consume,
    Basic.Cancel: AmqpChannel._cancel,
    Basic.Get: AmqpChannel._get,
    Basic.Ack: AmqpChannel._ack,
    Basic.Nack: AmqpChannel._nack,
    Basic.Reject: AmqpChannel._reject,
    Basic.Recover: AmqpChannel._recover,
    Basic.RecoverAsync: AmqpChannel._recover_async,
    Confirm.Select: AmqpChannel._confirm,
    Tx.Commit: AmqpChannel._commit,
    Tx.Rollback: AmqpChannel._rollback,
}
