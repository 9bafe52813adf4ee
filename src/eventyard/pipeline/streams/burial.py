"""Burial: a message that a queue gave up is published again, as a dead letter, where the queue's options say.

It goes the way of every event, ``publish.py``. What its deaths tell stands in ``deaths.py``; when a queue gives up a
message, in ``queue.py``.
"""

from functools import partial

from msgspec.structs import replace

from eventyard.model.catalog import Project, Topic
from eventyard.model.errors import HubError
from eventyard.model.event import Event
from eventyard.model.streams import DEFAULT_EXCHANGE
from eventyard.pipeline.catalog import Catalog
from eventyard.pipeline.persist import persist
from eventyard.pipeline.publish import Publishing
from eventyard.pipeline.streams.deaths import DEATHS, Death, deaths_of, goes_in_a_circle, with_death
from eventyard.pipeline.streams.feed import Message
from eventyard.pipeline.streams.limited import categories_of
from eventyard.pipeline.streams.properties import EXPIRATION
from eventyard.pipeline.streams.queue import Queue
from eventyard.ports import Clock
from eventyard.telemetry.log import Log


class Burial:
    """Publishes the dead letters of a hub's queues."""

    def __init__(self, catalog: Catalog, publishing: Publishing, clock: Clock, log: Log) -> None:
        self._catalog = catalog
        self._publishing = publishing
        self._clock = clock
        self._log = log

    async def bury(self, queue: Queue, message: Message, reason: str, count: int) -> None:
        """Publish a dead letter, unless it went in a circle without anybody refusing it."""
        options, event = queue.options, message.event
        deaths = deaths_of(event)
        if goes_in_a_circle(deaths, queue.name, reason):
            return
        extensions = dict(event.extensions)
        expiration = extensions.pop(EXPIRATION, None)
        sent_to = self._catalog.seek(Topic, message.exchange)
        exchange = "" if sent_to is None or sent_to.name == DEFAULT_EXCHANGE else sent_to.name
        death = Death(queue.name, reason, exchange, event.routing_key, self._clock(), expiration=expiration)
        extensions[DEATHS] = with_death(deaths, death)
        key = event.routing_key if options.dead_letter_key is None else options.dead_letter_key
        letter = replace(event, id=self._publishing.new_id(), routing_key=key, extensions=extensions)
        try:
            await persist(partial(self._send, queue, options.dead_letter_exchange or DEFAULT_EXCHANGE, letter))
        except HubError as error:
            self._log.warning("dead_letter_lost", queue=queue.name, entry=message.entry_id, error=error.message)

    async def _send(self, queue: Queue, name: str, letter: Event) -> None:
        """As in RabbitMQ, a letter for an exchange that is not there is dropped; so is one for what is out of sight."""
        project = self._catalog.get(Project, queue.project_id)
        held = categories_of(queue)
        topic = self._catalog.named(Topic, project.id, name)
        if topic is None and (name != DEFAULT_EXCHANGE or held is not None):
            return
        if held is not None and topic is not None and not self._catalog.sight(held).shows(topic):
            return
        door = await self._publishing.door(project, name)
        if held is None or self._catalog.sight(held).shows(door.source):
            await self._publishing.publish(door, letter, well_formed=True)
