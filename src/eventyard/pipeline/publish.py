"""Publish: the verb by which the hub itself, and the clients of its streams, put events into a topic.

Such a topic has a source of the scheme ``internal``, through which nobody comes from outside; both are made when
somebody first publishes or subscribes there. Who may do that was decided before. From here an event goes the way of
every other: ``accept.py``.
"""

from collections.abc import Callable, Sequence

import msgspec

from eventyard.model.catalog import Application, Project, Source, Topic
from eventyard.model.errors import HubError, NotFound
from eventyard.model.event import Event
from eventyard.model.reserved import APPLICATION, INTERNAL, PROJECT, exchange_of, is_reserved
from eventyard.model.streams import BUILT_IN, DEFAULT_EXCHANGE, ExchangeSettings
from eventyard.pipeline.accept import Accepted, Acceptor
from eventyard.pipeline.arrivals import Arrival
from eventyard.pipeline.catalog import Catalog, in_turn
from eventyard.pipeline.doors import Door, Doors
from eventyard.pipeline.topics import Topics
from eventyard.ports import Clock

BESIDE, OF = " (streams)", " (streams of {})"
"""End the name of the source of a topic whose own name another source has, and of that of one application."""


class Publishing:
    """Puts events into topics by their names. One per hub."""

    def __init__(
        self,
        catalog: Catalog,
        topics: Topics,
        doors: Doors,
        acceptor: Acceptor,
        clock: Clock,
        new_id: Callable[[], str],
    ) -> None:
        self._catalog = catalog
        self._topics = topics
        self._doors = doors
        self._acceptor = acceptor
        self._clock = clock
        self.new_id = new_id

    async def publish(self, door: Door, event: Event, *, key: str | None = None, well_formed: bool = False) -> Accepted:
        """Commit one event; see :class:`Arrival` for the rest. Raises what ``Acceptor.accept`` raises."""
        return await self._acceptor.accept(Arrival(door, event, key, well_formed=well_formed))

    async def publish_many(self, arrivals: Sequence[Arrival | HubError]) -> list[Accepted | HubError]:
        """Commit many in one transaction, each with its own result; what is wrong with one harms no other."""
        return await self._acceptor.accept_batch(arrivals)

    async def publish_whole(self, arrivals: Sequence[Arrival]) -> Sequence[Accepted]:
        """Commit many in one transaction, or none. Raises what is wrong with one of them."""
        return await self._acceptor.accept_whole(arrivals)

    async def door(self, project: Project, name: str, by: Application | None = None) -> Door:
        """The door into a topic for the hub's own use, or for one application: found, or made, with the topic, when it
        is first asked for.

        Raises ``NotFound`` for a topic that is neither there nor one that the hub makes in this project.
        """
        return self.find(project, name, by) or await self._make(project, name, by)

    def find(self, project: Project, name: str, by: Application | None = None) -> Door | None:
        """The same door, if it was ever asked for."""
        topic = self._catalog.named(Topic, project.id, name)
        source = None if topic is None else self._source(topic, by)
        return None if source is None else self._doors.of(source.id)

    def topic(self, project: Project, name: str, settings: ExchangeSettings | None = None) -> Topic:
        """A topic for the clients of streams, not saved yet; ``settings`` are what one of them declared."""
        return msgspec.structs.replace(self._topics.new(project, name, _PURPOSE), exchange=settings)

    def _source(self, topic: Topic, by: Application | None) -> Source | None:
        for name in _names(topic.name, by):
            source = self._catalog.named(Source, topic.project_id, name)
            if source is not None and source.scheme == INTERNAL and source.topic_id == topic.id:
                return source
        return None

    @in_turn
    async def _make(self, project: Project, name: str, by: Application | None) -> Door:
        found = self.find(project, name, by)  # somebody else's turn came first
        if found is not None:
            return found
        owner = by or self._owner(project, name)
        topic = self._catalog.named(Topic, project.id, name)
        records: list[Topic | Source] = []
        if topic is None:
            if not is_reserved(name):
                raise _no_such(name, project)
            topic = self.topic(project, name)
            records.append(topic)
        own, *beside = _names(name, by)
        taken = beside and self._catalog.named(Source, project.id, own) is not None
        now = self._clock()
        source = Source(
            id=self.new_id(),
            project_id=project.id,
            application_id=owner.id,
            topic_id=topic.id,
            name=beside[0] if taken else own,
            created_at=now,
            updated_at=now,
            description=_PURPOSE,
            scheme=INTERNAL,
        )
        await self._catalog.save(*records, source)
        return self._doors.of(source.id)

    def _owner(self, project: Project, name: str) -> Application:
        """Whose the source is: the application that the topic tells of, else the project's oldest."""
        if name.startswith(APPLICATION):
            application = self._catalog.seek(Application, name.removeprefix(APPLICATION))
            if application is None or application.project_id != project.id:
                raise _no_such(name, project)
            return application
        known = not is_reserved(name) or name in (exchange_of(project), *BUILT_IN, DEFAULT_EXCHANGE)
        oldest = next((a for a in self._catalog.all(Application) if a.project_id == project.id), None)
        if oldest is None or not known:
            raise _no_such(name, project)
        return oldest


def _names(topic: str, by: Application | None) -> Sequence[str]:
    return (topic, topic + BESIDE) if by is None else (topic + OF.format(by.name),)


_PURPOSE = "Made for the clients of streams."


def _no_such(name: str, project: Project) -> NotFound:
    hint = f"the hub makes {PROJECT}{{id}} and {APPLICATION}{{id}} itself; other topics: POST /v1/topics"
    return NotFound("not_found", f"there is no topic {name!r} in project {project.name!r}", hint=hint)
