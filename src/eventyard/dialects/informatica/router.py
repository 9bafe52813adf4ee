"""The dialects put together: for each profile an application of its own below its path, in its product's words only.

They share the hub with everybody else, and nothing more. ``api/front.py`` hands each what is below its path;
``server.py`` gives it what it needs from ``api``.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from fastapi import APIRouter, FastAPI, Request, Response
from starlette.exceptions import HTTPException
from starlette.routing import Match

from eventyard import __version__
from eventyard.dialects.informatica.access import Access
from eventyard.dialects.informatica.answers import answer, refused
from eventyard.dialects.informatica.catalog import catalog_router
from eventyard.dialects.informatica.changemode import changemode_router
from eventyard.dialects.informatica.changestatus import changestatus_router
from eventyard.dialects.informatica.consume import consume_router
from eventyard.dialects.informatica.event import event_router
from eventyard.dialects.informatica.events import events_router
from eventyard.dialects.informatica.limits import CallLimit
from eventyard.dialects.informatica.openapi import document_of
from eventyard.dialects.informatica.options import Options
from eventyard.dialects.informatica.profiles import CIH, Profile
from eventyard.dialects.informatica.publish import publish_router
from eventyard.dialects.informatica.reprocess import reprocess_router
from eventyard.dialects.informatica.start import start_router
from eventyard.dialects.informatica.start_publication import start_publication_router
from eventyard.model.errors import Invalid, NotFound
from eventyard.pipeline.hub import Hub

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")

Read = Callable[[Sequence[tuple[bytes, bytes]], Any], Awaitable[bytes]]
"""Gives the whole body of a request with these headers. Raises ``TooLarge``, ``Invalid`` (``unsupported_encoding``)."""


class Informatica(FastAPI):
    """FastAPI, described by :func:`document_of`."""

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI document, made when first asked for."""
        if self.openapi_schema is None:
            self.openapi_schema = document_of(self, self.state.profile)
        return self.openapi_schema


def informatica_app(profile: Profile, hub: Hub, access: Access, options: Options, read: Read) -> Informatica:
    """The ASGI application of a profile. ``read`` gives the whole body of a request, within the hub's bounds."""
    app = Informatica(
        title=f"Eventyard, as {profile.name}",
        version=__version__,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        exception_handlers={HTTPException: _refuse_route},
    )
    app.state.hub = hub
    app.state.access = access
    app.state.options = options
    app.state.profile = profile
    app.state.read = read
    limit = CallLimit(options.cih_calls_per_minute if profile is CIH else 0)
    routers = (
        reprocess_router, changestatus_router, event_router, start_publication_router, start_router, changemode_router,
        catalog_router, publish_router, consume_router,
    )  # fmt: skip
    for router in (events_router(profile, limit), *(make(profile) for make in routers)):
        app.include_router(router, prefix=profile.api)
    app.include_router(_description(profile))
    return app


def _description(profile: Profile) -> APIRouter:
    router = APIRouter(prefix=profile.base, include_in_schema=False)

    @router.get("/openapi.json")
    async def openapi(request: Request) -> Response:
        return answer(request.app.openapi())

    return router


async def _refuse_route(request: Request, _: Exception) -> Response:
    """Handler of starlette's :class:`HTTPException`: there is no such path, or not with that method."""
    path = request.url.path
    allowed = ", ".join(method for method in METHODS if _takes(request, method))
    if not allowed:
        return refused(request, NotFound("not_found", f"there is no {path}"))
    return refused(request, Invalid("method_not_allowed", f"{path} does not take {request.method}", hint=allowed))


def _takes(request: Request, method: str) -> bool:
    """Whether any route takes this request's path with that method."""
    scope = {**request.scope, "method": method}
    return any(route.matches(scope)[0] is Match.FULL for route in request.app.routes)
