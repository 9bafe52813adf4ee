"""Entities: whatever a project or an application consists of, and what happens to it, told as events.

An entity has a type, such as ``vehicles``, and an id; it is created, updated or deleted. The hub keeps no entities: it
tells those who listen to the exchange of the project, or of the application. Those of its own catalog are told of by
``announce.py``, in the same shape.
"""

import re
from collections.abc import Sequence
from enum import StrEnum
from typing import Any

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from eventyard.model.access import Principal, Scope
from eventyard.model.catalog import Application, Project
from eventyard.model.errors import HubError, Invalid, NotFound
from eventyard.model.event import Event
from eventyard.model.ids import Millis
from eventyard.model.reserved import exchange_of
from eventyard.pipeline.accept import Accepted
from eventyard.pipeline.arrivals import Arrival
from eventyard.pipeline.catalog import Catalog
from eventyard.pipeline.idempotency import of_item
from eventyard.pipeline.publish import Publishing
from eventyard.ports import Clock

KEY_BYTES = 255
"""How long a routing key may be, so that AMQP 0-9-1 can carry it (a short string, section 4.2.5.3)."""

PRODUCT = "product"
"""No type of entity: it is the first word of the events of products."""

_WORD = re.compile(r"[^.*#/\s\x00-\x1f\x7f]+")


class Happening(StrEnum):
    """What happened to an entity."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"


class EntityChange(Struct, frozen=True):
    """Something that happened to an entity. ``state`` is what it is now, a JSON object, or ``None`` when nobody says.

    ``changed`` names the fields that changed, and ``revision`` is the entity's own count, where the publisher knows.
    """

    type: str
    id: str
    happening: Happening
    state: Raw | None = None
    changed: tuple[str, ...] | None = None
    revision: int | None = None

    @property
    def routing_key(self) -> str:
        """Three words."""
        return f"{self.type}.{self.id}.{self.happening}"


class Relation(Struct, frozen=True, rename={"kind": "_relType"}):
    """How an event names a record."""

    kind: str
    id: str


class EntityData(Struct, frozen=True):
    """The data of an entity's event."""

    event: Happening
    entity: Relation
    project: Relation | None
    application: Relation | None
    actor: Relation | None
    changed: tuple[str, ...] | UnsetType = UNSET
    revision: int | UnsetType = UNSET
    state: Any = UNSET


class Place(Struct, frozen=True):
    """Where an event belongs: an application, or else its project."""

    project: Project
    application: Application | None = None

    @property
    def topic(self) -> str:
        """The name of the exchange."""
        return exchange_of(self.application or self.project)

    @property
    def uri(self) -> str:
        """The CloudEvents ``source``."""
        if self.application is not None:
            return f"/applications/{self.application.id}"
        return f"/projects/{self.project.id}"


class Entities:
    """Tells of entities."""

    def __init__(self, catalog: Catalog, publishing: Publishing, clock: Clock) -> None:
        self._catalog = catalog
        self._publishing = publishing
        self._clock = clock

    async def publish(self, who: Principal, place: Place, change: EntityChange, key: str | None = None) -> Accepted:
        """Commit one event. Raises ``Forbidden``, ``Invalid`` (``invalid_parameter``) and what accept raises."""
        _need(who, place)
        check(change)
        door = await self._publishing.door(place.project, place.topic)
        event = self._event(who, place, change)
        return await self._publishing.publish(door, event, key=key, well_formed=True)

    async def publish_many(
        self, who: Principal, place: Place, changes: Sequence[EntityChange | HubError], key: str | None = None
    ) -> list[Accepted | HubError]:
        """Commit many events in one transaction, each with its own result. Their keys are ``key`` and their number.

        A pointer leads from the root of the item.
        """
        _need(who, place)
        door = await self._publishing.door(place.project, place.topic)
        arrivals: list[Arrival | HubError] = []
        for number, change in enumerate(changes):
            try:
                if isinstance(change, HubError):
                    raise change
                check(change, "")
                own = None if key is None else of_item(key, number)
                arrivals.append(Arrival(door, self._event(who, place, change), own, well_formed=True))
            except HubError as error:
                arrivals.append(error.kept())
        return await self._publishing.publish_many(arrivals)

    def _event(self, who: Principal, place: Place, change: EntityChange) -> Event:
        return entity_event(change, place, actor_of(who), self._publishing.new_id(), self._clock())


def _need(who: Principal, place: Place) -> None:
    who.need(Scope.EVENTS_PUBLISH)
    need_own(who, place.application)


def need_own(who: Principal, application: Application | None) -> None:
    """Raise ``NotFound`` for an application that a caller who is bound to another one may not know of."""
    if application is not None and who.application_id not in (None, application.id):
        raise NotFound("not_found", f"there is no application {application.id!r}")


def check(change: EntityChange, at: str | None = None) -> None:
    """Raise ``Invalid`` for words that no routing key can hold, naming which.

    The code is ``invalid_parameter``; below ``at``, a pointer into a body, it is ``invalid_body``.
    """
    wrong = _wrong(change)
    if wrong is not None:
        name, why, hint = wrong
        if at is None:
            raise Invalid("invalid_parameter", why, pointer=name, hint=hint)
        raise Invalid("invalid_body", why, pointer=f"{at}/{name}", hint=hint)


def _wrong(change: EntityChange) -> tuple[str, str, str] | None:
    """The field that is wrong, why, and what to do."""
    for name, word in (("entity_type", change.type), ("entity_id", change.id)):
        if _WORD.fullmatch(word) is None:
            return (
                name,
                f"{word!r} is not one word of a routing key",
                "a word is not empty, and has no . * # / or space",
            )
    if change.type == PRODUCT:
        hint = "POST /v1/applications/{id}/activation, provisioning or subscription tells of products"
        return "entity_type", "the type product is kept for the events of products", hint
    size = len(change.routing_key.encode())
    if size > KEY_BYTES:
        return "entity_id", f"the routing key is {size} bytes, the limit is {KEY_BYTES}", "shorten the type or the id"
    return None


def entity_event(change: EntityChange, place: Place, actor: Relation | None, event_id: str, now: Millis) -> Event:
    """The event that tells of a change. The same change in the same place has the same data."""
    data = EntityData(
        event=change.happening,
        entity=Relation(change.type, change.id),
        project=Relation("projects", place.project.id),
        application=None if place.application is None else Relation("applications", place.application.id),
        actor=actor,
        changed=UNSET if change.changed is None else change.changed,
        revision=UNSET if change.revision is None else change.revision,
        state=UNSET if change.state is None else change.state,
    )
    return Event(
        id=event_id,
        source=place.uri,
        type=f"entity.{change.type}.{change.happening}",
        time=now,
        data=msgspec.json.encode(data),
        routing_key=change.routing_key,
        subject=f"{change.type}/{change.id}",
    )


def actor_of(who: Principal | None) -> Relation | None:
    """How an event names the caller: a key, a user, or a client."""
    if who is None:
        return None
    callers = (("keys", who.key_id), ("users", who.user_id), ("clients", who.client_id))
    return next((Relation(kind, id) for kind, id in callers if id is not None), None)
