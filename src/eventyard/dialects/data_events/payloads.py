"""What the messages look like: CloudEvents 1.0 in structured mode, and what stands in ``data``.

Two schemas, as the seed has two: an entity event, and a product event that each product message narrows. Messages of
every kind stand in ``examples.py``.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from eventyard.dialects.data_events.seed import EVENTS
from eventyard.model.products import STEPS, Family

MEDIA = "application/cloudevents+json"

ENTITY_EVENT = "entityEvent"
PRODUCT_EVENT = "productEvent"

Json = dict[str, Any]


def envelope(data: Any, properties: Mapping[str, Any] | None = None, *, required: Iterable[str] = ()) -> Json:
    """The schema of an event whose data has the schema ``data``; ``properties`` are attributes it says more of."""
    return {
        "type": "object",
        "required": ["specversion", "id", "source", "type", "time", *required],
        "properties": {
            "specversion": {"const": "1.0"},
            "id": {"type": "string", "description": "The event's id: the same in every copy, so duplicates show."},
            "source": {"type": "string", "format": "uri-reference"},
            "type": {"type": "string"},
            "subject": {"type": "string"},
            "time": {"type": "string", "format": "date-time"},
            "datacontenttype": {"type": "string"},
            "routingkey": {"type": "string", "description": "What bindings are tested against, if not the type."},
            "sequence": {
                "type": "string",
                "pattern": "^[0-9]{18}$",
                "description": "The journal's entry id: the order of the stream, and where a replay can begin.",
            },
            **(properties or {}),
            "data": data,
        },
    }


def relation(*kinds: str) -> Json:
    """A reference to another entity, of one of these types; any if there are none."""
    kind: Json = {"type": "string"}
    if kinds:
        kind["enum"] = list(kinds)
    return {
        "type": "object",
        "required": ["_relType", "id"],
        "properties": {"_relType": kind, "id": {"type": "string"}},
    }


def _or_null(schema: Json) -> Json:
    return {"oneOf": [schema, {"type": "null"}]}


_VERSION = _or_null(
    {
        "type": "object",
        "required": ["id", "label"],
        "properties": {"id": {"type": "string"}, "label": {"type": "string"}},
    }
)
_TIME = {"type": "string", "format": "date-time"}


def schemas() -> dict[str, Json]:
    """The two schemas by name."""
    entity = envelope(
        {
            "type": "object",
            "required": ["event", "entity", "project", "application", "actor"],
            "properties": {
                "event": {"type": "string", "enum": list(EVENTS)},
                "entity": relation(),
                "project": _or_null(relation("projects")),
                "application": _or_null(relation("applications")),
                "actor": {**_or_null(relation("keys", "users")), "description": "Who did it, where that is known."},
                "changed": {
                    "type": "array",
                    "items": {"type": "string"},
                    "description": "The fields that changed, where the publisher knew them.",
                },
                "revision": {"type": "integer", "description": "The entity's revision, where the publisher knew it."},
                "state": {"description": "The entity, as far as the publisher gave it."},
            },
        },
        {
            "source": {"type": "string", "format": "uri-reference", "description": "The project, or the application."},
            "type": {"type": "string", "pattern": r"^entity\.[^.]+\.(create|update|delete)$"},
            "subject": {"type": "string", "description": "Type and id of the entity, with a slash between."},
        },
        required=["subject", "data"],
    )
    product = envelope(
        {
            "type": "object",
            "required": [
                "application",
                "product",
                "project",
                "organization",
                "state",
                "previousState",
                "version",
                "actor",
                "reason",
                "occurredAt",
            ],
            "properties": {
                "application": relation("applications"),
                "product": relation("products"),
                "project": _or_null(relation("projects")),
                "organization": relation("organizations"),
                "state": {"type": "string"},
                "previousState": _or_null({"type": "string"}),
                "version": _VERSION,
                "previousVersion": _VERSION,
                "actor": {**_or_null(relation("keys", "users")), "description": "Who took the step."},
                "reason": _or_null({"type": "string"}),
                "occurredAt": _TIME,
            },
        },
        {
            "source": {"type": "string", "format": "uri-reference", "description": "The application."},
            "type": {"type": "string", "pattern": r"^product\.(activation|provisioning|subscription)\.[a-z]+$"},
            "subject": {"type": "string", "description": "The project or the organization that has the product."},
        },
        required=["subject", "data"],
    )
    return {
        ENTITY_EVENT: {"title": "Entity event", **entity},
        PRODUCT_EVENT: {"title": "Product event", **product},
    }


def payloads() -> dict[str, Json]:
    """The schema of each of the seed's messages, by the message's name."""
    activation, provisioning, subscription = (
        tuple(state for state in STEPS[family] if state is not None) for family in Family
    )
    return {
        "projectEvent": {"$ref": f"#/components/schemas/{ENTITY_EVENT}"},
        "applicationEvent": {"$ref": f"#/components/schemas/{ENTITY_EVENT}"},
        **{
            f"productActivationState{state.capitalize()}": _narrowed(
                Family.ACTIVATION, (state,), {}, ["previousVersion"] if state == "updated" else []
            )
            for state in activation
        },
        "productProvisioningState": _narrowed(
            Family.PROVISIONING,
            provisioning,
            {
                "provisioningId": {"type": "string"},
                "attempt": {"type": "integer", "minimum": 1},
                "error": {
                    "type": "object",
                    "required": ["code", "detail"],
                    "properties": {"code": {"type": "string"}, "detail": {"type": "string"}},
                    "description": "Why it failed, if it did.",
                },
            },
            ["provisioningId", "attempt"],
        ),
        "subscriptionState": _narrowed(
            Family.SUBSCRIPTION,
            subscription,
            {
                "subscriptionId": {"type": "string"},
                "validFrom": _or_null(_TIME),
                "validUntil": _or_null(_TIME),
                "plan": _or_null({"type": "string"}),
            },
            ["subscriptionId", "validFrom", "validUntil", "plan"],
        ),
    }


def _narrowed(family: Family, states: tuple[str, ...], more: Json, required: list[str]) -> Json:
    """A product event of these states of a family, with ``more`` in its data."""
    return {
        "allOf": [
            {"$ref": f"#/components/schemas/{PRODUCT_EVENT}"},
            {
                "properties": {
                    "type": {"enum": [f"product.{family}.{state}" for state in states]},
                    "data": {"required": required, "properties": {"state": {"enum": list(states)}, **more}},
                }
            },
        ]
    }
