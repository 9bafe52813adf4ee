"""A hub that is killed while it lets go what has waited goes on with it, and what came later waits.

Three subscriptions: one on demand that takes all, one on demand that takes the latest, one that is paused. So many
events wait for each. They are run and enabled, and the hub is killed with SIGKILL once a few deliveries have arrived;
what is sent after its start is not let go by what was asked before.
"""

import asyncio
import signal
from collections import Counter
from collections.abc import Mapping
from contextlib import AsyncExitStack, suppress
from pathlib import Path

from tests.serving import BROKEN, Hub, Receiver

EVENTS = 2_000
LATER = 3
LIMIT_S = 240


class Arrivals:
    """What arrived, and a bell for when it is enough to kill the hub."""

    def __init__(self) -> None:
        self.count = 0
        self.enough = asyncio.Event()

    async def take(self, headers: Mapping[str, str], body: bytes) -> int:
        self.count += 1
        if self.count >= 40:
            self.enough.set()
        return 200


async def ignore(headers: Mapping[str, str], body: bytes) -> int:
    return 200


async def send(hub: Hub, source: str, count: int) -> None:
    for start in range(0, count, 500):
        batch = [{"source": source, "payload": {"n": n}} for n in range(start, min(count, start + 500))]
        await hub.call("POST", "/v1/events/batch", batch)


async def run(hub: Hub, subscription: Mapping[str, str]) -> None:
    with suppress(*BROKEN):
        await hub.post(f"/v1/subscriptions/{subscription['id']}/run")


async def comes(hub: Hub, name: str, *expected: Mapping[str, int]) -> None:
    """Wait until a subscription's deliveries have these statuses."""
    while Counter(one["status"] for one in await hub.entries(kind="subscription", name=name)) not in expected:
        pass


async def test_a_hub_killed_in_the_middle_of_a_release_goes_on_with_it(tmp_path: Path) -> None:
    arrivals = Arrivals()
    async with asyncio.timeout(LIMIT_S), AsyncExitStack() as stack:
        receivers = {name: await stack.enter_async_context(Receiver(take)) for name, take in (
            ("all", arrivals.take), ("latest", ignore), ("paused", ignore),
        )}  # fmt: skip
        async with Hub(tmp_path) as hub:
            source = (await hub.post("/v1/sources", name="shop"))["id"]
            made = {}
            for name, fields in (
                ("all", {"schedule": {"when": "on_demand"}}),
                ("latest", {"schedule": {"when": "on_demand"}, "delivery_scope": "latest"}),
                ("paused", {"mode": "paused"}),
            ):
                await hub.post("/v1/targets", name=name, type="webhook", settings={"url": receivers[name].url})
                body = {"source_id": source, "target_id": name, "name": name, **fields}
                made[name] = await hub.post("/v1/subscriptions", **body)
            await send(hub, "shop", EVENTS)
            assert arrivals.count == 0
            await hub.call("PATCH", f"/v1/subscriptions/{made['paused']['id']}", {"mode": "enabled"})
            async with asyncio.TaskGroup() as work:
                for name in ("all", "latest"):
                    work.create_task(run(hub, made[name]))
                await arrivals.enough.wait()
                hub.signal(signal.SIGKILL)
        async with Hub(tmp_path) as hub:
            await send(hub, "shop", LATER)
            await comes(hub, "all", {"complete": EVENTS, "delayed": LATER})
            await comes(hub, "paused", {"complete": EVENTS + LATER})
            # Whether that wish was on record when the hub was killed is for the hub to know; half of it there is not.
            newest = {"complete": 1, "discarded": EVENTS - 1, "delayed": LATER}
            await comes(hub, "latest", newest, {"delayed": EVENTS + LATER})
