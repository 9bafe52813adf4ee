"""(n) What 10,000 subscriptions cost that wait: a hub with them beside one without, idle together, loaded in turns.

Then events into a compound subscription whose set stays incomplete, beside such for one that waits to be run: among
100 deliveries that wait already, and among 10,000.
"""

import asyncio
import shutil
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import mean, median

from bench import scenes
from bench.hub import Hub
from bench.load import Job, Tally
from bench.plan import Plan, Say
from bench.processes import ask
from bench.results import Row, paired
from bench.samples import SECRET, order, order_prefix
from bench.waiters import Backlog, fill

WAITERS = 10_000
SHORT, LONG = 100, 10_000
"""How many deliveries of a subscription wait already when others come."""

KINDS = [(length, compound) for length in (SHORT, LONG) for compound in (False, True)]

IDLE_US = 1_000
"""Microseconds of processor time a second that all who wait may take together."""

MOST = 1.2
"""How much dearer an event may become by what waits already."""

REST = 0.3
"""Seconds in which a hub that has done what follows its start takes a hundredth of them, at most."""

LOOKS = 200

Hubs = Mapping[str, Hub]
Costs = Mapping[tuple[int, bool], Sequence[float]]
"""Microseconds of processor time for an event, turn by turn, by the length of the backlog, of a compound one or not."""


def measure(plan: Plan, folder: Path, say: Say) -> list[Row]:
    """Idle, loaded with what nobody who waits takes, and with what comes to backlogs."""
    with Hub(folder / "bare") as hub:
        scenes.signed_source(hub, "orders")
    shutil.copytree(folder / "bare", folder / "waiting")
    started = time.perf_counter()
    asyncio.run(fill(folder / "waiting", WAITERS, _backlogs(plan)))
    say(f"{WAITERS:,} subscriptions that wait, and backlogs, made in {time.perf_counter() - started:.0f} s")
    with ExitStack() as stack:
        hubs = {name: stack.enter_context(Hub(folder / name)) for name in ("waiting", "bare")}
        starts = [_started(hub) for hub in hubs.values()]
        idle = _idle(hubs, plan, say)
        tallies = _loaded(hubs, plan, say)
        costs = _filled(hubs["waiting"], plan, say)
    return [
        _idle_row(idle),
        *_loaded_rows(tallies),
        Row(part="n", what="  ready, CPU until it rests, memory", measured=starts[0], yardstick=f"without {starts[1]}"),
        *_filled_rows(costs),
    ]


# Idle


def _started(hub: Hub) -> str:
    """How the start went, once what follows it is done."""
    for _ in range(LOOKS):
        before = hub.cpu_exactly
        time.sleep(REST)
        if hub.cpu_exactly - before < REST / 100:
            break
    return f"{hub.start_seconds:.2f} s, {hub.cpu_exactly:.1f} s, {hub.memory_mb[0]:.0f} MB"


def _idle(hubs: Hubs, plan: Plan, say: Say) -> Mapping[str, list[float]]:
    """Microseconds of processor time a second, watched at once."""
    taken: dict[str, list[float]] = {name: [] for name in hubs}
    for _ in range(plan.rounds):
        before = {name: (hub.cpu_exactly, time.perf_counter()) for name, hub in hubs.items()}
        time.sleep(plan.idle)
        for name, hub in hubs.items():
            cpu, since = before[name]
            taken[name].append((hub.cpu_exactly - cpu) / (time.perf_counter() - since) * 1e6)
    say("idle: " + ", ".join(f"{name} {median(each):,.0f} µs/s" for name, each in taken.items()))
    return taken


def _idle_row(taken: Mapping[str, list[float]]) -> Row:
    waiting, bare = (mean(taken[name]) for name in ("waiting", "bare"))  # what a timer does once a minute counts, too
    return Row(
        part="n", what=f"idle, {WAITERS:,} subscriptions that wait", measured=f"{waiting:,.0f} µs of CPU a second",
        yardstick=f"without {bare:,.0f} µs", ratio=waiting / bare, goal=f"<= {IDLE_US:,} µs more",
        met=waiting - bare <= IDLE_US, details=dict(taken),
    )  # fmt: skip


# Single events that nobody takes


def _loaded(hubs: Hubs, plan: Plan, say: Say) -> Mapping[str, list[Tally]]:
    paths = {name: f"/in/{_source(hub, 'orders')}" for name, hub in hubs.items()}
    tallies: dict[str, list[Tally]] = {name: [] for name in hubs}
    for _ in range(plan.rounds):
        for name, hub in hubs.items():
            scenes.settle()
            job = Job(
                port=hub.port, path=paths[name], headers={"content-type": "application/json"}, body=order_prefix(),
                secret=SECRET, watch=hub.pid, seconds=plan.seconds, warm_up=plan.warm_up,
            )  # fmt: skip
            tallies[name].append(ask("bench.load", job, Tally))
    say("events: " + ", ".join(f"{name} {runs[-1].per_second:,.0f}/s" for name, runs in tallies.items()))
    return tallies


