"""``/docs``: Swagger UI without a network, and ``/docs/errors``, where the ``type`` of every problem document leads.

Swagger UI's own files are fetched when the package is built. Without them ``/docs`` is a plain page that lists the
operations. No page has inline script, and the content security policy lets none in.
"""

from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request, Response
from starlette.responses import FileResponse

from eventyard.api.problems import CODES_PAGE
from eventyard.model.errors import CODES, NotFound
from eventyard.wire.pages import GUARDED_SWAGGER, operations_table, swagger_start

ASSETS = Path(__file__).parent / "assets" / "swagger-ui"
FILES = {"swagger-ui-bundle.js": "text/javascript", "swagger-ui.css": "text/css"}

STYLE = """
:root { color-scheme: light dark; --line: light-dark(#d8dce2, #3a414b); --mark: light-dark(#fff3c4, #4a3f12); }
body { margin: 0 auto; padding: 2rem 1rem 4rem; max-width: 60rem; font: 1rem/1.5 system-ui, sans-serif;
  color: light-dark(#1c2430, #e4e8ee); background: light-dark(#fff, #14181e); }
h1 { font-size: 1.6rem; margin: 0 0 .5rem; }
a { color: light-dark(#0b57d0, #8ab4f8); }
table { width: 100%; border-collapse: collapse; margin-top: 1.5rem; }
th, td { padding: .5rem 1rem .5rem 0; text-align: left; vertical-align: top; border-top: 1px solid var(--line); }
th { font-weight: 600; }
code, tr[id] a { font: .9em ui-monospace, monospace; overflow-wrap: anywhere; }
tr:target { background: var(--mark); }
@media (max-width: 40rem) {
  thead { display: none; }
  tr { display: block; padding: .6rem 0; border-top: 1px solid var(--line); }
  th, td { display: block; padding: 0; border: 0; }
}
"""
"""Of the pages that are our own: readable in the dark and on a telephone; the code that a link leads to is marked."""

ICON = "data:image/svg+xml," + quote(
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="3" fill="#1f7a5c"/>'
    '<path d="M4 4.5h8M4 8h5M4 11.5h8" stroke="#fff" stroke-width="2" stroke-linecap="round"/></svg>'
)
"""Stands in the page, so that no browser asks for one."""

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="{icon}">
{head}
</head>
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
        return Response(swagger_start("/openapi.json"), media_type="text/javascript", headers=GUARDED_SWAGGER)

    @router.get("/assets/{name}")
    async def asset(name: str) -> Response:
        if name not in FILES or not (assets / name).is_file():
            raise NotFound("not_found", f"there is no /docs/assets/{name}")
        return FileResponse(assets / name, media_type=FILES[name], headers=GUARDED_SWAGGER)

    return router


def operations_page(document: Mapping[str, Any]) -> str:
    """Every operation of an OpenAPI document, as a plain page."""
    return _own_page(
        "Eventyard API",
        "<h1>Eventyard API</h1>\n"
        '<p>The whole description: <a href="/openapi.json">/openapi.json</a>. '
        f'<a href="{CODES_PAGE}">Error codes</a>.</p>\n' + operations_table(document),
    )


def errors_page() -> str:
    """Every error code with what it means; each has an anchor of its own name."""
    rows = "".join(
        f'<tr id="{code}"><th><a href="#{code}">{code}</a></th><td>{escape(sentence)}</td></tr>\n'
        for code, sentence in CODES.items()
    )
    return _own_page(
        "Eventyard error codes",
        "<h1>Error codes</h1>\n"
        "<p>Every refusal names one as <code>code</code>, and a code never changes its meaning. "
        'The calls themselves: <a href="/docs">/docs</a>.</p>\n'
        f"<table>\n<thead><tr><th>Code</th><th>Meaning</th></tr></thead>\n<tbody>\n{rows}</tbody>\n</table>",
    )


def _own_page(title: str, body: str) -> str:
    return _PAGE.format(title=title, icon=ICON, head=f"<style>{STYLE}</style>", body=body)


def _swagger_page() -> str:
    return _PAGE.format(
        title="Eventyard API",
        icon=ICON,
        head='<link rel="stylesheet" href="/docs/assets/swagger-ui.css">',
        body='<div id="swagger"></div>\n'
        '<noscript><p>The description: <a href="/openapi.json">/openapi.json</a></p></noscript>'
        '\n<script src="/docs/assets/swagger-ui-bundle.js"></script>\n<script src="/docs/assets/start.js"></script>',
    )


def _html(page: str) -> Response:
    return Response(page, media_type="text/html; charset=utf-8", headers=GUARDED_SWAGGER)
