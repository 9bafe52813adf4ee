"""``/asyncapi.json``, ``/asyncapi.yaml``, and ``/asyncapi`` to look at them: of any project, or of the caller's own.

Without a key there is what holds for every project; with one, the caller's project with its topics. The viewer's own
files are fetched when the package is built (``cli/npm.py``).
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import msgspec
from fastapi import APIRouter, Query, Request, Response
from starlette.responses import FileResponse

from eventyard.dialects.data_events.document import Addresses, Json, ProjectView, document
from eventyard.dialects.data_events.page import page
from eventyard.dialects.data_events.topics import TopicView
from eventyard.dialects.data_events.yaml import to_yaml
from eventyard.model.access import Principal, Scope
from eventyard.model.catalog import Application, Topic
from eventyard.model.errors import NotFound, Unauthenticated
from eventyard.pipeline.hub import Hub
from eventyard.pipeline.view import View
from eventyard.wire.pages import GUARDED

OURS = Path(__file__).parent / "viewer"
ASSETS = Path(__file__).parent / "assets" / "asyncapi-react"

FETCHED = {"viewer.js": "browser/standalone/without-parser.js", "viewer.css": "styles/default.min.css"}
"""What the viewer's files are called here, and in its package."""

_OWN = ("before.js", "start.js", "style.css")
_TYPES = {".js": "text/javascript", ".css": "text/css"}

InProject = Annotated[str | None, Query(alias="project_id", max_length=255)]


def data_events_router(
    hub: Hub,
    authenticate: Callable[[Mapping[str, str], str], Awaitable[Principal]],
    *,
    public_url: str | None = None,
    listening: Callable[[], Mapping[str, str]] = dict,
    assets: Path = ASSETS,
) -> APIRouter:
    """The routes. ``authenticate`` proves a caller by the request's headers, names in lower case, and the
    address it comes from.

    ``public_url`` is how clients reach the hub, if that is not the address they name; ``listening`` tells the URLs of
    the gateways that are open, by ``stomp`` and ``amqp``.
    """
    router = APIRouter(include_in_schema=False)

    async def view(request: Request, project_id: str | None) -> ProjectView | None:
        if "authorization" not in request.headers:
            if project_id is None:
                return None
            raise Unauthenticated(
                "unauthenticated", "the document of a project needs a key", hint="send Authorization: Bearer <API key>"
            )
        peer = "" if request.client is None else request.client.host
        who = await authenticate(dict(request.headers), peer)
        return project_view(View(hub.catalog, who), project_id)

    async def made(request: Request, project_id: str | None) -> Json:
        seen = await view(request, project_id)
        return document(addresses(request, public_url, listening()), seen)

    @router.get("/asyncapi.json")
    async def as_json(request: Request, project_id: InProject = None) -> Response:
        return Response(msgspec.json.encode(await made(request, project_id)), media_type="application/json")

    @router.get("/asyncapi.yaml")
    async def as_yaml(request: Request, project_id: InProject = None) -> Response:
        return Response(to_yaml(await made(request, project_id)), media_type="application/yaml")

    @router.get("/asyncapi")
    async def as_page(request: Request, project_id: InProject = None) -> Response:
        viewer = all((assets / path).is_file() for path in FETCHED.values())
        shown = page(await made(request, project_id), viewer=viewer)
        return Response(shown, media_type="text/html; charset=utf-8", headers=GUARDED)

    @router.get("/asyncapi/assets/{name}")
    async def asset(name: str) -> Response:
        path = OURS / name if name in _OWN else assets / FETCHED.get(name, "none")
        if not path.is_file():
            raise NotFound("not_found", f"there is no /asyncapi/assets/{name}")
        return FileResponse(path, media_type=_TYPES[path.suffix], headers=GUARDED)

    return router


def project_view(view: View, project_id: str | None) -> ProjectView:
    """What a caller may know of the project named, or of their only one; a key of an application knows no other.

    Raises ``Forbidden``, ``NotFound``, ``Invalid`` (``no_project``).
    """
    project = view.need(Scope.CATALOG_READ).project(project_id)
    own = view.principal.application_id
    return ProjectView(
        project,
        tuple(made for made in reversed(view.list(Application, project)) if own in (None, made.id)),
        tuple(TopicView(topic, _enforced(view, topic)) for topic in view.list(Topic, project)),
    )


def _enforced(view: View, topic: Topic) -> object:
    version = view.catalog.topic_schema(topic)
    return None if version is None else version.schema


def addresses(request: Request, public_url: str | None, listening: Mapping[str, str]) -> Addresses:
    """Where this client reaches the hub: as configured, or as it did just now.

    A gateway that listens on every address is reached by the name that the HTTP server is reached by.
    """
    if public_url is None:
        host = request.headers.get("host", "")
        if not _HOST.fullmatch(host):
            host = "{}:{}".format(*(request.scope.get("server") or ("localhost", 80)))
        public_url = f"{request.scope['scheme']}://{host}"
    name = urlsplit(public_url).hostname or "localhost"
    reached = {gateway: _reached(url, name) for gateway, url in listening.items()}
    return Addresses(public_url.rstrip("/"), reached.get("stomp"), reached.get("amqp"))


def _reached(url: str, name: str) -> str:
    parts = urlsplit(url)
    if parts.hostname not in ("0.0.0.0", "::"):
        return url
    return parts._replace(netloc=f"{f'[{name}]' if ':' in name else name}:{parts.port}").geturl()


_HOST = re.compile(r"[A-Za-z0-9.-]+(:[0-9]+)?|\[[0-9A-Fa-f:.]+\](:[0-9]+)?")
