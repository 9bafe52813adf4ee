"""What answers have in common: msgspec writes them, and the same types describe them in the OpenAPI document."""

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from fastapi import Response
from msgspec import Meta

from eventyard.api.http import JSON
from eventyard.model.ids import Millis
from eventyard.wire.rfc3339 import format_millis

Time = Annotated[
    str,
    Meta(
        description="UTC, with milliseconds.",
        extra_json_schema={"format": "date-time"},
        examples=["2026-01-02T03:04:05.678Z"],
    ),
]
Id = Annotated[str, Meta(examples=["0199f3c2-7b1e-7c55-a0c9-3d5b8f1e2a44"])]
Number = Annotated[int, Meta(description="A journal id.", ge=1, examples=[42])]

COMPONENTS = "x-components"
"""Under this key of a response stand the schemas its body refers to, until ``openapi.py`` puts them in their place."""

_encode = msgspec.json.Encoder().encode


def reply(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """An answer with a JSON body."""
    return Response(_encode(value), status, headers, JSON)


def done() -> Response:
    """An answer without a body."""
    return Response(status_code=204)


def shows(shape: Any, description: str, status: int = 200, *, paged: bool = False) -> dict[str, Any]:
    """Arguments of a route whose success is a body of this shape."""
    response = body_of(shape, description)
    if paged:
        response["headers"] = {
            "Link": {
                "description": 'The next page, as `<…>; rel="next"`; absent on the last one.',
                "schema": {"type": "string"},
            }
        }
    return {"status_code": status, "responses": {status: response}}


def body_of(shape: Any, description: str) -> dict[str, Any]:
    """A response or request body of the OpenAPI document: JSON of this shape."""
    (schema,), components = msgspec.json.schema_components([shape], ref_template="#/components/schemas/{name}")
    return {"description": description, "content": {JSON: {"schema": schema}}, COMPONENTS: components}


def silent(description: str) -> dict[str, Any]:
    """Arguments of a route whose success has no body."""
    return {"status_code": 204, "responses": {204: {"description": description}}}


def time_of(moment: Millis) -> str:
    """A moment as answers have it."""
    return format_millis(moment)


def time_or_none(moment: Millis | None) -> str | None:
    """A moment as answers have it, if there is one."""
    return None if moment is None else format_millis(moment)
