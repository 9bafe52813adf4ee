"""What request bodies have in common: unknown fields are refused with the nearest known one, types are strict.

A field that may be left out of a change is declared with :func:`unset`; what was given is in :func:`given`. Bodies say
what is well-formed; what is allowed is decided by the verbs of the pipeline.
"""

from typing import Annotated, Any

import msgspec
from pydantic import BaseModel, ConfigDict, Field, PlainValidator, StringConstraints, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from eventyard.api.names import meant, shortened
from eventyard.api.validation import HINT, POINTER
from eventyard.matching.pointer import pointer
from eventyard.model.retry import RetryPolicy
from eventyard.wire.rfc3339 import parse


class Body(BaseModel):
    """A request body."""

    model_config = ConfigDict(extra="forbid", strict=True)

    @model_validator(mode="before")
    @classmethod
    def _fields_exist(cls, given: Any) -> Any:
        if isinstance(given, dict):
            known = [field.alias or name for name, field in cls.model_fields.items()]
            for name in given:
                if name not in known:
                    raise _no_such_field(name, known)
        return given

    def given(self) -> dict[str, Any]:
        """The fields that the request named, by their names here, with their values as they are."""
        return {name: getattr(self, name) for name in self.model_fields_set}


class Change(Body):
    """A body that names what to change, at least one field; a verb refuses one that names none."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1})


def unset(**settings: Any) -> Any:
    """The default of a field that may be left out; it has no value of its own, and its type need not allow ``null``."""
    return Field(default_factory=lambda: None, **settings)


def _no_such_field(name: str, known: list[str]) -> PydanticCustomError:
    context = {
        "name": repr(shortened(name)),
        HINT: meant(name, known, "fields"),
        POINTER: pointer("", name),
    }
    return PydanticCustomError("unknown_field", "there is no field {name}", context)


def _moment(value: Any) -> int:
    if not isinstance(value, str):
        raise PydanticCustomError("time", "a time is a text such as 2026-01-02T03:04:05.678Z")
    try:
        return parse(value)
    except ValueError as error:
        raise PydanticCustomError("time", "{reason}", {"reason": str(error)}) from None


def _policy(value: Any) -> RetryPolicy:
    try:
        return msgspec.convert(value, RetryPolicy)
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at `$")
        pointer = path.rstrip("`").replace("[", "/").replace("]", "").replace(".", "/")
        raise PydanticCustomError("retry", "{reason}", {"reason": message, POINTER: pointer}) from None


_UNSEEN = (
    r"\x00-\x1f\x7f-\x9f\u00ad\u061c\u115f\u1160\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\u3164\ufeff"
    r"\uffa0\ufff9-\ufffb"
)
"""Characters that control, and those that let one name look like another: without a width, or turning directions."""

Name = Annotated[
    str,
    StringConstraints(min_length=1, max_length=255, pattern=rf"^[^\s{_UNSEEN}]([^{_UNSEEN}]*[^\s{_UNSEEN}])?$"),
    Field(
        description="1 to 255 characters, none that controls or cannot be seen, and no space at either end.",
        examples=["orders"],
    ),
]
Description = Annotated[
    str,
    StringConstraints(max_length=2000, pattern=r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$"),
    Field(description="For people; at most 2000 characters."),
]
Title = Annotated[
    str,
    StringConstraints(max_length=255, pattern=r"^[^\x00-\x1f\x7f]*$"),
    Field(description="What people call it; empty where its name will do.", examples=["Orders of the shop"]),
]
Labels = Annotated[
    dict[
        Annotated[str, StringConstraints(min_length=1, max_length=63, pattern=r"^[^\x00-\x1f\x7f]+$")],
        Annotated[str, StringConstraints(max_length=255, pattern=r"^[^\x00-\x1f\x7f]*$")],
    ],
    Field(
        max_length=32, description="Words to file it under; the hub makes nothing of them.", examples=[{"team": "a"}]
    ),
]
Category = Annotated[str, StringConstraints(min_length=1, max_length=63, pattern=r"^[^\x00-\x1f\x7f]+$")]
Categories = Annotated[
    list[Category],
    Field(
        max_length=100, examples=[["personnel"]],
        description="Who holds some categories only sees it if one of theirs is among these; none: everybody does.",
    ),
]  # fmt: skip
Held = Annotated[
    list[Category] | None,
    Field(
        max_length=100, examples=[["personnel"]],
        description="Of applications and topics that bear categories, those with one of these are seen; null: all.",
    ),
]  # fmt: skip
Ref = Annotated[str, StringConstraints(min_length=1, max_length=255)]
"""The id, or where it says so the name, of a record."""

SchemaDocument = Annotated[
    Any,
    WithJsonSchema({"type": ["object", "boolean", "null"]}),
    Field(description="JSON Schema 2020-12; null: none.", examples=[{"type": "object", "required": ["order"]}]),
]
"""A JSON Schema, or none. Whether it is one is for ``matching/schema.py`` to say."""

Secret = Annotated[
    str,
    StringConstraints(max_length=4096),
    Field(description="Kept encrypted, never shown again.", examples=["it5-a-secret"]),
]

ProjectRef = Annotated[
    Ref | None,
    Field(description="Project, by id or name. May be left out where the caller has only one.", examples=["default"]),
]
EVERYWHERE = "Project, by id or name. Left out, all that the caller sees."
"""What a search looks into, or a call about whatever a search finds."""

Moment = Annotated[
    int,
    PlainValidator(_moment),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2026-01-02T03:04:05.678Z"]}),
]
"""An RFC 3339 time; milliseconds here."""

Retry = Annotated[
    Any, PlainValidator(_policy), WithJsonSchema(msgspec.json.schema_components([RetryPolicy])[1]["RetryPolicy"])
]
"""A retry policy."""
