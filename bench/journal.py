"""Filling the journal of a stopped hub through its store: as many entries as wanted, as if of the last thirty days.

Half of the entries are publications, half their deliveries, over twenty topics and three applications. What is rare is
old, where a search that walks back from the newest entry finds it last: the topic ``rare`` and the failed deliveries.
"""

import asyncio
import random
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from msgspec import Struct

from bench.scenes import opened
from eventyard.app import new_id
from eventyard.model.catalog import Application, Project, Record, Source, Subscription, Target, Topic
from eventyard.model.event import Event
from eventyard.model.ids import RANDOM_BYTES, Millis, uuid7
from eventyard.model.journal import Appended, HistoryLine, NewDelivery, NewPublication, Recording
from eventyard.model.lifecycle import Status
from eventyard.model.outcome import Attempt, Outcome, Result
from eventyard.stores.sql.store import SqliteStore

TOPICS = 20
RARE = 60
"""How many publications, the first of the journal, are in the topic ``rare``; half of their deliveries failed."""

SPAN_MS = 30 * 86_400_000
END = time.time_ns() // 1_000_000
CHUNK = 500
"""Publications in one transaction, at most; they come at the same moment."""

MOMENTS = 360
"""Into how many moments the time is divided, at least."""

DATA = b'{"action":"created","order":{"id":"order-4711","total":129.9},"customer":{"id":"customer-0"}}'


class Line(Struct, frozen=True):
    """A topic with everything that belongs to it."""

    project: Project
    application: Application
    topic: Topic
    target: Target
    source: Source
    subscription: Subscription


class Middle(Struct, frozen=True):
    """A publication from the middle of the journal, to be found again, and whose it is."""

    entry_id: int
    event_id: str
    at: Millis
    application: int


async def fill(data: Path, count: int) -> Middle:
    """Write so many entries; returns the publication in the middle."""
    moment = END - SPAN_MS
    async with AsyncExitStack() as stack:
        store = await opened(data, stack, clock=lambda: moment)
        lines = await _catalog(store)
        chance = random.Random(4711)
        publications, middle = count // 2, Middle(0, "", 0, 0)
        chunk = max(1, min(CHUNK, publications // MOMENTS))
        for start in range(0, publications, chunk):
            moment = END - SPAN_MS + SPAN_MS * start // publications
            numbers = range(start, min(start + chunk, publications))
            new = [_publication(lines[0 if n < RARE else 1 + n % TOPICS], moment, chance) for n in numbers]
            appended = await store.append_batch(new)
            ends = [_end(one, n < RARE and n % 2 == 0, moment) for n, one in zip(numbers, appended, strict=True)]
            await asyncio.gather(*(store.record(end) for end in ends))
            if start <= publications // 2:
                middle = Middle(appended[0].entry_id, appended[0].event_id, moment, new[0].application_number)
        return middle


async def _catalog(store: SqliteStore) -> Sequence[Line]:
    (project,) = [record for record in await store.load() if isinstance(record, Project)]
    applications = await store.save([_application(project, f"shop {n}") for n in range(3)])
    lines: list[Line] = []
    for name in ("rare", *(f"orders {n:02}" for n in range(TOPICS))):
        application = applications[len(lines) % 3]
        assert isinstance(application, Application)
        lines.append(_line(project, application, name))
    saved = iter(await store.save([record for line in lines for record in _own(line)]))
    return [Line(line.project, line.application, *(next(saved) for _ in _own(line))) for line in lines]  # type: ignore[arg-type]


def _own(line: Line) -> Sequence[Record]:
    return line.topic, line.target, line.source, line.subscription


def _application(project: Project, name: str) -> Application:
    return Application(new_id(), project.id, name, END, END)


def _line(project: Project, application: Application, name: str) -> Line:
    topic = Topic(new_id(), project.id, name, END, END)
    target = Target(new_id(), project.id, f"{name} to", "job", END, END)
    source = Source(new_id(), project.id, application.id, topic.id, f"{name} from", END, END)
    subscription = Subscription(
        new_id(), project.id, application.id, f"{name} wanted", (topic.id,), "job", target.id, END, END
    )
    return Line(project, application, topic, target, source, subscription)


def _publication(line: Line, at: Millis, chance: random.Random) -> NewPublication:
    event_id = uuid7(at, chance.randbytes(RANDOM_BYTES))
    event = Event(event_id, "/default/orders", "order.created", at, DATA, "order.created")
    delivery = NewDelivery(line.subscription, line.target, Status.PROCESSING, at, at + 60_000)
    return NewPublication(
        event, line.source, line.project.number, line.application.number, line.topic.number, at, (delivery,)
    )


def _end(appended: Appended, failed: bool, at: Millis) -> Recording:
    """The recording of a delivery's only attempt."""
    outcome = Outcome(Result.FAILED, 500, "500") if failed else Outcome(Result.DELIVERED, 200)
    line = HistoryLine(at, Status.ERROR if failed else Status.COMPLETE)
    return Recording(appended.entry_id + 1, appended.entry_id, Attempt(1, at, 1.0, outcome), line)  # type: ignore[arg-type]
