"""``/v1/event-sources``: the seed's API, path by path, field by field and status by status.

An event source is a source (``sources.py``) in the seed's words: ``signature_algorithm`` is its scheme, ``none`` being
null, ``signature_header`` the scheme's setting ``header``. ``/v1/events/dispatch`` is answered by ``api/ingest.py``.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from msgspec import Meta, Struct
from pydantic import Field, WithJsonSchema

from eventyard.api.v1.answers import Id, Time, done, reply, shows, silent, time_of
from eventyard.api.v1.bodies import Body, Change, Description, Name, ProjectRef, Ref, SchemaDocument, Secret, unset
from eventyard.api.v1.call import Asked, Call, Cursor, InProject
from eventyard.model import catalog
from eventyard.model.access import Scope
from eventyard.model.catalog import Mode
from eventyard.model.errors import Invalid, NotFound

router = APIRouter(prefix="/v1/event-sources", tags=["Event sources"])

NO_SCHEME = "none"
WHOLE_LIST = 1000
"""The seed's lists have no pages. Nobody who reads only the first page misses any of so many."""

WholeLimit = Annotated[int, Query(ge=1, le=WHOLE_LIST, description="How many at most.")]


class EventSource(Struct):
    """An inbound event source."""

    id: Id
    project_id: Id
    name: str
    description: str
    schema: Annotated[Any, Meta(description="JSON Schema 2020-12 that payloads must match; null: none.")]
    enabled: bool
    signature_header: Annotated[str | None, Meta(description="Header that holds the signature.")]
    signature_algorithm: Annotated[
        str | None, Meta(description="null: payloads are not signed.", examples=["hmac-sha256"])
    ]
    created_at: Time
    updated_at: Time


class EventSubscription(Struct):
    """A subscription to an event source."""

    id: Id
    source_id: Id
    target_type: Annotated[str, Meta(examples=["job"])]
    target_id: Id
    filter_expr: Annotated[dict[str, Any], Meta(description="eq, ne, has; {} takes every payload.")]
    enabled: bool
    created_at: Time


Header = Annotated[
    Annotated[str, Field(max_length=128)] | None,
    Field(description="Header that holds the signature, if not the usual."),
]
Algorithm = Annotated[
    Annotated[str, Field(max_length=64)] | None,
    Field(description="hmac-sha256, github-sha256, stripe-v1, or another of /v1/schemes.", examples=["hmac-sha256"]),
]
FilterExpr = Annotated[
    Any,
    WithJsonSchema({"anyOf": [{"type": "object", "additionalProperties": True}, {"type": "null"}]}),
    Field(
        description="eq and ne: lists of [path, text]; has: a list of paths; all of them must hold.",
        examples=[{"eq": [["action", "opened"]], "has": ["pull_request"]}],
    ),
]


class NewEventSource(Body):
    """An event source to be made."""

    project_id: ProjectRef = None
    name: Name
    description: Description | None = None
    schema_: SchemaDocument = Field(default=None, alias="schema")
    enabled: bool | None = None
    signature_header: Header = None
    signature_algorithm: Algorithm = None
    signature_secret: Secret | None = None


class EventSourceChange(Change):
    """What to change of an event source."""

    name: Name = unset()
    description: Description = unset()
    schema_: SchemaDocument = unset(alias="schema")
    enabled: bool = unset()
    signature_header: Header = unset()
    signature_algorithm: Algorithm = unset()
    signature_secret: Secret = unset(description="An empty one clears it.")


class NewEventSubscription(Body):
    """A subscription to an event source."""

    target_type: Ref = Field(description="job, webhook, or another of /v1/target-types.", examples=["job"])
    target_id: Ref = Field(description="Target in the same project, by id or name.")
    filter_expr: FilterExpr = None
    enabled: bool = True


class EventSubscriptionChange(Change):
    """What to change of a subscription."""

    filter_expr: FilterExpr = unset()
    enabled: bool = unset()


def shown(source: catalog.Source) -> EventSource:
    """A source as the seed has it."""
    return EventSource(
        id=source.id,
        project_id=source.project_id,
        name=source.name,
        description=source.description,
        schema=source.schema,
        enabled=source.enabled,
        signature_header=source.settings.get("header"),
        signature_algorithm=None if source.scheme == NO_SCHEME else source.scheme,
        created_at=time_of(source.created_at),
        updated_at=time_of(source.updated_at),
    )


