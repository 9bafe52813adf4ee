"""(j) A publish through an exchange with 10 and with 10,000 bindings, of which one fits; in turns, and beside RabbitMQ.

What is compared is the broker's CPU time for one message, which neighbours on the machine hardly touch. Keys are used
in turn, each as often as every other, so that what is remembered of a key is worth little where there are many.
"""

from functools import partial
from pathlib import Path
from statistics import median

from msgspec.structs import replace

from bench.fan import Fan, window
from bench.plan import Plan, Say
from bench.results import Row
from bench.sides import HUB, Runs, Side, both, in_turns
from bench.sides import fan as load

SIZES = (10, 10_000)
ROUNDS = 3
MOST = 1.2


def measure(plan: Plan, folder: Path, say: Say) -> list[Row]:
    """Few and many, on both sides."""
    runs: dict[str, dict[int, list[float]]] = {}
    with both(folder, say) as sides:
        for _ in range(min(plan.rounds, ROUNDS)):
            for size in SIZES:
                _note(runs, size, in_turns(sides, 1, partial(_load, plan, size), say, f"{size:,} bindings"))
    rows = []
    for side, costs in runs.items():
        first, last = (median(costs[size]) for size in SIZES)
        mine = side == HUB
        rows.append(
            Row(part="j", what=f"{side}: CPU per message, {SIZES[0]:,} / {SIZES[1]:,} bindings", ratio=last / first,
                measured=f"{first:.1f} / {last:.1f} µs", goal=f"<= {MOST:.2f} of the first" if mine else "",
                met=last / first <= MOST if mine else None, details={str(size): costs[size] for size in SIZES})
        )  # fmt: skip
    return rows


def _note(runs: dict[str, dict[int, list[float]]], size: int, found: Runs) -> None:
    for side, each in found.items():
        runs.setdefault(side, {}).setdefault(size, []).extend(run.cpu_us for run in each)


def _load(plan: Plan, size: int, side: Side) -> Fan:
    made = load(side, plan, "amqp", f"bench-{size}", 1, window(10))
    return replace(
        made,
        declare="topic",
        keys=tuple(f"order.{n:05}.created" for n in range(size)),
        bindings=tuple(f"order.{n:05}.*" for n in range(size)),
    )
