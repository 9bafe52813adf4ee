"""``/v1/users``: people who come in with a name and a password."""

from typing import Annotated

from fastapi import APIRouter, Response
from msgspec import Meta, Struct
from pydantic import Field, StringConstraints

from eventyard.api.http import peer_of
from eventyard.api.paging import FIRST_PAGE
from eventyard.api.v1.answers import Id, Time, done, reply, shows, silent, time_of
from eventyard.api.v1.bodies import Body, Change, Description, Held, Name, Title, unset
from eventyard.api.v1.call import Asked, Call, Cursor, Limit
from eventyard.api.v1.roles import RoleRefs, names_of, role_ids
from eventyard.model import catalog
from eventyard.model.access import Scope
from eventyard.pipeline.identity.passwords import LONGEST, SHORTEST

router = APIRouter(prefix="/v1/users", tags=["Users"])

NewPassword = Annotated[
    str,
    StringConstraints(min_length=SHORTEST, max_length=LONGEST),
    Field(description="Kept as a hash, never shown.", examples=["correct horse battery staple"]),
]
Scopes = Annotated[list[Annotated[Scope, Field(strict=False)]], Field(max_length=len(Scope), examples=[["admin"]])]


class User(Struct, kw_only=True):
    """A person who may come in; never the password."""

    id: Id
    name: str
    title: str
    description: str
    scopes: Annotated[list[Scope], Meta(description="Rights of their own, beside those of their roles.")]
    roles: Annotated[list[str], Meta(description="Names of their roles.")]
    categories: list[str] | None
    created_at: Time


class NewUser(Body):
    """A user to be made. Nobody can give a scope, a role or categories with more than they hold."""

    name: Name
    password: NewPassword
    title: Title = ""
    description: Description = ""
    scopes: Scopes = Field(default_factory=list)
    roles: RoleRefs = Field(default_factory=list)
    categories: Held = None


class UserChange(Change):
    """What to change of a user."""

    name: Name = unset()
    title: Title = unset()
    description: Description = unset()
    scopes: Scopes = unset()
    roles: RoleRefs = unset()
    categories: Held = unset()


class PasswordChange(Body):
    """A new password. With the old one anybody changes their own; an administrator does without."""

    new_password: NewPassword
    old_password: Annotated[str, StringConstraints(max_length=LONGEST)] | None = None


def shown(call: Call, user: catalog.User) -> User:
    """A user as answers have it."""
    return User(
        id=user.id,
        name=user.name,
        title=user.title,
        description=user.description,
        scopes=list(user.scopes),
        roles=names_of(call, user),
        categories=None if user.categories is None else list(user.categories),
        created_at=time_of(user.created_at),
    )


@router.get("", operation_id="list_users", summary="List users", **shows(list[User], "Newest first.", paged=True))
async def list_users(call: Asked, limit: Limit = FIRST_PAGE, cursor: Cursor = None) -> Response:
    """The users of the organization."""
    return call.page(call.hub.identity.users.list(call.who), lambda user: shown(call, user), limit, cursor)


@router.post("", operation_id="create_user", summary="Make a user", **shows(User, "The user.", 201))
async def create_user(call: Asked, body: NewUser) -> Response:
    """A user. Names are one of a kind in the whole hub."""
    user = await call.hub.identity.users.create(
        call.who,
        name=body.name,
        password=body.password,
        title=body.title,
        description=body.description,
        scopes=body.scopes,
        role_ids=role_ids(call, body.roles),
        categories=body.categories,
    )
    return reply(shown(call, user), 201)


@router.get("/{user_id}", operation_id="get_user", summary="Show a user", **shows(User, "The user."))
async def get_user(call: Asked, user_id: str) -> Response:
    """One user, by `id`."""
    return reply(shown(call, call.hub.identity.users.get(call.who, user_id)))


@router.patch("/{user_id}", operation_id="change_user", summary="Change a user", **shows(User, "As it is now."))
async def change_user(call: Asked, user_id: str, body: UserChange) -> Response:
    """Change the fields that are named. The last administrator stays one."""
    given = body.given()
    if "roles" in given:
        given["role_ids"] = role_ids(call, given.pop("roles"))
    return reply(shown(call, await call.hub.identity.users.change(call.who, user_id, given)))


@router.post(
    "/{user_id}/password", operation_id="change_password", summary="Change a password", **silent("It counts now.")
)
async def change_password(call: Asked, user_id: str, body: PasswordChange) -> Response:
    """Change one's own password by the old one, or, as an administrator, that of somebody who forgot it."""
    users = call.hub.identity.users
    if body.old_password is None:
        await users.reset_password(call.who, user_id, body.new_password)
    else:
        source = call.request.app.state.source_of(call.request.headers, peer_of(call.request.scope))
        await users.change_password(
            call.who, user_id, old=body.old_password, new=body.new_password, source=source
        )  # fmt: skip
    return done()


@router.delete("/{user_id}", operation_id="delete_user", summary="Delete a user", **silent("They are gone."))
async def delete_user(call: Asked, user_id: str) -> Response:
    """Delete a user, and let none of their tokens count. The last administrator stays."""
    await call.hub.identity.users.remove(call.who, user_id)
    return done()
