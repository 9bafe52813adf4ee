"""What a store keeps of a search: every criterion and all together, pages both ways, streams and totals."""

from msgspec.structs import replace

from eventyard.model.catalog import Topic
from eventyard.model.ids import EntryId
from eventyard.model.journal import Query
from eventyard.model.lifecycle import Descendants, Kind, Status
from eventyard.ports import Store
from eventyard.testing import builders as b
from eventyard.testing.fakes import HandClock


async def _ids(store: Store, scene: b.Scene, **criteria: object) -> list[int]:
    query = Query(**({"projects": (scene.project.number,)} | criteria))  # type: ignore[arg-type]
    page = await store.find(query)
    assert page.more or query.offset or await store.count(query, 100) == len(page.entries)
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

    async def test_one_criterion_will_do_where_any_is_asked_for(self, store: Store) -> None:
        """Within scope and time all the same; with none there is nothing to choose from."""
        scene = await b.saved(store)
        other = await b.saved(store, b.scene("north"))
        await _family(store, scene)
        await store.append(other.publication())
        assert await _ids(store, scene, any=True, name="fulfilment", descendants=(Descendants.IN_PROCESS,)) == [
            4, 3, 2, 1,
        ]  # fmt: skip
        assert await _ids(store, scene, any=True, entry_id=EntryId(5), statuses=(Status.ERROR,)) == [5, 3]
        assert await _ids(store, scene, any=True, entry_id=EntryId(6), statuses=(Status.ERROR,)) == [3]
        assert await _ids(store, scene, any=True, kinds=(Kind.SYSTEM,), application="none") == []
        assert await _ids(store, scene, any=True, topic="orders", name="shop", created_to=b.NOW - 1) == []
        assert await _ids(store, scene, any=True) == [5, 4, 3, 2, 1]
        assert await _ids(store, scene, any=True, limit=2, offset=1, topic="orders", name="shop") == [4, 3]

    async def test_an_application_is_found_by_its_number(self, store: Store) -> None:
        """Which is that of its record."""
        scene = await b.saved(store)
        await _family(store, scene)
        assert await _ids(store, scene, application_number=scene.application.number) == [5, 4, 3, 2, 1]
        assert await _ids(store, scene, application_number=scene.source.number) == []

    async def test_what_tells_of_another_application_is_not_found_by_who_may_know_of_one(self, store: Store) -> None:
        """Everything else is."""
        scene = await b.saved(store)
        topics = await store.save([b.topic(f"application.{name}") for name in ("a", "b")])
        for number in (scene.topic.number, *(topic.number for topic in topics if isinstance(topic, Topic))):
            await store.append(replace(scene.publication(), topic_number=number))
        assert await _ids(store, scene, own="application.a") == [2, 1]
        assert await _ids(store, scene, own="application.%") == [1]

    async def test_entries_come_in_the_order_of_their_time_where_that_is_asked_for(
        self, store: Store, clock: HandClock
    ) -> None:
        """And of their ids within a millisecond, whatever the clock did."""
        scene = await b.saved(store)
        hour = 3_600_000
        for start in (b.NOW, b.NOW - hour, b.NOW):
            clock.now = start
            await store.append_batch([scene.publication(received_at=start + n // 2) for n in range(3_000)])
        newest = [id for n in range(2_999, -1, -1) for id in (n + 6_001, n + 1)]
        pairs = [id for n in range(0, 6_000, 4) for id in sorted(newest[n : n + 4], reverse=True)]
        assert await _ids(store, scene, by_time=True, limit=100) == pairs[:100]
        assert await _ids(store, scene, by_time=True, offset=700, limit=300) == pairs[700:1_000]
        assert await _ids(store, scene, by_time=True, offset=5_999, limit=3) == [1, 6_000, 5_999]
        assert await _ids(store, scene, by_time=True, ascending=True, offset=2_999, limit=2) == [6_000, 1]
        assert await _ids(store, scene, by_time=True, limit=2, created_to=b.NOW) == [6_002, 6_001]

    async def test_so_many_are_skipped(self, store: Store) -> None:
        """Among what is common and what is not, up to the end and beyond."""
        scene = await b.saved(store)
        (other,) = await store.save([b.source("other")])
        new = [scene.publication(source=other if n % 3 else scene.source) for n in range(6_000)]
        await store.append_batch(new)
        assert await _ids(store, scene, offset=4_990, limit=2) == [1_010, 1_009]
        rest = [n for n in range(6_000, 0, -1) if n % 3 != 1]
        assert await _ids(store, scene, name="other", offset=3_000, limit=3) == rest[3_000:3_003]
        assert await _ids(store, scene, name="other", offset=3_999, limit=3) == rest[3_999:]
        assert await _ids(store, scene, offset=6_000) == []

    async def test_stories_are_told_with_children_and_histories(self, store: Store) -> None:
        """Of every entry of a page, also of a child that is one itself; and how many there are in all."""
        scene = await b.saved(store)
        await _family(store, scene)
        told = await store.stories(Query(projects=(scene.project.number,), limit=2, offset=3), 100)
        assert (told.total, told.more) == (5, False)
        child, parent = told.stories
        details = [await store.detail(story.entry.id) for story in (parent, *parent.children)]
        assert [parent.entry.id, *(story.entry.id for story in parent.children)] == [1, 2, 3, 4]
        assert [(story.entry, story.history) for story in (parent, *parent.children)] == [
            (detail.entry, detail.history) for detail in details
        ]
        assert child == parent.children[0]
        assert child.children == ()

    async def test_stories_are_counted_up_to_a_bound(self, store: Store) -> None:
        """Beyond which there is no telling how many more there are."""
        scene = await b.saved(store)
        await _family(store, scene)
        query = Query(projects=(scene.project.number,), limit=1)
        for most, total, more in ((4, 4, True), (5, 5, False), (6, 5, False)):
            told = await store.stories(query, most)
            assert (len(told.stories), told.total, told.more) == (1, total, more)
        nothing = await store.stories(Query(projects=(scene.project.number,), offset=9), 100)
        assert (nothing.stories, nothing.total) == ((), 5)

    async def test_a_count_stops_at_its_limit(self, store: Store) -> None:
        """So that it costs no more than it must."""
        scene = await b.saved(store)
        await store.append_batch([scene.publication() for _ in range(30)])
        query = Query(projects=(scene.project.number,))
        assert (await store.count(query, 100), await store.count(query, 7)) == (30, 7)
