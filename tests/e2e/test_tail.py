"""``eventyard tail`` on a hub that dies and comes back: nothing is missed, and nothing is told twice."""

import asyncio
import os
import re
import signal
import sys
from pathlib import Path

from tests.serving import KEY, Hub


async def order(hub: Hub, number: int) -> None:
    await hub.post("/v1/events/dispatch", source="orders", payload={"id": number})


async def test_a_stream_goes_on_over_a_restart_of_the_hub(tmp_path: Path) -> None:
    async with Hub(tmp_path / "data") as hub:
        await hub.post("/v1/event-sources", name="orders", project_id="default")
        address = hub.url.removeprefix("http://")
        tail = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "eventyard.cli", "tail", "orders", "--from", "first", "--limit", "3",
            env={**os.environ, "EVENTYARD_URL": hub.url, "EVENTYARD_KEY": KEY},
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        assert tail.stdout is not None
        await order(hub, 1)
        first = (await tail.stdout.readline()).decode()
        hub.signal(signal.SIGKILL)
        await hub.ended()
    async with Hub(tmp_path / "data", address) as hub:
        await order(hub, 2)
        await order(hub, 3)
        rest, talk = await tail.communicate()
    assert re.fullmatch(r'\S{24}  +1  orders  \{"id": 1\}\n', first)
    assert [line.rpartition("  ")[2] for line in rest.decode().splitlines()] == ['{"id": 2}', '{"id": 3}']
    assert "connecting again in 1 s, after event 1\n" in talk.decode()
    assert tail.returncode == 0
