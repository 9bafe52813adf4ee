"""``/auth/client``: programs that prove themselves with a secret, and their long-lived tokens.

Secrets are kept as hashes, so that of the original's calls one cannot be served: who lost a secret makes a new one.
"""

from typing import Annotated, TypedDict

from fastapi import APIRouter, Query, Response
from pydantic import Field, StringConstraints

from eventyard.dialects.eventhos.answers import EventhosError, EventhosRoute, ok
from eventyard.dialects.eventhos.auth.bodies import Handle, NameChange, Roles, RolesChange, saved
from eventyard.dialects.eventhos.auth.call import Call, asks
from eventyard.dialects.eventhos.auth.rows import ClientRow, client_row
from eventyard.dialects.eventhos.bodies import Body, Description, Name, Number
from eventyard.dialects.eventhos.paging import Listed, NewestFirst
from eventyard.dialects.eventhos.shapes import page_of, shows
from eventyard.model.identity import Client

router = APIRouter(prefix="/auth/client", tags=["Auth"], route_class=EventhosRoute)

EXAMPLE = {
    "id": 7,
    "description": "The shop's producer",
    "subjectId": 7,
    "name": "Shop",
    "identifier": "shop",
    "roles": [
        {
            "id": 3,
            "identifier": "reader",
            "resources": [{"id": 4, "applicationResourceName": "event", "allowed": ["select"]}],
        }
    ],
    "client_id": "SOHDj50ELnWMcSTxTRoB::eventyard",
    "hasLongLiveToken": False,
    "revoked": False,
}

Flag = Annotated[str | None, Query(description="true or false.")]


class MadeClient(TypedDict):
    """What a new client proves itself with; shown this once. The token is empty where none was asked for."""

    clientSecret: str
    clientId: str
    access_token: str


class MadeSecret(TypedDict):
    """A new secret; shown this once."""

    clientSecret: str


class MadeToken(TypedDict):
    """A long-lived token; shown this once."""

    access_token: str


class NewClient(Body):
    """A client to be made."""

    identifier: Handle
    name: Name
    description: Description = ""
    roles: Roles


class Revocation(Body):
    """Whether a client is revoked."""

    revoke: bool


class TokenWish(Body):
    """Whose token it is. As ever it has to be said; the id in the path counts."""

    identifier: Annotated[str, StringConstraints(max_length=255), Field(examples=["shop"])]


@router.post(
    "", operation_id="eventhos_create_client", summary="Make a client",
    **shows("Its id and its secret.", MadeClient, status=201, code=200001, message="Client added"),
)  # fmt: skip
async def create_client(
    call: Annotated[Call, asks("OAUTH2_client:create")], body: NewClient, longLive: Flag = None
) -> Response:
    """A client. With `longLive=true` it gets a long-lived token, for which the caller holds `OAUTH2_client:update`."""
    clients, lasting = call.identity.clients, longLive == "true"
    if lasting:
        call.who.need_permission("OAUTH2_client:update")
    making = clients.create(
        call.who,
        name=body.identifier,
        title=body.name,
        description=body.description,
        role_ids=call.roles(body.roles),
    )
    client, secret = await saved(making, "identifier", 409102)
    token = (await clients.make_token(call.who, client.id))[1] if lasting else ""
    content: MadeClient = {"clientSecret": secret, "clientId": client.client_id, "access_token": token}
    return ok(200001, content, 201, "Client added")


@router.get(
    "", operation_id="eventhos_list_clients", summary="List clients",
    **shows("A page of clients.", Listed[ClientRow], message="Select completed", example=page_of(EXAMPLE)),
)  # fmt: skip
async def list_clients(call: Annotated[Call, asks("OAUTH2_client:select")], paging: NewestFirst) -> Response:
    """A page of clients, those made under `/v1` included."""
    rows = [client_row(call.hub.catalog, call.identity.rights, one) for one in call.identity.clients.list(call.who)]
    return ok(200000, paging.page(rows), message="Select completed")


