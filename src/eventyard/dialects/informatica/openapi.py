"""The OpenAPI 3.1 document of a profile: what FastAPI knows of its routes, made complete and true.

Put in here: the schemas that routes refer to (``shapes.py``), every refusal, and the ways to prove oneself.
"""

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from eventyard.dialects.informatica.access import SESSION_HEADERS
from eventyard.dialects.informatica.profiles import CIH, Profile
from eventyard.dialects.informatica.shapes import schemas

DESCRIPTION = """\
The REST API of {name} over the hub's one journal: what is found here is found under `/v1`, and the other way round.

* `eventId` is the number of a journal entry, `partnerId` that of an application.
* Who calls proves it with HTTP Basic (user and password, client id and secret, or an API key as the password) or with
  `Authorization: Bearer`; the token or API key may also come as a session id, in one of three headers.
* Numbers and booleans may come as texts, dates with any offset from UTC; answers have UTC, in milliseconds.
* A refusal is `{{"responseCode", "message"}}`.
"""

REFUSALS: Mapping[int, tuple[str, str]] = {
    400: ("BadRequest", "The body cannot be read."),
    401: ("Unauthorized", "Nobody has proven themselves."),
    403: ("InsufficientPrivileges", "The caller may not do this."),
    404: ("NotFound", "There is no such path, or nothing with this id."),
    405: ("MethodNotAllowed", "The path does not take that method; Allow lists those it takes."),
    413: ("PayloadTooLarge", "The body is beyond the limit."),
    415: ("UnsupportedMediaType", "The content encoding is not understood."),
    429: ("TooManyRequests", "A limit is reached; Retry-After says in how many seconds to come back."),
    500: ("InternalServerError", "A filter makes no sense, or something went wrong on our side."),
    503: ("ServiceUnavailable", "The hub cannot do this now; the same request may succeed later."),
}
"""Every status of a refusal: the name of its component, and what it means."""

SESSION = "The same as the token of bearerAuth, for a client that keeps a session."

_ALWAYS = (401, 403, 404, 405, 429, 500, 503)
_WITH_BODY = (400, 413, 415)


def document_of(app: FastAPI, profile: Profile) -> dict[str, Any]:
    """The whole document."""
    description = DESCRIPTION.format(name=profile.name)
    if profile is CIH:
        description += "* An organization may search a few times a minute; `Retry-After` says when to come back.\n"
    document = get_openapi(title=app.title, version=app.version, description=description, routes=app.routes)
    components = document.setdefault("components", {})
    components["schemas"] = schemas(profile)
    components["responses"] = {name: _refusal(status, says) for status, (name, says) in REFUSALS.items()}
    components["securitySchemes"] = {
        "basicAuth": {"type": "http", "scheme": "basic"},
        "bearerAuth": {"type": "http", "scheme": "bearer", "description": "A token, or an API key of the hub."},
        **{name: {"type": "apiKey", "in": "header", "name": name, "description": SESSION} for name in SESSION_HEADERS},
    }
    document["security"] = [{name: []} for name in components["securitySchemes"]]
    for operations in document["paths"].values():
        for method, operation in operations.items():
            _complete(method, operation)
    return document


def _complete(method: str, operation: dict[str, Any]) -> None:
    responses = operation["responses"]
    if "HTTPValidationError" in str(responses.get("422", "")):
        del responses["422"]
    for status in _ALWAYS + (_WITH_BODY if method == "post" else ()):
        responses.setdefault(str(status), {"$ref": f"#/components/responses/{REFUSALS[status][0]}"})
    operation["responses"] = dict(sorted(responses.items()))


def _refusal(status: int, says: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Refusal"}
    found: dict[str, Any] = {"description": says, "content": {"application/json": {"schema": schema}}}
    if status == 429:
        found["headers"] = {"Retry-After": {"description": "In seconds.", "schema": {"type": "integer"}}}
    return found
