"""A hub that is killed under load, again and again, keeps what it acknowledged, and delivers all of it.

Senders on 32 connections sign each event and send it until it is acknowledged, as honest senders do. A worker claims
and completes job runs, a receiver takes webhooks. The hub is killed with SIGKILL at a random moment of each round and
started again on the same data. In the end the journal, the receiver and the worker are held against what was sent.
"""

import asyncio
import random
import signal
import time
from collections import Counter, defaultdict
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from eventyard.wire.signatures import sign_webhook
from tests.serving import BROKEN, Hub, Receiver

ROUNDS = 8
SENDERS = 32
LIMIT_S = 240
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


class Tally:
    """Counts, and tells whoever waits when it has come so far."""

    def __init__(self) -> None:
        self._count = 0
        self._bound = 0
        self._reached = asyncio.Event()

    def add(self) -> None:
        self._count += 1
        if self._count >= self._bound:
            self._reached.set()

    async def more(self, count: int) -> None:
        self._bound = self._count + count
        self._reached.clear()
        await self._reached.wait()


class Sender:
    """One connection's worth of events, each sent until it is acknowledged."""

    def __init__(self, name: int, acknowledgements: Tally) -> None:
        self._name = name
        self._tally = acknowledgements
        self._next = 0
        self.sent: dict[str, bytes] = {}
        self.acknowledged: dict[str, dict[str, Any]] = {}

    async def go_on(self, hub: Hub, source: str) -> None:
        """Send, until the hub goes away."""
        with suppress(*BROKEN):
            while True:
                await self.send(hub, source)

    async def send(self, hub: Hub, source: str) -> None:
        """Send an event, the one last sent if nobody acknowledged that."""
        event_id = f"msg_{self._name}_{self._next}"
        body = self.sent.setdefault(event_id, b'{"sender": %d, "number": %d}' % (self._name, self._next))
        at = str(int(time.time()))
        headers = {
            "content-type": "application/json",
            "webhook-id": event_id,
            "webhook-timestamp": at,
            "webhook-signature": sign_webhook(SECRET, event_id, at, body),
        }
        async with hub.session.post(f"/in/{source}", data=body, headers=headers) as answer:
            assert answer.status == 202, await answer.text()
            self.acknowledged[event_id] = await answer.json()
        self._next += 1
        self._tally.add()


class Inbox:
    """What the webhook receiver was sent: by ``webhook-id``, the event and its data of each time."""

    def __init__(self) -> None:
        self.got: defaultdict[str, Counter[tuple[str, bytes]]] = defaultdict(Counter)
        self.tally = Tally()

    async def __call__(self, headers: Mapping[str, str], body: bytes) -> int:
        self.got[headers["webhook-id"]][headers["ce-id"], body] += 1
        self.tally.add()
        return 200


class Worker:
    """Completes job runs, and keeps the entries of those for which the hub took its word."""

    def __init__(self) -> None:
        self.completed: Counter[int] = Counter()

    async def go_on(self, hub: Hub) -> None:
        """Work, until the hub goes away."""
        with suppress(*BROKEN):
            while True:
                runs = await hub.post("/v1/jobs/book/runs/claim", worker="w", limit=100, wait_ms=30_000)
                await asyncio.gather(*(self._complete(hub, run) for run in runs))

    async def _complete(self, hub: Hub, run: dict[str, Any]) -> None:
        path, body = f"/v1/job-runs/{run['id']}/complete", {"attempt": run["attempt"]}
        async with hub.session.post(path, json=body) as answer:
            assert answer.status == 204, await answer.text()
        self.completed[run["id"]] += 1


async def make(hub: Hub, url: str) -> str:
    """A source that drives a job and a webhook; its id."""
    source = await hub.post("/v1/sources", name="shop", scheme="standard-webhooks", secret=SECRET)
    await hub.post("/v1/jobs", name="book")
    await hub.post("/v1/targets", name="receiver", type="webhook", settings={"url": url})
    for target in ("book", "receiver"):
        await hub.post("/v1/subscriptions", source_id=source["id"], target_id=target, name=target)
    return str(source["id"])


def check(
    publications: list[dict[str, Any]], deliveries: list[dict[str, Any]], senders: list[Sender], inbox: Inbox
) -> None:
    """Nothing acknowledged is lost, nothing is there twice, nothing is made up, and everything is delivered."""
    sent = {event_id: body for sender in senders for event_id, body in sender.sent.items()}
    acknowledged = {event_id: told for sender in senders for event_id, told in sender.acknowledged.items()}
    journal = {entry["event_id"]: entry["entry_id"] for entry in publications}
    assert len(journal) == len(publications)
    assert acknowledged.keys() <= journal.keys() <= sent.keys()
    for event_id, told in acknowledged.items():
        assert (told["event_id"], told["entry_id"], told["dispatched"]) == (event_id, journal[event_id], 2)

    assert {entry["status"] for entry in deliveries} == {"complete"}
    family = Counter((entry["parent_id"], entry["name"]) for entry in deliveries)
    assert family == Counter((entry_id, name) for entry_id in journal.values() for name in ("book", "receiver"))

    expected = {entry["entry_id"]: entry["event_id"] for entry in deliveries if entry["name"] == "receiver"}
    assert sorted(int(webhook_id.rpartition("_")[2]) for webhook_id in inbox.got) == sorted(expected)
    for webhook_id, times in inbox.got.items():
        event_id = expected[int(webhook_id.rpartition("_")[2])]
        assert times.keys() == {(event_id, sent[event_id])}


async def test_a_hub_killed_under_load_loses_nothing_and_makes_nothing_up(tmp_path: Path) -> None:
    chance = random.Random(11)
    acknowledgements, inbox, worker = Tally(), Inbox(), Worker()
    senders = [Sender(number, acknowledgements) for number in range(SENDERS)]
    async with asyncio.timeout(LIMIT_S), Receiver(inbox) as receiver:
        async with Hub(tmp_path) as hub:
            source = await make(hub, receiver.url)
        for _ in range(ROUNDS):
            async with Hub(tmp_path) as hub, asyncio.TaskGroup() as work:
                for sender in senders:
                    work.create_task(sender.go_on(hub, source))
                work.create_task(worker.go_on(hub))
                await chance.choice((acknowledgements, inbox.tally)).more(chance.randrange(1, 300))
                hub.signal(signal.SIGKILL)
        async with Hub(tmp_path) as hub:
            await asyncio.gather(*(sender.send(hub, source) for sender in senders))
            working = asyncio.create_task(worker.go_on(hub))
            await hub.settled()
            publications = await hub.entries(kind="publication")
            deliveries = await hub.entries(kind="subscription")
            hub.signal(signal.SIGTERM)
            assert await hub.ended() == 0
            await working
    check(publications, deliveries, senders, inbox)
    runs = {entry["entry_id"] for entry in deliveries if entry["name"] == "book"}
    assert worker.completed.keys() <= runs
    assert set(worker.completed.values()) == {1}
