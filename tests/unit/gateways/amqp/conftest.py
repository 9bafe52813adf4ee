"""Clients of AMQP."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from eventyard.testing.hub import Yard
from tests.unit.gateways.amqp.around import Client


@pytest.fixture
async def client(yard: Yard) -> AsyncIterator[Client]:
    """A client with two channels open."""
    client = await Client(yard).open(channels=2)
    yield client
    client.leave()


@pytest.fixture
async def other(yard: Yard) -> AsyncIterator[Client]:
    """Another one."""
    client = await Client(yard).open()
    yield client
    client.leave()


@pytest.fixture
def hashing_in_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords are hashed in the turn of the loop in which it is asked for, and not in a thread."""

    async def at_once(work: Callable[[], Any]) -> Any:
        return work()

    monkeypatch.setattr(asyncio, "to_thread", at_once)
