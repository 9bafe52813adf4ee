"""Every queue of the hub: routing what was committed to them, keeping how far they were read, and their time.

Durable queues are records of the catalog, and their positions are kept about once a second: a hub that dies delivers
again what was settled since, marked as redelivered where it had been kept as given. What a position is, is told in
``window.py``; who may declare what, in ``exchanges.py`` and ``link.py``.
"""

import asyncio
from collections.abc import Coroutine, Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Any

from eventyard.matching.exchanges import Routes
from eventyard.model.catalog import Topic
from eventyard.model.errors import HubError, NotFound, Unavailable
from eventyard.model.event import Event
from eventyard.model.ids import EntryId
from eventyard.model.streams import Binding, Overflow, Position
from eventyard.model.streams import Queue as QueueRecord
from eventyard.pipeline.catalog import Catalog
from eventyard.pipeline.publish import Publishing
from eventyard.pipeline.streams.burial import Burial
from eventyard.pipeline.streams.feed import Feed, Message
from eventyard.pipeline.streams.limited import LimitedQueue, queue_for
from eventyard.pipeline.streams.properties import headers_of
from eventyard.pipeline.streams.queue import AT_ONCE, AT_ONCE_BYTES, Queue
from eventyard.ports import Clock, Store
from eventyard.telemetry.log import Log

KEEP_S = 1.0
"""Seconds between two times that changed positions are kept."""

TICK_S = 0.05
"""Seconds between two looks at what grows too old."""

COUNTED_AT_ONCE = 1_000
"""Publications read at a time to count what came between the last keeping of a position and the hub's end."""


