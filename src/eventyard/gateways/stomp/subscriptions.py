"""The subscriptions of one client: which queue each reads, what it was given, and what it has yet to acknowledge.

``/exchange`` and ``/topic`` are read through a private queue, which goes with the subscription, or through a named one
that stays, as the headers want; ``/queue`` is a durable queue that all share. The rules are RabbitMQ's. Where it would
refuse a queue because it was declared with more than the headers repeat, here who repeats nothing may read it.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Protocol

from msgspec import Struct

from eventyard.gateways.events import AS_BINARY, COUNT, OFFSET
from eventyard.gateways.stomp.messages import Tail, tail_of
from eventyard.model.errors import HubError
from eventyard.model.streams import ExchangeSettings
from eventyard.pipeline.streams.consumer import Consumer, Credit, Deliver, Held, acknowledge, release
from eventyard.pipeline.streams.feed import Message
from eventyard.pipeline.streams.link import Link
from eventyard.pipeline.streams.queue import Queue
from eventyard.wire.stomp.commands import Ack, AckMode, Nack, Subscribe, Unsubscribe
from eventyard.wire.stomp.destinations import TOPIC_EXCHANGE, Destination, Kind
from eventyard.wire.stomp.errors import message_not_found
from eventyard.wire.stomp.messages import Heads
from eventyard.wire.stomp.session import Session

OF_QUEUES: Final = frozenset(
    {
        "x-dead-letter-exchange",
        "x-dead-letter-routing-key",
        "x-expires",
        "x-max-age",
        "x-max-length",
        "x-max-length-bytes",
        "x-max-priority",
        "x-message-ttl",
        "x-overflow",
        "x-queue-type",
        "x-single-active-consumer",
    }
)
"""Headers of a SUBSCRIBE that are arguments of its queue."""

_REDELIVERED = f"{COUNT}:%d\n".encode()

Ledger = OrderedDict[int, Held]
"""What a subscription was given and has not acknowledged, by the number of the delivery, in order.

