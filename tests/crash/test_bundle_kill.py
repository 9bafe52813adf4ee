"""A hub that is killed while it makes sets of what has come makes the rest after its start, and no set twice.

A compound subscription of two topics that is paused until so many sets are complete. It is enabled, and the hub killed
with SIGKILL once a few have arrived, each time anew until all have. An attempt that was cut off is made again, so a set
may arrive twice: but as the same set, and no event arrives in two of them or without its other half.
"""

import asyncio
import json
import signal
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path

from tests.serving import Hub, Receiver

SETS = 300
KILLS = 3
LIMIT_S = 240


class Arrivals:
    """Which sets arrived, by the entry that they are, and a bell for when it is enough to kill the hub."""

    def __init__(self) -> None:
        self.sets: dict[str, list[str]] = {}
        self.until = 20
        self.enough = asyncio.Event()

    async def take(self, headers: Mapping[str, str], body: bytes) -> int:
        events = [event["id"] for event in json.loads(body)]
        known = self.sets.setdefault(headers["webhook-id"], events)
        assert known == events
        if len(self.sets) >= self.until:
            self.enough.set()
        return 200

    def again(self) -> None:
        self.until = len(self.sets) + 40
        self.enough.clear()


async def published(hub: Hub, topic: str) -> None:
    events = [{"source": topic, "id": f"{topic}-{n}", "payload": {"n": n}} for n in range(SETS)]
    await hub.call("POST", "/v1/events/batch", events)


async def test_a_hub_killed_in_the_middle_of_a_compound_release_makes_each_set_once(tmp_path: Path) -> None:
    arrivals = Arrivals()
    async with asyncio.timeout(LIMIT_S), AsyncExitStack() as stack:
        receiver = await stack.enter_async_context(Receiver(arrivals.take))
        async with Hub(tmp_path) as hub:
            for topic in ("orders", "prices"):
                await hub.post("/v1/sources", name=topic)
            await hub.post("/v1/targets", name="books", type="webhook", settings={"url": receiver.url})
            sets = {"topics": ["orders", "prices"], "compound": {}, "overlap": "allow"}
            made = await hub.post("/v1/subscriptions", name="sets", target_id="books", mode="paused", **sets)
            for topic in ("orders", "prices"):
                await published(hub, topic)
            await hub.call("PATCH", f"/v1/subscriptions/{made['id']}", {"mode": "enabled"})
            await arrivals.enough.wait()
            hub.signal(signal.SIGKILL)
        for _ in range(KILLS - 1):
            arrivals.again()
            async with Hub(tmp_path) as hub:
                await arrivals.enough.wait()
                hub.signal(signal.SIGKILL)
        async with Hub(tmp_path) as hub:
            while len(found := await hub.entries(kind="compound_subscription", status="complete")) < SETS:
                pass
            assert len(found) == SETS
            members = await hub.entries(kind="subscription", name="sets")
            assert {one["status"] for one in members} == {"complete"}
    assert sorted(arrivals.sets.values()) == sorted([f"orders-{n}", f"prices-{n}"] for n in range(SETS))
