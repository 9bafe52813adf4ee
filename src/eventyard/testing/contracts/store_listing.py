"""What a store keeps of numbered pages: each criterion, pages without gap or overlap, totals that are true."""

from eventyard.model.catalog import Application, Source
from eventyard.model.ids import EntryId
from eventyard.model.journal import Listing
from eventyard.model.lifecycle import Endings, Status, Trigger
from eventyard.ports import Store
from eventyard.testing import builders as b
from eventyard.testing.fakes import HandClock


async def _ids(store: Store, scene: b.Scene, **criteria: object) -> list[int]:
    listing = Listing(**({"projects": (scene.project.number,)} | criteria))  # type: ignore[arg-type]
    listed = await store.listed(listing)
    if not listing.offset and listed.total <= listing.limit:
        assert listed.total == len(listed.publications)
    return [one.entry.id for one in listed.publications]


async def _families(store: Store, scene: b.Scene) -> None:
    """Publications 1 (complete), 3 (in Error), 5 (one of each), 8 (under way), 10 (alone)."""
    for deliveries in (1, 1, 2, 1, 0):
        await store.append(scene.publication(deliveries=[scene.delivery() for _ in range(deliveries)]))
    await store.record(b.delivered(2, 1))
    await store.record(b.failed(4, 3))
    await store.record(b.failed(6, 5, at=b.NOW + 1))
    await store.record(b.delivered(7, 5, at=b.NOW))


