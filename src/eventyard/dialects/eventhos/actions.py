"""``/action``: an action is a target of the type ``request``, filed under its system.

How it is written as settings of the target is the business of ``action_settings.py``; targets of other types are shown
as actions too, and changed under ``/v1``.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any, TypedDict

from fastapi import APIRouter, Query, Response

from eventyard.dialects.eventhos.action_settings import (
    BodyPair,
    HttpConfiguration,
    Method,
    Url,
    http_configuration_of,
    security_of,
    settings_of,
)
from eventyard.dialects.eventhos.answers import EventhosError, EventhosRoute, ok
from eventyard.dialects.eventhos.bodies import Description, Identifier, Name, Number, Operation, fault, said_of, unset
from eventyard.dialects.eventhos.identifiers import suffixed
from eventyard.dialects.eventhos.mapping import OPERATION, REQUEST, SYSTEM, relabelled, title_of
from eventyard.dialects.eventhos.paging import Listed, Paged, contains
from eventyard.dialects.eventhos.rows import ActionRow, action_row
from eventyard.dialects.eventhos.shapes import page_of, shows
from eventyard.dialects.eventhos.visit import Visit, needs
from eventyard.model.catalog import Application, Subscription, Target
from eventyard.model.errors import Conflict, HubError
from eventyard.wire.rfc3339 import format_millis

router = APIRouter(prefix="/action", tags=["Action"], route_class=EventhosRoute)

TIMEOUT_MS = 70_000
"""How long an attempt may take, as in the original."""

ROW_EXAMPLE = {
    "id": 3,
    "system_id": 1,
    "identifier": "bill_new-Hvph-2BAtn",
    "name": "Bill",
    "operation": "new",
    "description": "Write a bill",
    "deleted": 0,
    "created_at": "2026-01-02T03:04:05.678Z",
    "updated_at": "2026-01-02T03:04:05.678Z",
    "http_configuration": "****",
    "reply_to": "billed_new-Zx81kQ0aPq",
    "system_name": "Billing",
}
EXAMPLE = {
    "id": 3,
    "identifier": "bill_new-Hvph-2BAtn",
    "name": "Bill",
    "httpConfiguration": {
        "url": "https://billing.example/bills",
        "method": "post",
        "headers": {"x-order": "${.body.id}"},
        "data": {"order": "${.body.id}"},
        "params": {},
        "rawFunctionBody": None,
    },
    "operation": "new",
    "description": "Write a bill",
    "deleted": False,
    "created_at": "2026-01-02T03:04:05.678Z",
    "updated_at": "2026-01-02T03:04:05.678Z",
    "reply_to": "billed_new-Zx81kQ0aPq",
    "security": {"type": "custom", "httpConfiguration": {}},
}


class MadeAction(TypedDict):
    """What was made."""

    actionId: int


class Action(TypedDict):
    """An action with its configuration; secrets are masked."""

    id: int
    identifier: str
    name: str
    httpConfiguration: dict[str, Any]
    operation: str
    description: str
    deleted: bool
    created_at: str
    updated_at: str
    reply_to: str | None
    security: dict[str, Any]


class NewAction(HttpConfiguration):
    """An action to be made. Its body is `rawBody`, or else made of the pairs of `body`."""

    system_id: Number
    identifier: Identifier
    name: Name
    url: Url
    method: Method = "post"
    operation: Operation = ""
    description: Description = ""
    body: list[BodyPair] | None = unset(max_length=1000)


class ActionChange(HttpConfiguration):
    """What to change of an action."""

    name: Name = unset()
    url: Url = unset()
    method: Method = unset()
    operation: Operation = unset()
    description: Description = unset()


def action_shown(action: Target) -> Action:
    """An action as it is shown by itself."""
    return {
        "id": action.number,
        "identifier": action.name,
        "name": title_of(action),
        "httpConfiguration": http_configuration_of(action),
        "operation": action.labels.get(OPERATION, ""),
        "description": action.description,
        "deleted": False,
        "created_at": format_millis(action.created_at),
        "updated_at": format_millis(action.updated_at),
        "reply_to": action.settings.get("reply_to"),
        "security": security_of(action),
    }


@router.post(
    "", operation_id="eventhos_create_action", summary="Make an action",
    **shows("The id of the new action.", MadeAction, status=201, code=200001, example={"actionId": 3}),
)  # fmt: skip
async def create_action(visit: Annotated[Visit, needs("action:create")], body: NewAction) -> Response:
    """An action of a system: a request that is made when an event comes in."""
    system = visit.sight.find(Application, body.system_id)
    if system is None:
        raise fault("system_id", f"The system with id {body.system_id} does not exist")
    if visit.hub.catalog.named(Target, visit.sight.project.id, body.identifier) is not None:
        raise EventhosError(400, 400001, "Action identifier already exist")
    settings = {name: value for name, value in settings_of(body).items() if value is not None}
    with _fields():
        made, _ = await visit.hub.targets.create(
            visit.who,
            project_id=visit.sight.project.id,
            name=suffixed(body.identifier),
            type_=REQUEST,
            settings={"method": body.method.upper(), **settings},
            title=body.name,
            description=body.description,
            labels=relabelled({}, **{OPERATION: body.operation, SYSTEM: system.id}),
            timeout_ms=TIMEOUT_MS,
        )
    return ok(200001, {"actionId": made.number}, 201)


@router.get(
    "", operation_id="eventhos_list_actions", summary="List actions",
    **shows("A page of actions.", Listed[ActionRow], example=page_of(ROW_EXAMPLE)),
)  # fmt: skip
async def list_actions(
    visit: Annotated[Visit, needs("action:select")],
    paging: Paged,
    word: Annotated[
        str | None, Query(alias="wordSearch", description="Part of its name or description, or its system's name.")
    ] = None,
) -> Response:
    """A page of actions, the targets made under `/v1` included."""
    rows = [action_row(visit.sight, action) for action in visit.sight.all(Target)]
    found = [row for row in rows if contains(word, row["name"], row["description"], row["system_name"])]
    return ok(200000, paging.page(found))


@router.get(
    "/{action_id:int}", operation_id="eventhos_get_action", summary="Show an action",
    **shows("The action.", Action, example=EXAMPLE),
)  # fmt: skip
async def get_action(visit: Annotated[Visit, needs("action:select")], action_id: Number) -> Response:
    """One action with its configuration."""
    return ok(200000, action_shown(_need(visit, action_id)))


@router.put(
    "/{action_id:int}", operation_id="eventhos_update_action", summary="Change an action",
    **shows("It is changed.", status=201, code=200001),
)  # fmt: skip
async def update_action(
    visit: Annotated[Visit, needs("action:update")], action_id: Number, body: ActionChange
) -> Response:
    """Change what is named. The identifier stays, and so does a secret that is sent back as it was shown."""
    action = _need(visit, action_id)
    given = body.given()
    changes: dict[str, Any] = {"description": given["description"]} if "description" in given else {}
    if "name" in given:
        changes["title"] = given["name"]
    if "operation" in given:
        changes["labels"] = relabelled(action.labels, **{OPERATION: given["operation"]})
    settings = settings_of(body, action)
    if settings and action.type != REQUEST:
        raise fault("url", f"this action is a target of the type {action.type}, which is changed under /v1/targets")
    if settings:
        changes["settings"] = settings
    if changes:
        with _fields():
            await visit.hub.targets.change(visit.who, action.id, changes)
    return ok(200001, status=201)


@router.delete(
    "/{action_id:int}", operation_id="eventhos_delete_action", summary="Delete an action",
    **shows("It is gone.", status=201, code=200001),
)  # fmt: skip
async def delete_action(visit: Annotated[Visit, needs("action:delete")], action_id: Number) -> Response:
    """Delete an action without contracts."""
    action = _need(visit, action_id)
    if any(contract.target_id == action.id for contract in visit.sight.all(Subscription)):
        raise _in_use()
    try:
        await visit.hub.targets.remove(visit.who, action.id)
    except Conflict:
        raise _in_use() from None
    return ok(200001, status=201)


def _need(visit: Visit, number: int) -> Target:
    found = visit.sight.find(Target, number)
    if found is None:
        raise EventhosError(404, 400002, "Action does not exist")
    return found


def _in_use() -> EventhosError:
    return EventhosError(404, 400003, "Action has active contracts")


_FIELDS = {
    "/name": "identifier",
    "/settings/url": "url",
    "/settings/method": "method",
    "/settings/headers": "headers",
    "/settings/query": "queryUrlParams",
    "/settings/body": "rawBody",
    "/settings/function": "rawFunctionBody",
    "/settings/mapping": "mapping",
    "/settings/missing": "missing",
    "/settings/reply_to": "reply_to",
    "/settings/oauth2/client_id": "clientId",
    "/settings/oauth2/url": "securityUrl",
    "/settings/oauth2": "securityUrl",
    "/settings/client_secret": "clientSecret",
    "/settings/authorization": "url",
}
"""Fields of the body, by the pointers of what the settings refuse."""


@contextmanager
def _fields() -> Iterator[None]:
    """Let a refusal name the field as eventhos calls it."""
    try:
        yield
    except HubError as error:
        raise said_of(error, _FIELDS) or error from None
