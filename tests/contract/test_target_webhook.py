"""A webhook keeps what every target type keeps."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from eventyard.model.ids import EntryId
from eventyard.ports import Delivery, Egress
from eventyard.targets.webhook import WebhookTarget
from eventyard.testing import builders
from eventyard.testing.builders import NOW
from eventyard.testing.contracts.target import TargetContract


@pytest.fixture
async def kind() -> AsyncIterator[WebhookTarget]:
    webhook = WebhookTarget(Egress(allow_private=True))
    async with AsyncExitStack() as stack:
        await webhook.start(stack)
        yield webhook


@pytest.fixture
async def deliveries() -> AsyncIterator[list[Delivery]]:
    """To nobody, to somebody who hangs up, who speaks no HTTP, who never answers; and to no address at all."""
    never = asyncio.Event()

    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async def mumble(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example ESMTP\r\n")
        writer.close()

    async def be_silent(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await never.wait()
        writer.close()

    with socket.create_server(("127.0.0.1", 0)) as free:
        ports = [free.getsockname()[1]]
    servers = [await asyncio.start_server(server, "127.0.0.1", 0) for server in (hang_up, mumble, be_silent)]
    ports += [server.sockets[0].getsockname()[1] for server in servers]
    urls = [f"http://127.0.0.1:{port}/" for port in ports] + ["http://2130706433/"]
    targets = [builders.target(settings={"url": url}, timeout_ms=200) for url in urls]
    yield [Delivery(EntryId(2), EntryId(1), "s", 1, builders.event(), target, {}, NOW) for target in targets]
    never.set()
    for server in servers:
        server.close()


class TestWebhookTarget(TargetContract):
    pass
