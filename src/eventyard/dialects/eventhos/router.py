"""The dialect put together: an application of its own below ``/eventhos``, which answers in eventhos' words only.

It shares the hub with the native API and nothing else: other envelopes, forms beside JSON, CORS, a description of its
own. ``api/front.py`` hands it what is below its path; ``server.py`` gives it what it needs from ``api``. What senders
send comes in by ``send.py`` and does not pass here.
"""

from typing import Any
from weakref import WeakValueDictionary

from fastapi import APIRouter, FastAPI, Request, Response
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.routing import Match

from eventyard import __version__
from eventyard.dialects.eventhos import actions, contracts, events, log, retries, systems
from eventyard.dialects.eventhos.access import Access
from eventyard.dialects.eventhos.answers import EventhosRoute
from eventyard.dialects.eventhos.auth import clients, resources, roles, tokens, users
from eventyard.dialects.eventhos.docs import docs_router
from eventyard.dialects.eventhos.door import Door, Read
from eventyard.dialects.eventhos.openapi import DESCRIPTION, TAGS, document_of
from eventyard.dialects.eventhos.options import BASE, Options
from eventyard.dialects.eventhos.send import PATH as SEND
from eventyard.dialects.eventhos.senders import Senders
from eventyard.model.errors import Invalid, NotFound
from eventyard.pipeline.hub import Hub

NOUNS = (retries, log, events, systems, actions, contracts, tokens, users, clients, roles, resources)

METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE")


class Eventhos(FastAPI):
    """FastAPI, described by :func:`document_of`."""

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI document, made when first asked for."""
        if self.openapi_schema is None:
            self.openapi_schema = document_of(self)
        return self.openapi_schema


def eventhos_app(hub: Hub, access: Access, options: Options, read: Read) -> Eventhos:
    """The ASGI application. ``read`` gives the whole body of a request, within the hub's bounds."""
    app = Eventhos(
        title="Eventyard, as eventhos",
        version=__version__,
        description=DESCRIPTION,
        openapi_tags=TAGS,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        middleware=[Middleware(Door, hub=hub, read=read)],
        exception_handlers={HTTPException: _refuse_route},
    )
    app.state.hub = hub
    app.state.access = access
    app.state.options = options
    app.state.senders = Senders(hub, options.project)
    app.state.turns = WeakValueDictionary()
    for noun in NOUNS:
        app.include_router(noun.router, prefix=BASE)
    app.include_router(_start())
    app.include_router(docs_router())
    return app


def _start() -> APIRouter:
    router = APIRouter(route_class=EventhosRoute, include_in_schema=False)

    @router.get(BASE)
    async def start() -> Response:
        return Response("Ok", media_type="text/plain; charset=utf-8")

    return router


async def _refuse_route(request: Request, error: Exception) -> Any:
    """Handler of starlette's :class:`HTTPException`: there is no such path, or not with that method. Always raises."""
    assert isinstance(error, HTTPException)
    path = request.url.path
    allowed = "POST" if path == SEND else ", ".join(method for method in METHODS if _takes(request, method))
    if not allowed:
        raise NotFound("not_found", f"there is no {path}")
    raise Invalid("method_not_allowed", f"{path} does not take {request.method}", hint=allowed)


def _takes(request: Request, method: str) -> bool:
    """Whether any route takes this request's path with that method."""
    scope = {**request.scope, "method": "GET" if method == "HEAD" else method}
    return any(route.matches(scope)[0] is Match.FULL for route in request.app.routes)
