"""A hub in memory, and a client of it that may do everything."""

import httpx
import pytest

from eventyard.testing.hub import memory_hub


@pytest.fixture
async def yard():
    async with memory_hub() as yard:
        yield yard


@pytest.fixture
async def client(yard):
    transport = httpx.ASGITransport(yard.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://hub.example", headers=yard.headers()) as client:
        yield client
