"""What a store keeps of categories: who holds some finds, lists and counts what they may see, and nothing else."""

from typing import Any

from msgspec.structs import replace

from eventyard.model.catalog import Application, Topic
from eventyard.model.journal import Listing, Query, Seen
from eventyard.model.lifecycle import Kind
from eventyard.ports import Store
from eventyard.testing import builders as b


class SeenContract:
    """What may be seen, as a store is told it."""

    async def test_who_holds_some_categories_finds_and_counts_what_they_may_see(self, store: Store) -> None:
        """By application and topic, also by any one criterion; and nothing of what is not named, whatever it was."""
        scene = await b.saved(store)
        other, apart = await store.save([b.topic("apart"), b.application("apart")])
        assert isinstance(other, Topic) and isinstance(apart, Application)
        await store.append(scene.publication(b.event(id="e-1"), [scene.delivery()]))
        await store.append(replace(scene.publication(b.event(id="e-2"), [scene.delivery()]), topic_number=other.number))
        await store.append(replace(scene.publication(b.event(id="e-3")), application_number=apart.number))

        async def found(**criteria: Any) -> list[int]:
            page = await store.find(Query(projects=(scene.project.number,), **criteria))
            return [entry.id for entry in page.entries]

        here, there = scene.application.number, scene.topic.number
        for seen, ids in (
            (Seen((here,), (there,), ()), [2, 1]),
            (Seen((here, apart.number), (there,), ()), [5, 2, 1]),
            (Seen((here,), (there, other.number), ()), [4, 3, 2, 1]),
            (Seen((), (there,), ()), []),
        ):
            assert await found(seen=seen) == ids
            assert await found(seen=seen, any=True, kinds=tuple(Kind), event_id="e-3") == ids
            assert sum((await store.totals([scene.project.number], seen)).values()) == len(ids)
            published = [number for number in ids if number in (1, 3, 5)]
            page = await store.listed(Listing(projects=(scene.project.number,), seen=seen))
            assert ([one.entry.id for one in page.publications], page.total) == (published, len(published))