def subscription_shown(subscription: catalog.Subscription) -> EventSubscription:
    """A subscription as the seed has it."""
    return EventSubscription(
        id=subscription.id,
        source_id=subscription.source_id or "",
        target_type=subscription.target_type,
        target_id=subscription.target_id,
        filter_expr=subscription.filter or {},
        enabled=subscription.mode is Mode.ENABLED,
        created_at=time_of(subscription.created_at),
    )


@router.get(
    "", operation_id="list_event_sources", summary="List event sources",
    **shows(list[EventSource], "Newest first.", paged=True),
)  # fmt: skip
async def list_event_sources(
    call: Asked, project_id: InProject = None, limit: WholeLimit = WHOLE_LIST, cursor: Cursor = None
) -> Response:
    """The event sources of a project."""
    return call.page(call.listed(catalog.Source, project_id), shown, limit, cursor)


@router.post(
    "", operation_id="create_event_source", summary="Create an event source",
    **shows(EventSource, "The new event source.", 201),
)  # fmt: skip
async def create_event_source(call: Asked, body: NewEventSource) -> Response:
    """An event source. Its events go into a topic of the same name."""
    algorithm = body.signature_algorithm or NO_SCHEME
    if algorithm == NO_SCHEME and (body.signature_header or body.signature_secret):
        raise _no_algorithm()
    with _seeds_words():
        made = await call.hub.sources.create(
            call.who,
            project_id=body.project_id,
            name=body.name,
            description=body.description or "",
            schema=body.schema_,
            enabled=body.enabled is not False,
            scheme=algorithm,
            settings={"header": body.signature_header} if body.signature_header else {},
            secret=body.signature_secret,
        )
    return reply(shown(made), 201)


@router.get(
    "/{source_id}", operation_id="get_event_source", summary="Get an event source",
    **shows(EventSource, "The event source."),
)  # fmt: skip
async def get_event_source(call: Asked, source_id: str, project_id: InProject = None) -> Response:
    """One event source; with `project_id`, only if it is in that project."""
    return reply(shown(_found(call, source_id, project_id, Scope.CATALOG_READ)))


@router.patch(
    "/{source_id}", operation_id="update_event_source", summary="Update an event source", **silent("It is changed.")
)
async def update_event_source(
    call: Asked, source_id: str, body: EventSourceChange, project_id: InProject = None
) -> Response:
    """Change what is named, at least one field. Without an algorithm there is no header and no secret."""
    source = _found(call, source_id, project_id, Scope.CATALOG_WRITE)
    with _seeds_words():
        await call.hub.sources.change(call.who, source.id, _changes(source, body.given()))
    return done()


@router.delete(
    "/{source_id}", operation_id="delete_event_source", summary="Delete an event source", **silent("It is gone.")
)
async def delete_event_source(call: Asked, source_id: str, project_id: InProject = None) -> Response:
    """Delete an event source and its subscriptions."""
    await call.hub.sources.remove(call.who, _found(call, source_id, project_id, Scope.CATALOG_WRITE).id)
    return done()


@router.get(
    "/{source_id}/subscriptions", operation_id="list_event_source_subscriptions",
    summary="List subscriptions for an event source", **shows(list[EventSubscription], "Newest first.", paged=True),
)  # fmt: skip
async def list_event_source_subscriptions(
    call: Asked, source_id: str, limit: WholeLimit = WHOLE_LIST, cursor: Cursor = None
) -> Response:
    """The subscriptions made on an event source."""
    source = _found(call, source_id, None, Scope.CATALOG_READ)
    return call.page(call.hub.sources.subscriptions(source), subscription_shown, limit, cursor)


