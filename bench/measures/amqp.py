"""(h) AMQP: one publisher, 1 to 100 consumers with a queue each; beside RabbitMQ, with the same client.

Persistent: lasting messages, confirmed to the publisher, in durable queues, acknowledged by the consumers. Transient:
none of that; but the hub's journal has these messages on disk too, before anybody sees them.
"""

from collections.abc import Mapping
from functools import partial
from pathlib import Path

from msgspec.structs import replace

from bench.fan import Fan, window
from bench.plan import Plan, Say
from bench.results import Row
from bench.sides import Side, both, compared, in_turns
from bench.sides import fan as load

EXCHANGE = "amq.fanout"
GOALS: Mapping[str, Mapping[int, float | None]] = {
    "persistent": {1: 2.0, 10: 2.0, 100: 2.0},
    "transient": {1: None, 10: 1.5, 100: 1.5},
}
"""By consumers: how many times RabbitMQ's deliveries there are to be."""


def measure(plan: Plan, folder: Path, say: Say) -> list[Row]:
    """Each number of consumers in both ways, in turns with the peer."""
    rows = []
    with both(folder, say) as sides:
        for way, goals in GOALS.items():
            for number, least in goals.items():
                what = f"AMQP {way} to {number:,}"
                runs = in_turns(sides, plan.rounds, partial(_load, plan, number, way), say, what)
                rows += compared("h", what, runs, least)
    return rows


def _load(plan: Plan, consumers: int, way: str, side: Side) -> Fan:
    made = load(side, plan, "amqp", EXCHANGE, consumers, window(consumers))
    return replace(made, persistent=way == "persistent")
