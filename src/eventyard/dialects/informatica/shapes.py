"""What requests and answers look like, for the OpenAPI documents: schemas made from the profile, and examples."""

from collections.abc import Iterable, Mapping
from typing import Any

from eventyard.dialects.informatica.criteria import DESCENDANTS, SORTS
from eventyard.dialects.informatica.profiles import Profile
from eventyard.model.lifecycle import Kind, Status, label

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
NUMBER: Schema = {"type": "integer", "format": "int64"}
FLAG: Schema = {"type": "boolean"}
MOMENT: Schema = {"type": "string", "format": "date-time", "examples": ["2026-01-02T03:04:05.678Z"]}
TABLES: Schema = {
    "type": "object",
    "minProperties": 1,
    "additionalProperties": {"type": "array", "items": {"type": "object"}},
    "description": "Tables by their names: each an array of rows, which are objects of columns.",
}
DESCENDANT_STATE: Schema = {"type": "string", "enum": list(DESCENDANTS)}

EXAMPLES: Mapping[str, Mapping[str, Any]] = {
    "DIH": {
        "applicationName": "CompoundSub",
        "timeFrame": {
            "fromDate": "2021-03-02T15:00:00.000+05:30",
            "toDate": "2021-04-02T18:30:00.000+05:30",
            "range": "CUSTOM",
        },
        "useExactMatch": "false",
        "maxResults": "2",
    },
    "CIH": {"topicName": "DI_Topic", "timeframe": "LAST_7_DAYS", "eventType": "PUBLICATION", "maxResults": 10},
}


def body_of(profile: Profile, example: Mapping[str, Any]) -> dict[str, Any]:
    """The search's request body, as extra of its operation."""
    media = {"schema": _request(profile), "example": example}
    return {"requestBody": {"required": False, "content": {"application/json": media}}}


def events_of() -> dict[str, Any]:
    """The search's answer."""
    return {
        "description": "The events found, with their histories and children.",
        "headers": {
            "X-Total-Count": {"description": "How many events match, on all pages.", "schema": NUMBER},
            "X-Total-Count-Relation": {
                "description": "eq, or gte where more events match than were counted.",
                "schema": {"type": "string", "enum": ["eq", "gte"]},
            },
        },
        "content": {"application/json": {"schema": _list("Event")}},
    }


def state_of() -> dict[str, Any]:
    """The answer to how an event stands."""
    schema = {"$ref": "#/components/schemas/EventState"}
    return {"description": "The event.", "content": {"application/json": {"schema": schema}}}


def given(fields: Mapping[str, Schema], required: Iterable[str], example: Mapping[str, Any]) -> dict[str, Any]:
    """The request body of a call that does something, as extra of its operation. Numbers may be texts."""
    named = {name: _also_text(NUMBER, "A number.") if schema is NUMBER else schema for name, schema in fields.items()}
    return sends(_object(named, required), example)


def sends(schema: Schema, example: Mapping[str, Any]) -> dict[str, Any]:
    """The request body of a call, as extra of its operation."""
    media = {"schema": schema, "example": example}
    return {"requestBody": {"required": True, "content": {"application/json": media}}}


def answered(description: str, fields: Mapping[str, Schema]) -> dict[str, Any]:
    """An answer with these fields."""
    return {"description": description, "content": {"application/json": {"schema": _object(fields, fields)}}}


def data_of(fields: Mapping[str, Schema]) -> dict[str, Any]:
    """An answer of tables, with these fields beside them."""
    schema = {**_object(fields, fields), "additionalProperties": {"type": "array"}}
    return {"description": "The tables, by their names.", "content": {"application/json": {"schema": schema}}}


def success(description: str) -> dict[str, Any]:
    """The answer of what was done."""
    return answered(description, {"responseCode": {"const": "SUCCESS"}})


def topics_of() -> dict[str, Any]:
    """The answer of the catalog."""
    return {"description": "The topics.", "content": {"application/json": {"schema": _list("Topic")}}}


def schemas(profile: Profile) -> dict[str, Schema]:
    """The components by name."""
    return {
        "Event": _event(profile),
        "EventState": _EVENT_STATE,
        "HistoryLine": _HISTORY_LINE,
        "Topic": _topic(profile),
        "Refusal": _object({"responseCode": TEXT, "message": TEXT}, ("responseCode", "message")),
    }


