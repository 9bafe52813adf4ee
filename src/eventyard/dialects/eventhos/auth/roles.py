"""``/auth/role``: permissions under a name. Which permissions there are to give, ``resources.py`` lists."""

from collections.abc import Mapping
from typing import Annotated, TypedDict

from fastapi import APIRouter, Query, Response
from pydantic import Field

from eventyard.dialects.eventhos.answers import EventhosRoute, ok
from eventyard.dialects.eventhos.auth.bodies import MOST_PERMISSIONS, Handle, saved
from eventyard.dialects.eventhos.auth.call import Call, asks, rearranged
from eventyard.dialects.eventhos.auth.rows import RoleName, RoleRow, role_name, role_row
from eventyard.dialects.eventhos.bodies import Body, Number, fault
from eventyard.dialects.eventhos.paging import Listed, NewestFirst
from eventyard.dialects.eventhos.shapes import page_of, shows
from eventyard.model.identity import Permission, Role

router = APIRouter(prefix="/auth/role", tags=["Auth"], route_class=EventhosRoute)

EXAMPLE = {
    "id": 3,
    "identifier": "reader",
    "resources": [{"id": 4, "applicationResourceName": "event", "allowed": [{"allowed": "select", "id": 11}]}],
}


class PermissionRef(Body):
    """A permission, by its id. What it is called is left alone."""

    id: Number


AllowedObject = Annotated[
    dict[str, Annotated[list[PermissionRef], Field(max_length=MOST_PERMISSIONS)]],
    Field(
        max_length=MOST_PERMISSIONS,
        description="Permissions by the names of their resources. Nobody gives what they do not hold.",
        examples=[{"event": [{"id": 11, "allowed": "select"}]}],
    ),
]


class MadeRole(TypedDict):
    """What was made."""

    roleId: int


class NewRole(Body):
    """A role to be made."""

    identifier: Handle
    allowedObject: AllowedObject


class PermissionsChange(Body):
    """What a role is to allow, and what it allowed when whoever asks for that saw it."""

    newAllowedObject: AllowedObject
    originalAllowedObject: AllowedObject | None = None


@router.post(
    "", operation_id="eventhos_create_role", summary="Make a role",
    **shows("The id of the new role.", MadeRole, status=201, code=200001, message="Role added", example={"roleId": 3}),
)  # fmt: skip
async def create_role(call: Annotated[Call, asks("OAUTH2_role:create")], body: NewRole) -> Response:
    """A role of permissions that the caller holds."""
    words = _words(call, "allowedObject", body.allowedObject)
    making = call.identity.roles.create(call.who, name=body.identifier, permissions=words)
    return ok(200001, {"roleId": (await saved(making, "identifier", 409103)).number}, 201, "Role added")


@router.get(
    "", operation_id="eventhos_list_roles", summary="List roles",
    **shows("A page of roles.", Listed[RoleRow], message="Select completed", example=page_of(EXAMPLE)),
)  # fmt: skip
async def list_roles(
    call: Annotated[Call, asks("OAUTH2_role:select")],
    paging: NewestFirst,
    basic: Annotated[str | None, Query(description="true: all of them by name, in one array.")] = None,
) -> Response:
    """A page of roles, those made under `/v1` included."""
    roles = call.identity.roles.list(call.who)
    if basic == "true":
        names: list[RoleName] = [role_name(role) for role in roles]
        return ok(200000, names, message="Select completed")
    rows = [role_row(call.hub.catalog, role) for role in roles]
    return ok(200000, paging.page(rows), message="Select completed")


@router.put(
    "/{role_id}/permission", operation_id="eventhos_update_role", summary="Change what a role allows",
    **shows("It is changed.", status=201, message="Role updated"),
)  # fmt: skip
async def update_permissions(
    call: Annotated[Call, asks("OAUTH2_role:update")], role_id: Number, body: PermissionsChange
) -> Response:
    """Give permissions and take them: of what `originalAllowedObject` says, or else of all it has."""
    role = call.need(Role, role_id)
    wanted = _words(call, "newAllowedObject", body.newAllowedObject)
    seen = None if body.originalAllowedObject is None else _known(call, body.originalAllowedObject)
    words = rearranged(call.identity.roles.permissions(role), wanted, seen)
    await call.identity.roles.change(call.who, role.id, {"permissions": words})
    return ok(200000, status=201, message="Role updated")


@router.delete(
    "/{role_id}", operation_id="eventhos_delete_role", summary="Delete a role",
    **shows("It is gone.", status=201, code=200001, message="Role deleted"),
)  # fmt: skip
async def delete_role(call: Annotated[Call, asks("OAUTH2_role:delete")], role_id: Number) -> Response:
    """Delete a role, and take it from everybody who has it."""
    await call.identity.roles.remove(call.who, call.need(Role, role_id).id)
    return ok(200001, status=201, message="Role deleted")


def _words(call: Call, field: str, allowed: Mapping[str, list[PermissionRef]]) -> list[str]:
    """Permissions as ``resource:word``. Raises :class:`EventhosError` for one that is not there, or of another."""
    known, words = call.identity.rights.words(), []
    for resource, refs in allowed.items():
        for at, ref in enumerate(refs):
            permission = call.find(Permission, ref.id)
            word = "" if permission is None else known.get(permission.id, "")
            if word.rpartition(":")[0] != resource:
                raise fault(f"{field}.{resource}.{at}.id", f"{resource:.80} has no permission with id {ref.id}")
            words.append(word)
    return list(dict.fromkeys(words))


def _known(call: Call, allowed: Mapping[str, list[PermissionRef]]) -> list[str]:
    """Those of these permissions that are there."""
    known = call.identity.rights.words()
    found = (call.find(Permission, ref.id) for refs in allowed.values() for ref in refs)
    return [known[one.id] for one in found if one is not None and one.id in known]
