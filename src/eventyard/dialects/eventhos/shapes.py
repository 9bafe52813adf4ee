"""What a route's success looks like, for the OpenAPI document: the envelope around a shape that msgspec knows.

@router.get("", summary="List events", **shows("A page of events.", Listed[EventRow]))
"""

from typing import Any

import msgspec

COMPONENTS = "x-components"
"""Under this key of a response stand the schemas its body refers to, until ``openapi.py`` puts them in their place."""

NOTHING: Any = object()
"""The shape of an answer without content."""


def shows(
    description: str,
    shape: Any = NOTHING,
    *,
    status: int = 200,
    code: int = 200000,
    message: str = "success",
    example: Any = NOTHING,
    always: bool = True,
) -> dict[str, Any]:
    """Arguments of a route that answers with this status, code and shape of content, which it has ``always`` or not."""
    schema: dict[str, Any] = {
        "type": "object",
        "required": ["code", "message"],
        "properties": {"code": {"const": code}, "message": {"type": "string"}},
    }
    told: dict[str, Any] = {"code": code, "message": message}
    components: dict[str, Any] = {}
    if shape is not NOTHING:
        (content,), components = msgspec.json.schema_components([shape], ref_template="#/components/schemas/{name}")
        schema["required"] += ["content"] if always else []
        schema["properties"]["content"] = content
    if example is not NOTHING:
        told["content"] = example
    media: dict[str, Any] = {"schema": schema}
    if shape is NOTHING or example is not NOTHING:
        media["example"] = told
    response = {"description": description, "content": {"application/json": media}, COMPONENTS: components}
    return {"status_code": status, "responses": {status: response}}


def page_of(item: Any) -> dict[str, Any]:
    """A page with one item, as an example."""
    return {"items": [item], "pageIndex": 0, "itemsPerPage": 5, "totalItems": 1, "totalPages": 1}
