"""A request keeps what every target type keeps."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import pytest

from eventyard.model.ids import EntryId
from eventyard.ports import Delivery, Egress
from eventyard.targets.request import RequestTarget
from eventyard.testing import builders
from eventyard.testing.builders import NOW
from eventyard.testing.contracts.target import TargetContract


@pytest.fixture
async def kind() -> AsyncIterator[RequestTarget]:
    request = RequestTarget(Egress(allow_private=True))
    async with AsyncExitStack() as stack:
        await request.start(stack)
        yield request


@pytest.fixture
async def deliveries() -> AsyncIterator[list[Delivery]]:
    """To nobody, to somebody who never answers, for a token too; and what cannot be made of the event."""
    never = asyncio.Event()

    async def be_silent(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await never.wait()
        writer.close()

    with socket.create_server(("127.0.0.1", 0)) as free:
        nobody = f"http://127.0.0.1:{free.getsockname()[1]}/"
    server = await asyncio.start_server(be_silent, "127.0.0.1", 0)
    silent = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    settings: list[dict[str, Any]] = [
        {"url": nobody},
        {"url": silent},
        {"url": "${.body.nothing}"},
        {"url": nobody, "oauth2": {"url": silent, "client_id": "hub"}},
        {"url": nobody, "oauth2": {"url": nobody, "client_id": "hub"}},
        {"url": nobody, "body": "${.body.nothing}", "missing": "error"},
        {"url": nobody, "mapping": "$error('no')"},
        {"url": nobody, "mapping": "($f := function($x){$f($x + 1)}; $f(0))"},
        {"url": nobody, "function": "throw 1"},
    ]
    targets = [builders.target(str(n), type="request", settings=s, timeout_ms=300) for n, s in enumerate(settings)]
    secrets = {"client_secret": ("s3cret",)}
    yield [Delivery(EntryId(2), EntryId(1), "s", 1, builders.event(), target, secrets, NOW) for target in targets]
    never.set()
    server.close()


class TestRequestTarget(TargetContract):
    pass
