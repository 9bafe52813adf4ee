"""``/eventhos/docs``: the dialect's description to look at, and ``/eventhos/openapi.json``, what it is drawn from.

Swagger UI's own files are those that the native API serves below ``/docs/assets``. Without them, or without JavaScript,
the page is its table of operations. It has no inline script, and its content security policy lets none in.
"""

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

import msgspec
from fastapi import APIRouter, Request, Response

from eventyard.dialects.eventhos.options import BASE

START = f"""const dark = matchMedia("(prefers-color-scheme: dark)");
const follow = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", follow);
follow();
SwaggerUIBundle({{
  url: "{BASE}/openapi.json",
  dom_id: "#swagger",
  deepLinking: true,
  persistAuthorization: false,
  validatorUrl: null,
}});
"""
"""Starts Swagger UI on our document, in place of the table; as dark or light as the reader's system."""

STYLE = """
:root { color-scheme: light dark; --line: light-dark(#d8dce2, #3a414b); }
body { margin: 0 auto; padding: 2rem 1rem 4rem; max-width: 60rem; font: 1rem/1.5 system-ui, sans-serif;
  color: light-dark(#1c2430, #e4e8ee); background: light-dark(#fff, #14181e); }
a { color: light-dark(#0b57d0, #8ab4f8); }
#swagger > table { width: 100%; border-collapse: collapse; }
#swagger > table :is(th, td) { padding: .5rem 1rem .5rem 0; text-align: left; vertical-align: top;
  border-top: 1px solid var(--line); }
code { font: .9em ui-monospace, monospace; overflow-wrap: anywhere; }
"""

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
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>eventhos API</title>
<link rel="icon" href="data:,">
<style>{style}</style>
<link rel="stylesheet" href="/docs/assets/swagger-ui.css">
</head>
<body>
<p>The whole description: <a href="{base}/openapi.json">{base}/openapi.json</a>.
The native API: <a href="/docs">/docs</a>.</p>
<div id="swagger"><h1>eventhos API</h1>
<table>
<thead><tr><th>Method</th><th>Path</th><th>What it does</th></tr></thead>
<tbody>
{rows}</tbody>
</table></div>
<script src="/docs/assets/swagger-ui-bundle.js"></script>
<script src="{base}/docs/start.js"></script>
</body>
</html>
"""


def docs_router() -> APIRouter:
    """The routes of the documentation. They want no token and are not part of the description."""
    router = APIRouter(prefix=BASE, include_in_schema=False)

    @router.get("/openapi.json")
    async def openapi(request: Request) -> Response:
        return Response(msgspec.json.encode(request.app.openapi()), media_type="application/json")

    @router.get("/docs")
    async def docs(request: Request) -> Response:
        page = operations_page(request.app.openapi())
        return Response(page, media_type="text/html; charset=utf-8", headers=SECURITY)

    @router.get("/docs/start.js")
    async def start() -> Response:
        return Response(START, media_type="text/javascript", headers=SECURITY)

    return router


def operations_page(document: Mapping[str, Any]) -> str:
    """The page, with every operation of an OpenAPI document."""
    return _PAGE.format(style=STYLE, base=BASE, rows="".join(_rows(document)))


def _rows(document: Mapping[str, Any]) -> Iterator[str]:
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            yield (
                f"<tr><td>{method.upper()}</td><td><code>{escape(path)}</code></td>"
                f"<td>{escape(operation.get('summary', ''))}</td></tr>\n"
            )
