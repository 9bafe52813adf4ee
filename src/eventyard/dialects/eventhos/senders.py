"""Who may send an event: the client of the system that the event belongs to, proven by one of its tokens.

What an identifier stands for is looked up once per change of the catalog, and what a token proves is remembered by
``pipeline/identity/``, so that an event costs two look-ups and a digest.
"""

from collections.abc import Sequence

from msgspec import Struct

from eventyard.dialects.eventhos.envelopes import EventhosError
from eventyard.model.catalog import Application, Project, Record, Source, Topic, TopicSchema
from eventyard.model.errors import Unauthenticated
from eventyard.model.identity import Client
from eventyard.model.reserved import is_hub_made
from eventyard.pipeline.doors import Door
from eventyard.pipeline.hub import Hub
from eventyard.pipeline.identity.clients import has_token

_MATTERS = (Project, Application, Topic, TopicSchema, Source, Client)
_REMEMBERED = 4096


class Sender(Struct, frozen=True):
    """A client, and the door of the event that it may send."""

    door: Door
    client: Client


class Senders:
    """The senders of one project's events."""

    def __init__(self, hub: Hub, project: str) -> None:
        """``project`` is its id or name."""
        self._catalog = hub.catalog
        self._doors = hub.doors
        self._clients = hub.identity.clients
        self._tokens = hub.identity.tokens
        self._project = project
        self._known: dict[str, Sender] = {}
        hub.catalog.watch(self._changed)

    def prove(self, identifier: str | None, key: str | None) -> Sender:
        """The sender of an event, proven by the access key.

        Raises :class:`EventhosError`: 400201 without one of the two, 400202 for an event that is not there, 404201
        where its system has no client, 403201 for one that is revoked, 401201 and 401202 for a wrong key: where the
        client has a long-lived token, and where it has none.
        """
        if not identifier or not key:
            raise _nothing_sent()
        sender = self._known.get(identifier)
        if sender is None:
            sender = self._find(identifier)
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            self._known[identifier] = sender
        client = sender.client
        if client.revoked_at is not None:
            raise EventhosError(403, 403201, "The client access has been revoked.")
        try:
            if self._tokens.client_token(key).id == client.id:
                return sender
        except Unauthenticated:
            pass
        raise EventhosError(401, 401201 if has_token(client) else 401202, "Incorrect token")

    def door(self, identifier: str | None) -> Door:
        """The door of an event. Raises :class:`EventhosError`: 400201 without an identifier, 400202."""
        if not identifier:
            raise _nothing_sent()
        return self._doors.of(self._source(identifier).id)

    def _find(self, identifier: str) -> Sender:
        source = self._source(identifier)
        client = self._clients.of(source.application_id)
        if client is None:
            raise EventhosError(404, 404201, "The client does not exist.")
        return Sender(self._doors.of(source.id), client)

    def _source(self, identifier: str) -> Source:
        project = self._catalog.seek(Project, self._project)
        if project is None:
            named = (project for project in self._catalog.all(Project) if project.name == self._project)
            project = next(named, None)
        source = None if project is None else self._catalog.named(Source, project.id, identifier)
        if source is None or is_hub_made(source):
            raise EventhosError(400, 400202, f"The event {identifier:.80} does not exist.")
        return source

    def _changed(self, records: Sequence[Record]) -> None:
        if any(isinstance(record, _MATTERS) for record in records):
            self._known.clear()


def _nothing_sent() -> EventhosError:
    return EventhosError(400, 400201, "Either the access key or the identifier for the event was not send.")
