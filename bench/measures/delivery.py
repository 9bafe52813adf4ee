"""(c) Webhook deliveries, end to end: published in batches, delivered and recorded; beside bare HTTP clients.

All post to the same receiver: the hub, the client it sends with, alone, and aiohttp. A run publishes a number of events
as fast as the hub takes them and ends when the journal has the last delivery complete. The latency is taken at half of
that load, with single events sent by the clock: from the time the hub gave the event when it came, commit included, to
its arrival at the receiver.
"""

import sqlite3
import time
from pathlib import Path
from statistics import median
from typing import Any

import msgspec
from msgspec.structs import replace

from bench import scenes
from bench.bare import Post, Posted
from bench.far import Far
from bench.hub import KEY, Hub
from bench.load import Job, Tally
from bench.plan import Plan, Say
from bench.processes import ask
from bench.receiver import Arrivals
from bench.results import Row, paired
from bench.samples import SECRET, ndjson, order, order_prefix
from eventyard.app import JOURNAL_FILE

AT_ONCE = 64
BATCH = 100
PATIENCE = 60.0
"""Seconds that deliveries may take to come to an end."""

HEADERS = {
    "content-type": "application/json",
    "ce-specversion": "1.0",
    "ce-id": "0199d0d4-7d57-7f24-8000-6d2f5e0c1a3b",
    "ce-source": "/default/orders",
    "ce-type": "orders",
    "user-agent": "bench",
    "webhook-id": "msg_0123456789abcdef_123456",
    "webhook-timestamp": "1767225600",
    "eventyard-attempt": "1",
}
"""What the hub's requests carry, for those of the bare client."""


class Run(msgspec.Struct):
    """One round of published events: until all were recorded, and what it cost the hub."""

    deliveries: int
    seconds: float
    cpu_seconds: float

    @property
    def per_second(self) -> float:
        return self.deliveries / self.seconds


