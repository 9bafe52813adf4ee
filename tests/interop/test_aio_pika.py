"""What only this hub has, and what a crash leaves, asked for by aio-pika: confirms, replay, entities, credentials."""

import asyncio
import json
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import aio_pika
import aiormq
import pytest
from aio_pika.abc import AbstractChannel, AbstractConnection, AbstractIncomingMessage, AbstractQueue
from aio_pika.exceptions import CONNECTION_EXCEPTIONS

from tests.serving import KEY, Hub

OPEN = {"EVENTYARD_AMQP": "127.0.0.1:0"}


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[Hub]:
    async with Hub(tmp_path / "data", **OPEN) as hub:
        yield hub


def address(hub: Hub, key: str = KEY) -> str:
    return hub.urls["amqp"].replace("amqp://", f"amqp://key:{key}@")


@asynccontextmanager
async def connected(hub: Hub, key: str = KEY) -> AsyncIterator[AbstractConnection]:
    async with await aio_pika.connect(address(hub, key)) as connection:
        yield connection


class Reader:
    """A consumer that keeps what it is given, and can wait for more."""

    def __init__(self) -> None:
        self.messages: list[AbstractIncomingMessage] = []
        self._more = asyncio.Event()

    async def __call__(self, message: AbstractIncomingMessage) -> None:
        self.messages.append(message)
        self._more.set()

    async def until(self, number: int) -> list[AbstractIncomingMessage]:
        while len(self.messages) < number:
            self._more.clear()
            await self._more.wait()
        return self.messages


async def bound(channel: AbstractChannel, exchange: str, key: str) -> AbstractQueue:
    """A private queue, bound."""
    queue = await channel.declare_queue(exclusive=True)
    await queue.bind(exchange, key)
    return queue


# A crash


async def test_what_was_confirmed_under_load_is_there_after_a_crash(tmp_path: Path) -> None:
    data, confirmed = tmp_path / "data", set[str]()
    enough = asyncio.Event()

    async def publish(connection: AbstractConnection, first: int) -> None:
        channel = await connection.channel()
        for number in range(first, first + 100_000, 50):

            async def one(body: str) -> None:
                message = aio_pika.Message(body.encode(), delivery_mode=aio_pika.DeliveryMode.PERSISTENT)
                await channel.default_exchange.publish(message, "it.load")
                confirmed.add(body)
                if len(confirmed) > 2_000:
                    enough.set()

            await asyncio.gather(*[one(str(number + more)) for more in range(50)])

    async with Hub(data, **OPEN) as before:
        connection = await aio_pika.connect(address(before))
        await (await connection.channel()).declare_queue("it.load", durable=True)
        tasks = [asyncio.create_task(publish(connection, first)) for first in (0, 1_000_000, 2_000_000)]
        await enough.wait()
        before.signal(signal.SIGKILL)
        for task in tasks:
            with suppress(*CONNECTION_EXCEPTIONS, aiormq.exceptions.ChannelInvalidStateError):
                await task
        with suppress(*CONNECTION_EXCEPTIONS):
            await connection.close()

    async with Hub(data, **OPEN) as after, connected(after) as connection:
        channel = await connection.channel()
        queue = await channel.declare_queue("it.load", durable=True)
        found = Reader()
        await queue.consume(found, no_ack=True)
        await found.until(len(confirmed))
        while lost := confirmed - {one.body.decode() for one in found.messages}:
            assert await found.until(len(found.messages) + 1), lost
        bodies = [one.body for one in found.messages]
        assert len(set(bodies)) == len(bodies)


# Replay


@pytest.mark.parametrize("offset", ["first", "entry", "timestamp=0"])
async def test_a_replay_joins_what_comes_without_gap_or_duplicate(hub: Hub, offset: str) -> None:
    async with connected(hub) as connection:
        channel = await connection.channel()
        exchange = await channel.declare_exchange("it.history", aio_pika.ExchangeType.TOPIC)
        queue = await bound(channel, "it.history", "#")

        async def publish(first: int, last: int) -> None:
            for number in range(first, last):
                await exchange.publish(aio_pika.Message(b"%d" % number), f"a.{number}")

        await publish(0, 300)
        seen = Reader()
        await queue.consume(seen, no_ack=True, arguments={"x-stream-offset": "first"})
        entry = (await seen.until(300))[0].headers["x-stream-offset"]
        assert isinstance(entry, int)
        later = asyncio.create_task(publish(300, 600))
        replay = Reader()
        start = entry if offset == "entry" else offset
        await queue.consume(replay, no_ack=True, arguments={"x-stream-offset": start})
        await later
        assert [int(one.body) for one in await replay.until(600)] == list(range(600))
        entries = [one.headers["x-stream-offset"] for one in replay.messages]
        assert entries == sorted(entries)
        last = Reader()
        await queue.consume(last, no_ack=True, arguments={"x-stream-offset": "last"})
        assert (await last.until(1))[0].body == b"599"


