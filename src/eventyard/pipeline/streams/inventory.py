"""Looking at the streams from outside, and acting on them: the verbs of operators, who are no clients themselves.

Everything is scoped by organization and project like the rest of the catalog (``view.py``), and what belongs to another
application does not exist for a caller of one application; nor, for who may see some categories only, do the
connections and queues of those who may see more. What clients do with their queues stands in ``link.py``.
"""

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from eventyard.matching.bindings import Bound, ToExchange
from eventyard.model.access import Principal, Scope
from eventyard.model.catalog import Topic
from eventyard.model.categories import covers
from eventyard.model.errors import NotFound, Unavailable
from eventyard.model.streams import Binding, ExchangeSettings
from eventyard.pipeline.catalog import Catalog
from eventyard.pipeline.streams.exchanges import settings_of
from eventyard.pipeline.streams.link import Link
from eventyard.pipeline.streams.queue import Queue
from eventyard.pipeline.streams.reach import knows, knows_queue
from eventyard.pipeline.streams.streams import Streams
from eventyard.pipeline.view import View

REASON_LENGTH = 100
"""Characters of a reason that a client is told; a reply of AMQP has room for little more."""


class Exchange(Struct, frozen=True):
    """A topic with what it is to stream clients; ``bindings`` counts those that lead out of it, to what one sees."""

    topic: Topic
    settings: ExchangeSettings
    bindings: int


class Outlet(Struct, frozen=True):
    """A binding with where it leads: a queue or another exchange, by its name. ``number`` counts all bindings."""

    number: int
    binding: Binding
    kind: str
    name: str


class Inventory:
    """The connections, queues and exchanges of a hub."""

    def __init__(self, catalog: Catalog, streams: Streams) -> None:
        self._catalog = catalog
        self._streams = streams

    # Connections

    def connections(self, who: Principal, project: str | None) -> list[Link]:
        """Those of a project. Raises what ``View.project`` raises."""
        wanted = self._view(who).project(project)
        return [link for link in self._links(who, Scope.CATALOG_READ) if link.project.id == wanted.id]

    def connection(self, who: Principal, number: int, scope: Scope = Scope.CATALOG_READ) -> Link:
        """One connection. Raises ``NotFound``."""
        for link in self._links(who, scope):
            if link.number == number:
                return link
        raise NotFound("not_found", f"there is no connection {number}")

    def disconnect(self, who: Principal, number: int, reason: str) -> None:
        """End a connection, with a reason that its client is told. Raises ``NotFound``."""
        link = self.connection(who, number, Scope.CATALOG_WRITE)
        told = f": {reason[:REASON_LENGTH]}" if reason else ""
        link.end(Unavailable("disconnected", f"this connection was ended by {who.name}{told}"))

    def _links(self, who: Principal, scope: Scope) -> list[Link]:
        return [
            link
            for link in self._streams.links(who, scope)
            if who.application_id in (None, link.who.application_id) and covers(who.categories, link.who.categories)
        ]

    # Queues

    def queues(self, who: Principal, project: str | None) -> list[Queue]:
        """Those of a project. Raises what ``View.project`` raises."""
        wanted = self._view(who).project(project)
        return [queue for queue in self._streams.queues if queue.project_id == wanted.id and self._sees(who, queue)]

    def queue(self, who: Principal, queue_id: str, scope: Scope = Scope.CATALOG_READ) -> Queue:
        """One queue. Raises ``NotFound``."""
        view = self._view(who, scope)
        for queue in self._streams.queues:
            if queue.id == queue_id and view.sees(queue.project_id) and self._sees(who, queue):
                return queue
        raise NotFound("not_found", f"there is no queue {queue_id!r}")

    def bindings(self, who: Principal, queue: Queue) -> list[Binding]:
        """The bindings by which a queue is given messages, without those to exchanges the caller must not know of."""
        bounds = self._streams.queues.routes.bindings_to(queue)
        return [bound.binding for bound in bounds if self._may_know(who, bound.binding.exchange)]

    def purge(self, who: Principal, queue_id: str) -> int:
        """Drop what waits in a queue; how many messages that was. Raises ``NotFound``."""
        return self.queue(who, queue_id, Scope.CATALOG_WRITE).purge()

    async def delete(self, who: Principal, queue_id: str) -> None:
        """End a queue; its consumers are told. Raises ``NotFound``."""
        await self._streams.exchanges.delete_queue(self.queue(who, queue_id, Scope.CATALOG_WRITE))

    # Exchanges

    def exchanges(self, who: Principal, project: str | None) -> list[Exchange]:
        """Those of a project: its topics. Raises what ``View.project`` raises."""
        view = self._view(who)
        topics = view.list(Topic, view.project(project))
        return [self._exchange(who, topic) for topic in topics if self._may_know(who, topic.id)]

    def exchange(self, who: Principal, name: str, project: str | None) -> Exchange:
        """One exchange, by its name or by the id of its topic. Raises ``NotFound``."""
        view = self._view(who)
        topic = self._catalog.seek(Topic, name)
        if topic is None or not view.sees(topic.project_id):
            topic = self._catalog.named(Topic, view.project(project).id, name)
        if topic is None or not self._may_know(who, topic.id):
            raise NotFound("not_found", f"there is no exchange {name!r}")
        return self._exchange(who, topic)

    def outlets(self, who: Principal, exchange: Exchange) -> list[Outlet]:
        """The bindings that lead out of an exchange, to what is there for the caller."""
        return [self._outlet(bound) for bound in self._bounds(who, exchange.topic)]

    def name_of(self, exchange: str) -> str:
        """What clients call the exchange with that topic."""
        return self._streams.exchanges.name_of(exchange)

    def _exchange(self, who: Principal, topic: Topic) -> Exchange:
        settings = settings_of(topic)
        if settings.alternate is not None:
            other = self._catalog.named(Topic, topic.project_id, settings.alternate)
            if other is not None and not self._may_know(who, other.id):
                settings = replace(settings, alternate=None)
        return Exchange(topic, settings, len(self._bounds(who, topic)))

    def _bounds(self, who: Principal, topic: Topic) -> Sequence[Bound[Queue]]:
        bounds = self._streams.queues.routes.bindings_from(topic.id)
        return [bound for bound in bounds if self._may_know_end(who, bound)]

    def _outlet(self, bound: Bound[Queue]) -> Outlet:
        to = bound.destination
        if isinstance(to, ToExchange):
            return Outlet(bound.number, bound.binding, "exchange", self.name_of(to.id))
        return Outlet(bound.number, bound.binding, "queue", to.name)

    def _may_know(self, who: Principal, exchange: str) -> bool:
        topic = self._catalog.seek(Topic, exchange)
        return topic is not None and knows(self._catalog, who, topic)

    def _may_know_end(self, who: Principal, bound: Bound[Queue]) -> bool:
        to = bound.destination
        return self._may_know(who, to.id) if isinstance(to, ToExchange) else self._sees(who, to)

    def _sees(self, who: Principal, queue: Queue) -> bool:
        return knows_queue(self._streams, who, queue)

    def _view(self, who: Principal, scope: Scope = Scope.CATALOG_READ) -> View:
        return View(self._catalog, who).need(scope)
