"""(g) STOMP over WebSocket: one publisher, 1 to 1,000 subscribers; beside RabbitMQ Web STOMP, with the same client."""

from functools import partial
from pathlib import Path

from bench.fan import Fan, window
from bench.plan import Plan, Say
from bench.results import Row
from bench.sides import Side, both, compared, in_turns
from bench.sides import fan as load

DESTINATION = "/topic/"
GOALS = {1: 1.0, 10: 5.0, 100: 5.0, 1000: 5.0}
"""By subscribers: how many times RabbitMQ's deliveries there are to be."""


def measure(plan: Plan, folder: Path, say: Say) -> list[Row]:
    """Each number of subscribers, in turns with the peer."""
    rows = []
    with both(folder, say) as sides:
        for number, least in GOALS.items():
            what = f"STOMP over WebSocket to {number:,}"
            runs = in_turns(sides, plan.rounds, partial(_load, plan, number), say, what)
            rows += compared("g", what, runs, least, lower_tail=True)
    return rows


def _load(plan: Plan, subscribers: int, side: Side) -> Fan:
    return load(side, plan, "stomp", DESTINATION, subscribers, window(subscribers))
