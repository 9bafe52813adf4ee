"""``/event``: an event is a source, with a topic of its own and the name that senders give as ``event-identifier``.

What is sent to it comes in by ``send.py``; what became of that is told by ``log.py``.
"""

from typing import Annotated, TypedDict

from fastapi import APIRouter, Query, Response

from eventyard.dialects.eventhos.answers import EventhosError, EventhosRoute, ok
from eventyard.dialects.eventhos.bodies import (
    Body,
    Description,
    Identifier,
    Name,
    Number,
    Operation,
    fault,
    said_of,
    unset,
)
from eventyard.dialects.eventhos.identifiers import suffixed
from eventyard.dialects.eventhos.mapping import OPERATION, relabelled
from eventyard.dialects.eventhos.paging import Listed, Paged, contains
from eventyard.dialects.eventhos.rows import EventRow, event_row
from eventyard.dialects.eventhos.shapes import page_of, shows
from eventyard.dialects.eventhos.visit import Visit, needs
from eventyard.model.catalog import Application, Source, Topic
from eventyard.model.errors import Conflict, HubError

router = APIRouter(prefix="/event", tags=["Event"], route_class=EventhosRoute)

SCHEME = "access-key"
"""How the senders of an event prove themselves; see ``verifiers/access_key.py``."""


EXAMPLE = {
    "id": 2,
    "system_id": 1,
    "identifier": "new_order_new-DBOciIq7Bt",
    "name": "New order",
    "operation": "new",
    "description": "Somebody ordered something",
    "deleted": 0,
    "created_at": "2026-01-02T03:04:05.678Z",
    "updated_at": "2026-01-02T03:04:05.678Z",
}


class MadeEvent(TypedDict):
    """What was made."""

    eventId: int


class NewEvent(Body):
    """An event to be made."""

    system_id: Number
    identifier: Identifier
    name: Name
    operation: Operation = ""
    description: Description = ""


class EventChange(Body):
    """What to change of an event."""

    name: Name = unset()
    operation: Operation = unset()
    description: Description = unset()


@router.post(
    "", operation_id="eventhos_create_event", summary="Make an event",
    **shows("The id of the new event.", MadeEvent, status=201, code=200001, example={"eventId": 2}),
)  # fmt: skip
async def create_event(visit: Annotated[Visit, needs("event:create")], body: NewEvent) -> Response:
    """An event of a system. Its identifier is the given one, a dash and ten characters that nobody guesses."""
    system = visit.sight.find(Application, body.system_id)
    if system is None:
        raise fault("system_id", f"The system with id {body.system_id} does not exist")
    try:
        made = await visit.hub.sources.create(
            visit.who,
            project_id=visit.sight.project.id,
            name=suffixed(body.identifier),
            title=body.name,
            description=body.description,
            labels=relabelled({}, **{OPERATION: body.operation}),
            scheme=SCHEME,
            application=system.id,
        )
    except HubError as error:
        raise said_of(error, {"/name": "identifier"}) or error from None
    return ok(200001, {"eventId": made.number}, 201)


@router.get(
    "", operation_id="eventhos_list_events", summary="List events",
    **shows("A page of events.", Listed[EventRow], example=page_of(EXAMPLE)),
)  # fmt: skip
async def list_events(
    visit: Annotated[Visit, needs("event:select")],
    paging: Paged,
    system_id: Annotated[str | None, Query(alias="systemId", description="Of this system only.")] = None,
    event_name: Annotated[str | None, Query(alias="eventName", description="Part of the name, in any case.")] = None,
) -> Response:
    """A page of events, those made under `/v1` as sources included."""
    rows = [event_row(visit.sight, event) for event in visit.sight.all(Source)]
    found = [row for row in rows if contains(event_name, row["name"])]
    if system_id:
        found = [row for row in found if str(row["system_id"]) == system_id.strip()]
    return ok(200000, paging.page(found))


@router.put(
    "/{event_id:int}", operation_id="eventhos_update_event", summary="Change an event",
    **shows("It is changed.", status=201, code=200001),
)  # fmt: skip
async def update_event(visit: Annotated[Visit, needs("event:update")], event_id: Number, body: EventChange) -> Response:
    """Change what is named. The identifier stays."""
    event = visit.need(Source, event_id, "event")
    changes = body.given()
    if "name" in changes:
        changes["title"] = changes.pop("name")
    if "operation" in changes:
        changes["labels"] = relabelled(event.labels, **{OPERATION: changes.pop("operation")})
    if changes:
        await visit.hub.sources.change(visit.who, event.id, changes)
    return ok(200001, status=201)


@router.delete(
    "/{event_id:int}", operation_id="eventhos_delete_event", summary="Delete an event",
    **shows("It is gone.", status=201, code=200001),
)  # fmt: skip
async def delete_event(visit: Annotated[Visit, needs("event:delete")], event_id: Number) -> Response:
    """Delete an event without contracts. What it received stays in the log."""
    event = visit.need(Source, event_id, "event")
    if visit.sight.contracts_of(event):
        raise _in_use()
    try:
        await visit.hub.sources.remove(visit.who, event.id, along=False)
    except Conflict:
        raise _in_use() from None
    await _remove_topic(visit, event)
    return ok(200001, status=201)


async def _remove_topic(visit: Visit, event: Source) -> None:
    """Remove the topic that was made with an event, unless somebody has another use for it."""
    topic = visit.hub.catalog.seek(Topic, event.topic_id)
    if topic is not None and topic.name == event.name and event.scheme == SCHEME:
        try:
            await visit.hub.topics.remove(visit.who, topic.id)
        except Conflict:
            return


def _in_use() -> EventhosError:
    return EventhosError(400, 400207, "Event has active contracts")
