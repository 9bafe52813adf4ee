"""@stomp/stompjs, which most browsers speak STOMP with, led step by step against a hub as anybody runs it."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.serving import KEY, Hub

pytestmark = [pytest.mark.needs("npm packages on Node.js 20"), pytest.mark.asyncio(loop_scope="module")]
PATIENCE_S = 30


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def hub(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Hub]:
    async with Hub(tmp_path_factory.mktemp("hub")) as hub:
        yield hub


class Node:
    """``stompjs.mjs``, running."""

    def __init__(self, hub: Hub) -> None:
        self.url = hub.url.replace("http", "ws", 1)
        self._told: list[dict[str, Any]] = []

    async def __aenter__(self) -> "Node":
        self._process = await asyncio.create_subprocess_exec(
            "node", "stompjs.mjs",
            cwd=Path(__file__).parent, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=1 << 24,
        )  # fmt: skip
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._process.communicate(b"")

    def do(self, command: str, **more: Any) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"do": command, **more}).encode() + b"\n")

    async def hear(self, event: str) -> dict[str, Any]:
        """The next of what it tells that is of this kind: a message may come before the receipt of its sender."""
        assert self._process.stdout is not None
        async with asyncio.timeout(PATIENCE_S):
            while not (alike := [told for told in self._told if told["event"] == event]):
                line = await self._process.stdout.readline()
                assert line, self._told
                self._told.append(json.loads(line))
        self._told.remove(alike[0])
        return alike[0]

    async def connect(self, path: str = "/ws", passcode: str | None = KEY, **more: Any) -> dict[str, Any]:
        headers = {} if passcode is None else {"login": "any", "passcode": passcode}
        self.do("connect", url=self.url + path, headers=headers, **more)
        connected: dict[str, Any] = (await self.hear("connected"))["headers"]
        return connected

    async def subscribe(self, destination: str, **headers: str) -> None:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.do("subscribe", destination=destination, headers=named)
        await self.hear("subscribed")

    async def publish(self, destination: str, **more: Any) -> None:
        self.do("publish", destination=destination, **more)
        await self.hear("published")


@pytest_asyncio.fixture(loop_scope="module")
async def node(hub: Hub) -> AsyncIterator[Node]:
    async with Node(hub) as node:
        yield node


@pytest.mark.parametrize("path", ["/ws", "/", "/stomp", "/stomp/websocket"])
async def test_it_connects_wherever_it_looks(node: Node, path: str) -> None:
    headers = await node.connect(path)
    assert (headers["version"], headers["heart-beat"]) == ("1.2", "10000,10000")
    node.do("leave")
    closed = await node.hear("closed")
    assert closed["code"] == 1000
    await node.hear("left")


async def test_it_logs_in_with_the_request(node: Node) -> None:
    await node.connect(passcode=None, upgrade={"authorization": f"Bearer {KEY}"})


async def test_entity_events_come_as_text(hub: Hub, node: Node) -> None:
    [project] = await hub.get("/v1/projects")
    await node.connect()
    await node.subscribe(f"exchange/project.{project['id']}/vehicles.*.create")
    await hub.post(f"/v1/projects/{project['id']}/entities/vehicles/7/create", name="Zürich")
    message = await node.hear("message")
    assert json.loads(message["body"])["data"]["state"] == {"name": "Zürich"}


async def test_acknowledged_and_not(node: Node) -> None:
    await node.connect()
    await node.subscribe("/queue/work", ack="client-individual")
    await node.publish("/queue/work", body="x")
    message = await node.hear("message")
    assert message["headers"]["redelivered"] == "false"
    node.do("nack", index=message["index"])
    again = await node.hear("message")
    assert again["headers"]["redelivered"] == "true"
    node.do("ack", index=again["index"])


async def test_bytes_that_are_no_text(node: Node) -> None:
    await node.connect()
    await node.subscribe("/topic/a")
    sent = base64.b64encode(bytes(range(256))).decode()
    node.do("publish", destination="/topic/a", base64=sent)
    assert (await node.hear("message"))["base64"] == sent


@pytest.mark.parametrize("options", [{"splitLargeFrames": True}, {"forceBinaryWSFrames": True}])
async def test_frames_in_pieces_and_in_bytes(node: Node, options: dict[str, bool]) -> None:
    await node.connect(options=options)
    await node.subscribe("/topic/a")
    await node.publish("/topic/a", body="ü" * 100_000)
    assert (await node.hear("message"))["body"] == "ü" * 100_000


async def test_a_transaction(node: Node) -> None:
    await node.connect()
    await node.subscribe("/topic/a")
    for end in ("abort", "commit"):
        node.do("begin")
        node.do("send", destination="/topic/a", body=end)
        node.do(end)
    assert (await node.hear("message"))["body"] == "commit"


async def test_it_comes_back_and_replays_what_it_missed(hub: Hub, node: Node) -> None:
    await node.connect(options={"reconnectDelay": 10})
    await node.publish("/topic/missed", body="before")
    node.do("drop")
    await node.hear("closed")
    await node.hear("connected")
    await node.subscribe("/topic/missed", x_stream_offset="first")
    assert (await node.hear("message"))["body"] == "before"


async def test_a_wrong_login_is_told_with_the_reason(node: Node) -> None:
    node.do("connect", url=node.url + "/ws", headers={"login": "me", "passcode": "wrong"})
    error = await node.hear("error")
    assert (error["headers"]["message"], error["headers"]["code"]) == ("Bad CONNECT", "unauthenticated")
    assert (await node.hear("closed"))["code"] == 1008


async def test_a_revoked_key_is_told_with_the_reason(hub: Hub, node: Node) -> None:
    key = await hub.post("/v1/keys", name="short", scopes=["events:read"])
    await node.connect(passcode=key["key"])
    await node.subscribe("/topic/a")
    await hub.call("DELETE", f"/v1/keys/{key['id']}")
    assert (await node.hear("error"))["headers"]["code"] == "access_ended"
    closed = await node.hear("closed")
    assert (closed["code"], closed["reason"]) == (1008, "the key of this connection was revoked")


async def test_a_hub_that_stops_says_so(tmp_path: Path) -> None:
    async with Hub(tmp_path) as hub, Node(hub) as node:
        await node.connect()
        hub.signal(15)
        assert (await node.hear("error"))["headers"]["code"] == "shutting_down"
        assert (await node.hear("closed"))["code"] == 1001
        assert await hub.ended() == 0
