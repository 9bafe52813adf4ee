"""A hub that is killed in the middle of an event's groups goes on with them where it was.

Each event drives six receivers, two of each of three orders. The hub is killed with SIGKILL after a random number of
deliveries, and started again on the same data. In the end every delivery was made, none is there twice, and no
receiver of a higher order heard of an event before those of the lower ones were done with it, repetitions included.
"""

import asyncio
import random
import signal
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, suppress
from pathlib import Path

from tests.serving import BROKEN, Hub, Receiver

ROUNDS = 6
SENDERS = 8
LIMIT_S = 240
NAMES = [f"{order}{member}" for order in (1, 2, 3) for member in "ab"]


class Log:
    """What the receivers heard, in the order in which they did: the event, and who."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, str]] = []
        self._bound = 0
        self._reached = asyncio.Event()

    def receiver(self, name: str) -> Callable[[Mapping[str, str], bytes], Awaitable[int]]:
        async def hear(headers: Mapping[str, str], body: bytes) -> int:
            self.heard.append((headers["ce-id"], name))
            if len(self.heard) >= self._bound:
                self._reached.set()
            return 200

        return hear

    async def more(self, count: int) -> None:
        self._bound = len(self.heard) + count
        self._reached.clear()
        await self._reached.wait()


async def send(hub: Hub, source: str, sent: set[str]) -> None:
    """Send events, and keep those that are acknowledged, until the hub goes away."""
    with suppress(*BROKEN):
        while True:
            sent.add((await hub.post(f"/in/{source}", order=len(sent)))["event_id"])


def check(heard: list[tuple[str, str]], sent: set[str]) -> None:
    """Each event was heard by all, order by order."""
    events: dict[str, list[str]] = {}
    for event_id, name in heard:
        events.setdefault(event_id, []).append(name)
    assert sent <= events.keys()
    for names in events.values():
        assert set(names) == set(NAMES)
        assert [name[0] for name in names] == sorted(name[0] for name in names)


async def test_a_hub_killed_between_groups_goes_on_where_it_was(tmp_path: Path) -> None:
    chance, log, sent = random.Random(5), Log(), set[str]()
    async with asyncio.timeout(LIMIT_S), AsyncExitStack() as stack:
        receivers = {name: await stack.enter_async_context(Receiver(log.receiver(name))) for name in NAMES}
        async with Hub(tmp_path) as hub:
            source = (await hub.post("/v1/sources", name="shop"))["id"]
            for name, receiver in receivers.items():
                await hub.post("/v1/targets", name=name, type="webhook", settings={"url": receiver.url})
                await hub.post("/v1/subscriptions", source_id=source, target_id=name, name=name, order=int(name[0]))
        for _ in range(ROUNDS):
            async with Hub(tmp_path) as hub, asyncio.TaskGroup() as work:
                for _ in range(SENDERS):
                    work.create_task(send(hub, source, sent))
                await log.more(chance.randrange(1, 120))
                hub.signal(signal.SIGKILL)
        async with Hub(tmp_path) as hub:
            await hub.settled()
            deliveries = await hub.entries(kind="subscription")
    assert {entry["status"] for entry in deliveries} == {"complete"}
    assert set(Counter((entry["parent_id"], entry["name"]) for entry in deliveries).values()) == {1}
    check(log.heard, sent)