class ListingContract:
    """Numbered pages."""

    async def test_publications_are_listed_newest_first(self, store: Store) -> None:
        """Or oldest first; deliveries are not."""
        scene = await b.saved(store)
        await _families(store, scene)
        assert await _ids(store, scene) == [10, 8, 5, 3, 1]
        assert await _ids(store, scene, ascending=True) == [1, 3, 5, 8, 10]

    async def test_an_empty_journal_has_no_pages(self, store: Store) -> None:
        """Nor has a project that is not there."""
        scene = await b.saved(store)
        assert await _ids(store, scene) == []
        await _families(store, scene)
        assert await _ids(store, scene, projects=(99,)) == []
        assert await _ids(store, scene, projects=()) == []

    async def test_each_tells_how_its_deliveries_ended(self, store: Store) -> None:
        """In the order in which they did."""
        scene = await b.saved(store)
        await _families(store, scene)
        listed = await store.listed(Listing(projects=(scene.project.number,), ascending=True))
        assert [one.ended for one in listed.publications] == [
            (Status.COMPLETE,), (Status.ERROR,), (Status.COMPLETE, Status.ERROR), (), (),
        ]  # fmt: skip
        assert {(one.application, one.source) for one in listed.publications} == {
            (scene.application.number, scene.source.number)
        }
        assert listed.publications[0].entry == (await store.detail(EntryId(1))).entry

    async def test_they_are_found_by_how_their_deliveries_ended(self, store: Store) -> None:
        """Whatever becomes of them later."""
        scene = await b.saved(store)
        await _families(store, scene)
        complete, otherwise = (Endings.COMPLETE, Endings.MIXED), (Endings.OTHERWISE, Endings.MIXED)
        assert await _ids(store, scene, endings=complete) == [5, 1]
        assert await _ids(store, scene, endings=otherwise) == [5, 3]
        assert await _ids(store, scene, endings=(Endings.NONE,)) == [10, 8]
        await store.move([EntryId(4)], Trigger.DISCARD, b.line(Status.DISCARDED), None)
        assert await _ids(store, scene, endings=otherwise) == [5, 3]
        await store.redeliver(EntryId(5), [scene.delivery()], EntryId(6), b.line(Status.REPROCESSED))
        assert await _ids(store, scene, endings=otherwise) == [5, 3]
        await store.move([EntryId(9)], Trigger.DISCARD, b.line(Status.DISCARDED), None)
        assert await _ids(store, scene, endings=otherwise) == [8, 5, 3]
        await store.redeliver(EntryId(10), [scene.delivery()], None, b.line(Status.PROCESSING))
        assert await _ids(store, scene, endings=(Endings.NONE,)) == [10]
        await store.record(b.delivered(12, 10))
        assert await _ids(store, scene, endings=complete) == [10, 5, 1]

    async def test_a_retry_takes_back_how_a_delivery_ended(self, store: Store) -> None:
        """It is open again."""
        scene = await b.saved(store)
        await _families(store, scene)
        await store.move([EntryId(4)], Trigger.RETRY, b.line(Status.PROCESSING), b.NOW)
        assert await _ids(store, scene, endings=(Endings.OTHERWISE,)) == []
        assert await _ids(store, scene, endings=(Endings.NONE,)) == [10, 8, 3]

    async def test_each_criterion_narrows_the_list(self, store: Store) -> None:
        """And all must hold."""
        scene = await b.saved(store)
        other, boutique = await store.save([b.application("other"), b.source("boutique")])
        assert isinstance(other, Application)
        assert isinstance(boutique, Source)
        await store.append(scene.publication(deliveries=[scene.delivery()]))
        await store.append(scene.publication(application_number=other.number))
        await store.append(scene.publication(source=boutique))
        assert await _ids(store, scene, application=other.number) == [3]
        assert await _ids(store, scene, application=99) == []
        assert await _ids(store, scene, name="BOUTIQUE") == [4]
        assert await _ids(store, scene, name="bout") == []
        assert await _ids(store, scene, entry_id=EntryId(3)) == [3]
        assert await _ids(store, scene, entry_id=EntryId(2)) == []
        assert await _ids(store, scene, entry_id=EntryId(99)) == []
        assert await _ids(store, scene, entry_id=EntryId(3), offset=1) == []
        assert await _ids(store, scene, entry_id=EntryId(3), name="boutique") == []
        assert await _ids(store, scene, application=other.number, endings=(Endings.COMPLETE,)) == []

    async def test_nothing_of_another_project_is_listed(self, store: Store) -> None:
        """By no criterion."""
        scene = await b.saved(store)
        north = await b.saved(store, b.scene("north"))
        await store.append(scene.publication())
        await store.append(north.publication())
        assert await _ids(store, scene) == [1]
        assert await _ids(store, north) == [2]
        assert await _ids(store, scene, entry_id=EntryId(2)) == []
        assert await _ids(store, scene, application=north.application.number) == []
        assert await _ids(store, scene, projects=(scene.project.number, north.project.number)) == [2, 1]

    async def test_what_the_hub_publishes_for_itself_is_not_listed(self, store: Store) -> None:
        """Under the names that are its own."""
        scene = await b.saved(store)
        (ours,) = await store.save([b.source("project.1")])
        assert isinstance(ours, Source)
        await store.append(scene.publication(source=ours))
        await store.append(scene.publication())
        assert await _ids(store, scene) == [2]

    async def test_times_are_inclusive_here_too(self, store: Store) -> None:
        """At both ends."""
        scene = await b.saved(store)
        for at in range(5):
            await store.append(scene.publication(received_at=b.NOW + at))
        assert await _ids(store, scene, created_from=b.NOW + 1, created_to=b.NOW + 3) == [4, 3, 2]
        assert await _ids(store, scene, created_from=b.NOW + 4) == [5]
        assert await _ids(store, scene, created_to=b.NOW - 1) == []

    async def test_pages_follow_one_another_over_many_entries(self, store: Store, clock: HandClock) -> None:
        """Without gap or overlap, both ways, with every criterion, though the clock jumps."""
        scene = await b.saved(store)
        (boutique,) = await store.save([b.source("boutique")])
        assert isinstance(boutique, Source)
        hour = 3_600_000
        for start in (b.NOW, b.NOW - hour, b.NOW + hour):
            clock.now = start
            await store.append_batch(
                [
                    scene.publication(received_at=start + n, source=scene.source if n % 7 else boutique)
                    for n in range(5_000)
                ]
            )
        expected = list(range(15_000, 0, -1))
        assert await _pages(store, scene) == expected
        assert await _pages(store, scene, ascending=True) == expected[::-1]
        assert await _pages(store, scene, name="boutique") == [i for i in expected if (i - 1) % 5_000 % 7 == 0]
        early = [i for i in expected if 5_000 < i <= 10_000]
        assert await _pages(store, scene, created_to=b.NOW - 1) == early
        assert await _pages(store, scene, created_from=b.NOW - hour + 10, created_to=b.NOW + 9) == [
            i for i in expected if i <= 10 or 5_010 < i <= 10_000
        ]
        assert await _ids(store, scene, offset=14_998, limit=5) == [2, 1]
        assert await _ids(store, scene, offset=15_000) == []


async def _pages(store: Store, scene: b.Scene, **criteria: object) -> list[int]:
    """All pages of a list, joined; each tells the same total, which is true."""
    seen: list[int] = []
    total = 1
    while len(seen) < total:
        listing = Listing(
            **({"projects": (scene.project.number,), "offset": len(seen), "limit": 1_999} | criteria)  # type: ignore[arg-type]
        )
        listed = await store.listed(listing)
        seen += [one.entry.id for one in listed.publications]
        total = listed.total
    assert total == len(seen)
    return seen
