"""A hub that is killed while answers become events makes one event of each delivery's answer, and no more.

The receiver answers each request with a number of its own, so that a second event of one delivery would be another
one. The hub is killed with SIGKILL after a random number of requests, and started again on the same data.
"""

import asyncio
import random
import signal
from collections import Counter
from contextlib import suppress
from pathlib import Path

from aiohttp import web

from tests.serving import BROKEN, Hub

ROUNDS = 6
SENDERS = 8
LIMIT_S = 240


class Counting:
    """Answers with how many requests there were."""

    def __init__(self) -> None:
        self.count = 0
        self._bound = 0
        self._reached = asyncio.Event()

    async def answer(self, request: web.Request) -> web.Response:
        await request.read()
        self.count += 1
        if self.count >= self._bound:
            self._reached.set()
        return web.json_response({"number": self.count})

    async def more(self, count: int) -> None:
        self._bound = self.count + count
        self._reached.clear()
        await self._reached.wait()


async def send(hub: Hub, source: str, sent: set[int]) -> None:
    """Send events, and keep the entries of those that are acknowledged, until the hub goes away."""
    with suppress(*BROKEN):
        while True:
            sent.add((await hub.post(f"/in/{source}"))["entry_id"])


async def test_an_answer_becomes_one_event_however_often_the_hub_is_killed(tmp_path: Path) -> None:
    chance, counting, sent = random.Random(3), Counting(), set[int]()
    app = web.Application()
    app.router.add_post("/", counting.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = "http://{}:{}/".format(*runner.addresses[0][:2])
    async with asyncio.timeout(LIMIT_S):
        async with Hub(tmp_path) as hub:
            source = (await hub.post("/v1/sources", name="questions"))["id"]
            await hub.post("/v1/sources", name="answers")
            await hub.post("/v1/targets", name="ask", type="request", settings={"url": url, "reply_to": "answers"})
            await hub.post("/v1/subscriptions", source_id=source, target_id="ask", name="ask")
        for _ in range(ROUNDS):
            async with Hub(tmp_path) as hub, asyncio.TaskGroup() as work:
                for _ in range(SENDERS):
                    work.create_task(send(hub, source, sent))
                await counting.more(chance.randrange(1, 120))
                hub.signal(signal.SIGKILL)
        async with Hub(tmp_path) as hub:
            await hub.settled()
            questions = await hub.entries(kind="publication", name="questions")
            deliveries = await hub.entries(kind="subscription", name="ask")
            answers = await hub.entries(kind="publication", name="answers")
            events = [(await hub.get(f"/v1/events/{one['entry_id']}"))["event"] for one in answers]
    await runner.cleanup()
    assert sent <= {entry["entry_id"] for entry in questions}
    assert len(deliveries) == len(questions)
    assert {entry["status"] for entry in deliveries} == {"complete"}
    causes = Counter(int(event["extensions"]["causeentry"]) for event in events)
    assert causes == Counter(entry["entry_id"] for entry in deliveries)
