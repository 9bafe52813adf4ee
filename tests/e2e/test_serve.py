"""A hub that is told to stop, and one that may not start."""

import asyncio
import signal
import socket
import subprocess
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.serving import COMMAND, ENVIRONMENT, Hub, Receiver

LIMIT_S = 60


@pytest.fixture(autouse=True)
async def in_time() -> AsyncIterator[None]:
    async with asyncio.timeout(LIMIT_S):
        yield


class Slow:
    """Answers when it is let; says what has come, and what was answered."""

    def __init__(self) -> None:
        self.came: asyncio.Queue[str] = asyncio.Queue()
        self.let = asyncio.Event()

    async def __call__(self, headers: Mapping[str, str], body: bytes) -> int:
        self.came.put_nowait(headers["webhook-id"])
        await self.let.wait()
        return 200


async def a_source_that_drives(hub: Hub, target: str, **body: object) -> str:
    source = await hub.post("/v1/sources", name="shop")
    await hub.post("/v1/targets", name=target, **body)
    await hub.post("/v1/subscriptions", source_id=source["id"], target_id=target)
    return str(source["id"])


async def test_sigterm_lets_an_attempt_under_way_end_and_be_recorded(tmp_path: Path) -> None:
    slow = Slow()
    async with Receiver(slow) as receiver:
        async with Hub(tmp_path) as hub:
            source = await a_source_that_drives(hub, "slow", type="webhook", settings={"url": receiver.url})
            await hub.post(f"/in/{source}", order=1)
            await slow.came.get()
            hub.signal(signal.SIGTERM)
            await hub.refuses()
            slow.let.set()
            assert await hub.ended() == 0
        async with Hub(tmp_path) as hub:
            [delivery] = await hub.entries(kind="subscription")
            assert delivery["status"] == "complete"
            detail = await hub.get(f"/v1/events/{delivery['entry_id']}")
            assert [(attempt["number"], attempt["result"]) for attempt in detail["attempts"]] == [(1, "delivered")]
    assert slow.came.empty()


async def test_a_second_sigterm_cuts_the_attempt_off_and_it_is_made_again(tmp_path: Path) -> None:
    slow = Slow()
    async with Receiver(slow) as receiver:
        async with Hub(tmp_path, EVENTYARD_DISPATCH__DRAIN_SECONDS="3600") as hub:
            endless = {"type": "webhook", "settings": {"url": receiver.url}, "timeout_ms": 600_000}
            source = await a_source_that_drives(hub, "slow", **endless)
            await hub.post(f"/in/{source}", order=1)
            first = await slow.came.get()
            hub.signal(signal.SIGTERM)
            await hub.refuses()
            hub.signal(signal.SIGTERM)
            assert await hub.ended() == 0
        slow.let.set()
        async with Hub(tmp_path) as hub:
            assert await slow.came.get() == first
            await hub.settled()
            [delivery] = await hub.entries(kind="subscription")
            assert delivery["status"] == "complete"


async def test_a_worker_that_waits_is_answered_when_the_hub_stops(tmp_path: Path) -> None:
    async with Hub(tmp_path) as hub:
        await hub.post("/v1/jobs", name="book")
        waiting = asyncio.create_task(hub.post("/v1/jobs/book/runs/claim", worker="w", wait_ms=30_000))
        await hub.get("/v1/jobs/book/runs")
        hub.signal(signal.SIGTERM)
        assert await waiting == []
        assert await hub.ended() == 0


async def refusal(*options: str) -> list[str]:
    """What a hub that may not start says: a sentence, perhaps a hint and a code."""
    process = await asyncio.create_subprocess_exec(
        *COMMAND, *options, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    out, err = await process.communicate()
    assert (process.returncode, out) == (1, b"")
    return err.decode().splitlines()


async def test_a_second_hub_on_the_same_data_is_told_so_in_one_sentence(tmp_path: Path) -> None:
    async with Hub(tmp_path) as hub:
        said = await refusal("--data", str(tmp_path), "--listen", "127.0.0.1:0")
        assert said == [
            f"error: another process holds {tmp_path}/journal.db",
            "  hint: stop the other hub, or give this one another data directory",
            "  code: store_locked",
        ]
        assert await hub.get("/v1/sources") == []


async def test_a_port_that_is_taken_is_told_so_in_one_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = "{}:{}".format(*taken.getsockname())
        said = await refusal("--data", str(tmp_path), "--listen", address)
    assert said == [f"error: cannot listen on {address}: Address already in use; choose another with --listen"]


async def test_a_hub_that_was_killed_starts_again_at_once_on_its_port(tmp_path: Path) -> None:
    async with Hub(tmp_path) as hub:
        await hub.post("/v1/sources", name="shop")
        hub.signal(signal.SIGKILL)
        await hub.ended()
    async with Hub(tmp_path, urlsplit(hub.url).netloc) as again:
        assert again.url == hub.url
        assert [source["name"] for source in await again.get("/v1/sources")] == ["shop"]