def _request(profile: Profile) -> Schema:
    dates = {"fromDate": TEXT, "toDate": TEXT, "range": {"type": "string", "enum": list(profile.ranges)}}
    frame = {
        "description": f"A range, a moment from which on, or an object; {profile.default_range} unless given.",
        "anyOf": [{"type": "string"}, _object(dates)],
    }
    narrow = {"partnerId": _also_text(NUMBER, "The application's number."), "matchAll": _also_text(FLAG, "All or any.")}
    fields = {
        "applicationName": TEXT,
        **(narrow if profile.narrow else {}),
        "topicName": TEXT,
        "pubSubName": TEXT,
        profile.time_field: frame,
        "descendantsEventState": DESCENDANT_STATE,
        "eventId": _also_text(NUMBER, "Found whenever it was, unless a time frame is given."),
        "eventType": {"type": "string", "enum": list(profile.kinds)},
        "eventStatus": {"type": "string", "enum": list(profile.statuses)},
        "runId": TEXT,
        "useExactMatch": _also_text(FLAG, "Whether names match as a whole; otherwise in part, which is the default."),
        "firstResult": _also_text(NUMBER, "How many events are skipped."),
        "maxResults": _also_text(NUMBER, "How many events are wanted at most."),
        "sort": {"type": "string", "enum": list(SORTS), "description": "In place of the usual order."},
    }
    return _object(fields)


def _event(profile: Profile) -> Schema:
    """An event, for which the fields that every event has are required."""
    kinds = [kind.name if profile.kind_as_enum else label(kind) for kind in Kind]
    fields: dict[str, Schema] = {
        "eventId": NUMBER,
        profile.kind_field: {"type": "string", "enum": kinds},
        profile.status_field: {"type": "string", "enum": [label(status) for status in Status]},
        profile.start_field: MOMENT,
        profile.descendants_field: DESCENDANT_STATE,
        "eventHistory": _list("HistoryLine"),
        **({"delayedTime": NUMBER} if profile.delayed else {}),
        **(dict.fromkeys(_COUNTS, NUMBER) if profile.counts else {}),
        **({"childEvents": _list("Event")} if profile.childless else {}),
    }
    optional: dict[str, Schema] = {
        **dict.fromkeys(("applicationName", "topicName", "pubSubName"), TEXT),
        profile.end_field: MOMENT,
        "parentEventId": NUMBER,
        **({"runId": TEXT} if profile.counts else {}),
        "childEvents": _list("Event"),
    }
    return _object({**fields, **optional}, fields)


_COUNTS = ("sourceSuccessCount", "sourceFailedCount", "targetSuccessCount", "targetFailedCount")


def _object(fields: Mapping[str, Schema], required: Iterable[str] = ()) -> Schema:
    return {"type": "object", **({"required": list(required)} if required else {}), "properties": dict(fields)}


def _list(name: str) -> Schema:
    return {"type": "array", "items": {"$ref": f"#/components/schemas/{name}"}}


def _also_text(schema: Schema, description: str) -> Schema:
    return {"anyOf": [schema, TEXT], "description": description}


_HISTORY_LINE = _object(
    {"eventId": NUMBER, "timeStamp": MOMENT, "eventStatusName": TEXT, "comments": TEXT},
    ("eventId", "timeStamp", "eventStatusName", "comments"),
)

_ALWAYS: dict[str, Schema] = {
    "responseCode": {"const": "SUCCESS"},
    "eventId": NUMBER,
    "eventType": {"type": "string", "enum": [label(kind) for kind in Kind]},
    "eventStatus": {"type": "string", "enum": [label(status) for status in Status]},
    "eventStartTimeLong": NUMBER,
    "isFinal": FLAG,
    "isError": FLAG,
    **dict.fromkeys(("sourceSuccessRows", "sourceFailedRows", "targetSuccessRows", "targetFailedRows"), NUMBER),
}
_EVENT_STATE = _object(
    {
        **_ALWAYS,
        **dict.fromkeys(("topicName", "publicationName", "subscriptionName", "applicationName", "failureCause"), TEXT),
        "eventEndTimeLong": NUMBER,
        "referencedEventsList": {"type": "string", "pattern": "^[0-9]+(,[0-9]+)*$"},
    },
    _ALWAYS,
)

_PUBLICATION = dict.fromkeys(("publicationName", "publicationDesc", "applicationName", "publicationSourceType"), TEXT)
_SUBSCRIPTION = dict.fromkeys(
    ("subscriptionName", "subscriptionDesc", "applicationName", "subscriptionTargetType"), TEXT
)
_COLUMN = dict.fromkeys(("columnName", "columnType"), TEXT)
_TABLE = {"tableName": TEXT, "columns": {"type": "array", "items": _object(_COLUMN, _COLUMN)}}


def _topic(profile: Profile) -> Schema:
    fields: dict[str, Schema] = {
        "topicName": TEXT,
        "topicDesc": TEXT,
        "topicType": {"const": profile.topic_type},
        "topicTables": {"type": "array", "items": _object(_TABLE, _TABLE)},
        "publications": {"type": "array", "items": _object(_PUBLICATION, _PUBLICATION)},
        "subscriptions": {
            "type": "array",
            "items": _object({**_SUBSCRIPTION, "subscriptionConnectionName": TEXT}, _SUBSCRIPTION),
        },
    }
    return _object(fields, fields)
