"""Clients that speak to eventhos' routes in process."""

from contextlib import AsyncExitStack

import httpx
import pytest

from eventyard.dialects.eventhos.access import Access
from eventyard.dialects.eventhos.options import Options
from eventyard.dialects.eventhos.router import eventhos_app


async def read(headers, receive):
    """The whole body, whatever its size."""
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            return body


@pytest.fixture
async def client_of(yard):
    """Makes clients: of the administrator, or of the caller with a key or token; ``None`` for nobody."""
    access = Access(yard.hub, yard.security.bearer, yard.security.source_of, lambda _: "http://hub.example")
    app = eventhos_app(yard.hub, access, Options(), read)
    async with AsyncExitStack() as stack:

        async def make(key=yard.key, peer="192.0.2.1"):
            headers = {} if key is None else {"authorization": f"BEARER {key}"}
            return await stack.enter_async_context(
                httpx.AsyncClient(
                    transport=httpx.ASGITransport(app, raise_app_exceptions=False, client=(peer, 1)),
                    base_url="http://hub.example/eventhos",
                    headers=headers,
                )
            )

        yield make


@pytest.fixture
async def admin(client_of):
    return await client_of()
