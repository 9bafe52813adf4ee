"""Contracts in order, live: groups one after another, the members of one side by side, and a failure that stops."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.serving import Hub, Receiver

LIMIT_S = 60


class Shop:
    """A hub with receivers of the orders 1, 2 and 3, two of each; what they heard, and what they are to say."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.heard: list[str] = []
        self.says: dict[str, int] = {}
        self.together = asyncio.Barrier(2)
        self.ids: dict[str, str] = {}

    async def open(self, stack: AsyncExitStack) -> None:
        self.source = (await self.hub.post("/v1/sources", name="shop"))["id"]
        for order in (1, 2, 3):
            for member in "ab":
                await self._receiver(stack, f"{order}{member}", order)

    async def _receiver(self, stack: AsyncExitStack, name: str, order: int) -> None:
        async def hear(headers: Mapping[str, str], body: bytes) -> int:
            self.heard.append(name)
            await self.together.wait()  # nobody answers before the other member of the group was asked as well
            return self.says.get(name, 200)

        url = (await stack.enter_async_context(Receiver(hear))).url
        once = {"schedule_ms": None, "max_attempts": 1}
        await self.hub.post("/v1/targets", name=name, type="webhook", settings={"url": url}, retry=once)
        made = await self.hub.post("/v1/subscriptions", source_id=self.source, target_id=name, name=name, order=order)
        self.ids[name] = made["id"]

    async def send(self) -> dict[str, Any]:
        """Send an event; what became of its deliveries, by name."""
        entry_id = (await self.hub.post(f"/in/{self.source}", order=1))["entry_id"]
        await self.hub.settled()
        children = (await self.hub.get(f"/v1/events/{entry_id}"))["children"]
        return {child["name"]: child for child in children}

    async def stop_on_error(self, name: str) -> None:
        await self.hub.call("PATCH", f"/v1/subscriptions/{self.ids[name]}", {"stop_on_error": True})


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    async with asyncio.timeout(LIMIT_S), Hub(tmp_path) as hub, AsyncExitStack() as stack:
        shop = Shop(hub)
        await shop.open(stack)
        yield shop


def statuses(deliveries: Mapping[str, Any]) -> dict[str, str]:
    return {name: one["status"] for name, one in deliveries.items()}


async def test_groups_follow_each_other_and_their_members_go_side_by_side(shop: Shop) -> None:
    deliveries = await shop.send()
    assert set(statuses(deliveries).values()) == {"complete"}
    assert [sorted(shop.heard[n : n + 2]) for n in (0, 2, 4)] == [["1a", "1b"], ["2a", "2b"], ["3a", "3b"]]
    assert [deliveries[name]["delayed_ms"] > 0 for name in ("1a", "2a", "3a")] == [False, True, True]


async def test_a_failure_holds_nobody_up(shop: Shop) -> None:
    shop.says["1b"] = 500
    deliveries = await shop.send()
    assert statuses(deliveries) == dict.fromkeys(("1a", "2a", "2b", "3a", "3b"), "complete") | {"1b": "error"}


async def test_a_failure_that_stops_ends_what_comes_after_it_and_nothing_beside_it(shop: Shop) -> None:
    await shop.stop_on_error("2a")
    shop.says["2a"] = 500
    deliveries = await shop.send()
    assert statuses(deliveries) == {
        "1a": "complete", "1b": "complete", "2a": "error", "2b": "complete", "3a": "discarded", "3b": "discarded",
    }  # fmt: skip
    last = (await shop.hub.get(f"/v1/events/{deliveries['3a']['entry_id']}"))["history"][-1]
    assert last["comment"] == "subscription '2a' failed, and stops those after it"
    assert shop.heard[4:] == []


async def test_what_an_operator_discards_gives_the_next_group_its_turn(shop: Shop) -> None:
    await shop.hub.post("/v1/jobs", name="by-hand")
    await shop.hub.post("/v1/subscriptions", source_id=shop.source, target_id="by-hand", name="by-hand", order=0)
    entry_id = (await shop.hub.post(f"/in/{shop.source}", order=1))["entry_id"]
    children = (await shop.hub.get(f"/v1/events/{entry_id}"))["children"]
    assert {child["name"]: child["status"] for child in children} == dict.fromkeys(shop.ids, "delayed") | {
        "by-hand": "pending"
    }
    [run] = [child for child in children if child["name"] == "by-hand"]
    await shop.hub.post(f"/v1/deliveries/{run['entry_id']}/discard")
    await shop.hub.settled()
    children = (await shop.hub.get(f"/v1/events/{entry_id}"))["children"]
    assert {child["status"] for child in children if child["name"] != "by-hand"} == {"complete"}


async def test_the_run_of_a_job_that_a_worker_ends_gives_the_next_group_its_turn(shop: Shop) -> None:
    await shop.hub.post("/v1/jobs", name="book")
    await shop.hub.post("/v1/subscriptions", source_id=shop.source, target_id="book", name="book", order=2)
    entry_id = (await shop.hub.post(f"/in/{shop.source}", order=1))["entry_id"]
    [run] = await shop.hub.post("/v1/jobs/book/runs/claim", worker="w", limit=1, wait_ms=30_000)
    assert "3a" not in shop.heard
    await shop.hub.post(f"/v1/job-runs/{run['id']}/complete", attempt=run["attempt"])
    await shop.hub.settled()
    children = (await shop.hub.get(f"/v1/events/{entry_id}"))["children"]
    assert {child["status"] for child in children} == {"complete"}
    assert sorted(shop.heard[4:]) == ["3a", "3b"]
