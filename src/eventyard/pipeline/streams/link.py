"""A link: one connected client, what it may do, and the verbs it does it with. The same for STOMP, AMQP and SSE.

What there is for it is told by ``reach.py``, and what it publishes goes by ``outgoing.py``. A gateway turns the errors
raised here into its protocol's replies.
"""

import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from eventyard.model.access import Principal, Scope
from eventyard.model.catalog import Project, Topic
from eventyard.model.errors import Conflict, Forbidden, HubError, NotFound, Unauthenticated, Unavailable
from eventyard.model.ids import EntryId, Millis
from eventyard.model.reserved import AMQ
from eventyard.model.streams import DEFAULT_EXCHANGE, Binding, QueueOptions
from eventyard.pipeline.streams.configuring import Configuring
from eventyard.pipeline.streams.consumer import Consumer, Credit, Held, release
from eventyard.pipeline.streams.feed import Message
from eventyard.pipeline.streams.limited import queue_for
from eventyard.pipeline.streams.options import check_name, compare, cursor_of, queue_options
from eventyard.pipeline.streams.outgoing import Outgoing, Published, publish
from eventyard.pipeline.streams.queue import Queue
from eventyard.pipeline.view import View

if TYPE_CHECKING:
    from eventyard.pipeline.streams.streams import Streams


