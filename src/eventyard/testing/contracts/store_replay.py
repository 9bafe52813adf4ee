"""What a store gives a replay: by which way publications came, some of their events, and deliveries added to many."""

from msgspec.structs import replace

from eventyard.model.catalog import Application, Source, Topic
from eventyard.model.ids import EntryId
from eventyard.model.journal import HistoryLine, NewBundle, Query, Seen
from eventyard.model.lifecycle import Descendants, Kind, Status
from eventyard.model.replay import Way, Ways, Window
from eventyard.model.retention import Term
from eventyard.ports import Store
from eventyard.testing import builders as b
from eventyard.testing.fakes import HandClock

REPLAYED = HistoryLine(b.NOW + 60, Status.PROCESSING, "replayed", "user:admin")
LONG = b.NOW + 86_400_000


def _window(scene: b.Scene, **fields: object) -> Window:
    return Window(**({"topics": (scene.topic.number,), "created_from": b.NOW, "created_to": LONG} | fields))  # type: ignore[arg-type]


async def _ways(store: Store, window: Window, after: int = 0, limit: int = 1_000) -> list[Way]:
    """Every way to the end of the journal, page by page."""
    until = await store.newest()
    found: list[Way] = []
    reached = EntryId(after)
    while reached < until:
        part = await store.ways(window, reached, until, limit)
        assert part.reached > reached and len(part.ways) <= limit
        assert all(reached < way.entry_id <= part.reached for way in part.ways)
        found += part.ways
        reached = part.reached
    return found


async def _ids(store: Store, window: Window, after: int = 0, limit: int = 1_000) -> list[int]:
    return [way.entry_id for way in await _ways(store, window, after, limit)]