A plain dict would step over all that was acknowledged before, each time its first entry is asked for.
"""


class Outlet(Protocol):
    """Where messages are sent."""

    def send(self, frame: bytes) -> None:
        """Send a whole frame."""

    def deliver(self, heads: Sequence[bytes], tails: Sequence[Tail]) -> None:
        """Send MESSAGEs, each put together of two parts."""


class Subscription(Struct, eq=False):
    """One of them. ``queue`` is the name of the queue that it declared and others may share, if it did."""

    consumer: Consumer
    ledger: Ledger
    queue: str | None = None


class Subscriptions:
    """All of one client."""

    def __init__(
        self,
        link: Link,
        session: Session,
        outlet: Outlet,
        unacked: Credit,
        exchange_name: Callable[[Message], str],
    ) -> None:
        """``unacked`` bounds what all of them together have yet to acknowledge."""
        self._link = link
        self._session = session
        self._outlet = outlet
        self._unacked = unacked
        self._exchange_name = exchange_name
        self._next_number = 1
        """Of deliveries: one sequence for all, so that none is taken for one of a subscription with the same id."""
        self._by_tag: dict[str, Subscription] = {}
        self._orphans: Ledger = OrderedDict()
        """What subscriptions that are gone had not acknowledged."""
        self._reply_queues: dict[str, str] = {}

    # Coming and going

    async def add(self, wish: Subscribe, accepted: Callable[[], None]) -> None:
        """Begin one; ``accepted`` is called before its first message. Raises what the verbs of a link raise."""
        # The session forgets what it knows of subscriptions if it ends meanwhile.
        heads = self._session.heads(wish.tag)
        offset = wish.arguments.get(OFFSET)
        queue, shared, offset = await self._queue(wish, offset)
        no_ack = wish.ack is AckMode.AUTO
        ledger: Ledger = OrderedDict()
        consumer = Consumer(
            wish.tag,
            self._deliver_to(heads, ledger, as_binary=wish.arguments.get(AS_BINARY) == "binary"),
            cancelled=self._cancelled,
            no_ack=no_ack,
            credits=() if no_ack else (Credit(wish.prefetch or 0), self._unacked),
            priority=int(wish.arguments.get("x-priority", 0)),
        )
        self._by_tag[wish.tag] = Subscription(consumer, ledger, shared)
        try:
            await self._link.consume(queue, consumer, accepted, offset=offset)
        except HubError:
            del self._by_tag[wish.tag]
            raise

    async def remove(self, wish: Unsubscribe) -> None:
        """End one, and with it the queue that is its own, or that the client does not want to keep."""
        gone = self._by_tag.pop(wish.tag)
        self._orphans.update(gone.ledger)
        await self._link.cancel(gone.consumer)
        if wish.durable and gone.queue is not None:
            await self._link.delete_queue(gone.queue)

    def _cancelled(self, consumer: Consumer, reason: HubError) -> None:
        """The queue has ended a subscription."""
        gone = self._by_tag.pop(consumer.tag, None)
        if gone is not None:
            self._orphans.update(gone.ledger)
            self._outlet.send(self._session.cancelled(consumer.tag))

    def held(self) -> list[Held]:
        """All that was given and is not acknowledged, when the client is gone."""
        held = list(self._orphans.values())
        for subscription in self._by_tag.values():
            held += subscription.ledger.values()
        return held

    async def reply_queue(self, name: str) -> str:
        """The private queue behind ``/temp-queue/<name>``, and the subscription that reads it, if that is new."""
        there = self._reply_queues.get(name)
        if there is not None:
            return there
        queue = await self._link.declare_queue("", exclusive=True, auto_delete=True)
        # Its messages come under the name that the client gave, and it has no id to end them by.
        tag = f"T_{Kind.TEMPORARY_QUEUE}{name}"
        heads = Heads(tag, self._session.id, acks=False)
        deliver = self._deliver_to(heads, OrderedDict(), as_binary=False)
        await self._link.consume(queue, Consumer(tag, deliver, cancelled=self._cancelled, no_ack=True))
        self._reply_queues[name] = queue.name
        return queue.name

    # Which queue

    async def _queue(self, wish: Subscribe, offset: Any) -> tuple[Queue, str | None, Any]:
        """The queue of a subscription, its name if others may share it, and from where it is still to be replayed."""
        to = wish.destination
        if to.kind is Kind.EXISTING_QUEUE:
            return self._link.queue(to.name), None, offset
        arguments = {name: value for name, value in wish.arguments.items() if name in OF_QUEUES}
        plain = not arguments and wish.exclusive is None and wish.auto_delete is None
        if to.kind is Kind.QUEUE:
            return await self._shared(to.name, wish, arguments, durable=True, plain=plain), None, offset
        exchange, key = (TOPIC_EXCHANGE, to.name) if to.kind is Kind.TOPIC else (to.name, to.key or "")
        if plain and wish.queue is None and not wish.durable:
            return await self._link.subscribe(exchange, key, offset), None, None
        await self._link.declare_exchange(exchange, ExchangeSettings(), passive=True)
        name = wish.queue or (_name_of(to, wish.tag, self._link.who.categories) if wish.durable else "")
        new = not name or not self._link.has_queue(name)
        queue = await self._shared(name, wish, arguments, durable=wish.durable, plain=False)
        await self._link.bind(queue, exchange, key, offset=offset if new else None)
        return queue, queue.name, None

    async def _shared(
        self, name: str, wish: Subscribe, arguments: Mapping[str, Any], *, durable: bool, plain: bool
    ) -> Queue:
        if plain and self._link.has_queue(name):
            return self._link.queue(name)
        exclusive = not durable if wish.exclusive is None else wish.exclusive
        return await self._link.declare_queue(
            name,
            durable=durable and not exclusive,
            exclusive=exclusive,
            auto_delete=not durable if wish.auto_delete is None else wish.auto_delete,
            arguments=arguments,
        )

    # Delivering

    def _deliver_to(self, heads: Heads, ledger: Ledger, *, as_binary: bool) -> Deliver:
        form = ("stomp", as_binary)
        send, exchange_name = self._outlet.deliver, self._exchange_name

        def deliver(messages: Sequence[Message], helds: Sequence[Held] | None, count: int) -> None:
            first = self._next_number
            self._next_number += len(messages)
            numbers = range(first, self._next_number)
            if helds is not None:
                ledger.update(zip(numbers, helds, strict=True))
            tails = [
                message.made.get(form) or tail_of(message, exchange_name(message), as_binary=as_binary)
                for message in messages
            ]
            if count:
                told = _REDELIVERED % count
                send([heads.head(number, redelivered=True) + told for number in numbers], tails)
            else:
                send(heads.heads(numbers), tails)

        return deliver

    # Settling

    def check(self, wish: Ack | Nack) -> None:
        """Raise ``Refused`` unless the delivery waits for an acknowledgement."""
        self._ledger(wish)

    def settle(self, wish: Ack | Nack) -> None:
        """Do what the client decided about a delivery, or about all up to it. Raises ``Refused``."""
        ledger = self._ledger(wish)
        # What outlived its subscription counts for itself alone.
        taken = _take(ledger, wish.number, multiple=wish.multiple and ledger is not self._orphans)
        if isinstance(wish, Ack):
            acknowledge(taken)
        elif wish.requeue:
            release(taken)
        else:
            for held in taken:
                held.queue.reject(held)

    def _ledger(self, wish: Ack | Nack) -> Ledger:
        subscription = self._by_tag.get(wish.tag)
        for ledger in (self._orphans,) if subscription is None else (subscription.ledger, self._orphans):
            if wish.number in ledger:
                return ledger
        raise message_not_found(wish.number)


def _take(ledger: Ledger, number: int, *, multiple: bool) -> Sequence[Held]:
    if not multiple:
        return [ledger.pop(number)]
    taken, reached = [], 0
    while reached != number:
        reached, held = ledger.popitem(last=False)
        taken.append(held)
    return taken


def _name_of(to: Destination, tag: str, held: frozenset[str] | None) -> str:
    """The name of the durable queue of a subscription: the same whenever it comes again, from who may see the same."""
    of = "" if held is None else f"\n{sorted(held)}"
    digest = hashlib.blake2b(f"{to}\n{tag}{of}".encode(), digest_size=16)
    return f"stomp-subscription-{digest.hexdigest()}"
