"""(m) What publishers feel while the past of topics is purged: the tail of single events, without and beside it.

The journal is filled through the store with entries that are long over. The purge goes on in the hub by itself; it is
ended by stopping the hub, and goes on from there in the next round.
"""

import asyncio
import time
from pathlib import Path
from statistics import median

from bench import scenes
from bench.hub import Hub
from bench.journal import fill
from bench.load import Job, Tally
from bench.plan import Plan, Say
from bench.processes import ask
from bench.results import Row
from bench.samples import SECRET, order_prefix

RATE = 1_000.0
CONNECTIONS = 16
MOST = 1.5


def measure(plan: Plan, folder: Path, say: Say) -> list[Row]:
    """Both, in turns."""
    data = folder / "hub"
    with Hub(data) as hub:
        scenes.signed_source(hub, "orders")
    asyncio.run(fill(data, plan.replayed))
    quiet: list[Tally] = []
    beside: list[Tally] = []
    rates: list[float] = []
    for _ in range(plan.rounds):
        with Hub(data) as hub:
            path = f"/in/{next(one['id'] for one in hub.get('/v1/sources', limit=500) if one['name'] == 'orders')}"
            topics = [one["id"] for one in hub.get("/v1/topics", limit=500) if one["name"].startswith("orders ")]
            _keep(hub, topics, None)
            scenes.settle()
            quiet.append(ask("bench.load", _job(hub, plan, path), Tally))
            before, since = _over(hub, topics, 1), time.monotonic()
            for topic in topics:
                hub.post(f"/v1/topics/{topic}/purge?dry_run=false")
            beside.append(ask("bench.load", _job(hub, plan, path), Tally))
            rates.append((before - _over(hub, topics, 1)) / (time.monotonic() - since))
            _keep(hub, topics, None)
        say(f"p99 {quiet[-1].p99_ms:.1f} ms, beside a purge {beside[-1].p99_ms:.1f} ms; {rates[-1]:,.0f} entries/s")
    tails = [median(run.p99_ms for run in runs) for runs in (beside, quiet)]
    ratio = median(busy.p99_ms / calm.p99_ms for busy, calm in zip(beside, quiet, strict=True))
    return [
        Row(part="m", what=f"single events, {RATE:,.0f}/s, beside a purge", measured=f"p99 {tails[0]:.1f} ms",
            yardstick=f"without {tails[1]:.1f} ms", ratio=ratio, goal=f"<= {MOST:g} times", met=ratio <= MOST,
            details={"runs": beside, "quiet_runs": quiet}),
        Row(part="m", what="  purged meanwhile", measured=f"{median(rates):,.0f} entries/s", met=median(rates) > 0),
    ]  # fmt: skip


def _keep(hub: Hub, topics: list[str], days: int | None) -> None:
    for topic in topics:
        hub.call("PATCH", f"/v1/topics/{topic}", {"retention": {"consumed_days": days}})


def _over(hub: Hub, topics: list[str], days: int) -> int:
    """How many entries are over, once that is how long they are kept."""
    _keep(hub, topics, days)
    return sum(int(hub.post(f"/v1/topics/{topic}/purge")["entries"]) for topic in topics)


def _job(hub: Hub, plan: Plan, path: str) -> Job:
    return Job(
        port=hub.port, path=path, headers={"content-type": "application/json"}, body=order_prefix(), secret=SECRET,
        watch=hub.pid, connections=CONNECTIONS, seconds=2 * plan.seconds, warm_up=plan.warm_up, rate=RATE,
    )  # fmt: skip
