"""(a) Single events: verified, validated, routed, fsynced, answered; beside the same server's empty route."""

from pathlib import Path
from statistics import median

from bench import scenes
from bench.hub import Hub
from bench.load import Job, Tally
from bench.plan import Plan, Say
from bench.processes import ask
from bench.results import Row, paired
from bench.samples import SECRET, order_prefix

CONNECTIONS = 64


def measure(plan: Plan, folder: Path, say: Say) -> list[Row]:
    """Two variants, of ten subscriptions one or none matching, in turns with the empty route."""
    with Hub(folder / "hub") as hub:
        target = scenes.job(hub)
        wanted, unwanted = scenes.signed_source(hub, "wanted"), scenes.signed_source(hub, "unwanted")
        for n in range(10):
            scenes.subscribe(hub, wanted, target, f"customer-{n}", name=f"wanted {n}")
            scenes.subscribe(hub, unwanted, target, f"customer-{n + 1}", name=f"unwanted {n}")
        paths = {
            "empty": "/v1/empty",
            "one": f"/in/{wanted['id']}",
            "none": f"/in/{unwanted['id']}",
        }
        tallies: dict[str, list[Tally]] = {name: [] for name in paths}
        for turn in range(plan.rounds):
            for name, path in paths.items():
                scenes.settle()
                tally = ask("bench.load", _job(hub, path, plan), Tally)
                if set(tally.statuses) != {"202"}:
                    raise RuntimeError(f"{path} answered {tally.statuses}")
                tallies[name].append(tally)
            say(", ".join(f"{name} {runs[turn].per_second:,.0f}/s" for name, runs in tallies.items()))
    return _rows(tallies)


def _job(hub: Hub, path: str, plan: Plan) -> Job:
    return Job(
        port=hub.port,
        path=path,
        headers={"content-type": "application/json"},
        body=order_prefix(),
        secret=SECRET,
        watch=hub.pid,
        connections=CONNECTIONS,
        seconds=plan.seconds,
        warm_up=plan.warm_up,
    )


def _rows(tallies: dict[str, list[Tally]]) -> list[Row]:
    rates = {name: [run.per_second for run in runs] for name, runs in tallies.items()}
    costs = {name: [run.cpu_us for run in runs] for name, runs in tallies.items()}
    rows = []
    for name, what in (("none", "no subscription of 10 matches"), ("one", "one of 10 matches, its delivery committed")):
        rate, empty = median(rates[name]), median(rates["empty"])
        ratio, tail = paired(rates[name], rates["empty"]), median(run.p99_ms for run in tallies[name])
        details = {"runs": tallies[name], "empty_runs": tallies["empty"]}
        rows.append(
            Row(part="a", what=f"single events, {what}", measured=f"{rate:,.0f}/s", yardstick=f"empty {empty:,.0f}/s",
                ratio=ratio, goal=">= 0.50 of the empty route", met=ratio >= 0.5, details=details),
        )  # fmt: skip
        rows.append(Row(part="a", what="  absolute", measured=f"{rate:,.0f}/s", goal="> 15,000/s", met=rate > 15_000))
        rows.append(
            Row(part="a", what="  latency", measured=f"p50 {median(run.p50_ms for run in tallies[name]):.1f} ms, "
                f"p99 {tail:.1f} ms", goal="p99 < 25 ms", met=tail < 25)
        )  # fmt: skip
        rows.append(
            Row(part="a", what="  server CPU per event", measured=f"{median(costs[name]):.1f} µs",
                yardstick=f"empty {median(costs['empty']):.1f} µs", ratio=paired(costs["empty"], costs[name]))
        )  # fmt: skip
    return rows
