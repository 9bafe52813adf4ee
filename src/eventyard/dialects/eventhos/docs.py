"""``/eventhos/docs``: the dialect's description to look at, and ``/eventhos/openapi.json``, what it is drawn from.

Swagger UI's own files are those that the native API serves below ``/docs/assets``. Without them, or without JavaScript,
the page is its table of operations. It has no inline script, and its content security policy lets none in.
"""

from collections.abc import Mapping
from typing import Any

import msgspec
from fastapi import APIRouter, Request, Response

from eventyard.dialects.eventhos.options import BASE
from eventyard.wire.pages import GUARDED_SWAGGER, operations_table, swagger_start

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
{operations}</div>
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
        return Response(page, media_type="text/html; charset=utf-8", headers=GUARDED_SWAGGER)

    @router.get("/docs/start.js")
    async def start() -> Response:
        return Response(swagger_start(f"{BASE}/openapi.json"), media_type="text/javascript", headers=GUARDED_SWAGGER)

    return router


def operations_page(document: Mapping[str, Any]) -> str:
    """The page, with every operation of an OpenAPI document."""
    return _PAGE.format(style=STYLE, base=BASE, operations=operations_table(document))
