"""The OpenAPI 3.1 document: what FastAPI knows of the routes, made complete and true.

Put in here: the shapes of answers (msgspec types, from ``v1/answers.py``), every refusal as a problem document, the
two ways to prove oneself, and the calls that ``ingest.py`` answers without FastAPI (``openapi_ingest.py``).
"""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from eventyard.api.guard import repeatable
from eventyard.api.oauth2 import TAG as OAUTH2
from eventyard.api.openapi_ingest import idempotency_key, ingest_paths
from eventyard.api.problems import PROBLEM
from eventyard.api.v1.answers import COMPONENTS
from eventyard.model.errors import CODES

DESCRIPTION = """\
One journal for events: they come in at sources, are checked, committed, matched against subscriptions, delivered to
targets, and stay on record.

* Lists are bare arrays, newest first. With more than `limit` records the answer has a `Link` header whose
  `rel="next"` leads to the next page.
* Times are RFC 3339 in UTC with milliseconds.
* Refusals are problem documents (RFC 9457); programs decide by `code`, which
  [/docs/errors](/docs/errors) explains.
* A POST with an `Idempotency-Key` may be sent again within the idempotency window (24 hours unless configured
  otherwise): the first answer comes again, with `Idempotency-Replayed: true`. The same key with another body is
  refused. Answers to calls other than those that take events are kept in memory, not over a restart.
* Every answer of the API carries `X-Request-Id`: the request's own, or a new one. The log knows it.
"""

TAGS: list[dict[str, Any]] = [
    {"name": "Ingest", "description": "Events come in."},
    {"name": "Event sources", "description": "Inbound event source and subscription management."},
    {"name": "Events", "description": "The journal: search, explain, replay."},
    {"name": "Deliveries", "description": "One event for one subscription: retry, discard, reprocess."},
    {"name": "Entities", "description": "What happens to whatever a project or an application consists of."},
    {"name": "Products", "description": "An application in projects and organizations: its life as a product."},
    {"name": "Projects", "description": "Isolation boundaries."},
    {"name": "Applications", "description": "Systems that publish and subscribe."},
    {"name": "Topics", "description": "Named channels with schema versions."},
    {"name": "Sources", "description": "Doors that events come in by."},
    {"name": "Subscriptions", "description": "Which events go to which target."},
    {"name": "Targets", "description": "What subscriptions drive."},
    {"name": "Rules", "description": "Whom to tell, and what to do, when entries end or are stuck."},
    {"name": "Jobs", "description": "Targets whose runs workers claim."},
    {"name": "Streams", "description": "Who is connected, which queues wait, and where exchanges lead."},
    {"name": "Plug-ins", "description": "What is installed."},
    {"name": "Keys", "description": "Who may do what."},
    {"name": "Users", "description": "People who come in with a password."},
    {"name": "Clients", "description": "Programs that come in by OAuth 2.0."},
    {"name": "Roles", "description": "Permissions of users and clients."},
    {"name": OAUTH2, "description": "Tokens for clients, and how to verify them."},
]

REFUSALS: Mapping[int, tuple[str, str]] = {
    400: ("BadRequest", "The request is malformed: JSON, a parameter, no project, or nothing to change."),
    401: ("Unauthenticated", "The credentials or the signature are missing or wrong."),
    403: ("Forbidden", "The credentials do not allow this."),
    404: ("NotFound", "There is no such thing, or none that the caller may know of."),
    409: ("Conflict", "It collides with what is there."),
    408: ("TooSlow", "The request did not arrive whole in time."),
    413: ("TooLarge", "The body, or its nesting, is beyond the limit."),
    415: ("UnsupportedMediaType", "The content type or encoding is not understood."),
    422: ("Unprocessable", "The body is JSON, but not what this call takes."),
    429: ("TooManyRequests", "The key's rate limit is reached."),
    431: ("HeadersTooLarge", "The headers are beyond the limit."),
    500: ("Internal", "Something went wrong on our side."),
    503: ("Unavailable", "The hub cannot do this now; the same request may succeed later."),
    507: ("StoreFull", "The disk that holds the journal is full."),
}
"""Every status of a refusal: the name of its component, and what it means."""

