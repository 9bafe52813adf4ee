"""What a store keeps of a search: every criterion and all together, pages both ways, streams and totals."""

from eventyard.model.ids import EntryId
from eventyard.model.journal import Query
from eventyard.model.lifecycle import Descendants, Kind, Status
from eventyard.ports import Store
from eventyard.testing import builders as b
from eventyard.testing.fakes import HandClock


async def _ids(store: Store, scene: b.Scene, **criteria: object) -> list[int]:
    query = Query(**({"projects": (scene.project.number,)} | criteria))  # type: ignore[arg-type]
    page = await store.find(query)
    assert await store.count(query, 100) == len(page.entries) or page.more
    return [entry.id for entry in page.entries]


async def _family(store: Store, scene: b.Scene) -> None:
    """Publication 1 with deliveries 2 (complete), 3 (error), 4 (pending); publication 5 alone."""
    deliveries = [scene.delivery(), scene.delivery(), scene.delivery(status=Status.PENDING)]
    await store.append(scene.publication(b.event(id="e-1"), deliveries))
    await store.append(scene.publication(b.event(id="e-2")))
    await store.record(b.delivered(2, 1))
    await store.record(b.failed(3, 1))


class SearchContract:
    """Reading the journal."""

    async def test_everything_is_found_newest_first(self, store: Store) -> None:
        """Or oldest first."""
        scene = await b.saved(store)
        await _family(store, scene)
        assert await _ids(store, scene) == [5, 4, 3, 2, 1]
        assert await _ids(store, scene, ascending=True) == [1, 2, 3, 4, 5]

    async def test_each_criterion_narrows_the_search(self, store: Store) -> None:
        """One at a time, several values of one are alternatives."""
        scene = await b.saved(store)
        await _family(store, scene)
        assert await _ids(store, scene, kinds=(Kind.PUBLICATION,)) == [5, 1]
        assert await _ids(store, scene, kinds=(Kind.SYSTEM,)) == []
        assert await _ids(store, scene, statuses=(Status.ERROR, Status.PENDING)) == [4, 3]
        assert await _ids(store, scene, descendants=(Descendants.IN_PROCESS,)) == [1]
        assert await _ids(store, scene, descendants=(Descendants.NONE,)) == [5, 4, 3, 2]
        assert await _ids(store, scene, entry_id=EntryId(3)) == [3]
        assert await _ids(store, scene, event_id="e-1") == [4, 3, 2, 1]
        assert await _ids(store, scene, event_id="e-9") == []
        assert await _ids(store, scene, parent_id=EntryId(1)) == [4, 3, 2]

    async def test_all_criteria_must_hold(self, store: Store) -> None:
        """Whatever they are."""
        scene = await b.saved(store)
        await _family(store, scene)
        assert await _ids(store, scene, event_id="e-1", statuses=(Status.COMPLETE,)) == [2, 1]
        assert await _ids(store, scene, parent_id=EntryId(1), kinds=(Kind.PUBLICATION,)) == []
        assert await _ids(store, scene, name="shop", statuses=(Status.COMPLETE,), before=EntryId(5)) == [1]
        assert await _ids(store, scene, event_id="e-1", entry_id=EntryId(5)) == []

    async def test_a_run_is_found_by_its_id(self, store: Store) -> None:
        """As the worker named it."""
        scene = await b.saved(store)
        await store.append(scene.publication(deliveries=[scene.delivery()] * 2))
        done = b.delivered(3, 1)
        await store.record(type(done)(done.entry_id, done.publication_id, done.attempt, done.line, run_id="r-3"))
        assert await _ids(store, scene, run_id="r-3") == [3]
        assert await _ids(store, scene, run_id="r") == []

    async def test_names_are_found_whole_or_in_part_and_case_does_not_matter(self, store: Store) -> None:
        """A wildcard is a letter like any other."""
        scene = await b.saved(store)
        (source,) = await store.save([b.source("Größe_100%")])
        await store.append(scene.publication(deliveries=[scene.delivery()]))
        await store.append(scene.publication(source=source))
        assert await _ids(store, scene, name="SHOP") == [1]
        assert await _ids(store, scene, name="sho") == []
        assert await _ids(store, scene, name="HO", contains=True) == [1]
        assert await _ids(store, scene, name="GRÖSSE_100%") == [3]
        assert await _ids(store, scene, name="0%", contains=True) == [3]
        assert await _ids(store, scene, name="%", contains=True) == [3]
        assert await _ids(store, scene, name="sh_p", contains=True) == []
        assert await _ids(store, scene, topic="orders", application="Default") == [3, 2, 1]
        assert await _ids(store, scene, topic="ord", application="def", name="ful", contains=True) == [2]

    async def test_entries_go_by_the_current_name(self, store: Store) -> None:
        """And keep the last one when what they name is removed."""
        scene = await b.saved(store)
        await store.append(scene.publication())
        (renamed,) = await store.save([b.source("boutique", id=scene.source.id)])
        assert await _ids(store, scene, name="shop") == []
        assert await _ids(store, scene, name="boutique") == [1]
        await store.remove([renamed])
        (entry,) = (await store.find(Query(projects=(scene.project.number,)))).entries
        assert (entry.name, entry.name_id) == ("boutique", "source-shop")

    async def test_nothing_of_another_project_is_found(self, store: Store) -> None:
        """By no criterion."""
        scene = await b.saved(store)
        other = await b.saved(store, b.scene("north"))
        await store.append(scene.publication(b.event(id="e-1")))
        await store.append(other.publication(b.event(id="e-1"), [other.delivery()]))
        assert await _ids(store, scene) == [1]
        assert await _ids(store, scene, event_id="e-1") == [1]
        assert await _ids(store, scene, entry_id=EntryId(2)) == []
        assert await _ids(store, other, parent_id=EntryId(2)) == [3]
        both = (scene.project.number, other.project.number)
        assert await _ids(store, scene, projects=both) == [3, 2, 1]
        assert await store.totals([other.project.number]) == {(1, Status.COMPLETE): 1, (2, Status.PROCESSING): 1}
        assert await store.totals([]) == {}

    async def test_times_are_inclusive(self, store: Store) -> None:
        """At both ends, by the moment of creation."""
        scene = await b.saved(store)
        for at in range(5):
            await store.append(scene.publication(received_at=b.NOW + at))
        assert await _ids(store, scene, created_from=b.NOW + 1, created_to=b.NOW + 3) == [4, 3, 2]
        assert await _ids(store, scene, created_from=b.NOW + 4) == [5]
        assert await _ids(store, scene, created_to=b.NOW) == [1]
        assert await _ids(store, scene, created_from=b.NOW + 5) == []
        assert await _ids(store, scene, created_to=b.NOW - 1, name="shop") == []

    async def test_a_clock_that_jumps_back_hides_nothing(self, store: Store, clock: HandClock) -> None:
        """Time is a criterion of its own, not of the order of ids."""
        scene = await b.saved(store)
        hour = 3_600_000
        for start in (b.NOW, b.NOW - hour, b.NOW + hour):
            clock.now = start
            await store.append_batch([scene.publication(received_at=start + n) for n in range(5_000)])
        early = {"created_to": b.NOW - hour + 10}
        assert await _ids(store, scene, **early) == list(range(5_011, 5_000, -1))
        assert await _ids(store, scene, created_from=b.NOW + 4_990, created_to=b.NOW + hour - 1) == list(
            range(5_000, 4_990, -1)
        )
        assert await _ids(store, scene, created_from=b.NOW + hour + 4_998, ascending=True) == [14_999, 15_000]

    async def test_pages_follow_one_another_without_gap_or_overlap(self, store: Store) -> None:
        """Backwards by ``before``, forwards by ``after``; ``more`` is false on the last."""
        scene = await b.saved(store)
        await store.append_batch([scene.publication() for _ in range(2_500)])
        project = (scene.project.number,)
        seen: list[int] = []
        more, before = True, None
        while more:
            page = await store.find(Query(projects=project, before=before, limit=499))
            seen += [entry.id for entry in page.entries]
            more, before = page.more, page.entries[-1].id
        assert seen == list(range(2_500, 0, -1))
        page = await store.find(Query(projects=project, after=EntryId(2_000), ascending=True, limit=500))
        assert [entry.id for entry in page.entries] == list(range(2_001, 2_501)) and not page.more
        page = await store.find(Query(projects=project, after=EntryId(5), before=EntryId(9), limit=2))
        assert [entry.id for entry in page.entries] == [8, 7] and page.more

    async def test_the_rare_is_found_among_the_common(self, store: Store) -> None:
        """However far back it is, in order, whatever else is asked for."""
        scene = await b.saved(store)
        rare = await b.saved(store, b.scene("rare"))
        (other,) = await store.save([b.source("other")])
        await store.append_batch([scene.publication(source=other, deliveries=[scene.delivery()])] * 2)
        await store.append(rare.publication())
        await store.append_batch([scene.publication() for _ in range(2_500)])
        await store.record(b.failed(2, 1))
        assert await _ids(store, rare) == [5]
        assert await _ids(store, scene, name="other") == [3, 1]
        assert await _ids(store, scene, statuses=(Status.ERROR,)) == [2]
        assert await _ids(store, scene, kinds=(Kind.SUBSCRIPTION,), ascending=True) == [2, 4]
        assert await _ids(store, scene, descendants=(Descendants.ERROR,), name="other") == [1]
        assert await _ids(store, scene, descendants=(Descendants.IN_PROCESS, Descendants.ERROR)) == [3, 1]
        assert await _ids(store, scene, topic="orders", name="o", contains=True, after=EntryId(2_503), limit=1) == [
            2_505
        ]

    async def test_a_count_stops_at_its_limit(self, store: Store) -> None:
        """So that it costs no more than it must."""
        scene = await b.saved(store)
        await store.append_batch([scene.publication() for _ in range(30)])
        query = Query(projects=(scene.project.number,))
        assert (await store.count(query, 100), await store.count(query, 7)) == (30, 7)
