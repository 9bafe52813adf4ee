"""Telling of entities: ``…/entities/{entity_type}/{entity_id}/{create|update|delete}``, in a project or an application.

What is told is an event on the exchange of that project or application, committed before the answer. The state that
comes in goes out as it is, byte for byte.
"""

from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Header, Path, Query, Response
from msgspec import UNSET, Meta, Raw, Struct, UnsetType

from eventyard.api.http import check_size
from eventyard.api.results import Line, Receipt, decoded, lines_of
from eventyard.api.v1.answers import body_of, reply, shows
from eventyard.api.v1.call import Asked, Call, InProject
from eventyard.model.access import Scope
from eventyard.model.catalog import Application, Project
from eventyard.model.errors import HubError, Invalid
from eventyard.pipeline.entities import EntityChange, Happening, Place
from eventyard.pipeline.turns import Turn
from eventyard.wire.batches import in_array
from eventyard.wire.json_depth import check_depth

router = APIRouter(prefix="/v1", tags=["Entities"])

IN_PROJECT = "/projects/{project_id}/entities"
IN_APPLICATION = "/applications/{application_id}/entities"
ONE = "/{entity_type}/{entity_id}/{event}"

Word = Annotated[str, Path(max_length=255, description="One word: without . * # / and spaces.")]
What = Annotated[Happening, Path(description="What happened to it.")]
Fields = Annotated[
    str | None,
    Query(max_length=4096, description="Names of the fields that changed, with commas.", examples=["name,color"]),
]
Revision = Annotated[int | None, Query(ge=0, description="The entity's own count of its changes.")]
Key = Annotated[str | None, Header(alias="idempotency-key", include_in_schema=False)]


class Item(Struct, forbid_unknown_fields=True):
    """One entity of a batch."""

    entity_type: str
    entity_id: str
    event: Happening
    data: Raw | UnsetType = UNSET
    changed: list[str] | None = None
    revision: Annotated[int, Meta(ge=0)] | None = None


class EntityItem(Struct, forbid_unknown_fields=True):
    """Something that happened to an entity. ``data`` is what it is now; it may be left out of a delete."""

    entity_type: Annotated[str, Meta(max_length=255, examples=["vehicles"])]
    entity_id: Annotated[str, Meta(max_length=255, examples=["0199f3c2-7b1e-7c55-a0c9-3d5b8f1e2a44"])]
    event: Happening
    data: dict[str, Any] | UnsetType = UNSET
    changed: Annotated[list[str] | None, Meta(description="Names of the fields that changed.")] = None
    revision: Annotated[int | None, Meta(description="The entity's own count of its changes.")] = None


_decode_item = msgspec.json.Decoder(Item).decode


def _takes(shape: Any, description: str, *, required: bool = True) -> dict[str, Any]:
    """The request body of a route that reads it itself."""
    return {"requestBody": {**body_of(shape, description), "required": required}}


_ONE: dict[str, Any] = {
    "openapi_extra": _takes(
        dict[str, Any], "What the entity is now; nothing, if it was deleted and nobody knows.", required=False
    ),
    **shows(Receipt, "The event is committed.", 202),
}
_MANY: dict[str, Any] = {
    "openapi_extra": _takes(list[EntityItem], "What happened, in this order."),
    **shows(list[Line], "A result for each, in their order."),
}


@router.post(
    IN_PROJECT + ONE, operation_id="tell_of_entity_in_project", summary="Tell what happened to an entity", **_ONE
)
async def tell_of_entity_in_project(
    call: Asked, project_id: str, entity_type: Word, entity_id: Word, event: What,
    changed: Fields = None, revision: Revision = None, key: Key = None,
) -> Response:  # fmt: skip
    """An event on the exchange of the project, with the routing key `{entity_type}.{entity_id}.{event}`."""
    return await _one(call, _in_project(call, project_id), entity_type, entity_id, event, changed, revision, key)