# What the hub tells of


async def test_entity_events_come_as_cloudevents_by_pattern(hub: Hub) -> None:
    project = (await hub.get("/v1/projects"))[0]["id"]
    application = (await hub.get("/v1/applications", project_id=project))[0]["id"]
    async with connected(hub) as connection:
        channel = await connection.channel()
        one, everything, binary = Reader(), Reader(), Reader()
        await (await bound(channel, f"project.{project}", "vehicles.*.update")).consume(one)
        await (await bound(channel, f"application.{application}", "#")).consume(everything)
        await (await bound(channel, f"project.{project}", "#")).consume(binary, arguments={"x-cloudevents": "binary"})
        for event in ("create", "update"):
            await hub.call("POST", f"/v1/projects/{project}/entities/vehicles/7/{event}", {"name": "Van"})
        await hub.call("POST", f"/v1/applications/{application}/entities/users/3/delete")
        (update,) = await one.until(1)
        assert (update.exchange, update.routing_key) == (f"project.{project}", "vehicles.7.update")
        assert update.content_type == "application/cloudevents+json"
        told = json.loads(update.body)
        assert (told["specversion"], told["type"], told["subject"]) == ("1.0", "entity.vehicles.update", "vehicles/7")
        assert (told["source"], told["data"]["state"]) == (f"/projects/{project}", {"name": "Van"})
        assert int(told["sequence"]) == update.headers["x-stream-offset"]
        (gone,) = await everything.until(1)
        assert json.loads(gone.body)["type"] == "entity.users.delete"
        create, _ = await binary.until(2)
        assert create.headers["cloudEvents:type"] == "entity.vehicles.create"
        assert (create.content_type, json.loads(create.body)["event"]) == ("application/json", "create")


async def test_what_a_client_publishes_is_an_event_like_any_other(hub: Hub) -> None:
    async with connected(hub) as connection:
        channel = await connection.channel()
        exchange = await channel.declare_exchange("it.orders", aio_pika.ExchangeType.TOPIC, durable=True)
        message = aio_pika.Message(b'{"id": 1}', content_type="application/json", message_id="m1", type="order.created")
        await exchange.publish(message, "order.1.created", mandatory=False)
    (entry,) = await hub.entries(topic="it.orders", kind="publication")
    event = (await hub.get(f"/v1/events/{entry['entry_id']}"))["event"]
    assert (event["id"], event["type"], event["routing_key"]) == ("m1", "order.created", "order.1.created")
    assert event["data"] == {"id": 1}


# Credentials


async def test_a_key_that_is_revoked_ends_its_connections_at_once(hub: Hub) -> None:
    made = await hub.post("/v1/keys", name="reader", scopes=["events:read"])
    connection = await aio_pika.connect(address(hub, made["key"]))
    channel = await connection.channel()
    queue = await channel.declare_queue(exclusive=True)
    await queue.consume(Reader())
    ended = asyncio.get_running_loop().create_future()
    connection.close_callbacks.add(lambda _, error: ended.done() or ended.set_result(error))
    await hub.call("DELETE", f"/v1/keys/{made['id']}")
    error = await ended
    assert isinstance(error, aiormq.exceptions.ConnectionClosed)
    assert (error.args[0], error.args[1]) == (320, "CONNECTION_FORCED - the key of this connection was revoked")
    await connection.close()


async def test_a_living_connection_goes_on_with_newer_credentials(hub: Hub) -> None:
    old = await hub.post("/v1/keys", name="old", scopes=["events:read", "events:publish"])
    new = await hub.post("/v1/keys", name="new", scopes=["events:read"])
    connection = await aiormq.connect(address(hub, old["key"]))
    await connection.update_secret(new["key"], reason="renewed")
    await hub.call("DELETE", f"/v1/keys/{old['id']}")
    channel = await connection.channel()
    await channel.queue_declare(exclusive=True)
    with pytest.raises(aiormq.exceptions.ChannelAccessRefused):
        await channel.basic_publish(b"", exchange="amq.topic", routing_key="a")
    with pytest.raises(aiormq.exceptions.ConnectionNotAllowed):
        await connection.update_secret("eyk_wrong", reason="renewed")
    await connection.close()