class Queues:
    """The queues of one hub, by project and name; what surrounds each of them (:class:`surroundings.Surroundings`)."""

    def __init__(
        self, catalog: Catalog, store: Store, feed: Feed, publishing: Publishing, clock: Clock, log: Log
    ) -> None:
        self.feed = feed
        self.routes: Routes[Queue] = Routes()
        self.headers_matter = False
        """Some exchange chooses by headers, so they are read of every message that has any."""
        self.now = clock
        self._catalog = catalog
        self._store = store
        self._log = log
        self.bury = Burial(catalog, publishing, clock, log).bury
        self.sight = catalog.sight
        self.limited: set[LimitedQueue] = set()
        """Those of who may see some categories only."""
        self.refusing: set[Queue] = set()
        """Those that refuse what publishers would add once they are full, and so are asked before."""
        self._queues: dict[tuple[str, str], Queue] = {}
        self._changed: set[Queue] = set()
        self._timed: dict[Queue, None] = {}
        self.tasks: set[asyncio.Task[None]] = set()
        """What runs beside."""
        self._keeper: asyncio.Task[None] | None = None
        self._clockwork: asyncio.Task[None] | None = None

    # Beginning and end

    async def start(self) -> None:
        """Bring back the durable queues, each where it was, and begin to route."""
        positions = {position.queue_id: position for position in await self._store.positions()}
        for record in self._catalog.all(QueueRecord):
            queue = self._revive(record, positions.get(record.id))
            self.spawn(self._recount(queue, positions.get(record.id)))
        self._keeper = asyncio.create_task(self._keep_on())

    async def stop(self) -> None:
        """Keep all positions, and end."""
        tasks = [task for task in (self._keeper, self._clockwork, *self.tasks) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.keep()

    def _revive(self, record: QueueRecord, position: Position | None) -> Queue:
        begin = min((binding.since for binding in record.bindings), default=self.feed.head)
        categories = None if record.categories is None else frozenset(record.categories)
        queue = queue_for(categories)(
            self, record.id, record.project_id, record.name, record.options,
            durable=True, auto_delete=record.auto_delete, key_id=record.key_id, created_at=record.created_at,
            position=position or Position(record.id, begin, counted=begin),
        )  # fmt: skip
        gone = [origin for origin in record.origins if self._catalog.seek(Topic, origin.exchange) is None]
        for origin in gone:
            self.feed.remember(origin.number, origin.exchange)
            self.routes.exchange(origin.exchange, origin.type)
        self.add(queue, record.bindings)
        for origin in gone:
            self.routes.remove_exchange(origin.exchange, self.feed.head)
        if record.options.dead_letter_exchange is not None:
            self.watch_time(queue)  # messages with a time to live of their own may wait in it
        return queue

    async def _recount(self, queue: Queue, position: Position | None) -> None:
        """Count what was routed to a queue after its position was kept and before the hub began again."""
        at, until = position.counted if position else EntryId(0), self.feed.head
        while at < until and not queue.gone:
            messages, at = await self.feed.history(self.upstream(queue), at, COUNTED_AT_ONCE)
            seen = queue.seen(messages) if isinstance(queue, LimitedQueue) else messages
            queue.count(sum(message.entry_id <= until and self.wanted(queue, message) for message in seen))

    # Finding, adding, removing

    def __iter__(self) -> Iterator[Queue]:
        return iter(self._queues.values())

    def __len__(self) -> int:
        return len(self._queues)

    def seek(self, project_id: str, name: str) -> Queue | None:
        """A queue by its name."""
        return self._queues.get((project_id, name))

    def get(self, project_id: str, name: str) -> Queue:
        """A queue by its name. Raises ``NotFound``."""
        queue = self.seek(project_id, name)
        if queue is None:
            raise NotFound("not_found", f"no queue {name!r}")
        return queue

    def add(self, queue: Queue, bindings: Iterable[Binding] = ()) -> None:
        """Let a queue take part."""
        self._queues[queue.project_id, queue.name] = queue
        if queue.options.overflow is not Overflow.DROP_HEAD:
            self.refusing.add(queue)
        if isinstance(queue, LimitedQueue):
            self.limited.add(queue)
        for binding in bindings:
            self.bind(queue, binding)
        self.feed.listen(self._route)

    def remove(self, queue: Queue, reason: HubError) -> None:
        """End a queue."""
        self._queues.pop((queue.project_id, queue.name), None)
        self.refusing.discard(queue)
        if isinstance(queue, LimitedQueue):
            self.limited.discard(queue)
        self._changed.discard(queue)
        self._timed.pop(queue, None)
        self.routes.drop(queue)
        queue.close(reason)
        if not self._queues:
            self.feed.listen(None)

    def bind(self, queue: Queue, binding: Binding) -> None:
        """Let a queue be given what an exchange is sent, if the exchange is still there."""
        with suppress(KeyError):
            self.routes.bind(
                binding.exchange, queue, binding.key, binding.arguments, since=binding.since, until=binding.until
            )

    def bindings(self, queue: Queue) -> list[Binding]:
        """A queue's bindings, also those taken away that brought what may still wait in it."""
        return [bound.binding for bound in self.routes.bindings_to(queue, closed=True)]

    def tidy(self) -> None:
        """Forget bindings and exchanges that were taken away, of which nothing is left that a queue may look for."""
        if not self.routes.keeps_closed:
            self.feed.forget_gone()
            return
        nothing = EntryId(self.feed.head + 1)
        oldest = nothing
        for queue in self:
            needs = queue.needs
            self.routes.forget_closed_to(queue, nothing if needs is None else needs)
            oldest = oldest if needs is None else min(oldest, needs)
        self.routes.forget_closed(oldest)

    # What surrounds a queue

    def wanted(self, queue: Queue, message: Message) -> bool:
        """Whether the message was routed to the queue when it was committed."""
        headers = headers_of(message.event) if self.headers_matter else None
        return self.routes.reaches(queue, message.exchange, message.event.routing_key, headers, message.entry_id)

    def upstream(self, queue: Queue) -> Sequence[str]:
        """The exchanges from which messages reach the queue."""
        return self.routes.upstream(queue)

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run something beside; what goes wrong with it is logged."""
        task = asyncio.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self.tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._log.error("stream_failed", error=repr(error))

    def changed(self, queue: Queue) -> None:
        """A durable queue's position is another than was kept."""
        self._changed.add(queue)

    def watch_time(self, queue: Queue) -> None:
        """See to it that the queue drops what grows too old."""
        self._timed[queue] = None
        if self._clockwork is None:
            self._clockwork = asyncio.create_task(self._tick())

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            try:
                await self.look_at_time()
            except Exception as error:  # our fault, for which time is not to stand still
                self._log.error("stream_failed", error=repr(error))

    async def look_at_time(self) -> None:
        """Drop what is too old, and queues that nobody used for too long."""
        now = self.now()
        for queue in list(self._timed):
            queue.expire()
            lived = queue.options.expires_ms
            if lived is not None and not queue.consumers and now - queue.used_at >= lived:
                with suppress(Unavailable):  # then the next time
                    await self.delete(queue)

    async def delete(self, queue: Queue) -> int:
        """End a queue for good; how many messages waited in it. Raises ``Unavailable``, and then it is still there."""
        if not queue.durable:
            return self._delete(queue)
        async with self._catalog.turn:
            record = self._catalog.seek(QueueRecord, queue.id)
            if record is not None:
                await self._catalog.remove(record)
            depth = self._delete(queue)
        await self._store.forget([queue.id])
        return depth

    def _delete(self, queue: Queue) -> int:
        depth = queue.depth
        self.remove(queue, NotFound("not_found", f"queue {queue.name!r} was deleted"))
        return depth

    # Routing

    def reached(self, exchange: str, event: Event) -> Sequence[Queue]:
        """The queues that an event reaches when it is sent to an exchange now."""
        headers = headers_of(event) if self.headers_matter else None
        return self.routes.route(exchange, event.routing_key, headers)

    def given(self, exchange: str, application: int, event: Event) -> Sequence[Queue]:
        """Those of the queues reached that would be given it, as that application's."""
        reached = self.reached(exchange, event)
        if not self.limited:
            return reached
        return [
            queue for queue in reached if not isinstance(queue, LimitedQueue) or queue.may_have(exchange, application)
        ]

    def look_again(self) -> None:
        """Applications or topics have changed: let nothing wait where it may be seen no more."""
        for queue in list(self.limited):
            queue.look_again()

    def _route(self, messages: Sequence[Message]) -> None:
        for queues, together in self._runs(messages):
            for queue in queues:
                try:
                    queue.push(together)
                except Exception as error:  # our fault, for which no other queue is to miss anything
                    self._log.error("stream_failed", queue=queue.name, error=repr(error))

    def _runs(self, messages: Sequence[Message]) -> Iterator[tuple[Sequence[Queue], Sequence[Message]]]:
        """Messages in a row that reach the same queues, as many as are to be given to a consumer at once."""
        to: Sequence[Queue] = ()
        together: list[Message] = []
        size = 0
        for message in messages:
            queues = self.reached(message.exchange, message.event)
            if queues is not to or len(together) >= AT_ONCE or size >= AT_ONCE_BYTES:
                yield to, together
                to, together, size = queues, [], 0
            together.append(message)
            size += message.size
        yield to, together

    # Keeping positions

    async def _keep_on(self) -> None:
        while True:
            await asyncio.sleep(KEEP_S)
            try:
                self.tidy()
                await self.keep()
            except Unavailable:
                pass  # the next time
            except Exception as error:  # our fault, for which no position is to stay where it is
                self._log.error("stream_failed", error=repr(error))

    async def keep(self) -> None:
        """Keep the positions that changed. Raises ``Unavailable``; they are kept the next time then."""
        changed, self._changed = self._changed, set()
        if changed:
            try:
                await self._store.keep([queue.position() for queue in changed if not queue.gone])
            except BaseException:
                self._changed |= changed
                raise

    async def keep_one(self, queue: Queue) -> None:
        """Keep where a new queue begins."""
        await self._store.keep([queue.position()])
