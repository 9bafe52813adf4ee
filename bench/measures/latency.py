"""(i) From publishing to each of ten consumers, at a hundred events per second; beside RabbitMQ, with the same client.

The commit is in it: the clock starts when a message should have been sent.
"""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from statistics import median

from msgspec.structs import replace

from bench.fan import Fan, window
from bench.measures import amqp, stomp
from bench.plan import Plan, Say
from bench.results import Row
from bench.sides import HUB, PEER, Runs, Side, both, in_turns
from bench.sides import fan as load

RATE = 100.0
CONSUMERS = 10
MOST_MS = 10.0
PLACES: Mapping[str, str] = {"amqp": amqp.EXCHANGE, "stomp": stomp.DESTINATION}


def measure(plan: Plan, folder: Path, say: Say) -> list[Row]:
    """Both protocols, in turns with the peer."""
    rows = []
    with both(folder, say) as sides:
        for protocol in PLACES:
            what = f"{protocol.upper()}, published to delivered, {RATE:.0f}/s to {CONSUMERS}"
            rows.append(_row(what, in_turns(sides, plan.rounds, partial(_load, plan, protocol), say, what)))
    return rows


def _load(plan: Plan, protocol: str, side: Side) -> Fan:
    made = load(side, plan, protocol, PLACES[protocol], CONSUMERS, window(CONSUMERS))
    return replace(made, rate=RATE, persistent=protocol == "amqp")


def _row(what: str, runs: Runs) -> Row:
    tails = {side: median(run.p99_ms for run in each) for side, each in runs.items()}
    texts = {side: f"p50 {median(run.p50_ms for run in each):.1f} ms, p99 {tails[side]:.1f} ms"
             for side, each in runs.items()}  # fmt: skip
    return Row(
        part="i",
        what=what,
        measured=texts[HUB],
        yardstick=f"RabbitMQ {texts[PEER]}" if PEER in texts else "RabbitMQ could not be had",
        ratio=tails[HUB] / tails[PEER] if PEER in texts else None,
        goal=f"p99 < {MOST_MS:.0f} ms",
        met=tails[HUB] < MOST_MS,
        details=dict(runs),
    )