_ALWAYS = (400, 401, 403, 408, 429, 431, 500, 503)
_OPEN_TO_ALL = (408, 431, 500, 503)
_OPEN_WITH_BODY = (413, 415, 507)
_WITH_PARAMETERS = (400, 404)
_WITH_BODY = (400, 404, 409, 413, 415, 422, 507)
_DELETING = (404, 409, 507)


class Fault(msgspec.Struct):
    """One of several things that are wrong with a request."""

    pointer: str
    detail: str


class Problem(msgspec.Struct, omit_defaults=True):
    """A problem document (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    request_id: str
    pointer: str | None = None
    hint: str | None = None
    errors: list[Fault] | None = None


def document_of(app: FastAPI) -> dict[str, Any]:
    """The whole document."""
    document = get_openapi(
        title=app.title, version=app.version, description=app.description, tags=app.openapi_tags, routes=app.routes
    )
    document["paths"] = {**ingest_paths(), **document["paths"]}
    named = dict(msgspec.json.schema_components([Problem], ref_template="#/components/schemas/{name}")[1])
    for body in _bodies(document):
        named.update(body.pop(COMPONENTS, {}))
    components = document["components"]
    components["schemas"] = dict(sorted({**_kept(components["schemas"]), **named}.items()))
    components["schemas"]["Problem"]["properties"]["code"]["enum"] = list(CODES)
    components["responses"] = {name: _refusal(status, says) for status, (name, says) in REFUSALS.items()}
    components["securitySchemes"] = {
        "bearerAuth": {"type": "http", "scheme": "bearer", "description": "An API key or a token."},
        "basicAuth": {"type": "http", "scheme": "basic", "description": "A user's name and password."},
    }
    document["security"] = [{"bearerAuth": []}, {"basicAuth": []}]
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            _complete(path, method, operation)
    return document


def _bodies(document: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Every request body and every response."""
    for operations in document["paths"].values():
        for operation in operations.values():
            yield from operation["responses"].values()
            if "requestBody" in operation:
                yield operation["requestBody"]


def _complete(path: str, method: str, operation: dict[str, Any]) -> None:
    responses = operation["responses"]
    if "HTTPValidationError" in str(responses.get("422", "")):
        del responses["422"]
    open_to_all = OAUTH2 in operation["tags"]
    statuses = set(_OPEN_TO_ALL if open_to_all else _ALWAYS)
    if operation.get("parameters"):
        statuses.update(_WITH_PARAMETERS)
    if method in ("post", "patch"):
        statuses.update(_OPEN_WITH_BODY if open_to_all else _WITH_BODY)
    if method == "delete":
        statuses.update(_DELETING)
    for status in sorted(statuses):
        responses.setdefault(str(status), {"$ref": f"#/components/responses/{REFUSALS[status][0]}"})
    operation["responses"] = dict(sorted(responses.items()))
    if "Ingest" not in operation["tags"] and repeatable(method.upper(), path):
        operation.setdefault("parameters", []).append(idempotency_key())


def _refusal(status: int, says: str) -> dict[str, Any]:
    response: dict[str, Any] = {
        "description": says,
        "content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    if status == 401:
        response["headers"] = {"WWW-Authenticate": {"schema": {"type": "string"}}}
    if status == 429:
        response["headers"] = {
            "Retry-After": {"description": "In seconds.", "schema": {"type": "integer", "minimum": 1}}
        }
    return response


def _kept(schemas: Mapping[str, Any]) -> dict[str, Any]:
    """Without FastAPI's own errors, which nobody gets from here."""
    return {name: schema for name, schema in schemas.items() if name not in ("HTTPValidationError", "ValidationError")}
