"""An exchange as server-sent events: what comes is written as it comes, and who comes back misses nothing."""

import asyncio
import json
from typing import Any

import pytest

from eventyard.config.sections import StreamSettings
from eventyard.model.event import Event
from eventyard.pipeline.streams.outgoing import Outgoing
from eventyard.testing.hub import Yard, memory_hub


class Client:
    """One request, by hand: what was answered, and an end when the test wants it."""

    def __init__(self, yard: Yard, path: str, query: str = "", **headers: str) -> None:
        self.status = 0
        self.body = b""
        self.takes = asyncio.Event()
        self.takes.set()
        self._news = asyncio.Event()
        self._left = asyncio.Event()
        given = {**yard.headers(), **{name.replace("_", "-"): value for name, value in headers.items()}}
        raw = [(name.lower().encode(), value.encode()) for name, value in given.items()]
        scope: dict[str, Any] = {
            "type": "http", "method": "GET", "path": path, "query_string": query.encode(), "headers": raw,
            "client": ("127.0.0.1", 5),
        }  # fmt: skip
        self._task = asyncio.create_task(yard.app(scope, self._receive, self._send))

    async def _receive(self) -> dict[str, Any]:
        await self._left.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Any) -> None:
        await self.takes.wait()
        self.status = message.get("status", self.status)
        self.body += message.get("body", b"")
        self._news.set()

    async def until(self, text: bytes) -> None:
        while text not in self.body:
            self._news.clear()
            await self._news.wait()

    async def started(self) -> None:
        while not self.status:
            self._news.clear()
            await self._news.wait()

    async def leave(self) -> None:
        self._left.set()
        await self._task

    async def ended(self) -> None:
        await self._task


async def publish(yard: Yard, *keys: str) -> list[int]:
    link = yard.hub.streams.connect(
        yard.hub.keys.by_key(yard.key), protocol="test", peer="", name="", end=lambda _: None
    )
    results = await link.publish([Outgoing("amq.topic", Event(f"e-{k}", "/t", "t", 0, b'{"a":\n1}', k)) for k in keys])
    await link.close()
    return [result for result in results if isinstance(result, int)]


async def test_events_are_written_as_they_are_committed_and_resumed_where_they_stopped() -> None:
    async with memory_hub() as yard:
        client = Client(yard, "/v1/streams/amq.topic", "key=a.%23&from=first")
        first, other, second = await publish(yard, "a.1", "b.1", "a.2")
        await client.until(b"id: %d\n" % second)
        await client.leave()
        assert client.status == 200
        events = client.body.decode().replace(": alive\n\n", "").strip().split("\n\n")
        assert [event.split("\n")[0] for event in events] == ["id: 0", f"id: {first}", f"id: {second}"]
        data = "\n".join(line.removeprefix("data: ") for line in events[1].split("\n")[1:])
        assert json.loads(data)["data"] == {"a": 1}
        assert json.loads(data)["sequence"] == f"{first:018d}"
        again = Client(yard, "/v1/streams/amq.topic", last_event_id=str(first))
        await again.until(b"id: %d\n" % second)
        await again.leave()
        assert again.body.startswith(b"id: %d\n\n" % first)
        assert again.body.count(b"id: %d\n" % first) == 1
        assert b"id: %d\n" % other in again.body
        assert not list(yard.hub.streams.links(yard.hub.keys.by_key(yard.key)))


async def test_who_is_cut_off_before_the_first_event_knows_where_to_go_on() -> None:
    async with memory_hub() as yard:
        (before,) = await publish(yard, "a")
        client = Client(yard, "/v1/streams/amq.topic")
        await client.until(b"\n\n")
        await client.leave()
        assert client.body == b"id: %d\n\n" % before


async def test_a_place_that_is_none_is_told_of_by_its_name_in_the_query() -> None:
    async with memory_hub() as yard:
        client = Client(yard, "/v1/streams/amq.topic", "from=banana")
        await client.ended()
        told = json.loads(client.body)
        assert (client.status, told["pointer"]) == (400, "from")
        assert told["detail"] == "from=banana is no place in the stream"


@pytest.mark.parametrize(
    ("path", "query", "headers", "status", "code"),
    [
        ("/v1/streams/nothing", "", {}, 404, "not_found"),
        ("/v1/streams/amq.topic", "", {"authorization": "Bearer wrong"}, 401, "unauthenticated"),
        ("/v1/streams/amq.topic", "", {"last_event_id": "five"}, 400, "invalid_parameter"),
        ("/v1/streams/amq.topic", "form=first", {}, 400, "invalid_parameter"),
    ],
)
async def test_what_cannot_be_streamed_is_refused_as_everywhere(
    path: str, query: str, headers: dict[str, str], status: int, code: str
) -> None:
    async with memory_hub() as yard:
        client = Client(yard, path, query, **headers)
        await client.ended()
        assert client.status == status
        assert json.loads(client.body)["code"] == code


async def test_the_hub_says_why_it_ends_a_stream() -> None:
    async with memory_hub() as yard:
        client = Client(yard, "/v1/streams/amq.topic")
        await client.started()
        await yard.hub.streams.say_goodbye()
        await client.ended()
        assert client.body.endswith(b"event: end\ndata: shutting_down: the hub is stopping\n\n")


async def test_who_takes_nothing_for_too_long_is_let_go() -> None:
    async with memory_hub(streams=StreamSettings.model_construct(stalled_seconds=0)) as yard:
        client = Client(yard, "/v1/streams/amq.topic")
        await client.started()
        await client.until(b"id:")
        client.takes.clear()
        await publish(yard, "a")
        await client.ended()
        assert not list(yard.hub.streams.links(yard.hub.keys.by_key(yard.key)))