class Link(Configuring):
    """One client, from its login to its end."""

    def __init__(
        self,
        streams: "Streams",
        number: int,
        who: Principal,
        project: Project,
        *,
        protocol: str,
        peer: str,
        name: str,
        end: Callable[[HubError], None],
        channels: Callable[[], int] | None,
    ) -> None:
        """``end`` is called once, when the hub ends the connection, with the reason to tell the client.

        ``channels`` tells how many are open, of a protocol that has them.
        """
        super().__init__(streams, who, project)
        self.number = number
        self.protocol = protocol
        self.peer = peer
        self.name = name
        self.channels = channels
        self.since: Millis = streams.clock()
        self.consumers: dict[Consumer, None] = {}
        self.paused = False
        self.published = 0
        self._delivered = 0
        """Messages that were fetched one by one, or given to consumers that are gone."""
        self._end: Callable[[HubError], None] | None = end
        self._own: dict[Queue, None] = {}
        """Its exclusive queues."""
        self._closed = False

    @property
    def delivered(self) -> int:
        """Messages given to the client."""
        return self._delivered + sum(consumer.delivered for consumer in self.consumers)

    @property
    def unacked(self) -> int:
        """Messages that its consumers were given and have not settled."""
        return sum(consumer.unacked for consumer in self.consumers)

    def end(self, reason: HubError) -> None:
        """End the connection, and tell the client why."""
        end, self._end = self._end, None
        if end is not None:
            self.pause()
            end(reason)

    def now(self) -> Millis:
        """The wall clock."""
        return self._streams.clock()

    @property
    def new_id(self) -> Callable[[], str]:
        """Makes a fresh id for an event that brings none."""
        return self._streams.new_id

    # Queues

    async def declare_queue(
        self,
        name: str,
        *,
        passive: bool = False,
        durable: bool = False,
        exclusive: bool = False,
        auto_delete: bool = False,
        arguments: Mapping[str, Any] = {},
    ) -> Queue:
        """Declare a queue, named by the hub if ``name`` is empty, or (passive) see that it is there."""
        self.who.need(Scope.EVENTS_READ)
        check_name(name)
        there = self._streams.queues.seek(self.project.id, name) if name else None
        if passive or there is not None:
            there = self.queue(name)
            if not passive:
                compare(there, durable=durable, exclusive=exclusive, auto_delete=auto_delete, arguments=arguments)
            there.used_at = self._streams.clock()
            return there
        if name.startswith(AMQ):
            raise Forbidden("forbidden", f"queue name {name!r} contains the reserved prefix 'amq.*'")
        options = queue_options(arguments)
        if options.dead_letter_exchange is not None:
            await self._reach.check_grave(options.dead_letter_exchange)
        name = name or f"amq.gen-{secrets.token_urlsafe(16)}"
        default = await self._reach.seek_exchange(DEFAULT_EXCHANGE)
        return await self._make(
            name, options, default, durable=durable and not exclusive, exclusive=exclusive, auto_delete=auto_delete
        )

    async def _make(
        self,
        name: str,
        options: QueueOptions,
        default: Topic | None,
        *,
        durable: bool,
        exclusive: bool,
        auto_delete: bool,
    ) -> Queue:
        streams = self._streams
        there = streams.queues.seek(self.project.id, name)
        if there is not None:  # made by somebody else a moment ago
            return self.queue(name)
        streams.check_room(self)
        queue = queue_for(self.who.categories)(
            streams.queues, streams.new_id(), self.project.id, name, options,
            durable=durable, auto_delete=auto_delete, owner=self if exclusive else None, key_id=self.who.key_id,
        )  # fmt: skip
        streams.queues.add(queue)
        if default is not None:
            streams.queues.bind(queue, Binding(default.id, name, since=streams.feed.head))
        if exclusive:
            self._own[queue] = None
        if durable:
            await streams.exchanges.save_new(queue)
        return queue

    def queue(self, name: str) -> Queue:
        """A queue of the project. Raises ``NotFound``, ``Conflict`` (``resource_locked``)."""
        return self._reach.queue(name, self)

    def has_queue(self, name: str) -> bool:
        """Whether the project has a queue of that name, which who publishes may know."""
        return self._reach.has_queue(name)

    async def delete_queue(self, name: str, *, if_unused: bool = False, if_empty: bool = False) -> int:
        """Delete a queue; how many messages waited in it. One that is not there is fine."""
        try:
            queue = self.queue(name)
        except NotFound:
            return 0
        if if_unused and queue.consumers:
            raise Conflict("precondition_failed", f"queue {name!r} in use")
        if if_empty and queue.depth:
            raise Conflict("precondition_failed", f"queue {name!r} not empty")
        self._own.pop(queue, None)
        return await self._streams.exchanges.delete_queue(queue)

    def purge(self, name: str) -> int:
        """Drop what waits in a queue; how many messages that was."""
        return self.queue(name).purge()

    async def bind(
        self, queue: Queue, exchange: str, key: str, arguments: Mapping[str, Any] = {}, *, offset: Any = None
    ) -> None:
        """Give a queue what an exchange is sent from now on; a new queue also from a place in its past."""
        streams, source = self._streams, await self._bound(exchange)
        since = streams.feed.head if offset is None else await self._cursor(offset, source.id)
        await streams.exchanges.bind(queue, source, key, arguments, since)
        if offset is not None:
            queue.rewind(since)
            if queue.durable:
                await streams.queues.keep_one(queue)

    async def unbind(self, queue: Queue, exchange: str, key: str, arguments: Mapping[str, Any] = {}) -> None:
        """Take a binding away; one that is not there is fine."""
        source = await self._bound(exchange)
        await self._streams.exchanges.unbind(queue, source, key, arguments)

    async def _bound(self, exchange: str) -> Topic:
        if not exchange:
            raise Forbidden("forbidden", "the default exchange has no bindings but its own")
        return await self._reach.exchange(exchange, Scope.EVENTS_READ)

    async def subscribe(self, exchange: str, key: str, offset: Any = None) -> Queue:
        """A private queue with what an exchange is sent from now on, or from a place in its past (``options.py``)."""
        source = await self._reach.exchange(exchange, Scope.EVENTS_READ)
        cursor = None if offset is None else await self._cursor(offset, source.id)
        queue = self._private(cursor)
        since = self._streams.feed.head if cursor is None else cursor
        self._streams.queues.bind(queue, Binding(source.id, key, since=since))
        return queue

    async def _cursor(self, offset: Any, exchange: str | None) -> EntryId:
        seen = View(self._streams.catalog, self.who).seen()
        return await cursor_of(offset, self._streams.feed, exchange, seen)

    def _private(self, cursor: EntryId | None) -> Queue:
        streams = self._streams
        streams.check_room(self)
        queue = queue_for(self.who.categories)(
            streams.queues, streams.new_id(), self.project.id, f"amq.gen-{secrets.token_urlsafe(16)}", QueueOptions(),
            auto_delete=True, owner=self, cursor=cursor,
        )  # fmt: skip
        streams.queues.add(queue)
        self._own[queue] = None
        return queue

    # Consuming

    async def consume(
        self, queue: Queue, consumer: Consumer, accepted: Callable[[], None] = lambda: None, *, offset: Any = None
    ) -> None:
        """Let a consumer read a queue, or (with an offset) read again what the queue was given from there on.

        ``accepted`` is called when it will, before the first message is delivered.
        Raises ``NotFound``, ``Forbidden`` (exclusive use), ``Unavailable`` (``too_many``).
        """
        self.who.need(Scope.EVENTS_READ)
        self._streams.check_consumers(self)
        if offset is not None:
            queue = await self._again(queue, offset)
        if queue.gone:
            raise NotFound("not_found", f"no queue {queue.name!r}")
        queue.check(consumer)
        consumer.paused = self.paused
        self.consumers[consumer] = None
        told = consumer.cancelled

        def cancelled(ended: Consumer, reason: HubError) -> None:
            self._forget(ended)
            told(ended, reason)

        consumer.cancelled = cancelled
        accepted()
        queue.add(consumer)

    async def _again(self, queue: Queue, offset: Any) -> Queue:
        streams = self._streams
        upstream = streams.queues.upstream(queue)
        cursor = await self._cursor(offset, upstream[0] if len(upstream) == 1 else None)
        copy = self._private(cursor)
        for binding in streams.queues.bindings(queue):
            streams.queues.bind(copy, replace(binding, since=cursor))
        return copy

    async def cancel(self, consumer: Consumer) -> None:
        """Let a consumer read no more. What it holds is settled by the client, or comes back with :meth:`close`."""
        await self.leave([self.stop(consumer)])

    def stop(self, consumer: Consumer) -> Queue | None:
        """The first half of :meth:`cancel`, at once; the other is to :meth:`leave` the queue that it read."""
        self._forget(consumer)
        queue = consumer.queue
        if queue is not None:
            queue.drop(consumer)
        return queue

    def _forget(self, consumer: Consumer) -> None:
        if consumer in self.consumers:
            del self.consumers[consumer]
            self._delivered += consumer.delivered

    async def leave(self, read: Iterable[Queue | None]) -> None:
        """Delete the queues that were to go with their last consumer, if that can be done now."""
        for queue in read:
            if queue is not None and queue.auto_delete and not queue.consumers and not queue.gone:
                self._own.pop(queue, None)
                with suppress(Unavailable):
                    await self._streams.exchanges.delete_queue(queue)

    async def get(
        self, queue: Queue, *, no_ack: bool, credit: Credit | None = None
    ) -> tuple[Message, Held | None, int] | None:
        """Fetch one message, which takes up ``credit`` until it is settled. Raises ``Conflict`` if none is left."""
        self.who.need(Scope.EVENTS_READ)
        if credit is not None and not no_ack and credit.left <= 0:
            raise Conflict("precondition_failed", "too much is unacknowledged; acknowledge some of it first")
        fetched = await queue.get(no_ack=no_ack, credit=credit)
        self._delivered += fetched is not None
        return fetched

    def pause(self) -> None:
        """Give the client nothing for now: it does not take what it is sent."""
        self.paused = True
        for consumer in self.consumers:
            consumer.pause()

    def resume(self) -> None:
        """Go on, until what that brings is too much again."""
        self.paused = False
        for consumer in list(self.consumers):
            if self.paused:
                break
            consumer.resume()

    # Publishing

    async def publish(self, messages: Sequence[Outgoing], *, whole: bool = False) -> list[Published]:
        """Commit what the client publishes; see ``outgoing.py``."""
        results = await publish(self._streams, self._reach, messages, whole=whole)
        self.published += sum(not isinstance(result, HubError) for result in results)
        return results

    async def check_exchange(self, exchange: str) -> None:
        """See that the client may publish to an exchange. Raises ``NotFound``, ``Forbidden``."""
        await self._reach.door(exchange)

    # Ending

    def renew(self, who: Principal) -> None:
        """Go on with newer credentials, of the same organization and reach. Raises ``Unauthenticated``.

        If they do not allow to read, reading ends.
        """
        old = self.who
        if (who.organization_id, who.project_id, who.application_id, who.categories) != (
            old.organization_id, old.project_id, old.application_id, old.categories,
        ):  # fmt: skip
            raise Unauthenticated("unauthenticated", "the new credentials are not for what the old ones were")
        self._reach.who = who
        self._streams.renewed(self)
        try:
            who.need(Scope.EVENTS_READ)
        except Forbidden as refused:
            for consumer in list(self.consumers):
                if consumer.queue is not None:
                    consumer.queue.drop(consumer)
                consumer.cancelled(consumer, refused)

    async def close(self, held: Sequence[Held] = ()) -> None:
        """End: consumers, exclusive queues; ``held`` goes back to its queues. Nothing else is to be called after."""
        if self._closed:
            return
        self._closed = True
        self._streams.leave(self)
        read = [self.stop(consumer) for consumer in list(self.consumers)]
        release(held)
        await self.leave(read)
        for queue in list(self._own):
            if not queue.gone:
                with suppress(Unavailable):  # of an exchange that was to go along
                    await self._streams.exchanges.delete_queue(queue)
