"""A hub in memory, and clients that speak to the two profiles in process."""

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
    """Makes clients of a profile: of the administrator, or of the caller with a key; ``None`` for nobody."""
    async with AsyncExitStack() as stack:

        async def make(profile, key=yard.key):
            headers = {} if key is None else {"authorization": f"Bearer {key}"}
            transport = httpx.ASGITransport(yard.app, raise_app_exceptions=False)
            base = f"http://hub.example{profile.api}"
            return await stack.enter_async_context(
                httpx.AsyncClient(transport=transport, base_url=base, headers=headers)
            )

        yield make
