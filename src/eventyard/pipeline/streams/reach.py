"""What a client may reach: the exchanges and queues that are there for it, by the names it knows them by.

What belongs to another organization, project or application, or bears only categories that a client does not hold, does
not exist for it: the answer is the same ``not_found`` as for a name that was never given. A queue is used by those
alone who hold the same categories as who declared it (``limited.py``). Every look-up of a connected client is scoped
here; of the API, in ``pipeline/view.py``.
"""

from typing import TYPE_CHECKING

from eventyard.model.access import Principal, Scope
from eventyard.model.catalog import Application, Project, Topic
from eventyard.model.categories import covers
from eventyard.model.errors import Conflict, Forbidden, NotFound
from eventyard.model.reserved import APPLICATION, PROJECT, is_reserved
from eventyard.pipeline.catalog import Catalog
from eventyard.pipeline.doors import Door
from eventyard.pipeline.entities import need_own
from eventyard.pipeline.streams.exchanges import settings_of
from eventyard.pipeline.streams.limited import categories_of
from eventyard.pipeline.streams.queue import Queue
from eventyard.pipeline.view import View

if TYPE_CHECKING:
    from eventyard.pipeline.streams.streams import Streams


def knows(catalog: Catalog, who: Principal, topic: Topic) -> bool:
    """Whether an exchange is there for a caller: it is not another application's, nor of a project out of sight."""
    view = View(catalog, who)
    return view.sees(topic.project_id) and view.shows(topic)


def knows_queue(streams: "Streams", who: Principal, queue: Queue) -> bool:
    """Whether a queue of their project is there for a caller: it is given nothing that is not for their eyes."""
    if not covers(who.categories, categories_of(queue)):
        return False
    if who.project_id is None and who.application_id is None:
        return True
    view = View(streams.catalog, who)
    topics = (streams.catalog.seek(Topic, exchange) for exchange in streams.queues.upstream(queue))
    return all(topic is None or (view.sees(topic.project_id) and view.knows(topic.name)) for topic in topics)


class Reach:
    """The reach of one client; ``who`` changes when it renews its credentials."""

    def __init__(self, streams: "Streams", who: Principal, project: Project) -> None:
        self.who = who
        self.project = project
        self._streams = streams

    async def exchange(self, name: str, scope: Scope) -> Topic:
        """The exchange of that name, for reading or for publishing. Raises ``NotFound``, ``Forbidden``."""
        self.who.need(scope)
        topic = await self.seek_exchange(name)
        if topic is None:
            raise NotFound("not_found", f"no exchange {name!r}")
        return topic

    async def seek_exchange(self, name: str) -> Topic | None:
        """The exchange of that name, if it is there for this client."""
        project, held = self.project, self.who.categories
        if held is not None:
            topic = self._streams.catalog.named(Topic, project.id, name)
            return topic if topic is not None and self._streams.catalog.sight(held).shows(topic) else None
        try:
            if name.startswith(PROJECT):
                project = View(self._streams.catalog, self.who).project(name.removeprefix(PROJECT))
                name = PROJECT + project.id
            elif name.startswith(APPLICATION):
                application = self._application(name.removeprefix(APPLICATION))
                project = self._streams.catalog.get(Project, application.project_id)
            return await self._streams.exchanges.find(project, name)
        except NotFound:
            return None

    def _application(self, application_id: str) -> Application:
        application = View(self._streams.catalog, self.who).get(Application, application_id)
        need_own(self.who, application)
        return application

    async def door(self, exchange: str) -> Door:
        """The door by which the client publishes to an exchange. Raises ``NotFound``, ``Forbidden``."""
        topic = await self.exchange(exchange, Scope.EVENTS_PUBLISH)
        if settings_of(topic).internal:
            raise Forbidden("forbidden", f"cannot publish to internal exchange {exchange!r}")
        catalog, held = self._streams.catalog, self.who.categories
        project = catalog.get(Project, topic.project_id)
        door = await self._streams.publishing.door(project, topic.name, self._publisher(topic))
        if held is not None and not catalog.sight(held).shows(door.source):
            raise Forbidden("forbidden", f"who publishes to exchange {exchange!r} is an application out of sight")
        return door

    def _publisher(self, topic: Topic) -> Application | None:
        """The application that the client publishes for, if it is one's; what is told of one is told by itself."""
        name = self.who.application_id
        if name is None or topic.name.startswith((PROJECT, APPLICATION)):
            return None
        application = self._streams.catalog.seek(Application, name)
        return application if application is not None and application.project_id == topic.project_id else None

    async def check_grave(self, exchange: str) -> None:
        """See that the client may publish where it sends dead letters. Raises ``NotFound``, ``Forbidden``.

        An exchange that it declares itself may be declared later.
        """
        self.who.need(Scope.EVENTS_PUBLISH)
        if is_reserved(exchange):
            await self.door(exchange)

    def queue(self, name: str, by: object) -> Queue:
        """A queue of the project, for a connection. Raises ``NotFound``, ``Conflict`` (``resource_locked``)."""
        self.who.need(Scope.EVENTS_READ)
        queue = self._streams.queues.get(self.project.id, name)
        if not knows_queue(self._streams, self.who, queue):
            raise NotFound("not_found", f"no queue {name!r}")
        if categories_of(queue) != self.who.categories:
            raise Conflict("resource_locked", f"queue {name!r} is of who may see some categories only, others than you")
        if queue.owner not in (None, by):
            raise Conflict("resource_locked", f"cannot obtain exclusive access to locked queue {name!r}")
        return queue

    def has_queue(self, name: str) -> bool:
        """Whether the project has a queue of that name, which who publishes may know."""
        queue = self._streams.queues.seek(self.project.id, name)
        return queue is not None and categories_of(queue) == self.who.categories
