"""``/system``: a system is an application; what it publishes are events, and what it does when told of them, actions.

Whose tokens prove its senders is kept with the client, which belongs to one system at most.
"""

from typing import Annotated, Any, Literal, TypedDict

from fastapi import APIRouter, Query, Response
from pydantic import StringConstraints

from eventyard.dialects.eventhos.answers import EventhosError, EventhosRoute, ok
from eventyard.dialects.eventhos.bodies import (
    Body,
    Description,
    Identifier,
    Name,
    Number,
    NumberOrNone,
    fault,
    said_of,
    unset,
)
from eventyard.dialects.eventhos.identifiers import suffixed
from eventyard.dialects.eventhos.mapping import CLASS, HYBRID, TYPE, relabelled
from eventyard.dialects.eventhos.paging import Listed, Paged
from eventyard.dialects.eventhos.rows import (
    ActionOfSystemRow,
    EventRow,
    SystemRow,
    action_of_system_row,
    event_row,
    system_row,
)
from eventyard.dialects.eventhos.shapes import page_of, shows
from eventyard.dialects.eventhos.visit import Visit, needs
from eventyard.model.catalog import Application, Source, Target
from eventyard.model.errors import Conflict, HubError
from eventyard.model.identity import Client

router = APIRouter(prefix="/system", tags=["System"], route_class=EventhosRoute)

EXAMPLE = {
    "id": 1,
    "class": "producer",
    "identifier": "shop-k736k3hiW7",
    "name": "Shop",
    "type": "ERP",
    "description": "Where orders are made",
    "deleted": 0,
    "created_at": "2026-01-02T03:04:05.678Z",
    "updated_at": "2026-01-02T03:04:05.678Z",
    "client_id": 7,
}

SystemClass = Literal["producer", "consumer", "hybrid"]
SystemType = Annotated[str, StringConstraints(max_length=45, pattern=r"^[^\x00-\x1f\x7f]*$")]


class MadeSystem(TypedDict):
    """What was made."""

    systemId: int


class NewSystem(Body):
    """A system to be made. With a client, whose tokens then prove its senders, the identifier gets a suffix."""

    systemClass: SystemClass
    identifier: Identifier
    name: Name
    type: SystemType = ""
    description: Description = ""
    clientId: NumberOrNone = None


class SystemChange(Body):
    """What to change of a system. One that is given a class and no client has none any more."""

    systemClass: SystemClass = unset()
    name: Name = unset()
    type: SystemType = unset()
    description: Description = unset()
    clientId: NumberOrNone = None


@router.post(
    "", operation_id="eventhos_create_system", summary="Make a system",
    **shows("Its id.", MadeSystem, status=201, code=20001, message="New system created", example={"systemId": 1}),
)  # fmt: skip
async def create_system(visit: Annotated[Visit, needs("system:create")], body: NewSystem) -> Response:
    """A system, with a client or without."""
    client = None if body.clientId is None else _free_client(visit, body.clientId, None)
    try:
        made = await visit.hub.projects.add_application(
            visit.who,
            project_id=visit.sight.project.id,
            name=body.identifier if client is None else suffixed(body.identifier),
            title=body.name,
            description=body.description,
            labels=relabelled({}, **{CLASS: body.systemClass, TYPE: body.type}),
        )
    except Conflict:
        raise fault("identifier", "There is a system with this identifier already") from None
    except HubError as error:
        raise said_of(error, {"/name": "identifier"}) or error from None
    if client is not None:
        try:
            await _give(visit, client, made)
        except EventhosError:
            await visit.hub.projects.remove_application(visit.who, made.id)
            raise
    return ok(20001, {"systemId": made.number}, 201, "New system created")


@router.get(
    "", operation_id="eventhos_list_systems", summary="List systems",
    **shows("A page of systems.", Listed[SystemRow], example=page_of(EXAMPLE)),
)  # fmt: skip
async def list_systems(
    visit: Annotated[Visit, needs("system:select")],
    paging: Paged,
    system_class: Annotated[
        str | None, Query(alias="systemClass", description="Of this class only, and hybrid ones.")
    ] = None,
) -> Response:
    """A page of systems, the applications made under `/v1` included."""
    rows = [system_row(visit.sight, system) for system in visit.sight.all(Application)]
    if system_class:
        rows = [row for row in rows if row["class"] in (system_class, HYBRID)]
    return ok(200000, paging.page(rows))


@router.get(
    "/{system_id:int}", operation_id="eventhos_get_system", summary="Show a system",
    **shows("The system, if it is there.", SystemRow, example=EXAMPLE, always=False),
)  # fmt: skip
async def get_system(visit: Annotated[Visit, needs("system:select")], system_id: Number) -> Response:
    """One system. As ever, the answer for one that is not there is a success without content."""
    system = visit.sight.find(Application, system_id)
    return ok(200000) if system is None else ok(200000, system_row(visit.sight, system))


