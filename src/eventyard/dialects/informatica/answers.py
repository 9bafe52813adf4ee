"""Answers of the Informatica dialects, and a route whose errors leave in their shape.

    {"responseCode": "BAD_REQUEST", "message": "…"}

The originals tell a filter that makes no sense (500) from a body that cannot be read (400); the first status can be
chosen. ``responseCode`` is a word here; where an original has a number, its route has a class that says so.
"""

import traceback
import uuid
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

import msgspec
from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from eventyard.model.errors import HubError, TooMany

JSON = "application/json"

SUCCESS = "SUCCESS"
"""The ``responseCode`` of what was done."""

CODES: Mapping[int, str] = {
    400: "BAD_REQUEST",
    401: "UNAUTHORIZED",
    403: "INSUFFICIENT_PRIVILEGES",
    404: "NOT_FOUND",
    405: "METHOD_NOT_ALLOWED",
    409: "CONFLICT",
    413: "PAYLOAD_TOO_LARGE",
    415: "UNSUPPORTED_MEDIA_TYPE",
    429: "TOO_MANY_REQUESTS",
    500: "INTERNAL_SERVER_ERROR",
    503: "SERVICE_UNAVAILABLE",
}
"""The ``responseCode`` of every status of a refusal."""

OF_CODE: Mapping[str, int] = {"method_not_allowed": 405, "unsupported_encoding": 415, "store_full": 503}
OF_FAMILY: Mapping[str, int] = {
    "invalid": 400,
    "too_large": 413,
    "unauthenticated": 401,
    "forbidden": 403,
    "not_found": 404,
    "conflict": 409,
    "too_many": 429,
    "unavailable": 503,
    "internal": 500,
}


def answer(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """What msgspec can write, as JSON."""
    return Response(msgspec.json.encode(body), status, headers, JSON)


class InformaticaRoute(APIRoute):
    """A route whose errors leave as refusals."""

    @staticmethod
    def refusal(status: int, word: str, message: str) -> dict[str, Any]:
        """The body of a refusal, by its status and the word for that."""
        return {"responseCode": word, "message": message}

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """FastAPI's own handler, and what becomes of what it raises."""
        handle = super().get_route_handler()

        async def answered(request: Request) -> Response:
            try:
                return await handle(request)
            except Exception as error:
                return refused(request, error, self.refusal)

        return answered


def refused(
    request: Request,
    error: Exception,
    refusal: Callable[[int, str, str], dict[str, Any]] = InformaticaRoute.refusal,
) -> Response:
    """What a client is told of an error; what nobody meant to raise is told to the log, under an id of its own."""
    if not isinstance(error, HubError):
        error = _told(request, error)
    status = _status(error, request.app.state.options.invalid_filter_status)
    message = error.message if error.hint is None else f"{error.message}; {error.hint}"
    code = CODES[status] if status in CODES else error.code.upper()
    return answer(refusal(status, code, message), status, _headers(error, status))


def _status(error: HubError, invalid_filter: int) -> int:
    if error.code == "invalid_filter":
        return invalid_filter
    return OF_CODE.get(error.code) or OF_FAMILY[error.family]


def _told(request: Request, error: Exception) -> HubError:
    if isinstance(error, HTTPException):
        return HubError("internal", str(error.detail))
    request_id = str(uuid.uuid4())
    trace = "".join(traceback.format_exception(error))
    request.app.state.hub.log.error(
        "internal", request_id=request_id, path=request.url.path, error=repr(error), trace=trace
    )
    return HubError("internal", f"something went wrong on our side; the log knows it as {request_id}")


def _headers(error: HubError, status: int) -> Mapping[str, str]:
    if isinstance(error, TooMany):
        return {"retry-after": str(error.retry_after)}
    if error.code == "method_not_allowed":
        return {"allow": error.hint or ""}
    return {"www-authenticate": 'Basic realm="eventyard", charset="UTF-8"'} if status == 401 else {}
