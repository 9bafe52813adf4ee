"""The hub and RabbitMQ side by side, under the same loads in turns; what came of it, as rows of the table."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median

from msgspec import Struct

from bench import scenes
from bench.fan import Fan, Fanned
from bench.hub import KEY, Hub
from bench.plan import Plan, Say
from bench.processes import ask
from bench.rabbitmq import LOGIN, PASSCODE, MissingError, RabbitMq
from bench.results import Row, paired

HUB, PEER = "hub", "RabbitMQ"

Runs = Mapping[str, Sequence[Fanned]]


class Side(Struct, frozen=True):
    """Where to connect, as whom, and whose CPU time counts."""

    amqp: int
    http: int
    login: str
    passcode: str
    pid: int

    def port(self, protocol: str) -> int:
        """STOMP goes over WebSocket, which is on the port of HTTP."""
        return self.amqp if protocol == "amqp" else self.http


@contextmanager
def both(folder: Path, say: Say) -> Iterator[Mapping[str, Side]]:
    """The hub, and RabbitMQ if it can be had."""
    with ExitStack() as stack:
        hub = stack.enter_context(Hub(folder / "hub"))
        sides = {HUB: Side(hub.amqp, hub.port, "bench", KEY, hub.pid)}
        try:
            peer = stack.enter_context(RabbitMq(folder / "rabbitmq"))
        except MissingError as missing:
            say(f"without RabbitMQ: {missing}")
        else:
            sides[PEER] = Side(peer.amqp, peer.http, LOGIN, PASSCODE, peer.pid)
        yield sides


def in_turns(sides: Mapping[str, Side], rounds: int, fan: Callable[[Side], Fan], say: Say, what: str) -> Runs:
    """The same load on each side, in turns."""
    runs: dict[str, list[Fanned]] = {name: [] for name in sides}
    for _ in range(rounds):
        for name, side in sides.items():
            scenes.settle()
            runs[name].append(ask("bench.fan", fan(side), Fanned, timeout=300))
    say(
        f"{what}: "
        + ", ".join(f"{name} {median(run.per_second for run in each):,.0f}/s" for name, each in runs.items())
    )
    return runs


def fan(side: Side, plan: Plan, protocol: str, exchange: str, subscribers: int, window: int) -> Fan:
    """A load on a side, to be changed by ``replace`` where it is another."""
    return Fan(
        protocol=protocol,
        port=side.port(protocol),
        login=side.login,
        passcode=side.passcode,
        exchange=exchange,
        subscribers=subscribers,
        watch=side.pid,
        seconds=plan.seconds,
        warm_up=plan.warm_up,
        window=window,
    )


def compared(part: str, what: str, runs: Runs, least: float | None = None, *, lower_tail: bool = False) -> list[Row]:
    """Deliveries per second beside the peer's, of which they are to be ``least`` as many; with CPU time and p99."""
    hub, peer = runs[HUB], runs.get(PEER)
    rate, cost, tail = (_median(hub, name) for name in ("per_second", "cpu_us", "p99_ms"))
    goal = "" if least is None else f">= {least:g} of RabbitMQ"
    details = {"runs": hub, "peer_runs": peer}
    if peer is None:
        return [
            Row(part=part, what=what, measured=f"{rate:,.0f}/s", yardstick="RabbitMQ could not be had", goal=goal,
                details=details),
            Row(part=part, what="  CPU per delivery, p99", measured=f"{cost:.1f} µs, {tail:.1f} ms"),
        ]  # fmt: skip
    ratio = paired([run.per_second for run in hub], [run.per_second for run in peer])
    its_rate, its_cost, its_tail = (_median(peer, name) for name in ("per_second", "cpu_us", "p99_ms"))
    return [
        Row(part=part, what=what, measured=f"{rate:,.0f}/s", yardstick=f"RabbitMQ {its_rate:,.0f}/s", ratio=ratio,
            goal=goal, met=None if least is None else ratio >= least, details=details),
        Row(part=part, what="  CPU per delivery, p99", measured=f"{cost:.1f} µs, {tail:.1f} ms",
            yardstick=f"{its_cost:.1f} µs, {its_tail:.1f} ms", goal="p99 below it" if lower_tail else "",
            met=tail < its_tail if lower_tail else None),
    ]  # fmt: skip


def _median(runs: Sequence[Fanned], name: str) -> float:
    return float(median(getattr(run, name) for run in runs))