def measure(plan: Plan, folder: Path, say: Say) -> list[Row]:
    """The bare clients and the hub in turns, then the hub at half load."""
    with Far() as far, Hub(folder / "hub") as hub:
        bulk, orders = hub.post("/v1/sources", name="bulk"), scenes.signed_source(hub, "orders")
        url = f"http://127.0.0.1:{far.port}/hook"
        target = hub.post("/v1/targets", name="receiver", type="webhook", settings={"url": url}, concurrency=AT_ONCE)
        scenes.subscribe(hub, bulk, target)
        scenes.subscribe(hub, orders, target)
        count = _rounded(_deliver(hub, far, 2_000).per_second * plan.seconds)
        bare: list[Posted] = []
        other: list[Posted] = []
        runs: list[Run] = []
        for _ in range(plan.rounds):
            scenes.settle()
            post = Post(url, HEADERS, order(10**18).decode(), AT_ONCE, plan.seconds, plan.warm_up)
            other.append(ask("bench.bare", replace(post, client="aiohttp"), Posted))
            bare.append(ask("bench.bare", post, Posted))
            far.arrivals(clear=True)
            runs.append(_deliver(hub, far, count))
            rates = [found[-1].per_second for found in (runs, bare, other)]
            say("hub {:,.0f}/s, its client alone {:,.0f}/s, aiohttp {:,.0f}/s".format(*rates))
        rate = median(run.per_second for run in runs)
        halves = [_half(hub, far, orders, rate / 2, plan) for _ in range(max(1, plan.rounds // 2))]
        for tally, arrivals in halves:
            say(f"at {tally.per_second:,.0f}/s: p50 {arrivals.p50_ms:.1f} ms, p99 {arrivals.p99_ms:.1f} ms")
    return [*_rows(runs, bare, other, halves), _recorded(hub.data)]


def _deliver(hub: Hub, far: Far, count: int) -> Run:
    """Publish so many events and wait until the journal has every delivery complete."""
    far.arrivals(clear=True)
    cpu = hub.cpu_seconds
    job = Job(
        port=hub.port,
        path="/v1/events/batch?source=bulk",
        headers={"content-type": "application/x-ndjson", "authorization": f"Bearer {KEY}"},
        body=ndjson(BATCH),
        watch=hub.pid,
        connections=2,
        count=count // BATCH,
    )
    started_at = ask("bench.load", job, Tally).started_at
    _wait(hub, far, count)
    return Run(count, time.time() - started_at, hub.cpu_seconds - cpu)


def _wait(hub: Hub, far: Far, count: int) -> None:
    """Until so many arrived and nothing is under way any more."""
    deadline = time.monotonic() + PATIENCE
    while (arrived := far.arrivals(clear=False).count) < count or _open(hub):
        if time.monotonic() > deadline:
            raise RuntimeError(f"{arrived} of {count} deliveries arrived within {PATIENCE:g} s")
        time.sleep(0.02)


def _open(hub: Hub) -> bool:
    return bool(hub.get("/v1/events", kind="subscription", status="processing", limit=1))


def _half(hub: Hub, far: Far, source: Any, rate: float, plan: Plan) -> tuple[Tally, Arrivals]:
    far.arrivals(clear=True)
    job = Job(
        port=hub.port,
        path=f"/in/{source['id']}",
        headers={"content-type": "application/json"},
        body=order_prefix(),
        secret=SECRET,
        watch=hub.pid,
        seconds=2 * plan.seconds,
        warm_up=0.0,
        rate=rate,
    )
    tally = ask("bench.load", job, Tally)
    _wait(hub, far, tally.requests)
    return tally, far.arrivals(clear=True)


def _recorded(data: Path) -> Row:
    """Whether each delivery of the whole measurement has an attempt on record, asked of the stopped hub's file."""
    with sqlite3.connect(f"file:{data / JOURNAL_FILE}?mode=ro", uri=True) as journal:
        (attempts,) = journal.execute("SELECT count(*) FROM attempts").fetchone()
        (deliveries,) = journal.execute("SELECT count(*) FROM entries WHERE parent_id IS NOT NULL").fetchone()
    return Row(part="c", what="  attempts on record", measured=f"{attempts:,} of {deliveries:,}", goal="every one",
               met=attempts >= deliveries > 0)  # fmt: skip


def _rows(runs: list[Run], bare: list[Posted], other: list[Posted], halves: list[tuple[Tally, Arrivals]]) -> list[Row]:
    rates, yardsticks, others = ([one.per_second for one in found] for found in (runs, bare, other))
    rate, ratio = median(rates), paired(rates, yardsticks)
    cost = median(run.cpu_seconds / run.deliveries * 1e6 for run in runs)
    bare_cost = median(run.cpu_seconds / run.requests * 1e6 for run in bare)
    middle, tail = (median(getattr(arrivals, part) for _, arrivals in halves) for part in ("p50_ms", "p99_ms"))
    at = median(tally.per_second for tally, _ in halves)
    return [
        Row(part="c", what="webhook deliveries, published to recorded", measured=f"{rate:,.0f}/s", ratio=ratio,
            yardstick=f"its client alone {median(yardsticks):,.0f}/s", goal=">= 0.60 of it", met=ratio >= 0.6,
            details={"runs": runs, "bare_runs": bare}),
        Row(part="c", what="  beside aiohttp", measured=f"{rate:,.0f}/s", ratio=paired(rates, others),
            yardstick=f"aiohttp alone {median(others):,.0f}/s", details={"bare_runs": other}),
        Row(part="c", what="  absolute", measured=f"{rate:,.0f}/s", goal="> 5,000/s", met=rate > 5_000),
        Row(part="c", what="  hub CPU per event, ingest included", measured=f"{cost:.0f} µs",
            yardstick=f"its client alone {bare_cost:.0f} µs", ratio=bare_cost / cost),
        Row(part="c", what=f"  received to delivered, at {at:,.0f}/s", goal="p99 < 50 ms", met=tail < 50,
            measured=f"p50 {middle:.1f} ms, p99 {tail:.1f} ms", details={"runs": halves}),
    ]  # fmt: skip


def _rounded(count: float) -> int:
    return max(BATCH, round(count / BATCH) * BATCH)
