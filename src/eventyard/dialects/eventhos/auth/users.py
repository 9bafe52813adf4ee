"""``/auth/user``: people who log in. Their names are of small letters, their passwords are kept as hashes."""

from typing import Annotated, Any, TypedDict

from fastapi import APIRouter, Response
from pydantic import Field, StringConstraints

from eventyard.dialects.eventhos.answers import EventhosError, EventhosRoute, Fault, ok
from eventyard.dialects.eventhos.auth.bodies import Handle, NameChange, Roles, RolesChange, saved
from eventyard.dialects.eventhos.auth.call import Call, asks
from eventyard.dialects.eventhos.auth.rows import UserRow, user_row
from eventyard.dialects.eventhos.bodies import Body, Description, Name, Number
from eventyard.dialects.eventhos.paging import Listed, NewestFirst
from eventyard.dialects.eventhos.shapes import page_of, shows
from eventyard.model.access import Scope
from eventyard.model.catalog import User
from eventyard.model.errors import Forbidden
from eventyard.pipeline.identity.passwords import LONGEST
from eventyard.pipeline.identity.rights import ADMIN

router = APIRouter(prefix="/auth/user", tags=["Auth"], route_class=EventhosRoute)

EXAMPLE = {
    "id": 5,
    "description": "Looks after the shop",
    "subjectId": 5,
    "name": "Ada",
    "username": "ada",
    "roles": [
        {
            "id": 2,
            "identifier": "admin",
            "resources": [{"id": 4, "applicationResourceName": "OAUTH2_global", "allowed": ["*"]}],
        }
    ],
}

NewPassword = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST)]
OldPassword = Annotated[str, StringConstraints(max_length=LONGEST), Field(description="What it was.")]


class MadeUser(TypedDict):
    """Who was made."""

    userId: int


class NewUser(Body):
    """A user to be made."""

    username: Handle
    password: NewPassword
    name: Name
    description: Description = ""
    roles: Roles


class PasswordChange(Body):
    """A new password, and the old one."""

    newPassword: NewPassword
    oldPassword: OldPassword


@router.post(
    "", operation_id="eventhos_create_user", summary="Make a user",
    **shows("The new user's id.", MadeUser, status=201, code=200001, message="User added", example={"userId": 5}),
)  # fmt: skip
async def create_user(call: Annotated[Call, asks("OAUTH2_user:create")], body: NewUser) -> Response:
    """A user, who logs in with this name, in capitals or not."""
    making = call.identity.users.create(
        call.who,
        name=body.username,
        password=body.password,
        title=body.name,
        description=body.description,
        role_ids=call.roles(body.roles),
    )
    return ok(200001, {"userId": (await saved(making, "username", 409101)).number}, 201, "User added")


@router.get(
    "", operation_id="eventhos_list_users", summary="List users",
    **shows("A page of users.", Listed[UserRow], message="Select completed", example=page_of(EXAMPLE)),
)  # fmt: skip
async def list_users(call: Annotated[Call, asks("OAUTH2_user:select")], paging: NewestFirst) -> Response:
    """A page of users, those made under `/v1` included."""
    rows = [_row(call, user) for user in call.identity.users.list(call.who)]
    return ok(200000, paging.page(rows), message="Select completed")


@router.get(
    "/profile/me", operation_id="eventhos_show_profile", summary="Show who calls",
    **shows("The caller.", UserRow, message="Select completed", example=EXAMPLE),
)  # fmt: skip
async def show_profile(call: Annotated[Call, asks(None)]) -> Response:
    """The user behind the token; 400003 for whoever is none."""
    user = call.caller.user
    if user is None:
        kind = "client" if call.caller.client is not None else "key"
        raise EventhosError(400, 400003, f"Invalid subject type {kind}")
    return ok(200000, _row(call, user), message="Select completed")


@router.get(
    "/{user_id}", operation_id="eventhos_get_user", summary="Show a user",
    **shows("An array of the one.", list[UserRow], message="Select completed", example=[EXAMPLE]),
)  # fmt: skip
async def get_user(call: Annotated[Call, asks("OAUTH2_user:select")], user_id: Number) -> Response:
    """One user, as ever in an array."""
    return ok(200000, [_row(call, call.need(User, user_id))], message="Select completed")


@router.put(
    "/{subject_id}", operation_id="eventhos_update_user", summary="Rename a user",
    **shows("They are changed.", status=201, message="User updated"),
)  # fmt: skip
async def update_user(
    call: Annotated[Call, asks("OAUTH2_user:update")], subject_id: Number, body: NameChange
) -> Response:
    """Change the name. What they log in with stays."""
    await call.identity.users.change(call.who, call.need(User, subject_id).id, {"title": body.name})
    return ok(200000, status=201, message="User updated")


@router.put(
    "/{user_id}/password", operation_id="eventhos_update_password", summary="Change a password",
    **shows("It is changed.", status=201, message="Password updated"),
)  # fmt: skip
async def update_password(call: Annotated[Call, asks(None)], user_id: Number, body: PasswordChange) -> Response:
    """One's own, or with `OAUTH2_user:update` that of anybody whose old one is known; 401002 for a wrong old one."""
    user = call.caller.user
    if user is None or user.number != user_id:
        call.who.need_permission("OAUTH2_user:update")
    user = call.need(User, user_id)
    try:
        await call.identity.users.change_password(
            call.who, user.id, old=body.oldPassword, new=body.newPassword, source=call.source
        )
    except Forbidden as error:
        raise EventhosError(401, 401002, "Incorrect password", faults=[Fault("oldPassword", error.message)]) from None
    return ok(200000, status=201, message="Password updated")


@router.put(
    "/{subject_id}/role", operation_id="eventhos_update_roles_of_user", summary="Change the roles of a user",
    **shows("They are changed.", status=201, message="Roles updated"),
)  # fmt: skip
async def update_roles(
    call: Annotated[Call, asks("OAUTH2_user:update")], subject_id: Number, body: RolesChange
) -> Response:
    """Give roles and take them: of what `originalRolesList` says, or else of all they have."""
    user = call.need(User, subject_id)
    shown = [role.id for role in call.identity.rights.roles(user)]
    held = call.rearranged_roles(shown, body.roles, body.originalRolesList)
    changes: dict[str, Any] = {"role_ids": held}
    admin = call.identity.rights.role_named(user.organization_id, ADMIN)
    if admin is not None and admin.id not in user.role_ids and Scope.ADMIN in user.scopes:
        changes = _of_administrator(user, held, admin.id)
    await call.identity.users.change(call.who, user.id, changes)
    return ok(200000, status=201, message="Roles updated")


@router.delete(
    "/{subject_id}", operation_id="eventhos_delete_user", summary="Delete a user",
    **shows("They are gone.", status=201, code=200001, message="User deleted"),
)  # fmt: skip
async def delete_user(call: Annotated[Call, asks("OAUTH2_user:delete")], subject_id: Number) -> Response:
    """Delete a user, whose tokens count no more from now on. The last administrator stays."""
    await call.identity.users.remove(call.who, call.need(User, subject_id).id)
    return ok(200001, status=201, message="User deleted")


def _row(call: Call, user: User) -> UserRow:
    return user_row(call.hub.catalog, call.identity.rights, user)


def _of_administrator(user: User, role_ids: list[str], admin_id: str) -> dict[str, Any]:
    """The change of a user who shows the role of administrators for the scope of that name, and loses both with it."""
    if admin_id in role_ids:
        return {"role_ids": [id for id in role_ids if id != admin_id]}
    return {"role_ids": role_ids, "scopes": [scope for scope in user.scopes if scope is not Scope.ADMIN]}
