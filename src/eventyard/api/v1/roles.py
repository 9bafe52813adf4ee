"""``/v1/roles`` and ``/v1/permissions``: what users and clients may do, under names."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Response
from msgspec import Meta, Struct
from pydantic import Field

from eventyard.api.paging import FIRST_PAGE
from eventyard.api.v1.answers import Id, Time, done, reply, shows, silent, time_of
from eventyard.api.v1.bodies import Body, Change, Name, Ref, unset
from eventyard.api.v1.call import Asked, Call, Cursor, Limit
from eventyard.model import identity
from eventyard.model.catalog import User
from eventyard.model.errors import NotFound

router = APIRouter(prefix="/v1", tags=["Roles"])

MOST_ROLES = 100
MOST_PERMISSIONS = 1000

RoleRefs = Annotated[
    list[Ref], Field(max_length=MOST_ROLES, description="Roles, by id or name.", examples=[["readers"]])
]
Permissions = Annotated[
    list[Ref],
    Field(
        max_length=MOST_PERMISSIONS,
        description="As `resource:word`. Scopes count too; `OAUTH2_global:*` is everything.",
        examples=[["events:publish", "event:select"]],
    ),
]


class Role(Struct, kw_only=True):
    """Permissions under a name."""

    id: Id
    name: str
    permissions: Annotated[list[str], Meta(description="As `resource:word`, in the order of the alphabet.")]
    created_at: Time


class NewRole(Body):
    """A role to be made. Nobody can give a permission that they do not hold."""

    name: Name
    permissions: Permissions = Field(default_factory=list)


class RoleChange(Change):
    """What to change of a role."""

    name: Name = unset()
    permissions: Permissions = unset()


def shown(call: Call, role: identity.Role) -> Role:
    """A role as answers have it."""
    return Role(
        id=role.id,
        name=role.name,
        permissions=list(call.hub.identity.roles.permissions(role)),
        created_at=time_of(role.created_at),
    )


def role_ids(call: Call, refs: Sequence[str]) -> list[str]:
    """The ids of roles named by id or name. Raises ``NotFound``, pointing to the one that is not there."""
    return [_id_of(call, ref, f"/roles/{number}") for number, ref in enumerate(refs)]


def _id_of(call: Call, ref: str, pointer: str) -> str:
    rights, organization = call.hub.identity.rights, call.who.organization_id
    role = call.hub.catalog.seek(identity.Role, ref) or rights.role_named(organization, ref)
    if role is None or role.organization_id != organization:
        raise NotFound("not_found", f"there is no role {ref!r}", pointer=pointer)
    return role.id


def names_of(call: Call, subject: User | identity.Client) -> list[str]:
    """The names of somebody's roles."""
    return [role.name for role in call.hub.identity.rights.roles(subject)]


@router.get("/roles", operation_id="list_roles", summary="List roles", **shows(list[Role], "Newest first.", paged=True))
async def list_roles(call: Asked, limit: Limit = FIRST_PAGE, cursor: Cursor = None) -> Response:
    """The roles of the organization."""
    return call.page(call.hub.identity.roles.list(call.who), lambda role: shown(call, role), limit, cursor)


@router.post("/roles", operation_id="create_role", summary="Make a role", **shows(Role, "The role.", 201))
async def create_role(call: Asked, body: NewRole) -> Response:
    """A role."""
    role = await call.hub.identity.roles.create(call.who, name=body.name, permissions=body.permissions)
    return reply(shown(call, role), 201)


@router.get("/roles/{role_id}", operation_id="get_role", summary="Show a role", **shows(Role, "The role."))
async def get_role(call: Asked, role_id: str) -> Response:
    """One role, by `id`."""
    return reply(shown(call, call.hub.identity.roles.get(call.who, role_id)))


@router.patch("/roles/{role_id}", operation_id="change_role", summary="Change a role", **shows(Role, "As it is now."))
async def change_role(call: Asked, role_id: str, body: RoleChange) -> Response:
    """Change the fields that are named. It counts at once for everybody who has the role."""
    return reply(shown(call, await call.hub.identity.roles.change(call.who, role_id, body.given())))


@router.delete("/roles/{role_id}", operation_id="delete_role", summary="Delete a role", **silent("It is gone."))
async def delete_role(call: Asked, role_id: str) -> Response:
    """Delete a role, and take it from everybody who has it."""
    await call.hub.identity.roles.remove(call.who, role_id)
    return done()


@router.get(
    "/permissions", operation_id="list_permissions", summary="List permissions",
    **shows(list[str], "As `resource:word`, in the order of the alphabet."),
)  # fmt: skip
async def list_permissions(call: Asked) -> Response:
    """Every permission that a role can have."""
    return reply(call.hub.identity.roles.permissions_there_are(call.who))
