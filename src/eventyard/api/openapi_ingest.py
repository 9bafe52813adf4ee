"""The part of the OpenAPI document that FastAPI knows nothing of: the calls by which events come in (``ingest.py``)."""

from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType

from eventyard.api.results import DispatchResult, Line, Receipt
from eventyard.api.v1.answers import COMPONENTS, Number, Time, body_of

NDJSON = "application/x-ndjson"
EVENT = "application/cloudevents+json"
EVENTS = "application/cloudevents-batch+json"


class DispatchRequest(Struct, forbid_unknown_fields=True):
    """An event of a source."""

    source: Annotated[str, Meta(description="Name or id of the source.", examples=["orders"])]
    project_id: Annotated[
        str | UnsetType,
        Meta(
            description="Project, by id or name; may be left out where the caller has only one.", examples=["default"]
        ),
    ] = UNSET
    payload: Annotated[
        Any,
        Meta(description="The event's data; signatures are over its very bytes.", examples=[{"action": "opened"}]),
    ] = UNSET


class Dispatched(Struct):
    """The event is committed, with its deliveries."""

    dispatched: Annotated[int, Meta(description="How many deliveries were made.")]
    source: str
    event_id: str
    entry_id: Number
    results: list[DispatchResult]


class BatchItem(Struct, forbid_unknown_fields=True):
    """One event of a batch. ``payload`` and ``data`` are two words for the same."""

    source: str | UnsetType = UNSET
    payload: Any = UNSET
    data: Any = UNSET
    id: Annotated[str, Meta(min_length=1, max_length=1024)] | UnsetType = UNSET
    type: Annotated[str, Meta(min_length=1, max_length=1024)] | UnsetType = UNSET
    time: Time | UnsetType = UNSET
    subject: Annotated[str, Meta(min_length=1, max_length=1024)] | UnsetType = UNSET
    routing_key: Annotated[str, Meta(min_length=1, max_length=1024)] | UnsetType = UNSET
    idempotency_key: Annotated[str, Meta(min_length=1, max_length=255)] | UnsetType = UNSET


def ingest_paths() -> dict[str, Any]:
    """The ``paths`` of the calls that take events."""
    return {
        "/in/{source_id}": {
            "post": {
                "operationId": "receive_event",
                "tags": ["Ingest"],
                "summary": "Receive an event from any sender",
                "description": "What is posted becomes an event of the source, its sender proven by the source's own "
                "scheme. CloudEvents are taken in binary, structured and batch mode; a batch of which nothing is taken "
                "is refused as its first event is. A redelivery is answered as the first time, with "
                "`Idempotency-Replayed: true`.",
                "security": [],
                "parameters": [_path("source_id", "The id of the source."), idempotency_key()],
                "requestBody": _any_body("The event as its sender makes it."),
                "responses": {
                    "202": _replayable(
                        body_of(
                            Receipt | list[Line],
                            "It is committed. For a CloudEvents batch: a result for each, refused ones too.",
                        )
                    )
                },
            }
        },
        "/v1/events/dispatch": {
            "post": {
                "operationId": "dispatch_event",
                "tags": ["Ingest", "Event sources"],
                "summary": "Dispatch an event",
                "description": "Commit an event of a source and deliver it to the subscriptions it matches. "
                "CloudEvents are taken too: their source attribute, or the header `X-Event-Source`, names the source. "
                "Dispatched again, an event is answered with the deliveries it has; what was skipped has none.",
                "parameters": [
                    _query("project_id", "Project of a CloudEvent, by id or name."),
                    _header("X-Event-Source", "Source of a CloudEvent, by name or id."),
                    idempotency_key(),
                ],
                "requestBody": _also(body_of(DispatchRequest, "The event."), EVENT, EVENTS),
                "responses": {
                    "200": _replayable(
                        body_of(
                            Dispatched | list[Line],
                            "It is committed, with its deliveries. For a CloudEvents batch: a result for each.",
                        )
                    )
                },
            }
        },
        "/v1/events/batch": {
            "post": {
                "operationId": "dispatch_events",
                "tags": ["Ingest"],
                "summary": "Dispatch many events",
                "description": "Many events, committed in one transaction, with a result for each; what is wrong with "
                "one harms no other. NDJSON is answered as NDJSON. An array is refused whole where no reader of JSON "
                "finds its end: it is cut short, say, or nested a thousand deep. Of NDJSON that is one line.",
                "parameters": [
                    _query("project_id", "Project, by id or name."),
                    _query("source", "Source of the events that name none, by name or id."),
                ],
                "requestBody": _also(body_of(list[BatchItem], "The events."), NDJSON, EVENTS),
                "responses": {"200": _also(body_of(list[Line], "A result for each event, in their order."), NDJSON)},
            }
        },
    }


def idempotency_key() -> dict[str, Any]:
    """The header parameter of every call that can be sent again."""
    return {
        "name": "Idempotency-Key",
        "in": "header",
        "required": False,
        "description": "The same key with the same body has one effect and one answer.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 255},
    }


def _also(body: dict[str, Any], *media: str) -> dict[str, Any]:
    """The same body in other media types too, not described here."""
    return {**body, "content": {**body["content"], **{name: {} for name in media}}}


def _any_body(description: str) -> dict[str, Any]:
    return {"description": description, "content": {"*/*": {}}, COMPONENTS: {}}


def _replayable(response: dict[str, Any]) -> dict[str, Any]:
    header = {"description": "true when this is the answer from before.", "schema": {"type": "string"}}
    return {**response, "headers": {"Idempotency-Replayed": header}}


def _path(name: str, description: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "description": description, "schema": {"type": "string"}}


def _query(name: str, description: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "description": description, "schema": {"type": "string"}}


def _header(name: str, description: str) -> dict[str, Any]:
    return {**_query(name, description), "in": "header"}
