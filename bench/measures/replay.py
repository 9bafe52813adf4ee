"""(k) The past of an exchange, from its first entry to the last, read by one AMQP consumer; and what publishers feel.

The journal is filled through the store, while the hub is stopped. The publisher beside it has each message confirmed,
which means committed; it runs once alone and once while the past is replayed, in turns.
"""

import asyncio
import time
from contextlib import AsyncExitStack
from pathlib import Path
from statistics import median

from bench import scenes
from bench.clients import BODY
from bench.fan import Fan, Fanned, window
from bench.hub import KEY, Hub
from bench.plan import Plan, Say
from bench.processes import ask, begin, finish
from bench.rereader import Replay, Replayed
from bench.results import Row, paired
from eventyard.app import new_id, now_ms
from eventyard.gateways.events import event_of
from eventyard.model.catalog import Application, Project, Source, Topic
from eventyard.model.journal import NewPublication
from eventyard.wire.amqp.properties import Properties, encode_properties

EXCHANGE = "past"
LIVE = "amq.fanout"
CHUNK = 1_000
ROUNDS = 3
LEAST = 50_000
KEPT = 0.75
PATIENCE = 300.0


def measure(plan: Plan, folder: Path, say: Say) -> list[Row]:
    """Replay alone, the publisher alone, both together."""
    entries = plan.replayed
    with Hub(folder / "hub") as hub:
        hub.post("/v1/sources", name=EXCHANGE)
    started = time.monotonic()
    asyncio.run(_fill(folder / "hub", entries))
    say(f"{entries:,} entries written in {time.monotonic() - started:.0f} s")
    alone: list[Replayed] = []
    quiet: list[Fanned] = []
    beside: list[Replayed] = []
    busy: list[Fanned] = []
    with Hub(folder / "hub") as hub:
        replay = Replay(hub.amqp, "bench", KEY, EXCHANGE, entries)
        for _ in range(min(plan.rounds, ROUNDS)):
            scenes.settle()
            alone.append(ask("bench.rereader", replay, Replayed, PATIENCE))
            scenes.settle()
            quiet.append(ask("bench.fan", _live(hub, plan), Fanned))
            scenes.settle()
            with begin("bench.rereader", replay) as process:
                busy.append(ask("bench.fan", _live(hub, plan), Fanned))
                beside.append(finish(process, Replayed, PATIENCE))
            say(
                f"replay {alone[-1].per_second:,.0f}/s, beside a publisher {beside[-1].per_second:,.0f}/s; "
                f"publisher {quiet[-1].published_per_second:,.0f}/s, "
                f"beside a replay {busy[-1].published_per_second:,.0f}/s"
            )
    rate, both = (median(run.per_second for run in runs) for runs in (alone, beside))
    rates = [[run.published_per_second for run in runs] for runs in (busy, quiet)]
    ratio = paired(*rates)
    return [
        Row(part="k", what=f"replay of {entries:,} entries", measured=f"{rate:,.0f}/s", goal=f"> {LEAST:,}/s",
            met=rate > LEAST, details={"runs": alone}),
        Row(part="k", what="  beside a publisher", measured=f"{both:,.0f}/s", details={"runs": beside}),
        Row(part="k", what="  messages published meanwhile", measured=f"{median(rates[0]):,.0f}/s", ratio=ratio,
            yardstick=f"without replay {median(rates[1]):,.0f}/s", goal=f">= {KEPT:g} of it", met=ratio >= KEPT,
            details={"runs": busy, "quiet_runs": quiet}),
    ]  # fmt: skip


def _live(hub: Hub, plan: Plan) -> Fan:
    return Fan(
        protocol="amqp",
        port=hub.amqp,
        login="bench",
        passcode=KEY,
        exchange=LIVE,
        subscribers=0,
        watch=hub.pid,
        seconds=plan.seconds,
        warm_up=plan.warm_up,
        window=window(1),
        persistent=True,
    )


async def _fill(data: Path, count: int) -> None:
    """As many entries as if a client of AMQP had published them."""
    async with AsyncExitStack() as stack:
        store = await scenes.opened(data, stack)
        records = await store.load()
        (project,) = [record for record in records if isinstance(record, Project)]
        (source,) = [record for record in records if isinstance(record, Source) and record.name == EXCHANGE]
        topic = next(record for record in records if isinstance(record, Topic) and record.id == source.topic_id)
        numbers = {record.id: record.number for record in records if isinstance(record, Application)}
        octets = encode_properties(Properties(content_type="application/octet-stream", delivery_mode=2))
        for start in range(0, count, CHUNK):
            now = now_ms()
            new = [
                NewPublication(
                    event_of(EXCHANGE, "bench", octets, b"%0*d" % (BODY, n), protocol="amqp", new_id=new_id, now=now),
                    source, project.number, numbers[source.application_id], topic.number, now,
                )
                for n in range(start, min(start + CHUNK, count))
            ]  # fmt: skip
            await store.append_batch(new)