def _loaded_rows(tallies: Mapping[str, list[Tally]]) -> list[Row]:
    waiting, bare = tallies["waiting"], tallies["bare"]
    rates, tails, costs = (
        [[getattr(run, figure) for run in runs] for runs in (waiting, bare)]
        for figure in ("per_second", "p99_ms", "cpu_us")
    )
    rate, tail = paired(*rates), paired(*tails)
    return [
        Row(part="n", what="single events beside them", measured=f"{median(rates[0]):,.0f}/s",
            yardstick=f"without {median(rates[1]):,.0f}/s", ratio=rate, goal=">= 0.90", met=rate >= 0.9,
            details={"runs": waiting, "bare_runs": bare}),
        Row(part="n", what="  p99", measured=f"{median(tails[0]):.1f} ms",
            yardstick=f"without {median(tails[1]):.1f} ms", ratio=tail, goal="<= 1.10", met=tail <= 1.1),
        Row(part="n", what="  server CPU per event", measured=f"{median(costs[0]):.1f} µs",
            yardstick=f"without {median(costs[1]):.1f} µs", ratio=paired(*costs)),
    ]  # fmt: skip


# Events that wait


def _backlogs(plan: Plan) -> list[Backlog]:
    wanted = [(turn, length, compound) for turn in range(_turns(plan)) for length, compound in KINDS]
    backlogs = [Backlog(_name(length, compound, turn), compound, length) for turn, length, compound in wanted]
    return list(dict.fromkeys(backlogs))


def _turns(plan: Plan) -> int:
    return (plan.rounds + 1) // 2


def _name(length: int, compound: bool, turn: int) -> str:
    """A short backlog is another one in each turn, so that it is short."""
    kind = "compound" if compound else "plain"
    return f"{kind}, {length} wait, {turn}" if length == SHORT else f"{kind}, {length} wait"


def _filled(hub: Hub, plan: Plan, say: Say) -> Costs:
    costs: dict[tuple[int, bool], list[float]] = {}
    for turn in range(_turns(plan)):
        for length, compound in KINDS:
            costs.setdefault((length, compound), []).append(_cost(hub, _name(length, compound, turn), plan))
    say(", ".join(f"{length:,} wait: {median(costs[length, True]):.0f} µs" for length in (SHORT, LONG)))
    return costs


def _cost(hub: Hub, source: str, plan: Plan) -> float:
    job = Job(
        port=hub.port, path=f"/in/{_source(hub, source)}", headers={"content-type": "application/json"},
        body=order(10**18).decode(), watch=hub.pid, count=plan.delayed,
    )  # fmt: skip
    hub.post("/v1/events/dispatch", source=source, payload={})  # with the first it looks what came before
    scenes.settle()
    before = hub.cpu_exactly
    tally = ask("bench.load", job, Tally)
    if set(tally.statuses) != {"202"}:
        raise RuntimeError(f"{source} answered {tally.statuses}")
    return (hub.cpu_exactly - before) / plan.delayed * 1e6


def _filled_rows(costs: Costs) -> list[Row]:
    rows = []
    for length in (SHORT, LONG):
        plain, compound = costs[length, False], costs[length, True]
        what = f"part of an incomplete set, {length:,} wait"
        rows.append(
            Row(part="n", what=what, measured=f"{median(compound):.1f} µs of CPU",
                yardstick=f"waits to be run {median(plain):.1f} µs", ratio=paired(compound, plain),
                details={"compound": compound, "plain": plain})
        )  # fmt: skip
    for kind, what in ((False, "waits to be run"), (True, "part of an incomplete set")):
        growth = paired(costs[LONG, kind], costs[SHORT, kind])
        rows.append(
            Row(part="n", what=f"  {what}, {LONG:,} wait", measured=f"{median(costs[LONG, kind]):.1f} µs of CPU",
                yardstick=f"{SHORT:,} wait {median(costs[SHORT, kind]):.1f} µs", ratio=growth,
                goal=f"<= {MOST:g} times", met=growth <= MOST)
        )  # fmt: skip
    return rows


def _source(hub: Hub, name: str) -> str:
    return str(next(one["id"] for one in hub.get("/v1/sources", limit=500) if one["name"] == name))