@router.get(
    "/{client_id}/secret", operation_id="eventhos_get_client_secret", summary="Show no secret",
    **shows("Never: a secret is shown once, when it is made."),
)  # fmt: skip
async def get_secret(call: Annotated[Call, asks("OAUTH2_client:select")], client_id: Number) -> Response:
    """Always refused, with 403101: of a secret only a hash is kept. `PUT` makes a new one."""
    call.need(Client, client_id)
    raise EventhosError(
        403, 403101,
        "A secret is shown once, when it is made, and kept as a hash; make a new one with PUT "
        f"/eventhos/auth/client/{client_id}/secret",
    )  # fmt: skip


@router.put(
    "/{client_id}/secret", operation_id="eventhos_make_client_secret", summary="Make a new secret",
    **shows("The secret.", MadeSecret, status=201, message="Secret generated"),
)  # fmt: skip
async def make_secret(call: Annotated[Call, asks("OAUTH2_client:update")], client_id: Number) -> Response:
    """A new secret; the old one is of no use from now on."""
    _, secret = await call.identity.clients.rotate_secret(call.who, call.need(Client, client_id).id)
    return ok(200000, {"clientSecret": secret}, 201, "Secret generated")


@router.put(
    "/{client_id}/revoke", operation_id="eventhos_revoke_client", summary="Revoke a client, or restore it",
    **shows("How many were changed.", int, status=201, code=200001, message="Token revoked", example=1),
)  # fmt: skip
async def revoke_client(
    call: Annotated[Call, asks("OAUTH2_client:update")], client_id: Number, body: Revocation
) -> Response:
    """With `revoke` nothing counts that the client shows; without it counts again."""
    client, clients = call.need(Client, client_id), call.identity.clients
    if body.revoke:
        await clients.revoke(call.who, client.id)
    else:
        await clients.restore(call.who, client.id)
    return ok(200001, 1, 201, "Token revoked" if body.revoke else "Token rectified")


@router.put(
    "/{client_id}/long-live", operation_id="eventhos_make_long_lived_token",
    summary="Make or remove a long-lived token",
    **shows("The token.", MadeToken, status=201, message="Token generated"),
)  # fmt: skip
async def make_long_lived(
    call: Annotated[Call, asks("OAUTH2_client:update")],
    client_id: Number,
    body: TokenWish,
    remove_long_live: Flag = None,
) -> Response:
    """A token that counts until another is made or it is removed; the client is given no others while it has one."""
    client, clients = call.need(Client, client_id), call.identity.clients
    if remove_long_live == "true":
        await clients.remove_token(call.who, client.id)
        return ok(200001, status=201, message="Token removed")
    _, text = await clients.make_token(call.who, client.id)
    return ok(200000, {"access_token": text}, 201, "Token generated")


@router.put(
    "/{subject_id}", operation_id="eventhos_update_client", summary="Rename a client",
    **shows("It is changed.", status=201, message="Client updated"),
)  # fmt: skip
async def update_client(
    call: Annotated[Call, asks("OAUTH2_client:update")], subject_id: Number, body: NameChange
) -> Response:
    """Change the name. The identifier stays."""
    await call.identity.clients.change(call.who, call.need(Client, subject_id).id, {"title": body.name})
    return ok(200000, status=201, message="Client updated")


@router.put(
    "/{subject_id}/role", operation_id="eventhos_update_roles_of_client", summary="Change the roles of a client",
    **shows("They are changed.", status=201, message="Roles updated"),
)  # fmt: skip
async def update_roles(
    call: Annotated[Call, asks("OAUTH2_client:update")], subject_id: Number, body: RolesChange
) -> Response:
    """Give roles and take them: of what `originalRolesList` says, or else of all it has."""
    client = call.need(Client, subject_id)
    held = call.rearranged_roles(client.role_ids, body.roles, body.originalRolesList)
    await call.identity.clients.change(call.who, client.id, {"role_ids": held})
    return ok(200000, status=201, message="Roles updated")


@router.delete(
    "/{subject_id}", operation_id="eventhos_delete_client", summary="Delete a client",
    **shows("It is gone.", status=201, code=200001, message="Client deleted"),
)  # fmt: skip
async def delete_client(call: Annotated[Call, asks("OAUTH2_client:delete")], subject_id: Number) -> Response:
    """Delete a client, with whatever it was given."""
    await call.identity.clients.remove(call.who, call.need(Client, subject_id).id)
    return ok(200001, status=201, message="Client deleted")
