"""What FastAPI and pydantic refuse, said as the hub's own errors.

A fault in the body is ``invalid_body`` under a JSON Pointer; one in a path, query or header parameter is
``invalid_parameter`` under its name. The given value itself is never repeated: it may be a secret.

FastAPI takes query parameters that a route does not know, and looks away. A search whose filter is misspelt would find
everything; here such a parameter is refused, as a field that a body does not know is.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.routing import Match

from eventyard.api.names import meant, shortened
from eventyard.api.problems import Fault, Faulty
from eventyard.matching.pointer import pointer
from eventyard.model.errors import HubError, Invalid, NotFound

METHODS = {"DELETE": "DELETE", "GET": "GET, HEAD", "PATCH": "PATCH", "POST": "POST"}
"""What the API's paths take among them, in the words of Allow: whatever is read can be asked for without its body."""

POINTER = "pointer"
"""Under this key of its context a pydantic error may say where below its own place the fault is."""
HINT = "hint"


async def refuse_values(request: Request, error: Exception) -> Any:
    """Handler of :class:`RequestValidationError`. Raises :class:`Faulty`."""
    assert isinstance(error, RequestValidationError)
    raise faulty(error.errors())


async def refuse_route(request: Request, error: Exception) -> Any:
    """Handler of starlette's :class:`HTTPException`: there is no such path, or not with that method."""
    assert isinstance(error, HTTPException)
    raise _routeless(request, error)


def check_parameters(request: Request) -> None:
    """Raise :class:`Faulty` (``invalid_parameter``) for query parameters that the route does not know."""
    given = request.query_params
    if not given:  # nearly always
        return
    known = list(dict.fromkeys(_parameters(request.scope["route"].dependant)))
    unknown = [name for name in given if name not in known]
    if unknown:
        faults = [Fault(name, f"there is no parameter {shortened(name)!r} here") for name in unknown]
        said = "say it in the body" if request.method in ("PATCH", "POST") and not known else None
        raise Faulty("invalid_parameter", faults, hint=said or meant(unknown[0], known, "parameters"))


def _parameters(dependant: Dependant) -> Iterator[str]:
    yield from (field.alias for field in dependant.query_params)
    for below in dependant.dependencies:
        yield from _parameters(below)


def faulty(errors: Sequence[Mapping[str, Any]]) -> Faulty:
    """One error out of all that pydantic found; faults of parameters go before faults of the body."""
    outside = [error for error in errors if error["loc"][0] != "body"]
    if outside:
        return Faulty("invalid_parameter", [Fault(str(error["loc"][1]), error["msg"]) for error in outside])
    hint = next((error["ctx"][HINT] for error in errors if HINT in error.get("ctx", {})), None)
    return Faulty("invalid_body", [_fault(error) for error in errors], hint=hint)


def _fault(error: Mapping[str, Any]) -> Fault:
    path = pointer("", *error["loc"][1:])
    detail = "the call needs a body" if error["loc"] == ("body",) and error["type"] == "missing" else error["msg"]
    return Fault(path + error.get("ctx", {}).get(POINTER, ""), detail)


def _routeless(request: Request, error: HTTPException) -> HubError:
    path = request.url.path
    if error.status_code == 405:
        allowed = ", ".join(words for method, words in METHODS.items() if _takes(request, method))
        return Invalid("method_not_allowed", f"{path} does not take {request.method}", hint=allowed)
    if error.status_code == 404:
        return NotFound("not_found", f"there is no {path}", hint="/docs lists the paths there are")
    return Invalid("invalid_json", f"the body cannot be read: {error.detail}")


def _takes(request: Request, method: str) -> bool:
    """Whether any route takes this request's path with that method."""
    scope = {**request.scope, "method": method}
    return any(route.matches(scope)[0] is Match.FULL for route in request.app.routes)
