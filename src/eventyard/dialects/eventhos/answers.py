"""Answers of eventhos' routes: its envelopes (``envelopes.py``) as responses, and a route that answers errors by them.

    router = APIRouter(route_class=EventhosRoute)

Whatever a route raises, on purpose or not, leaves in the error envelope. The log knows it by its ``errorUUID``.
"""

import traceback
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from msgspec import UNSET
from starlette.exceptions import HTTPException

from eventyard.dialects.eventhos.envelopes import (
    NOT_CATEGORIZED,
    EventhosError,
    Fault,
    Refusal,
    refusal_of,
    success,
)
from eventyard.model.errors import HubError
from eventyard.pipeline.hub import Hub

__all__ = ["EventhosError", "EventhosRoute", "Fault", "invalid", "ok", "refusal_told", "refused"]

JSON = "application/json"


def ok(
    code: int,
    content: Any = UNSET,
    status: int = 200,
    message: str = "success",
    headers: Mapping[str, str] | None = None,
) -> Response:
    """A success. Without ``content`` the envelope has none; msgspec writes whatever it can write."""
    return Response(success(code, message, content), status, headers, JSON)


def refused(refusal: Refusal) -> Response:
    """A refusal."""
    return Response(refusal.body, refusal.status, refusal.headers, JSON)


def invalid(errors: Sequence[Mapping[str, Any]]) -> EventhosError:
    """What pydantic found, as one error with a line for each field. Given values are never repeated: secrets may be."""
    faults = [Fault(".".join(map(str, error["loc"][1:])) or str(error["loc"][0]), error["msg"]) for error in errors]
    message = "; ".join(f"{fault.field}: {fault.message}" for fault in faults)
    return EventhosError(400, 400001, f"Invalid request; {message}", faults=faults)


class EventhosRoute(APIRoute):
    """A route whose errors leave in eventhos' envelope. Expects the hub at ``request.app.state.hub``."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """FastAPI's own handler, and what becomes of what it raises."""
        handle = super().get_route_handler()

        async def answered(request: Request) -> Response:
            try:
                return await handle(request)
            except Exception as error:
                return _refuse(request, _known(error))

        return answered


def _known(error: Exception) -> Exception:
    """An error of the framework as one of eventhos."""
    if isinstance(error, RequestValidationError):
        return invalid(error.errors())
    if isinstance(error, HTTPException):
        return EventhosError(error.status_code, NOT_CATEGORIZED, str(error.detail))
    return error


def _refuse(request: Request, error: Exception) -> Response:
    return refused(refusal_told(request.app.state.hub, request.url.path, error))


def refusal_told(hub: Hub, path: str, error: Exception) -> Refusal:
    """What a client is told of an error; what nobody meant to raise is told to the log, under the same id."""
    refusal = refusal_of(error)
    if not isinstance(error, EventhosError | HubError):
        trace = "".join(traceback.format_exception(error))
        hub.log.error("internal", request_id=refusal.error_id, path=path, error=repr(error), trace=trace)
    return refusal
