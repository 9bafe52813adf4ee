"""The native API: FastAPI with the routers of ``v1/`` and those of the dialects, behind the guard.

``front.py`` hands it every request that is not for a hot path, and builds it when the first of them comes.
"""

import asyncio
from collections.abc import Iterable
from typing import Any

import msgspec
from fastapi import APIRouter, FastAPI, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware

from eventyard import __version__
from eventyard.api.docs import docs_router
from eventyard.api.guard import Guard
from eventyard.api.http import JSON
from eventyard.api.oauth2 import oauth2_router
from eventyard.api.openapi import DESCRIPTION, TAGS, document_of
from eventyard.api.security import Security
from eventyard.api.v1 import (
    applications,
    clients,
    deliveries,
    entities,
    event_sources,
    events,
    jobs,
    keys,
    plugins,
    products,
    projects,
    roles,
    rules,
    sources,
    streams,
    subscriptions,
    targets,
    topics,
    users,
)
from eventyard.api.validation import refuse_route, refuse_values
from eventyard.pipeline.hub import Hub

NOUNS = (
    event_sources, events, deliveries, entities, products, projects, applications, topics, sources, subscriptions,
    targets, rules, jobs, streams, plugins, keys, users, clients, roles,
)  # fmt: skip


class Native(FastAPI):
    """FastAPI, described by :func:`document_of`."""

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI document, made when first asked for."""
        if self.openapi_schema is None:
            self.openapi_schema = document_of(self)
        return self.openapi_schema


def build_app(
    hub: Hub, security: Security, *, public_url: str | None = None, dialects: Iterable[APIRouter] = ()
) -> Native:
    """The ASGI application of the native API over a hub.

    ``security`` is the one that guards the hot paths too, as it counts the calls of a key. ``public_url`` is how
    clients reach the hub, if that is not the address they name in their requests. The guard asks for a key under
    ``/v1`` only; the routes of ``dialects`` prove their callers themselves.
    """
    app = Native(
        title="Eventyard",
        version=__version__,
        description=DESCRIPTION,
        openapi_tags=TAGS,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        middleware=[Middleware(Guard, hub=hub, security=security)],
        exception_handlers={RequestValidationError: refuse_values, HTTPException: refuse_route},
    )
    app.state.hub = hub
    app.state.public_url = public_url
    app.state.source_of = security.source_of
    for noun in NOUNS:
        app.include_router(noun.router)
    app.include_router(oauth2_router(hub.identity, security))
    app.include_router(docs_router())
    for dialect in dialects:
        app.include_router(dialect)

    @app.get("/", include_in_schema=False)
    async def start() -> Response:
        return RedirectResponse("/docs")

    @app.get("/openapi.json", include_in_schema=False)
    async def openapi() -> Response:
        return Response(msgspec.json.encode(await asyncio.to_thread(app.openapi)), media_type=JSON)

    return app
