"""A hub in memory, and clients that speak to it in process."""

from contextlib import AsyncExitStack

import httpx
import pytest

from eventyard.testing.hub import memory_hub


@pytest.fixture
async def yard():
    async with memory_hub() as yard:
        yield yard


@pytest.fixture
async def client_of(yard):
    """Makes clients: of the administrator, or of the caller with a key; ``None`` for nobody."""
    async with AsyncExitStack() as stack:

        async def make(key=yard.key):
            headers = {} if key is None else yard.headers(key)
            transport = httpx.ASGITransport(yard.app)
            return await stack.enter_async_context(
                httpx.AsyncClient(transport=transport, base_url="http://hub.example", headers=headers)
            )

        yield make


@pytest.fixture
async def client(client_of):
    return await client_of()
