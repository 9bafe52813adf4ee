"""Subscriptions that wait, put into a stopped hub through its store: many of every kind, and backlogs of any length.

Each has an event that waits for it, but the unbound ones, for which nothing ever does. No schedule comes to a moment
and no set is completed while somebody measures.
"""

from collections.abc import Sequence
from contextlib import AsyncExitStack
from itertools import cycle
from pathlib import Path
from typing import Any, TypeVar

from msgspec import Struct

from bench.samples import order
from bench.scenes import opened
from eventyard.app import new_id, now_ms
from eventyard.model.catalog import Application, Mode, Project, Record, Source, Subscription, Target, Topic
from eventyard.model.event import Event
from eventyard.model.journal import NewDelivery, NewPublication
from eventyard.model.lifecycle import Status
from eventyard.model.schedule import Compound, Schedule, When
from eventyard.pipeline.accept import WAITS
from eventyard.stores.sql.store import SqliteStore

FAR = "0 0 1 1 *"
"""New Year, in UTC: a run of the benchmark hardly meets it."""

LONG = 365 * 24 * 60
"""Minutes that a set may stay incomplete."""

AT_ONCE = 500
"""Deliveries of one event, and events in one transaction."""

Kind = dict[str, Any]
_R = TypeVar("_R", bound=Record)


class Backlog(Struct, frozen=True):
    """A subscription with so many deliveries that wait, of a topic of its own; a compound one lacks its other topic."""

    name: str
    compound: bool
    waiting: int


class _Scene(Struct):
    """A store, and what everything in it belongs to."""

    store: SqliteStore
    project: Project
    application: Application
    target: Target

    async def topic(self, name: str) -> tuple[Topic, Source]:
        """A topic with a source of the same name."""
        now, project = now_ms(), self.project.id
        topic = await _saved(self.store, Topic(new_id(), project, name, now, now))
        source = Source(new_id(), project, self.application.id, topic.id, name, now, now)
        return topic, await _saved(self.store, source)

    def subscription(self, name: str, topics: Sequence[Topic], kind: Kind) -> Subscription:
        """One that is not saved yet."""
        ids = tuple(topic.id for topic in topics)
        application, target, now = self.application.id, self.target, now_ms()
        return Subscription(
            new_id(), self.project.id, application, name, ids, target.type, target.id, now, now, **kind
        )  # fmt: skip

    def publication(self, source: Source, topic: Topic, wanted: Sequence[Subscription]) -> NewPublication:
        """An event that waits for those subscriptions."""
        now = now_ms()
        deliveries = tuple(
            NewDelivery(one, self.target, Status.DELAYED, now, 0, WAITS if one.compound else "") for one in wanted
        )
        event = Event(new_id(), "/default/orders", "order.created", now, order(10**18), "order.created")
        numbers = self.project.number, self.application.number, topic.number
        return NewPublication(event, source, *numbers, now, deliveries)


async def fill(data: Path, waiters: int, backlogs: Sequence[Backlog]) -> None:
    """Put so many waiting subscriptions of every kind into the store, and the backlogs."""
    async with AsyncExitStack() as stack:
        scene = await _scene(await opened(data, stack))
        await _wait(scene, waiters)
        for backlog in backlogs:
            await _keep(scene, backlog)


async def _scene(store: SqliteStore) -> _Scene:
    (project,) = [record for record in await store.load() if isinstance(record, Project)]
    now = now_ms()
    application = await _saved(store, Application(new_id(), project.id, "waits", now, now))
    target = await _saved(store, Target(new_id(), project.id, "waits", "job", now, now))
    return _Scene(store, project, application, target)


async def _wait(scene: _Scene, count: int) -> None:
    (left, source), (right, _), (other, _) = [await scene.topic(name) for name in ("left", "right", "other")]
    leader = await _saved(scene.store, scene.subscription("leader", (other,), {}))
    new = [
        scene.subscription(f"waits {n}", (left, right) if "compound" in kind else (left,), kind)
        for n, kind in zip(range(count), cycle(_kinds(leader, right)), strict=False)
    ]
    saved = [one for one in await scene.store.save(new) if isinstance(one, Subscription) and not one.unbound]
    parts = [saved[start : start + AT_ONCE] for start in range(0, len(saved), AT_ONCE)]
    for part in parts:
        await scene.store.append_batch([scene.publication(source, left, part)])


def _kinds(leader: Subscription, right: Topic) -> Sequence[Kind]:
    """Every kind of waiting there is, equally often."""
    on_demand, cron = Schedule(When.ON_DEMAND), Schedule(When.CRON, cron=FAR)
    return (
        {"schedule": cron},
        {"schedule": on_demand},
        {"schedule": Schedule(When.AFTER, after=leader.id)},
        {"mode": Mode.PAUSED},
        {"compound": Compound(wait_minutes=LONG)},
        {"unbound": True, "schedule": cron},
    )


async def _keep(scene: _Scene, backlog: Backlog) -> None:
    topic, source = await scene.topic(backlog.name)
    topics, kind = [topic], Kind(schedule=Schedule(When.ON_DEMAND))
    if backlog.compound:
        missing, _ = await scene.topic(f"{backlog.name}, missing")
        topics, kind = [topic, missing], Kind(compound=Compound(wait_minutes=LONG))
    wanted = await _saved(scene.store, scene.subscription(backlog.name, topics, kind))
    for start in range(0, backlog.waiting, AT_ONCE):
        size = min(AT_ONCE, backlog.waiting - start)
        await scene.store.append_batch([scene.publication(source, topic, [wanted]) for _ in range(size)])


async def _saved(store: SqliteStore, record: _R) -> _R:
    (saved,) = await store.save([record])
    assert isinstance(saved, type(record))
    return saved
