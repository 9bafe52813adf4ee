"""``/auth/resource``, ``/auth/permission``, ``/auth/application``: what roles may be made of.

An application is a realm of the hub. Its own is there from the start, with the resources that its routes ask for; what
others are made for means something to whoever asks the hub for it.
"""

from typing import Annotated, TypedDict

from fastapi import APIRouter, Query, Response
from pydantic import Field, StringConstraints

from eventyard.dialects.eventhos.answers import EventhosRoute, ok
from eventyard.dialects.eventhos.auth.bodies import MOST_PERMISSIONS, saved
from eventyard.dialects.eventhos.auth.call import Call, asks, rearranged
from eventyard.dialects.eventhos.auth.rows import (
    ApplicationRow,
    ResourceRow,
    application_row,
    resource_row,
)
from eventyard.dialects.eventhos.bodies import Body, Number, fault
from eventyard.dialects.eventhos.paging import Listed, NewestFirst
from eventyard.dialects.eventhos.shapes import page_of, shows
from eventyard.model.identity import Realm, Resource

router = APIRouter(prefix="/auth", tags=["Auth"], route_class=EventhosRoute)

EXAMPLE = {
    "id": 4,
    "applicationResourceName": "event",
    "allowed": [{"allowed": "*", "id": 10}, {"allowed": "select", "id": 11}],
}

Word = Annotated[
    str,
    StringConstraints(min_length=1, max_length=75, pattern=r"^[^:\s\x00-\x1f\x7f]*$"),
    Field(description="A word without colon and spaces."),
]


class MadeApplication(TypedDict):
    """What was made."""

    applicationId: int


class MadeResource(TypedDict):
    """What was made."""

    applicationResourceId: int


class MadePermission(TypedDict):
    """What was made."""

    permissionId: int


class NewApplication(Body):
    """An application to be made."""

    identifier: Word


class NewResource(Body):
    """A resource to be made, of which may be said `*`, `create`, `select`, `update` and `delete`."""

    resourceIdentifier: Word
    applications_id: Number


class NewPermission(Body):
    """A permission to be made: what may be said of a resource."""

    allowed: Word
    applicationResource_id: Number


class AllowedRef(Body):
    """A permission of a resource, by its word. Its id is left alone."""

    allowed: Word


AllowedRefs = Annotated[list[AllowedRef], Field(max_length=MOST_PERMISSIONS)]


class WordsChange(Body):
    """What may be said of a resource, and what might be when whoever asks for that saw it."""

    newResourcePermissions: AllowedRefs
    originalResourcePermissions: AllowedRefs | None = None


@router.get(
    "/application", operation_id="eventhos_list_applications", summary="List applications",
    **shows("All of them.", list[ApplicationRow], message="Select completed"),
)  # fmt: skip
async def list_applications(call: Annotated[Call, asks("OAUTH2_application:select")]) -> Response:
    """The applications whose resources permissions speak of."""
    rows = [application_row(realm) for realm in call.identity.resources.realms(call.who)]
    return ok(200000, rows, message="Select completed")


@router.post(
    "/application", operation_id="eventhos_create_application", summary="Make an application",
    **shows("Its id.", MadeApplication, status=201, code=200001, message="Application added"),
)  # fmt: skip
async def create_application(
    call: Annotated[Call, asks("OAUTH2_application:create")], body: NewApplication
) -> Response:
    """An application for resources of its own."""
    realm = await saved(call.identity.resources.add_realm(call.who, body.identifier), "identifier", 409104)
    return ok(200001, {"applicationId": realm.number}, 201, "Application added")


@router.get(
    "/resource", operation_id="eventhos_list_resources", summary="List resources",
    **shows("A page of resources.", Listed[ResourceRow], message="Select completed", example=page_of(EXAMPLE)),
)  # fmt: skip
async def list_resources(
    call: Annotated[Call, asks(None)],
    paging: NewestFirst,
    basic: Annotated[str | None, Query(description="true: all of them, in one array.")] = None,
) -> Response:
    """A page of resources, with what may be said of each. Who may see roles may see what these are made of."""
    rows = [_row(call, resource) for resource in call.identity.resources.list(call.who)]
    return ok(200000, rows if basic == "true" else paging.page(rows), message="Select completed")


@router.post(
    "/resource", operation_id="eventhos_create_resource", summary="Make a resource",
    **shows("Its id.", MadeResource, status=201, code=200001, message="Resource added"),
)  # fmt: skip
async def create_resource(call: Annotated[Call, asks("OAUTH2_application:create")], body: NewResource) -> Response:
    """A resource with the usual permissions. Its name is one of its kind in all applications."""
    realm = call.find(Realm, body.applications_id)
    if realm is None:
        raise fault("applications_id", f"The application with id {body.applications_id} does not exist")
    making = call.identity.resources.add(call.who, body.resourceIdentifier, realm.id)
    resource = await saved(making, "resourceIdentifier", 409105)
    return ok(200001, {"applicationResourceId": resource.number}, 201, "Resource added")


@router.put(
    "/resource/{resource_id}/permission", operation_id="eventhos_update_resource",
    summary="Change what may be said of a resource", **shows("It is changed.", status=201, message="Resource updated"),
)  # fmt: skip
async def update_resource(
    call: Annotated[Call, asks("OAUTH2_Permission:update")], resource_id: Number, body: WordsChange
) -> Response:
    """Add permissions and remove them, also from all roles. Those that the hub asks for stay."""
    resource, resources = call.need(Resource, resource_id), call.identity.resources
    wanted = [one.allowed for one in body.newResourcePermissions]
    original = body.originalResourcePermissions
    seen = None if original is None else [one.allowed for one in original]
    held = [one.name for one in resources.permissions(resource)]
    await resources.say(call.who, resource.id, rearranged(held, list(dict.fromkeys(wanted)), seen))
    return ok(200000, status=201, message="Resource updated")


@router.delete(
    "/resource/{resource_id}", operation_id="eventhos_delete_resource", summary="Delete a resource",
    **shows("It is gone.", status=201, code=200001, message="Resource deleted"),
)  # fmt: skip
async def delete_resource(call: Annotated[Call, asks("OAUTH2_application:delete")], resource_id: Number) -> Response:
    """Delete a resource and its permissions, also from all roles. Those that the hub asks for stay."""
    await call.identity.resources.remove(call.who, call.need(Resource, resource_id).id)
    return ok(200001, status=201, message="Resource deleted")


@router.post(
    "/permission", operation_id="eventhos_create_permission", summary="Make a permission",
    **shows("Its id.", MadePermission, status=201, code=200001, message="Permission added"),
)  # fmt: skip
async def create_permission(call: Annotated[Call, asks("OAUTH2_Permission:create")], body: NewPermission) -> Response:
    """One more word that may be said of a resource."""
    resource = call.find(Resource, body.applicationResource_id)
    if resource is None:
        raise fault("applicationResource_id", f"The resource with id {body.applicationResource_id} does not exist")
    making = call.identity.resources.add_word(call.who, resource.id, body.allowed)
    permission = await saved(making, "allowed", 409106)
    return ok(200001, {"permissionId": permission.number}, 201, "Permission added")


def _row(call: Call, resource: Resource) -> ResourceRow:
    return resource_row(resource, call.identity.resources.permissions(resource))
