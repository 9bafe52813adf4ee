"""``/v1/clients``: programs that come in by OAuth 2.0. Secrets and long-lived tokens are shown once, when made."""

from typing import Annotated, Any

from fastapi import APIRouter, Response
from msgspec import Meta, Struct
from msgspec.structs import asdict
from pydantic import Field

from eventyard.api.paging import FIRST_PAGE
from eventyard.api.v1.answers import Id, Time, done, reply, shows, silent, time_of, time_or_none
from eventyard.api.v1.bodies import Body, Change, Description, Held, Name, Ref, Title, unset
from eventyard.api.v1.call import Asked, Call, Cursor, InProject, Limit
from eventyard.api.v1.roles import RoleRefs, names_of, role_ids
from eventyard.model import identity
from eventyard.model.catalog import Application
from eventyard.pipeline.identity.clients import has_token

router = APIRouter(prefix="/v1/clients", tags=["Clients"])


class Client(Struct, kw_only=True):
    """A program that may be given tokens; never its secret."""

    id: Id
    client_id: Annotated[str, Meta(description="What it shows, with its secret, to be given a token.")]
    name: str
    title: str
    description: str
    roles: Annotated[list[str], Meta(description="Names of its roles.")]
    application_id: Annotated[str | None, Meta(description="Through whose sources it may publish by its token.")]
    long_lived_token: Annotated[bool, Meta(description="Whether it has one, and so is given no others.")]
    categories: list[str] | None
    created_at: Time
    updated_at: Time
    revoked_at: Time | None


class MadeClient(Client, kw_only=True):
    """A client with its secret, which is shown this once."""

    client_secret: str


class TokenClient(Client, kw_only=True):
    """A client with its long-lived token, which is shown this once."""

    access_token: str


class NewClient(Body):
    """A client to be made. Nobody can give a role or categories with more than they hold."""

    name: Name
    title: Title = ""
    description: Description = ""
    roles: RoleRefs = Field(default_factory=list)
    application_id: Ref | None = Field(default=None, description="Application, by id or name; null: none.")
    categories: Held = None


class ClientChange(Change):
    """What to change of a client."""

    name: Name = unset()
    title: Title = unset()
    description: Description = unset()
    roles: RoleRefs = unset()
    application_id: Ref | None = unset(description="Application, by id or name; null: none.")
    categories: Held = unset()


def shown(call: Call, client: identity.Client) -> Client:
    """A client as answers have it."""
    return Client(
        id=client.id,
        client_id=client.client_id,
        name=client.name,
        title=client.title,
        description=client.description,
        roles=names_of(call, client),
        application_id=client.application_id,
        long_lived_token=has_token(client),
        categories=None if client.categories is None else list(client.categories),
        created_at=time_of(client.created_at),
        updated_at=time_of(client.updated_at),
        revoked_at=time_or_none(client.revoked_at),
    )


def _one(call: Call, client: identity.Client) -> Response:
    return reply(shown(call, client))


def _application(call: Call, named: str | None, project_id: str | None) -> str | None:
    return None if named is None else call.id_of(Application, named, project_id)


@router.get("", operation_id="list_clients", summary="List clients", **shows(list[Client], "Newest first.", paged=True))
async def list_clients(call: Asked, limit: Limit = FIRST_PAGE, cursor: Cursor = None) -> Response:
    """The clients of the organization, revoked ones included."""
    clients = call.hub.identity.clients.list(call.who)
    return call.page(clients, lambda client: shown(call, client), limit, cursor)


@router.post(
    "", operation_id="create_client", summary="Make a client", **shows(MadeClient, "The client, and its secret.", 201)
)
async def create_client(call: Asked, body: NewClient, project_id: InProject = None) -> Response:
    """A client. Its secret is in this answer and nowhere else, so an Idempotency-Key is of no use here."""
    client, secret = await call.hub.identity.clients.create(
        call.who,
        name=body.name,
        title=body.title,
        description=body.description,
        role_ids=role_ids(call, body.roles),
        application_id=_application(call, body.application_id, project_id),
        categories=body.categories,
    )
    return reply(MadeClient(client_secret=secret, **asdict(shown(call, client))), 201)


@router.get("/{client_id}", operation_id="get_client", summary="Show a client", **shows(Client, "The client."))
async def get_client(call: Asked, client_id: str) -> Response:
    """One client, by `id`."""
    return _one(call, call.hub.identity.clients.get(call.who, client_id))


@router.patch("/{client_id}", operation_id="change_client", summary="Change a client", **shows(Client, "As it is now."))
async def change_client(call: Asked, client_id: str, body: ClientChange, project_id: InProject = None) -> Response:
    """Change the fields that are named. A change of roles counts at once, for tokens given before too."""
    given = body.given()
    if "roles" in given:
        given["role_ids"] = role_ids(call, given.pop("roles"))
    if "application_id" in given:
        given["application_id"] = _application(call, given["application_id"], project_id)
    return _one(call, await call.hub.identity.clients.change(call.who, client_id, given))


@router.delete("/{client_id}", operation_id="delete_client", summary="Delete a client", **silent("It is gone."))
async def delete_client(call: Asked, client_id: str) -> Response:
    """Delete a client, and let none of its tokens count."""
    await call.hub.identity.clients.remove(call.who, client_id)
    return done()


@router.post(
    "/{client_id}/rotate-secret", operation_id="rotate_client_secret", summary="Give a client a new secret",
    **shows(MadeClient, "The client, and its new secret."),
)  # fmt: skip
async def rotate_client_secret(call: Asked, client_id: str) -> Response:
    """A new secret; the old one is of no use from now on. Tokens given before count until they expire."""
    client, secret = await call.hub.identity.clients.rotate_secret(call.who, client_id)
    return reply(MadeClient(client_secret=secret, **asdict(shown(call, client))))


_ONE: dict[str, Any] = shows(Client, "As it is now.")


@router.post("/{client_id}/revoke", operation_id="revoke_client", summary="Revoke a client", **_ONE)
async def revoke_client(call: Asked, client_id: str) -> Response:
    """Let nothing count that the client shows, neither secret nor token, until it is restored."""
    return _one(call, await call.hub.identity.clients.revoke(call.who, client_id))


@router.post("/{client_id}/restore", operation_id="restore_client", summary="Restore a client", **_ONE)
async def restore_client(call: Asked, client_id: str) -> Response:
    """Let its secret and its tokens count again."""
    return _one(call, await call.hub.identity.clients.restore(call.who, client_id))


@router.post(
    "/{client_id}/token", operation_id="make_client_token", summary="Make a long-lived token",
    **shows(TokenClient, "The client, and its token.", 201),
)  # fmt: skip
async def make_client_token(call: Asked, client_id: str) -> Response:
    """A token without an end, in place of the one before. From now on it is the only one of this client that counts."""
    client, text = await call.hub.identity.clients.make_token(call.who, client_id)
    return reply(TokenClient(access_token=text, **asdict(shown(call, client))), 201)


@router.delete(
    "/{client_id}/token", operation_id="delete_client_token", summary="Remove the long-lived token",
    **silent("It is good for nothing now."),
)  # fmt: skip
async def delete_client_token(call: Asked, client_id: str) -> Response:
    """Let the long-lived token be of no use; the client is given short-lived ones again."""
    await call.hub.identity.clients.remove_token(call.who, client_id)
    return done()
