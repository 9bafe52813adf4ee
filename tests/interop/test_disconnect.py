"""Whoever is disconnected over the API is told so in the words of the protocol, and why."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from urllib.parse import urlsplit

import pika
import pytest
import stomp

from tests.serving import KEY, Hub

OPEN = {"EVENTYARD_AMQP": "127.0.0.1:0", "EVENTYARD_STOMP": "127.0.0.1:0"}
REASON = "this connection was ended by bootstrap: the house is on fire"


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[Hub]:
    async with Hub(tmp_path / "data", **OPEN) as hub:
        yield hub


async def over_amqp(hub: Hub, ready: Callable[[], Awaitable[None]]) -> str:
    address = pika.URLParameters(hub.urls["amqp"])
    address.credentials = pika.PlainCredentials("key", KEY)
    connection = await asyncio.to_thread(pika.BlockingConnection, address)
    await asyncio.to_thread(connection.channel)
    assert [one["channels"] for one in await hub.get("/v1/connections")] == [1]
    await ready()
    with pytest.raises(pika.exceptions.ConnectionClosedByBroker) as closed:
        await asyncio.to_thread(connection.process_data_events, None)
    assert closed.value.reply_code == 320
    return closed.value.reply_text


async def over_stomp(hub: Hub, ready: Callable[[], Awaitable[None]]) -> str:
    told: asyncio.Queue[str] = asyncio.Queue()
    loop = asyncio.get_running_loop()

    class Listener(stomp.ConnectionListener):
        def on_error(self, frame):
            loop.call_soon_threadsafe(told.put_nowait, frame.body)

    where = urlsplit(hub.urls["stomp"])
    connection = stomp.Connection12([(where.hostname, where.port)], reconnect_attempts_max=1)
    connection.set_listener("", Listener())
    await asyncio.to_thread(connection.connect, "key", KEY, wait=True)
    await ready()
    return await told.get()


async def over_http(hub: Hub, ready: Callable[[], Awaitable[None]]) -> str:
    async with hub.session.get("/v1/streams/amq.topic") as answer:
        await answer.content.readline()
        await ready()
        return (await answer.content.read()).decode()


@pytest.mark.parametrize("client", [over_amqp, over_stomp, over_http])
async def test_a_client_is_told_that_it_is_disconnected_and_why(
    hub: Hub, client: Callable[..., Awaitable[str]]
) -> None:
    async def disconnect() -> None:
        [connection] = await hub.get("/v1/connections")
        await hub.call("DELETE", f"/v1/connections/{connection['id']}", reason="the house is on fire")

    assert REASON in await client(hub, disconnect)
    while await hub.get("/v1/connections"):
        pass


async def test_a_login_that_is_refused_is_counted(hub: Hub) -> None:
    address = pika.URLParameters(hub.urls["amqp"])
    address.credentials = pika.PlainCredentials("key", "wrong")
    with pytest.raises(pika.exceptions.ProbableAuthenticationError):
        await asyncio.to_thread(pika.BlockingConnection, address)
    async with hub.session.get("/metrics") as answer:
        assert 'eventyard_logins_refused_total{protocol="amqp"} 1.0' in await answer.text()
