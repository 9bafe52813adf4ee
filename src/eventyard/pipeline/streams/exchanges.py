"""Exchanges: topics of the catalog as stream clients see them, and the bindings between them.

Every topic is an exchange of type topic; a client with the right to configure may declare others, which then are
topics of the catalog too. This file knows the rules of AMQP 0-9-1 (sections 3.1.3, 3.1.4) and nothing of a connection;
who may do what is decided in ``link.py``.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from msgspec.structs import replace

from eventyard.matching.bindings import ToExchange
from eventyard.model.catalog import Project, Record, Source, Subscription, Topic
from eventyard.model.errors import Conflict, Forbidden, NotFound, Unavailable
from eventyard.model.ids import EntryId
from eventyard.model.reserved import AMQ, is_hub_made, is_reserved
from eventyard.model.streams import DEFAULT_EXCHANGE, Binding, ExchangeSettings, ExchangeType, Origin
from eventyard.model.streams import Queue as QueueRecord
from eventyard.pipeline.catalog import Catalog
from eventyard.pipeline.publish import Publishing
from eventyard.pipeline.streams.limited import categories_of
from eventyard.pipeline.streams.options import inequivalent
from eventyard.pipeline.streams.queue import Queue
from eventyard.pipeline.streams.queues import Queues

MOST_BINDINGS = 20_000
"""Bindings of one queue. Those of a durable one are one record, which is written again for each."""

_BUILT_IN_TYPES = {
    DEFAULT_EXCHANGE: ExchangeType.DIRECT,
    "amq.direct": ExchangeType.DIRECT,
    "amq.fanout": ExchangeType.FANOUT,
    "amq.headers": ExchangeType.HEADERS,
    "amq.match": ExchangeType.HEADERS,
}


def settings_of(topic: Topic) -> ExchangeSettings:
    """How a topic behaves as an exchange."""
    if topic.exchange is not None:
        return topic.exchange
    return ExchangeSettings(type=_BUILT_IN_TYPES.get(topic.name, ExchangeType.TOPIC))


class Exchanges:
    """The exchanges of one hub."""

    def __init__(self, catalog: Catalog, queues: Queues, publishing: Publishing) -> None:
        self._catalog = catalog
        self._queues = queues
        self._routes = queues.routes
        self._publishing = publishing

    async def start(self) -> None:
        """Lay out the exchanges there are, without those that were not to outlive the hub; follow what changes."""
        for topic in list(self._catalog.all(Topic)):
            if topic.exchange is not None and not topic.exchange.durable:
                with suppress(Conflict):
                    await self._remove(topic)
        for topic in self._catalog.all(Topic):
            self._lay_out(topic)
        for topic in self._catalog.all(Topic):
            self._tie(topic)
        self._catalog.watch(self._follow)

    def _follow(self, records: Sequence[Record]) -> None:
        for record in records:
            if isinstance(record, Topic):
                if self._catalog.seek(Topic, record.id) is None:
                    self._queues.feed.remember(record.number, record.id)
                    self._routes.remove_exchange(record.id, self._queues.feed.head)
                else:
                    self._lay_out(record)
                    self._tie(record)

    def _lay_out(self, topic: Topic) -> None:
        settings = settings_of(topic)
        other = self._catalog.named(Topic, topic.project_id, settings.alternate) if settings.alternate else None
        self._routes.exchange(topic.id, settings.type, other.id if other else None)
        if settings.type is ExchangeType.HEADERS:
            self._queues.headers_matter = True

    def _tie(self, topic: Topic) -> None:
        """Lay the bindings that lead to an exchange from others."""
        for binding in settings_of(topic).bindings:
            with suppress(KeyError):
                self._routes.bind(
                    binding.exchange, ToExchange(topic.id), binding.key, binding.arguments, since=binding.since
                )

    # Finding

    async def find(self, project: Project, name: str) -> Topic:
        """The exchange of that name, made if every project has one such. Raises ``NotFound``.

        Whether the caller may know of an exchange of another project or application is for the caller to see to.
        """
        name = name or DEFAULT_EXCHANGE
        topic = self._catalog.named(Topic, project.id, name)
        if topic is not None:
            return topic
        if is_reserved(name):
            return (await self._publishing.door(project, name)).topic
        raise NotFound("not_found", f"no exchange {name!r}")

    def name_of(self, exchange: str) -> str:
        """What clients call an exchange; that of one that is gone is empty."""
        topic = self._catalog.seek(Topic, exchange)
        return "" if topic is None or topic.name == DEFAULT_EXCHANGE else topic.name

    # Declaring and deleting

    async def declare(self, project: Project, name: str, wish: ExchangeSettings) -> Topic:
        """A new exchange, or the one there is. Raises ``Conflict`` (``precondition_failed``) if that is another."""
        async with self._catalog.turn:
            topic = self._catalog.named(Topic, project.id, name)
            if topic is None:
                if name.startswith(AMQ):
                    raise Forbidden("forbidden", f"exchange name {name!r} contains the reserved prefix 'amq.*'")
                return await self._catalog.save_one(self._publishing.topic(project, name, wish))
        _compare(name, settings_of(topic), wish)
        return topic

    async def delete(self, topic: Topic, *, if_unused: bool) -> None:
        """End an exchange. Raises ``Conflict`` (``precondition_failed``) while it is in use, if that matters."""
        if is_reserved(topic.name) or topic.exchange is None:
            raise Forbidden("forbidden", f"exchange {topic.name!r} was not declared here, and is not deleted here")
        await self._remove(topic, if_unused=if_unused)

    async def _remove(self, topic: Topic, *, if_unused: bool = False) -> None:
        """Raises ``Conflict`` while others than the clients of streams use the topic, or if that matters, they do."""
        async with self._catalog.turn:
            sources = [source for source in self._catalog.all(Source) if source.topic_id == topic.id]
            readers = [one for one in self._catalog.all(Subscription) if topic.id in one.topic_ids]
            used = readers or not all(map(is_hub_made, sources))
            if used or (if_unused and self._routes.bindings_from(topic.id)):
                raise Conflict("precondition_failed", f"exchange {topic.name!r} in use")
            if self._catalog.seek(Topic, topic.id) is not None:
                await self._catalog.remove(*sources, topic)

    # Bindings

    async def bind(self, queue: Queue, source: Topic, key: str, arguments: Mapping[str, Any], since: EntryId) -> None:
        """Give a queue what an exchange is sent past an entry. Raises ``Unavailable`` (``too_many``)."""
        if self._routes.count_to(queue) >= MOST_BINDINGS:
            raise Unavailable("too_many", f"queue {queue.name!r} has {MOST_BINDINGS} bindings, which is the bound")
        self._queues.bind(queue, Binding(source.id, key, arguments, since))
        await self._save(queue)

    async def unbind(self, queue: Queue, source: Topic, key: str, arguments: Mapping[str, Any]) -> None:
        """Take a binding away; what it brought stays in the queue."""
        until = None if queue.needs is None else self._queues.feed.head
        self._routes.unbind(source.id, queue, key, arguments, until=until)
        await self._save(queue)
        await self._leave(source)

    async def bind_exchange(self, destination: Topic, source: Topic, key: str, arguments: Mapping[str, Any]) -> None:
        """Give an exchange what another is sent."""
        binding = Binding(source.id, key, arguments, self._queues.feed.head)
        async with self._catalog.turn:
            now = self._catalog.get(Topic, destination.id)
            settings = settings_of(now)
            if any(_same(binding, other) for other in settings.bindings):
                return
            settings = replace(settings, bindings=(*settings.bindings, binding))
            await self._catalog.save(replace(now, exchange=settings))

    async def unbind_exchange(self, destination: Topic, source: Topic, key: str, arguments: Mapping[str, Any]) -> None:
        """Give an exchange no longer what another is sent."""
        binding = Binding(source.id, key, arguments)
        async with self._catalog.turn:
            now = self._catalog.get(Topic, destination.id)
            settings = settings_of(now)
            left = tuple(other for other in settings.bindings if not _same(binding, other))
            self._routes.unbind(source.id, ToExchange(destination.id), key, arguments)
            await self._catalog.save(replace(now, exchange=replace(settings, bindings=left)))
        await self._leave(source)

    async def _leave(self, source: Topic) -> None:
        """Delete an exchange that was to go with its last binding."""
        now = self._catalog.seek(Topic, source.id)
        if now is not None and settings_of(now).auto_delete and not self._routes.bindings_from(now.id):
            with suppress(Conflict):  # somebody has come to use it
                await self._remove(now, if_unused=True)

    # Queues that are kept

    async def save_new(self, queue: Queue) -> None:
        """Keep a new durable queue, and where it begins. Raises ``Unavailable``; then there is no such queue."""
        try:
            await self._queues.keep_one(queue)
            await self._save(queue)
        except BaseException:
            self._queues.remove(queue, NotFound("not_found", f"queue {queue.name!r} could not be kept"))
            raise

    async def _save(self, queue: Queue) -> None:
        if queue.durable:
            async with self._catalog.turn:
                if not queue.gone:
                    await self._catalog.save(self._record(queue))

    def _record(self, queue: Queue) -> QueueRecord:
        held = categories_of(queue)
        return QueueRecord(
            queue.id, queue.project_id, queue.name, queue.created_at, tuple(self._queues.bindings(queue)),
            queue.options, queue.auto_delete, queue.key_id, self._origins(queue),
            None if held is None else tuple(sorted(held)),
        )  # fmt: skip

    def _origins(self, queue: Queue) -> tuple[Origin, ...]:
        """Where the queue's messages come from; of an exchange that is gone, as it was told before."""
        kept = self._catalog.seek(QueueRecord, queue.id)
        origins = {} if kept is None else {origin.exchange: origin for origin in kept.origins}
        for topic in (self._catalog.seek(Topic, binding.exchange) for binding in self._queues.bindings(queue)):
            if topic is not None:
                origins[topic.id] = Origin(topic.id, topic.number, settings_of(topic).type)
        wanted = {binding.exchange for binding in self._queues.bindings(queue)}
        return tuple(origin for origin in origins.values() if origin.exchange in wanted)

    async def delete_queue(self, queue: Queue) -> int:
        """End a queue, and the exchanges that were to go with it."""
        sources = {binding.exchange for binding in self._queues.bindings(queue)}
        depth = await self._queues.delete(queue)
        for source in sources:
            topic = self._catalog.seek(Topic, source)
            if topic is not None:
                await self._leave(topic)
        return depth


def _same(one: Binding, other: Binding) -> bool:
    return (one.exchange, one.key, one.arguments) == (other.exchange, other.key, other.arguments)


def _compare(name: str, there: ExchangeSettings, wish: ExchangeSettings) -> None:
    for field in ("type", "durable", "auto_delete", "internal"):
        current, received = getattr(there, field), getattr(wish, field)
        if current != received:
            raise inequivalent(field, "exchange", name, received, current)