class ReplayContract:
    """Reading ways and events, adding deliveries."""

    # Ways

    async def test_a_way_is_topic_source_size_and_routing_key(self, store: Store) -> None:
        """Of each publication, none of its deliveries, in the order of the journal."""
        scene = await b.saved(store)
        web, other = await store.save([b.source("web"), b.topic("refunds")])
        assert isinstance(web, Source) and isinstance(other, Topic)
        topic, shop = scene.topic.number, scene.source.number
        keys = ("order.made", 'ü"\\\n\0', "\N{SNOWMAN}" * 300)
        for n, key in enumerate(keys):
            await store.append(scene.publication(b.event(b"\0" * n, routing_key=key), [scene.delivery()]))
        await store.append(scene.publication(b.event(routing_key="r"), source=web, topic_number=other.number))
        first = [Way(EntryId(1 + 2 * n), topic, shop, n, key) for n, key in enumerate(keys)]
        last = Way(EntryId(7), other.number, web.number, len(b.event().data), "r")
        both = _window(scene, topics=(topic, other.number))
        assert await _ways(store, _window(scene)) == first
        assert await _ways(store, both) == await _ways(store, both, limit=1) == [*first, last]
        assert await _ways(store, replace(both, source=web.number)) == [last]
        assert await _ways(store, replace(both, source=99)) == await _ways(store, _window(scene, topics=())) == []

    async def test_a_part_lies_between_its_bounds(self, store: Store) -> None:
        """After the one, up to the other; at the end it has reached it."""
        scene = await b.saved(store)
        await store.append_batch([scene.publication() for _ in range(9)])
        window = _window(scene)
        part = await store.ways(window, EntryId(2), EntryId(7), 100)
        assert ([way.entry_id for way in part.ways], part.reached) == ([3, 4, 5, 6, 7], 7)
        part = await store.ways(window, EntryId(2), EntryId(7), 2)
        assert ([way.entry_id for way in part.ways], part.reached) == ([3, 4], 4)
        assert await store.ways(window, EntryId(9), EntryId(9), 2) == Ways((), EntryId(9))
        nothing = replace(window, created_from=b.NOW + 1)
        assert await store.ways(nothing, EntryId(2), EntryId(7), 2) == Ways((), EntryId(7))

    async def test_a_window_is_of_the_moments_at_which_events_came(self, store: Store, clock: HandClock) -> None:
        """Both included, wherever a clock that jumped has put them."""
        scene = await b.saved(store)
        hour = 3_600_000
        came: list[int] = []
        for start in (b.NOW, b.NOW - hour, b.NOW + hour, b.NOW):
            for n in range(3):
                clock.now = start + n
                await store.append_batch([scene.publication(received_at=clock.now)] * 1_500)
                came += [clock.now] * 1_500
        for first, last in ((0, 0), (1, 2), (-hour + 2, 1), (2, hour), (hour + 3, hour + 9), (-hour, hour + 2), (2, 1)):
            window = _window(scene, created_from=b.NOW + first, created_to=b.NOW + last)
            expected = [n for n, at in enumerate(came, start=1) if b.NOW + first <= at <= b.NOW + last]
            assert await _ids(store, window) == expected

    async def test_the_rare_is_found_among_the_common_by_its_way(self, store: Store) -> None:
        """However far apart."""
        scene = await b.saved(store)
        (rare,) = await store.save([b.topic("rare")])
        assert isinstance(rare, Topic)
        expected = []
        for _ in range(3):
            expected.append((await store.append(scene.publication(topic_number=rare.number))).entry_id)
            await store.append_batch([scene.publication() for _ in range(25_000)])
        window = _window(scene, topics=(rare.number,))
        assert await _ids(store, window) == expected
        assert await _ids(store, window, expected[0]) == expected[1:]

    async def test_who_holds_some_categories_reads_the_ways_they_may_see(self, store: Store) -> None:
        """By the application that published and the topic."""
        scene = await b.saved(store)
        (apart,) = await store.save([b.application("apart")])
        assert isinstance(apart, Application)
        await store.append(scene.publication())
        await store.append(replace(scene.publication(), application_number=apart.number))
        topics = (scene.topic.number,)
        for seen, ids in (
            (Seen((scene.application.number,), topics, ()), [1]),
            (Seen((scene.application.number, apart.number), topics, ()), [1, 2]),
            (Seen((apart.number,), (), ()), []),
        ):
            assert await _ids(store, _window(scene, seen=seen)) == ids

    async def test_bundles_and_what_was_adopted_came_no_way(self, store: Store) -> None:
        """They are no events that somebody published here."""
        scene = await b.saved(store)
        await store.append(scene.publication(deliveries=[scene.delivery(status=Status.DELAYED)]))
        lines = (b.line(Status.PROCESSING), b.line(Status.COMPLETE))
        bundle = NewBundle(
            Kind.COMPOUND_PUBLICATION, scene.project.number, scene.topic.number, scene.subscription, None, b.event(),
            lines,
        )  # fmt: skip
        assert await store.gather(bundle) == 3
        await store.adopt([scene.past("1")])
        await store.append(scene.publication())
        page = await store.find(Query(projects=(scene.project.number,), kinds=(Kind.COMPOUND_PUBLICATION,)))
        assert [entry.id for entry in page.entries] == [3]
        assert await _ids(store, _window(scene)) == [1, 5]

    # Events

    async def test_events_are_read_as_they_were_published(self, store: Store) -> None:
        """Those asked for, in whichever order, and no other."""
        scene = await b.saved(store)
        bodies = (b'{"n": 1}', b"", bytes(range(256)), b"\xff\xfe" * 700, "\N{SNOWMAN}".encode())
        made = [b.event(data, id=f"e-{n}", extensions={"n": str(n)}) for n, data in enumerate(bodies)]
        await store.append_batch([scene.publication(event) for event in made])
        whole = {EntryId(n): event for n, event in enumerate(made, start=1)}
        assert await store.events(list(reversed(whole))) == whole
        assert await store.events([EntryId(4), EntryId(2), EntryId(99)]) == {4: made[3], 2: made[1]}
        assert await store.events([]) == {}

    async def test_what_has_outlived_its_payload_came_no_way_and_gets_nothing(self, store: Store) -> None:
        """Nor does what is gone altogether."""
        scene = await b.saved(store)
        await store.append_batch([scene.publication() for _ in range(3)])
        await store.purge([Term(scene.topic.number, None, None, b.NOW)], [EntryId(2)])
        assert await _ids(store, _window(scene)) == [1, 3]
        assert list(await store.events([EntryId(1), EntryId(2)])) == [1]
        wanted = {EntryId(n): [scene.delivery()] for n in (1, 2, 99)}
        assert await store.replay(wanted, REPLAYED) == [1]
        assert (await store.detail(EntryId(2))).children == ()

    # Deliveries

    async def test_many_publications_get_more_deliveries_at_once(self, store: Store) -> None:
        """Due as they say, each with its first line, counted by its publication; one may get none."""
        scene = await b.saved(store)
        await store.append(scene.publication(deliveries=[scene.delivery()]))
        await store.append_batch([scene.publication(b.event(id=f"e-{n}")) for n in range(2)])
        await store.record(b.delivered(2, 1))
        due, delayed = scene.delivery(due_at=b.NOW + 60), scene.delivery(status=Status.DELAYED)
        wanted = {EntryId(4): [due, delayed], EntryId(1): [due], EntryId(3): []}
        assert set(await store.replay(wanted, REPLAYED)) == {1, 3, 4}
        children = {n: (await store.detail(EntryId(n))).children for n in (1, 3, 4)}
        assert [[child.id for child in made] for made in children.values()] == [[2, 7], [], [5, 6]]
        assert [child.status for child in children[4]] == [Status.PROCESSING, Status.DELAYED]
        parents = [(await store.detail(EntryId(n))).entry.descendants for n in (1, 3, 4)]
        assert parents == [Descendants.IN_PROCESS, Descendants.NONE, Descendants.IN_PROCESS]
        child = await store.detail(EntryId(5))
        assert child.history == (replace(REPLAYED, status=Status.PROCESSING),)
        assert (child.entry.created_at, child.event) == (b.NOW + 60, b.event(id="e-1"))
        claimed = await store.claim({scene.target.number: 9}, b.NOW + 999, b.NOW + 60)
        assert [(one.entry_id, one.publication_id, one.event.id) for one in claimed] == [
            (5, 4, "e-1"), (7, 1, b.event().id),
        ]  # fmt: skip
        await store.record(b.delivered(7, 1))
        assert (await store.detail(EntryId(1))).entry.descendants is Descendants.FINAL
        assert (await store.append(scene.publication())).entry_id == 8

    async def test_nothing_to_be_replayed_is_nothing_done(self, store: Store) -> None:
        """And no id is used up."""
        scene = await b.saved(store)
        await store.append(scene.publication())
        assert await store.replay({}, REPLAYED) == []
        assert (await store.append(scene.publication())).entry_id == 2
