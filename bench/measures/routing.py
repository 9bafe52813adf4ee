"""(d) One publish among 10, 1,000 and 10,000 subscriptions of which one matches: hubs side by side, asked in turns.

What is compared is the server's CPU time for one event, which neighbours on the machine hardly touch.
"""

import asyncio
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from time import perf_counter

import msgspec

from bench import scenes
from bench.hub import Hub
from bench.load import Job, Tally
from bench.plan import Plan, Say
from bench.processes import ask
from bench.results import Row
from bench.samples import SECRET, order, order_prefix
from eventyard.matching.index import SubscriptionIndex
from eventyard.model.catalog import Subscription

MATCHES = 20_000
"""How often the index alone is asked."""


def measure(plan: Plan, folder: Path, say: Say) -> list[Row]:
    """Through the whole hub, then the index alone in this process."""
    sources = {}
    for size in plan.subscriptions:
        with Hub(folder / str(size)) as hub:
            sources[size] = scenes.signed_source(hub, "orders")
            scenes.subscribe(hub, sources[size], scenes.job(hub), scenes.CUSTOMER_OF_THE_SAMPLE)
        asyncio.run(scenes.multiply(folder / str(size), size))
        say(f"{size:,} subscriptions made")
    tallies: dict[int, list[Tally]] = {size: [] for size in plan.subscriptions}
    with ExitStack() as stack:
        hubs = {size: stack.enter_context(Hub(folder / str(size))) for size in plan.subscriptions}
        for _ in range(plan.rounds):
            for size, hub in hubs.items():
                scenes.settle()
                tallies[size].append(ask("bench.load", _job(hub, sources[size]["id"], plan), Tally))
            say(", ".join(f"{size:,}: {runs[-1].cpu_us:.1f} µs" for size, runs in tallies.items()))
    costs = {size: median(run.cpu_us for run in runs) for size, runs in tallies.items()}
    rates = {size: median(run.per_second for run in runs) for size, runs in tallies.items()}
    ratio = max(costs.values()) / costs[plan.subscriptions[0]]
    alone = {size: _index_alone(size) for size in plan.subscriptions}
    sizes = " / ".join(f"{size:,}" for size in plan.subscriptions)
    return [
        Row(part="d", what=f"server CPU per event, {sizes} subscriptions", measured=_listed(list(costs.values()), "µs"),
            ratio=ratio, goal="<= 1.20 of the first", met=ratio <= 1.2,
            details={str(size): runs for size, runs in tallies.items()}),
        Row(part="d", what="  events/s", measured=" / ".join(f"{rate:,.0f}" for rate in rates.values()),
            ratio=rates[plan.subscriptions[0]] / min(rates.values())),
        Row(part="d", what="  the index alone", measured=_listed(list(alone.values()), "µs"),
            ratio=max(alone.values()) / alone[plan.subscriptions[0]],
            details={str(size): cost for size, cost in alone.items()}),
    ]  # fmt: skip


def _job(hub: Hub, source_id: str, plan: Plan) -> Job:
    return Job(
        port=hub.port,
        path=f"/in/{source_id}",
        headers={"content-type": "application/json"},
        body=order_prefix(),
        secret=SECRET,
        watch=hub.pid,
        seconds=plan.seconds,
        warm_up=plan.warm_up,
    )


def _index_alone(size: int) -> float:
    """Microseconds for one ``SubscriptionIndex.match``, the best of five."""
    index = SubscriptionIndex()
    for n in range(size):
        index.add(_subscription(n))
    data = msgspec.json.decode(order(10**18))
    best = float("inf")
    for _ in range(5):
        started = perf_counter()
        for _ in range(MATCHES):
            found = index.match("topic", "source", "orders", data)
        best = min(best, perf_counter() - started)
        assert len(found) == 1
    return best / MATCHES * 1e6


def _subscription(n: int) -> Subscription:
    return Subscription(
        id=f"subscription-{n}",
        project_id="project",
        application_id="application",
        name=f"customer {n}",
        topic_ids=("topic",),
        target_type="job",
        target_id="worker",
        created_at=0,
        updated_at=0,
        filter={"eq": [["customer.id", f"customer-{n}"]]},
    )


def _listed(values: Sequence[float], unit: str) -> str:
    return " / ".join(f"{value:.1f}" for value in values) + f" {unit}"
