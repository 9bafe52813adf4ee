"""A world with two topics beside the scene's own, and what a test of bundles does in it."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from msgspec.structs import replace

from eventyard.model.catalog import Subscription
from eventyard.model.ids import EntryId
from eventyard.model.journal import EntryDetail, Query
from eventyard.model.lifecycle import Kind, Status
from eventyard.model.schedule import Compound
from eventyard.pipeline.arrivals import Arrival
from eventyard.testing import builders
from eventyard.testing.fakes import settle

TOPICS = ("orders", "prices", "stock")


class Sets:
    """The scene's subscription, on three topics, and their sources."""

    def __init__(self, world: Any) -> None:
        self.world = world

    async def start(self, **fields: Any) -> Subscription:
        world = self.world
        topics = [builders.topic(name) for name in TOPICS[1:]]
        sources = [builders.source(name, topic_id=f"topic-{name}") for name in TOPICS[1:]]
        await world.catalog.save(*topics, *sources)
        topic_ids = tuple(f"topic-{name}" for name in TOPICS)
        return await self.change(**({"topic_ids": topic_ids, "compound": Compound()} | fields))

    async def change(self, **fields: Any) -> Subscription:
        now = self.world.catalog.get(Subscription, "subscription-fulfilment")
        return await self.world.catalog.save_one(replace(now, **fields))

    async def publish(self, *names: str) -> list[EntryId]:
        """Publish into these topics; the deliveries."""
        made = []
        for name in names:
            door = self.world.doors.of("source-shop" if name == "orders" else f"source-{name}")
            event = builders.event(id=self.world.new_id(), type=name)
            made.append(EntryId((await self.world.acceptor.accept(Arrival(door, event))).entry_id + 1))
        await settle()
        return made

    async def detail(self, entry_id: int) -> EntryDetail:
        return await self.world.store.detail(EntryId(entry_id))

    async def statuses(self, ids: Sequence[int]) -> list[Status]:
        await settle()
        return [(await self.detail(one)).entry.status for one in ids]

    async def of_kind(self, *kinds: Kind) -> list[EntryDetail]:
        await settle()
        page = await self.world.store.find(Query(projects=(1,), kinds=kinds, ascending=True, limit=500))
        return [await self.detail(entry.id) for entry in page.entries]

    async def bundles(self) -> list[EntryDetail]:
        return await self.of_kind(Kind.COMPOUND_SUBSCRIPTION, Kind.AGGREGATED_SUBSCRIPTION, Kind.UNBOUND_SUBSCRIPTION)

    async def end(self, entry_id: int, make: Callable[..., Any] = builders.delivered) -> None:
        """An attempt of a bundle has ended."""
        recording = replace(make(entry_id, entry_id), subscription_id="subscription-fulfilment")
        await self.world.store.record(recording)
        self.world.waiting.ended(recording)
        await settle()


@pytest.fixture
def sets(world: Any) -> Sets:
    return Sets(world)
