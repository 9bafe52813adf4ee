"""STOMP byte by byte, by clients that misbehave, and side by side with AMQP, against a hub as anybody runs it."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import aio_pika
import pytest
import pytest_asyncio
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.serving import KEY, Hub

pytestmark = pytest.mark.asyncio(loop_scope="module")
STALLED_S = 1


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def hub(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Hub]:
    settings = {
        "EVENTYARD_STOMP": "127.0.0.1:0",
        "EVENTYARD_AMQP": "127.0.0.1:0",
        "EVENTYARD_STREAMS__STALLED_SECONDS": str(STALLED_S),
        "EVENTYARD_STREAMS__ORIGINS": '["https://app.test"]',
    }
    async with Hub(tmp_path_factory.mktemp("hub"), **settings) as hub:
        yield hub


def ws(hub: Hub, path: str = "/ws") -> str:
    return hub.url.replace("http", "ws", 1) + path


async def login(client: ClientConnection, more: str = "") -> None:
    await client.send(f"CONNECT\naccept-version:1.2\npasscode:{KEY}\n{more}\n\0")
    assert str(await client.recv()).startswith("CONNECTED\n")


async def subscribe(client: ClientConnection, destination: str, more: str = "") -> None:
    await client.send(f"SUBSCRIBE\nid:1\ndestination:{destination}\nreceipt:r\n{more}\n\0")
    assert await client.recv() == "RECEIPT\nreceipt-id:r\n\n\0\n"


def head_of(frame: str | bytes) -> dict[str, str]:
    """The headers of a frame."""
    assert isinstance(frame, str)
    return dict(line.split(":", 1) for line in frame.partition("\n\n")[0].split("\n")[1:])


@pytest.mark.parametrize(
    ("frame", "code", "close"),
    [
        ("SEND\nno colon\n\n\0", "invalid_frame", 1002),
        ("SEND\ndestination:/topic/a\\x\n\n\0", "invalid_frame", 1002),
        ("A" * 100, "invalid_frame", 1002),
        ("SEND\ndestination:/topic/a\ncontent-length:99999999\n\n", "frame_too_large", 1009),
        ("SEND\ndestination:/nowhere\nreceipt:7\n\n\0", "invalid_parameter", 1002),
        ("FLY\n\n\0", "not_implemented", 1002),
        ("CONNECT\n\n\0", "not_allowed", 1002),
        ("SUBSCRIBE\nid:1\ndestination:/exchange/nothing/a\n\n\0", "not_found", 1008),
    ],
)
async def test_what_is_wrong_is_told_and_the_connection_ends(hub: Hub, frame: str, code: str, close: int) -> None:
    async with connect(ws(hub)) as client:
        await login(client)
        await client.send(frame)
        error = await client.recv()
        assert str(error).startswith("ERROR\n")
        assert head_of(error)["code"] == code
        assert head_of(error).get("receipt-id") == ("7" if "receipt" in frame else None)
        with pytest.raises(ConnectionClosed) as closed:
            await client.recv()
        assert closed.value.rcvd is not None and closed.value.rcvd.code == close


async def test_a_message_beyond_all_bounds_is_not_taken_in(hub: Hub) -> None:
    async with connect(ws(hub)) as client:
        with pytest.raises(ConnectionClosed) as closed:
            await client.send("x" * 100_000)
            await client.recv()
        assert closed.value.rcvd is not None and closed.value.rcvd.code == 1009


async def test_the_same_over_tcp_ends_with_the_error(hub: Hub) -> None:
    where = urlsplit(hub.urls["stomp"])
    reader, writer = await asyncio.open_connection(where.hostname, where.port)
    writer.write(b"CONNECT\naccept-version:1.2\npasscode:wrong\n\n\0" + b"x" * 100_000)
    answer = await reader.read()
    assert answer.startswith(b"ERROR\nmessage:Bad CONNECT\n")
    writer.close()


async def test_who_breaks_the_promise_of_signs_of_life_is_given_up(hub: Hub) -> None:
    async with connect(ws(hub)) as client:
        await login(client, "heart-beat:1000,0\n")
        with pytest.raises(ConnectionClosed) as closed:
            await client.recv()
        assert closed.value.rcvd is not None and closed.value.rcvd.reason == "no sign of life came for too long"


async def test_where_and_from_where_a_websocket_is_opened(hub: Hub) -> None:
    for path, origin, status in (("/v1/events", None, 404), ("/ws", "https://elsewhere.test", 403)):
        with pytest.raises(InvalidStatus) as refusal:
            async with connect(ws(hub, path), origin=origin):
                pass
        assert refusal.value.response.status_code == status
    async with connect(ws(hub), origin="https://app.test", subprotocols=["v11.stomp", "v12.stomp"]) as client:
        assert client.subprotocol == "v12.stomp"
    with pytest.raises(InvalidStatus) as refusal:
        async with connect(ws(hub), additional_headers={"authorization": "Bearer wrong"}):
            pass
    assert refusal.value.response.status_code == 401
    async with connect(ws(hub), additional_headers={"authorization": f"Bearer {KEY}"}) as client:
        await client.send("CONNECT\naccept-version:1.2\n\n\0")
        assert str(await client.recv()).startswith("CONNECTED\n")


async def test_http_and_websocket_share_the_port(hub: Hub) -> None:
    async with connect(ws(hub)) as client:
        await login(client)
        await subscribe(client, "/topic/#")
        [project] = await hub.get("/v1/projects")
        assert project["name"] == "default"


async def test_a_slow_consumer_is_closed_and_harms_nobody_and_loses_nothing(hub: Hub) -> None:
    number, size = 600, 50_000
    durable = "durable:true\nauto-delete:false\n"
    where = urlsplit(hub.urls["stomp"])
    slow = socket.socket()
    slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    slow.connect((where.hostname, where.port))
    slow.sendall(f"CONNECT\naccept-version:1.2\npasscode:{KEY}\n\n\0".encode())
    slow.sendall(f"SUBSCRIBE\nid:1\nack:client\ndestination:/topic/a\nreceipt:r\n{durable}\n\0".encode())
    said = b""
    while b"RECEIPT" not in said:
        said += await asyncio.to_thread(slow.recv, 512)
    async with connect(ws(hub), max_queue=None) as fast, connect(ws(hub)) as sender:
        await login(fast)
        await subscribe(fast, "/topic/a")
        await login(sender)
        for at in range(number):
            body = f"{at} ".ljust(size, "x")
            await sender.send(f"SEND\ndestination:/topic/a\n\n{body}\0")
        for at in range(number):
            frame = str(await fast.recv())
            assert frame.partition("\n\n")[2].startswith(f"{at} ")
        while len(await hub.get("/v1/connections")) > 2:
            pass
        assert "stream_too_slow" in (hub.data / "log").read_text()
        slow.close()
    async with connect(ws(hub), max_queue=None) as again:
        await login(again)
        await again.send(f"SUBSCRIBE\nid:1\nack:client\ndestination:/topic/a\n{durable}\n\0")
        for at in range(number):
            frame = str(await again.recv())
            assert frame.partition("\n\n")[2].startswith(f"{at} ")


async def test_what_is_sent_with_one_protocol_is_read_with_the_other(hub: Hub) -> None:
    broker = await aio_pika.connect(hub.urls["amqp"].replace("amqp://", f"amqp://any:{KEY}@"))
    async with broker, connect(ws(hub)) as client:
        await login(client)
        channel = await broker.channel()
        queue = await channel.declare_queue("both", durable=True)
        await client.send(
            "SEND\ndestination:/queue/both\ncontent-type:text/plain\npriority:5\npersistent:true\n"
            "correlation-id:c\nexpiration:60000\namqp-message-id:m\ntype:t\nmine:a\\cb\nreceipt:r\n\nhello\0"
        )
        assert str(await client.recv()).startswith("RECEIPT\n")
        message = await queue.get()
        assert message is not None
        assert (message.body, message.content_type, message.priority, message.correlation_id) == (
            b"hello", "text/plain", 5, "c",
        )  # fmt: skip
        assert (message.message_id, message.type, message.headers["mine"]) == ("m", "t", "a:b")
        assert message.delivery_mode == aio_pika.DeliveryMode.PERSISTENT
        await message.ack()
        await subscribe(client, "/queue/both")
        answer = aio_pika.Message(b"hi", headers={"n": 5, "deep": {"a": 1}}, type="t", reply_to="me", app_id="amqp")
        await channel.default_exchange.publish(answer, "both")
        headers = head_of(await client.recv())
        assert (headers["n"], headers["type"], headers["reply-to"], headers["app-id"]) == ("5", "t", "me", "amqp")
        assert json.loads(headers["deep"].replace("\\c", ":")) == {"a": 1}
