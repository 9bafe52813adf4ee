"""``/v1/keys``: who may do what. The text of a key is shown once, in the answer that makes it."""

from typing import Annotated

from fastapi import APIRouter, Response
from msgspec import Meta, Struct
from msgspec.structs import asdict
from pydantic import Field

from eventyard.api.paging import FIRST_PAGE
from eventyard.api.v1.answers import Id, Time, done, reply, shows, silent, time_of, time_or_none
from eventyard.api.v1.bodies import Body, Held, Moment, Name, Ref
from eventyard.api.v1.call import Asked, Cursor, Limit
from eventyard.model import catalog
from eventyard.model.access import Scope

router = APIRouter(prefix="/v1/keys", tags=["Keys"])


class Key(Struct, kw_only=True):
    """An API key; never its text."""

    id: Id
    name: str
    hint: Annotated[str, Meta(description="How its text begins.")]
    scopes: list[Scope]
    project_id: Annotated[str | None, Meta(description="The one project it is good for; null: all.")]
    application_id: Annotated[str | None, Meta(description="The one application it is good for; null: all.")]
    rate_limit: Annotated[float | None, Meta(description="Calls a second; null: no limit.")]
    categories: list[str] | None
    created_at: Time
    expires_at: Time | None
    revoked_at: Time | None


class MadeKey(Key, kw_only=True):
    """A new API key, with its text, which is shown this once."""

    key: str


class NewKey(Body):
    """A key to be made. Nobody can give a scope or a category they do not hold."""

    name: Name
    scopes: list[Annotated[Scope, Field(strict=False)]] = Field(
        min_length=1, max_length=len(Scope), examples=[["events:publish"]]
    )
    project_id: Ref | None = Field(
        default=None, description="Project, by id or name; null: all, or that of the key that makes it."
    )
    application_id: Ref | None = Field(default=None, description="Application, by id or name; null: all.")
    rate_limit: Annotated[float, Field(ge=0.001, le=1_000_000, allow_inf_nan=False)] | None = Field(
        default=None, description="Calls a second; null: no limit."
    )
    expires_at: Moment | None = None
    categories: Held = None


def shown(key: catalog.ApiKey) -> Key:
    """A key as answers have it."""
    return Key(
        id=key.id,
        name=key.name,
        hint=key.hint,
        scopes=list(key.scopes),
        project_id=key.project_id,
        application_id=key.application_id,
        rate_limit=key.rate_limit,
        categories=None if key.categories is None else list(key.categories),
        created_at=time_of(key.created_at),
        expires_at=time_or_none(key.expires_at),
        revoked_at=time_or_none(key.revoked_at),
    )


@router.get("", operation_id="list_keys", summary="List keys", **shows(list[Key], "Newest first.", paged=True))
async def list_keys(call: Asked, limit: Limit = FIRST_PAGE, cursor: Cursor = None) -> Response:
    """The keys of the organization, revoked ones included; for a caller of one project, the keys of that project."""
    return call.page(call.hub.keys.list(call.who), shown, limit, cursor, mark=lambda key: key.id)


@router.post("", operation_id="create_key", summary="Make a key", **shows(MadeKey, "The key, and its text.", 201))
async def create_key(call: Asked, body: NewKey) -> Response:
    """A key. Its text is in this answer and nowhere else, so an Idempotency-Key is of no use here."""
    made, text = await call.hub.keys.create(
        call.who,
        name=body.name,
        scopes=body.scopes,
        project_id=body.project_id,
        application_id=body.application_id,
        rate_limit=body.rate_limit,
        expires_at=body.expires_at,
        categories=body.categories,
    )
    return reply(MadeKey(key=text, **asdict(shown(made))), 201)


@router.get("/{key_id}", operation_id="get_key", summary="Show a key", **shows(Key, "The key."))
async def get_key(call: Asked, key_id: str) -> Response:
    """One key."""
    return reply(shown(call.hub.keys.get(call.who, key_id)))


@router.delete("/{key_id}", operation_id="revoke_key", summary="Revoke a key", **silent("It is good for nothing now."))
async def revoke_key(call: Asked, key_id: str) -> Response:
    """End a key for good. It stays in the list, with when that was."""
    await call.hub.keys.revoke(call.who, key_id)
    return done()