@router.post(
    IN_APPLICATION + ONE, operation_id="tell_of_entity_in_application", summary="Tell what happened to an entity",
    **_ONE,
)  # fmt: skip
async def tell_of_entity_in_application(
    call: Asked, application_id: str, entity_type: Word, entity_id: Word, event: What,
    changed: Fields = None, revision: Revision = None, project_id: InProject = None, key: Key = None,
) -> Response:  # fmt: skip
    """An event on the exchange of the application, with the routing key `{entity_type}.{entity_id}.{event}`."""
    place = _in_application(call, application_id, project_id)
    return await _one(call, place, entity_type, entity_id, event, changed, revision, key)


@router.post(
    IN_PROJECT, operation_id="tell_of_entities_in_project", summary="Tell what happened to many entities", **_MANY
)
async def tell_of_entities_in_project(call: Asked, project_id: str, key: Key = None) -> Response:
    """Events on the exchange of the project, committed in one transaction; what is wrong with one harms no other."""
    return await _many(call, _in_project(call, project_id), key)


@router.post(
    IN_APPLICATION, operation_id="tell_of_entities_in_application", summary="Tell what happened to many entities",
    **_MANY,
)  # fmt: skip
async def tell_of_entities_in_application(
    call: Asked, application_id: str, project_id: InProject = None, key: Key = None
) -> Response:
    """Events on the exchange of the application, in one transaction; what is wrong with one harms no other."""
    return await _many(call, _in_application(call, application_id, project_id), key)


def _in_project(call: Call, id_or_name: str) -> Place:
    return Place(call.view(Scope.EVENTS_PUBLISH).project(id_or_name))


def _in_application(call: Call, id_or_name: str, project_id: str | None) -> Place:
    view = call.view(Scope.EVENTS_PUBLISH)
    application = view.get(Application, call.id_of(Application, id_or_name, project_id))
    return Place(call.hub.catalog.get(Project, application.project_id), application)


async def _one(
    call: Call,
    place: Place,
    entity_type: str,
    entity_id: str,
    event: Happening,
    changed: str | None,
    revision: int | None,
    key: str | None,
) -> Response:
    names = None if changed is None else tuple(name for name in changed.split(",") if name)
    state = _state(event, await call.request.body(), at="")
    change = EntityChange(entity_type, entity_id, event, state, names, revision)
    accepted = await call.hub.entities.publish(call.who, place, change, _named(key))
    receipt = Receipt(accepted.event_id, accepted.entry_id, accepted.dispatched)
    return reply(receipt, 202, {"Idempotency-Replayed": "true"} if accepted.replayed else {})


async def _many(call: Call, place: Place, key: str | None) -> Response:
    body, limits, turn = await call.request.body(), call.hub.limits, Turn(call.hub.clock)
    raws: Sequence[Raw] = decoded(partial(in_array, limit=limits.batch_events), body)
    changes: list[EntityChange | HubError] = []
    for raw in map(bytes, raws):
        if turn.over():
            await turn.pass_on()
        try:
            check_size(raw, limits.body_bytes)
            check_depth(raw, limits.depth)
            changes.append(_change(raw))
        except HubError as error:
            changes.append(error.kept())
    results = await call.hub.entities.publish_many(call.who, place, changes, _named(key))
    return reply(lines_of(results))


def _change(raw: bytes) -> EntityChange:
    decoded(msgspec.json.decode, raw)  # the data is not looked at again, and may hold what only seems to be a string
    item: Item = decoded(_decode_item, raw)
    state = _state(item.event, b"" if item.data is UNSET else bytes(item.data), at="/data")
    changed = None if item.changed is None else tuple(item.changed)
    return EntityChange(item.entity_type, item.entity_id, item.event, state, changed, item.revision)


def _state(event: Happening, body: bytes, *, at: str) -> Raw | None:
    """What the entity is now. Raises ``Invalid`` (``invalid_body``) unless it is an object, or a delete without."""
    data = body.strip()
    if data in (b"", b"null") and event is Happening.DELETE:
        return None
    if data[:1] != b"{":
        raise Invalid("invalid_body", "what the entity is now is told as a JSON object", pointer=at)
    return Raw(data)


def _named(key: str | None) -> str | None:
    return None if key is None else f"key:{key}"
