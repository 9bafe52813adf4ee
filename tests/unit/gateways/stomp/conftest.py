"""Clients of STOMP."""

from collections.abc import AsyncIterator

import pytest

from eventyard.testing.hub import Yard
from tests.unit.gateways.stomp.around import Client


@pytest.fixture
async def client(yard: Yard) -> AsyncIterator[Client]:
    """A client that is logged in."""
    client = Client(yard)
    assert (await client.login()).command == "CONNECTED"
    yield client
    await client.leave()


@pytest.fixture
async def other(yard: Yard) -> AsyncIterator[Client]:
    """Another one."""
    client = Client(yard)
    assert (await client.login()).command == "CONNECTED"
    yield client
    await client.leave()
