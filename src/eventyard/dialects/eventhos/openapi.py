"""The OpenAPI 3.1 document of the dialect: what FastAPI knows of its routes, made complete and true.

Put in here: the shapes of answers (``shapes.py``), every refusal as the error envelope, the ways to prove oneself, and
the one call that is answered without FastAPI (``openapi_send.py``).
"""

from collections.abc import Iterator, Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from eventyard.dialects.eventhos.openapi_send import send_path
from eventyard.dialects.eventhos.options import BASE
from eventyard.dialects.eventhos.send import PATH as SEND
from eventyard.dialects.eventhos.shapes import COMPONENTS

DESCRIPTION = """\
The HTTP API of eventhos 1.0.1, over the hub's one journal and one catalog: what is made here is seen under `/v1`, and
the other way round.

* A success is `{"code", "message", "content"?}`, a refusal `{"message", "code", "errorUUID"}` and, where fields are at
  fault, `errors: [{"field", "message"}]`.
* Management takes `Authorization: Bearer <token>`, the scheme in any case, or `?access_token=`; senders show the
  `access-key` of their system's client.
* Lists take `itemsPerPage`, `pageIndex` (from 0), `order` (asc, desc) and `activeSort`; a value that makes no sense
  counts as not given, and totals are those of the filter.
* Ids are the hub's record numbers, and the entry ids of its journal. Booleans of rows are 0 or 1.
"""

TAGS: list[dict[str, Any]] = [
    {"name": "Send", "description": "Events come in, and contracts are executed again."},
    {"name": "Event", "description": "What systems send: sources, in the hub's words."},
    {"name": "System", "description": "Who sends and who is told: applications."},
    {"name": "Action", "description": "What is done when an event comes in: targets."},
    {"name": "Contract", "description": "Which event leads to which action: subscriptions."},
    {"name": "Log", "description": "What was received, and what became of it."},
    {"name": "Auth", "description": "Tokens, users, clients, roles and what these may do."},
]

REFUSALS: Mapping[int, tuple[str, str]] = {
    400: ("Invalid", "A field or parameter is wrong, the body is not JSON, or it is in use."),
    401: ("NotAllowed", "The token is wrong or expired, or lacks the permission."),
    403: ("NoToken", "There is no token, or its client is revoked or has another."),
    404: ("Missing", "There is nothing with this id."),
    409: ("Conflict", "The name is in use already, or it is what the last administrator holds."),
    413: ("TooLarge", "The body is beyond the limit."),
    415: ("UnsupportedMediaType", "The content type or encoding is not understood."),
    429: ("TooMany", "A rate limit is reached; Retry-After says when to come back."),
    500: ("Internal", "Something went wrong on our side; the log knows it by its errorUUID."),
    503: ("Unavailable", "The hub cannot do this now; the same request may succeed later."),
}
"""Every status of a refusal: the name of its component, and what it means."""

_ALWAYS = (401, 403, 429, 500, 503)
_WITH_BODY = (400, 404, 413, 415)

_AUTH = f"{BASE}/auth/"
"""Below it any call may be refused with 400, and any change with 409."""

_PUBLIC = frozenset({f"{BASE}/auth/token", f"{BASE}/auth/login"})
"""Calls that want no token, as they give one."""

_ERROR: dict[str, Any] = {
    "type": "object",
    "required": ["message", "code", "errorUUID"],
    "properties": {
        "message": {"type": "string"},
        "code": {"type": "integer", "examples": [400001]},
        "errorUUID": {"type": "string", "format": "uuid", "description": "By which the hub's log knows it."},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "message"],
                "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
            },
        },
    },
}


def document_of(app: FastAPI) -> dict[str, Any]:
    """The whole document."""
    document = get_openapi(
        title=app.title, version=app.version, description=app.description, tags=app.openapi_tags, routes=app.routes
    )
    document["paths"] = {SEND: send_path(), **document.get("paths", {})}
    named: dict[str, Any] = {}
    for response in _responses(document):
        named.update(response.pop(COMPONENTS, {}))
    components = document.setdefault("components", {})
    kept = {name: schema for name, schema in components.get("schemas", {}).items() if name not in _FASTAPIS_OWN}
    components["schemas"] = dict(sorted({**kept, **named, "Error": _ERROR}.items()))
    components["responses"] = {name: _refusal(says) for name, says in REFUSALS.values()}
    components["securitySchemes"] = {
        "bearerAuth": {"type": "http", "scheme": "bearer", "description": "A token, or an API key of the hub."},
        "accessToken": {"type": "apiKey", "in": "query", "name": "access_token"},
        "accessKey": {"type": "apiKey", "in": "header", "name": "access-key"},
        "accessKeyInQuery": {"type": "apiKey", "in": "query", "name": "access-key"},
    }
    document["security"] = [{"bearerAuth": []}, {"accessToken": []}]
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            _complete(path, method, operation)
    return document


_FASTAPIS_OWN = ("HTTPValidationError", "ValidationError")


def _responses(document: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for operations in document["paths"].values():
        for operation in operations.values():
            yield from operation["responses"].values()


def _complete(path: str, method: str, operation: dict[str, Any]) -> None:
    responses = operation["responses"]
    if "HTTPValidationError" in str(responses.get("422", "")):
        del responses["422"]
    if path in _PUBLIC:
        operation["security"] = []
    statuses = set(_ALWAYS)
    if operation.get("parameters"):
        statuses.add(400)
    if "{" in path or not path.startswith(_AUTH):  # the project that eventhos lives in may be gone
        statuses.add(404)
    if method in ("post", "put"):
        statuses.update(_WITH_BODY)
    if path.startswith(_AUTH):
        statuses.update((400,) if method == "get" or path in _PUBLIC else (400, 409))
    for status in sorted(statuses):
        responses.setdefault(str(status), {"$ref": f"#/components/responses/{REFUSALS[status][0]}"})
    operation["responses"] = dict(sorted(responses.items()))


def _refusal(says: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Error"}
    return {"description": says, "content": {"application/json": {"schema": schema}}}
