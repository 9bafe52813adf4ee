"""(b) Batches of a hundred events as NDJSON, beside SQLite alone committing as many rows at a time to the same disk."""

from pathlib import Path
from statistics import median

from bench import scenes
from bench.hub import KEY, Hub
from bench.load import Job, Tally
from bench.plan import Plan, Say
from bench.processes import ask
from bench.raw_sqlite import Rows, Written
from bench.results import Row, paired
from bench.samples import ORDER_SCHEMA, ndjson

SIZE = 100
CONNECTIONS = 8


def measure(plan: Plan, folder: Path, say: Say) -> list[Row]:
    """Plain events, and events that are validated and routed, in turns with raw SQLite."""
    plain: list[Tally] = []
    checked: list[Tally] = []
    raw: list[Written] = []
    with Hub(folder / "hub") as hub:
        hub.post("/v1/sources", name="plain")
        source = hub.post("/v1/sources", name="checked", schema=ORDER_SCHEMA)
        scenes.subscribe(hub, source, scenes.job(hub), scenes.CUSTOMER_OF_THE_SAMPLE)
        for turn in range(plan.rounds):
            scenes.settle()
            raw.append(ask("bench.raw_sqlite", Rows(str(folder / f"raw-{turn}.db"), SIZE, plan.seconds), Written))
            for name, runs in (("plain", plain), ("checked", checked)):
                scenes.settle()
                runs.append(ask("bench.load", _job(hub, name, plan), Tally))
                if set(runs[-1].statuses) != {"200"}:
                    raise RuntimeError(f"a batch was answered {runs[-1].statuses}")
            say(f"plain {plain[-1].per_second * SIZE:,.0f}/s, checked and routed "
                f"{checked[-1].per_second * SIZE:,.0f}/s, raw {raw[-1].per_second:,.0f}/s")  # fmt: skip
    yardsticks = [run.per_second for run in raw]
    rows = []
    for what, runs in (("plain", plain), ("validated, one delivery each", checked)):
        rates = [run.per_second * SIZE for run in runs]
        rate, ratio = median(rates), paired(rates, yardsticks)
        tail = median(run.p99_ms for run in runs)
        cost, raw_cost = median(run.cpu_us / SIZE for run in runs), median(r.cpu_seconds / r.rows * 1e6 for r in raw)
        goal = what == "plain"
        rows += [
            Row(part="b", what=f"batches of {SIZE}, {what}", measured=f"{rate:,.0f} events/s",
                yardstick=f"raw {median(yardsticks):,.0f} rows/s", ratio=ratio, details={"runs": runs, "raw_runs": raw},
                goal=">= 0.40 of raw group commit" if goal else "", met=ratio >= 0.4 if goal else None),
            Row(part="b", what="  absolute", measured=f"{rate:,.0f} events/s",
                goal="> 60,000/s" if goal else "", met=rate > 60_000 if goal else None),
            Row(part="b", what="  server CPU per event, p99 of a batch", measured=f"{cost:.1f} µs, {tail:.1f} ms",
                yardstick=f"raw {raw_cost:.1f} µs"),
        ]  # fmt: skip
    return rows


def _job(hub: Hub, source: str, plan: Plan) -> Job:
    return Job(
        port=hub.port,
        path=f"/v1/events/batch?source={source}",
        headers={"content-type": "application/x-ndjson", "authorization": f"Bearer {KEY}"},
        body=ndjson(SIZE),
        watch=hub.pid,
        connections=CONNECTIONS,
        seconds=plan.seconds,
        warm_up=plan.warm_up,
    )