@router.post(
    "/{source_id}/subscribe", operation_id="subscribe_to_event_source", summary="Subscribe to an event source",
    **shows(EventSubscription, "The new subscription.", 201),
)  # fmt: skip
async def subscribe_to_event_source(call: Asked, source_id: str, body: NewEventSubscription) -> Response:
    """Let a target have the events of a source. The filter is checked now, not when events come."""
    source = _found(call, source_id, None, Scope.CATALOG_WRITE)
    with _seeds_words():
        made = await call.hub.subscriptions.create(
            call.who,
            source_id=source.id,
            target_type=body.target_type,
            target_id=body.target_id,
            filter=body.filter_expr,
            mode=_mode(body.enabled),
        )
    return reply(subscription_shown(made), 201)


@router.patch(
    "/{source_id}/subscriptions/{subscription_id}", operation_id="update_event_source_subscription",
    summary="Update a subscription", **silent("It is changed."),
)  # fmt: skip
async def update_event_source_subscription(
    call: Asked, source_id: str, subscription_id: str, body: EventSubscriptionChange
) -> Response:
    """Change the filter, or switch the subscription on or off."""
    subscription = _subscription(call, source_id, subscription_id)
    changes = body.given()
    if "filter_expr" in changes:
        changes["filter"] = changes.pop("filter_expr")
    if "enabled" in changes:
        changes["mode"] = _mode(changes.pop("enabled"))
    with _seeds_words():
        await call.hub.subscriptions.change(call.who, subscription.id, changes)
    return done()


@router.delete(
    "/{source_id}/subscriptions/{subscription_id}", operation_id="delete_event_source_subscription",
    summary="Delete a subscription", **silent("It is gone."),
)  # fmt: skip
async def delete_event_source_subscription(call: Asked, source_id: str, subscription_id: str) -> Response:
    """Delete a subscription of an event source."""
    await call.hub.subscriptions.remove(call.who, _subscription(call, source_id, subscription_id).id)
    return done()


def _found(call: Call, source_id: str, project_id: str | None, scope: Scope) -> catalog.Source:
    view = call.view(scope)
    source = view.reach(catalog.Source, source_id, project_id)
    if project_id is not None and view.project(project_id).id != source.project_id:
        raise NotFound("not_found", f"there is no source {source_id!r}")
    return source


def _subscription(call: Call, source_id: str, subscription_id: str) -> catalog.Subscription:
    source = _found(call, source_id, None, Scope.CATALOG_WRITE)
    view = call.view(Scope.CATALOG_WRITE)
    subscription = view.reach(catalog.Subscription, subscription_id, source.project_id)
    if subscription.source_id != source.id:
        raise NotFound("not_found", f"there is no subscription {subscription_id!r}")
    return subscription


def _changes(source: catalog.Source, given: dict[str, Any]) -> dict[str, Any]:
    """The changes in the words of ``pipeline/sources.py``."""
    changes: dict[str, Any] = {name: given[name] for name in ("name", "description", "enabled") if name in given}
    if "schema_" in given:
        changes["schema"] = given["schema_"]
    algorithm = given.get("signature_algorithm", source.scheme) or NO_SCHEME
    header, secret = given.get("signature_header"), given.get("signature_secret")
    if algorithm == NO_SCHEME and (header or secret):
        raise _no_algorithm()
    if "signature_algorithm" in given:
        changes["scheme"] = algorithm
        if algorithm == NO_SCHEME:
            changes["secret"] = ""
    if "signature_header" in given:
        changes["settings"] = {"header": header or None} if algorithm != NO_SCHEME else {}
    if secret is not None:
        changes["secret"] = secret
    return changes


def _mode(enabled: bool) -> Mode:
    return Mode.ENABLED if enabled else Mode.DISABLED


def _no_algorithm() -> Invalid:
    return Invalid(
        "no_algorithm",
        "a signature header or secret needs a signature_algorithm",
        pointer="/signature_algorithm",
        hint="name the algorithm that senders sign with",
    )


_POINTERS = {"/scheme": "/signature_algorithm", "/settings/header": "/signature_header"}


@contextmanager
def _seeds_words() -> Iterator[None]:
    """Let an error point to the field as the seed calls it."""
    try:
        yield
    except Invalid as error:
        if error.code == "invalid_filter":
            error.pointer = (error.pointer or "").removeprefix("/filter")
            error.pointer = "/filter_expr" + error.pointer
        else:
            error.pointer = _POINTERS.get(error.pointer or "", error.pointer)
        raise
