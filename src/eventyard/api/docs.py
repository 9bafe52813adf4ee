"""``/docs``: Swagger UI without a network, and ``/docs/errors``, where the ``type`` of every problem document leads.

Swagger UI's own files are fetched when the package is built. Without them ``/docs`` is a plain page that lists the
operations. No page has inline script, and the content security policy lets none in.
"""

from collections.abc import Iterator, Mapping
from html import escape
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request, Response
from starlette.responses import FileResponse

from eventyard.api.problems import CODES_PAGE
from eventyard.model.errors import CODES, NotFound

ASSETS = Path(__file__).parent / "assets" / "swagger-ui"
FILES = {"swagger-ui-bundle.js": "text/javascript", "swagger-ui.css": "text/css"}

START = b"""SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#swagger",
  deepLinking: true,
  persistAuthorization: false,
  validatorUrl: null,
});
"""
"""The one script of our own: it starts Swagger UI on our document."""

SECURITY = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
}
"""Styles may stand inline, because Swagger UI writes some; scripts may not."""

_PAGE = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}</title>{head}</head>
<body>{body}</body>
</html>
"""


def docs_router(assets: Path = ASSETS) -> APIRouter:
    """The routes of the documentation. They want no key and are not part of the API's own description."""
    router = APIRouter(prefix="/docs", include_in_schema=False)

    @router.get("")
    async def docs(request: Request) -> Response:
        if all((assets / name).is_file() for name in FILES):
            return _html(_swagger_page())
        return _html(operations_page(request.app.openapi()))

    @router.get("/errors")
    async def errors() -> Response:
        return _html(errors_page())

    @router.get("/assets/start.js")
    async def start() -> Response:
        return Response(START, media_type="text/javascript", headers=SECURITY)

    @router.get("/assets/{name}")
    async def asset(name: str) -> Response:
        if name not in FILES or not (assets / name).is_file():
            raise NotFound("not_found", f"there is no /docs/assets/{name}")
        return FileResponse(assets / name, media_type=FILES[name], headers=SECURITY)

    return router


def operations_page(document: Mapping[str, Any]) -> str:
    """Every operation of an OpenAPI document, as a plain page."""
    return _PAGE.format(
        title="Eventyard API",
        head="",
        body="<h1>Eventyard API</h1>\n"
        '<p>The whole description: <a href="/openapi.json">/openapi.json</a>. '
        f'<a href="{CODES_PAGE}">Error codes</a>.</p>\n'
        f"<table>\n<tr><th>Method</th><th>Path</th><th>What it does</th></tr>\n{''.join(_rows(document))}</table>",
    )


def errors_page() -> str:
    """Every error code with what it means; each has an anchor of its own name."""
    rows = "".join(
        f'<tr id="{code}"><th><a href="#{code}">{code}</a></th><td>{escape(sentence)}</td></tr>\n'
        for code, sentence in CODES.items()
    )
    return _PAGE.format(
        title="Eventyard error codes",
        head="",
        body="<h1>Error codes</h1>\n<p>A code never changes its meaning.</p>\n<table>\n"
        f"<tr><th>Code</th><th>Meaning</th></tr>\n{rows}</table>",
    )


def _swagger_page() -> str:
    return _PAGE.format(
        title="Eventyard API",
        head='<link rel="stylesheet" href="/docs/assets/swagger-ui.css">',
        body='<div id="swagger"></div>\n'
        '<noscript><p>The description: <a href="/openapi.json">/openapi.json</a></p></noscript>'
        '\n<script src="/docs/assets/swagger-ui-bundle.js"></script>\n<script src="/docs/assets/start.js"></script>',
    )


def _rows(document: Mapping[str, Any]) -> Iterator[str]:
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            yield (
                f"<tr><td>{method.upper()}</td><td><code>{escape(path)}</code></td>"
                f"<td>{escape(operation['summary'])}</td></tr>\n"
            )


def _html(page: str) -> Response:
    return Response(page, media_type="text/html; charset=utf-8", headers=SECURITY)
