"""Streams of who holds some categories only, held against a plain filter over all that was published.

Applications and topics are sorted anew while events come in. Which of them anybody sees is worked out here by reading
what they bear, one by one.
"""

import random
from collections.abc import Mapping, Sequence

import pytest
from msgspec import Struct
from msgspec.structs import replace

from eventyard.model.access import Scope
from eventyard.model.catalog import Application, Topic
from eventyard.model.errors import NotFound
from eventyard.model.event import Event
from eventyard.pipeline.streams.consumer import Consumer
from eventyard.pipeline.streams.link import Link
from eventyard.testing import builders as b
from eventyard.testing.hub import Yard, memory_hub

WORDS: Sequence[tuple[str, ...]] = ((), ("a",), ("b",), ("a", "b"), ("c",))
NAMES = ("one", "two", "three", "four", "five")


class Published(Struct):
    """An event, and who of those that hold categories could see it all the time from then on."""

    entry: int
    application: str
    topic: str
    at_first: Mapping[frozenset[str], bool]
    ever_since: dict[frozenset[str], bool]


class World:
    """A hub in which anything may be published by anybody into anything."""

    def __init__(self, yard: Yard) -> None:
        self.yard = yard
        self.published: list[Published] = []
        self.holders: list[frozenset[str]] = []
        self.number = 0

    async def make(self) -> None:
        project = self.yard.project.id
        records = [
            record
            for name, words in zip(NAMES, WORDS, strict=True)
            for record in (
                b.application(name, project_id=project, categories=words),
                b.topic(name, project_id=project, categories=words),
            )
        ]
        sources = [
            b.source(f"{application}-{topic}", project_id=project,
                     application_id=f"application-{application}", topic_id=f"topic-{topic}")
            for application in NAMES
            for topic in NAMES
        ]  # fmt: skip
        await self.yard.hub.catalog.save(*records, *sources)

    def sees(self, held: frozenset[str], application: str, topic: str) -> bool:
        """The plain reading."""
        words = self.yard.hub.catalog.get(Application, f"application-{application}").categories
        return self.sees_topic(held, topic) and (not words or not held.isdisjoint(words))

    def sees_topic(self, held: frozenset[str], topic: str) -> bool:
        words = self.yard.hub.catalog.get(Topic, f"topic-{topic}").categories
        return not words or not held.isdisjoint(words)

    async def publish(self, application: str, topic: str) -> None:
        hub = self.yard.hub
        door = hub.doors.of(f"source-{application}-{topic}")
        self.number += 1
        event = Event(f"e-{self.number}", "/t", "t", 0, b"{}", f"{application}.{topic}")
        accepted = await hub.publishing.publish(door, event)
        seen = {held: self.sees(held, application, topic) for held in self.holders}
        self.published.append(Published(accepted.entry_id, application, topic, seen, dict(seen)))

    async def sort_anew(self, kind: type[Application] | type[Topic], name: str, words: tuple[str, ...]) -> None:
        catalog = self.yard.hub.catalog
        record = catalog.get(kind, f"{kind.__name__.lower()}-{name}")
        await catalog.save(replace(record, categories=words))
        for one in self.published:
            for held in self.holders:
                one.ever_since[held] &= self.sees(held, one.application, one.topic)

    async def link(self, held: frozenset[str]) -> Link:
        key = await self.yard.key_for(Scope.EVENTS_READ, categories=tuple(sorted(held)))
        return self.yard.hub.streams.connect(
            self.yard.hub.keys.by_key(key), protocol="test", peer="here", name="", end=lambda _: None
        )


class Reader:
    """Keeps the numbers of what it is given."""

    def __init__(self) -> None:
        self.ids: list[int] = []
        self.consumer = Consumer(
            "t", lambda messages, helds, count: self.ids.extend(one.entry_id for one in messages),
            cancelled=lambda _, error: None, no_ack=True,
        )  # fmt: skip


async def settled(yard: Yard) -> None:
    while yard.hub.streams.queues.tasks:
        await next(iter(yard.hub.streams.queues.tasks))


@pytest.mark.parametrize("seed", range(12))
async def test_a_stream_gives_what_a_plain_filter_leaves(seed: int) -> None:
    choice = random.Random(seed)
    async with memory_hub() as yard:
        world = World(yard)
        await world.make()
        world.holders = [frozenset("a"), frozenset("b"), frozenset("ab"), frozenset("z"), frozenset()]
        live: dict[frozenset[str], Reader] = {}
        bound = {held: [name for name in NAMES if world.sees_topic(held, name)] for held in world.holders}
        for held in world.holders:
            link = await world.link(held)
            live[held], waiting = Reader(), await link.declare_queue(f"w-{sorted(held)}", durable=True)
            moving = await link.declare_queue("", exclusive=True)
            for name in bound[held]:
                await link.bind(waiting, name, "#")
                await link.bind(moving, name, "#")
            await link.consume(moving, live[held].consumer)
        for _ in range(120):
            if choice.random() < 0.8:
                await world.publish(choice.choice(NAMES), choice.choice(NAMES))
            else:
                kind = choice.choice((Application, Topic))
                await world.sort_anew(kind, choice.choice(NAMES), choice.choice(WORDS))
        for held in world.holders:
            came = [one for one in world.published if one.topic in bound[held]]
            assert live[held].ids == [one.entry for one in came if one.at_first[held]]
            link, late = await world.link(held), Reader()
            queue = link.queue(f"w-{sorted(held)}")
            left = [one.entry for one in came if one.ever_since[held]]
            assert queue.depth == len(left)
            await link.consume(queue, late.consumer)
            assert late.ids == left
            for name in NAMES:
                if not world.sees_topic(held, name):
                    with pytest.raises(NotFound, match=f"no exchange '{name}'"):
                        await link.subscribe(name, "#", "first")
                    continue
                again = Reader()
                await link.consume(await link.subscribe(name, "#", "first"), again.consumer)
                await settled(yard)
                now = [one for one in world.published if one.topic == name]
                assert again.ids == [one.entry for one in now if world.sees(held, one.application, name)]


async def test_the_last_is_the_last_that_may_be_seen() -> None:
    async with memory_hub() as yard:
        world = World(yard)
        await world.make()
        for application in ("two", "one", "three", "five"):
            await world.publish(application, "one")
        link, reader = await world.link(frozenset("a")), Reader()
        await link.consume(await link.subscribe("one", "#", "last"), reader.consumer)
        await settled(yard)
        assert reader.ids == [world.published[1].entry]


async def test_what_the_hub_tells_of_its_catalog_is_not_passed_on_to_who_holds_some_categories() -> None:
    async with memory_hub() as yard:
        world = World(yard)
        await world.make()
        admin, heard = yard.hub.keys.by_key(yard.key), Reader()
        link = yard.hub.streams.connect(admin, protocol="test", peer="here", name="", end=lambda _: None)
        await link.consume(await link.subscribe("one", "#"), heard.consumer)
        await link.bind_exchange("one", f"project.{yard.project.id}", "#", {})
        limited = await (await world.link(frozenset("a"))).subscribe("one", "#")
        await yard.hub.topics.create(admin, project_id=None, name="secret", categories=["b"])
        await yard.hub.projects.add_application(admin, project_id=None, name="payroll", categories=["b"])
        await yard.hub.topics.create(admin, project_id=None, name="news")
        assert len(heard.ids) == 3
        await world.publish("one", "one")
        assert (len(heard.ids), limited.depth) == (4, 1)