@router.get(
    "/{system_id:int}/events", operation_id="eventhos_list_events_of_system", summary="List the events of a system",
    **shows("Its events.", list[EventRow]),
)  # fmt: skip
async def list_events_of_system(visit: Annotated[Visit, needs("system:select")], system_id: Number) -> Response:
    """All events of a system."""
    rows = [event_row(visit.sight, event) for event in visit.sight.all(Source)]
    return ok(200000, [row for row in rows if row["system_id"] == system_id])


@router.get(
    "/{system_id:int}/actions", operation_id="eventhos_list_actions_of_system", summary="List the actions of a system",
    **shows("Its actions.", list[ActionOfSystemRow]),
)  # fmt: skip
async def list_actions_of_system(visit: Annotated[Visit, needs("system:select")], system_id: Number) -> Response:
    """All actions of a system."""
    rows = [action_of_system_row(visit.sight, action) for action in visit.sight.all(Target)]
    return ok(200000, [row for row in rows if row["system_id"] == system_id])


@router.put(
    "/{system_id:int}", operation_id="eventhos_update_system", summary="Change a system",
    **shows("It is changed.", status=201, code=200001),
)  # fmt: skip
async def update_system(
    visit: Annotated[Visit, needs("system:update")], system_id: Number, body: SystemChange
) -> Response:
    """Change what is named. The identifier stays."""
    system = visit.need(Application, system_id, "system")
    given = body.given()
    wanted = given.pop("clientId", None)
    client = None if wanted is None else _free_client(visit, wanted, system)
    changes = _changes(system, given)
    if changes:
        await visit.hub.projects.change_application(visit.who, system.id, changes)
    if "clientId" in body.given() or "systemClass" in given:
        await _assign(visit, system, client)
    return ok(200001, status=201)


@router.delete(
    "/{system_id:int}", operation_id="eventhos_delete_system", summary="Delete a system",
    **shows("It is gone.", status=201, code=200001),
)  # fmt: skip
async def delete_system(visit: Annotated[Visit, needs("system:delete")], system_id: Number) -> Response:
    """Delete a system without events and actions. Its client stays, and belongs to no system then."""
    system = visit.need(Application, system_id, "system")
    if any(visit.sight.system_of(event).id == system.id for event in visit.sight.all(Source)):
        raise EventhosError(400, 400302, "System has conflicting events")
    if any(visit.sight.system_of(action).id == system.id for action in visit.sight.all(Target)):
        raise EventhosError(400, 400303, "System has conflicting actions")
    try:
        await visit.hub.projects.remove_application(visit.who, system.id)
    except Conflict as error:
        raise EventhosError(400, 400303, f"System is in use: {error.message}") from None
    return ok(200001, status=201)


def _changes(system: Application, given: dict[str, Any]) -> dict[str, Any]:
    changes = {name: given[name] for name in ("description",) if name in given}
    if "name" in given:
        changes["title"] = given["name"]
    if "systemClass" in given or "type" in given:
        changes["labels"] = relabelled(system.labels, **{CLASS: given.get("systemClass"), TYPE: given.get("type")})
    return changes


async def _assign(visit: Visit, system: Application, client: Client | None) -> None:
    """Give a system this client, or none, in place of the one it has."""
    before = visit.sight.client_of(system)
    if before is not None and (client is None or client.id != before.id):
        await visit.hub.identity.clients.assign(visit.who, before.id, None)
    if client is not None and (before is None or client.id != before.id):
        await _give(visit, client, system)


async def _give(visit: Visit, client: Client, system: Application) -> None:
    """Give a system a client that was free. Raises :class:`EventhosError` if another system got it meanwhile."""
    try:
        await visit.hub.identity.clients.assign(visit.who, client.id, system.id)
    except Conflict as error:
        raise fault("clientId", error.message) from None


def _free_client(visit: Visit, number: int, system: Application | None) -> Client:
    """The client with that id, which belongs to no other system.

    Raises :class:`EventhosError` 400301 for one that is not there.
    """
    client = visit.hub.catalog.numbered(Client, number)
    if client is None or client.organization_id != visit.who.organization_id:
        raise EventhosError(404, 400301, f"The client with id {number} does not exist.")
    owner = client.application_id and visit.hub.catalog.seek(Application, client.application_id)
    if owner and (system is None or owner.id != system.id):
        raise fault("clientId", f"The client with id {number} belongs to the system {owner.name} already")
    return client
