"""What a store gives a stream: each commit told once and in order, the past read in slices, and positions that stay."""

import asyncio
from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace

from eventyard.model.catalog import Source, Topic
from eventyard.model.errors import HubError
from eventyard.model.ids import EntryId, Millis
from eventyard.model.journal import READ_BYTES, Committed, Slice
from eventyard.model.lifecycle import Status, Trigger
from eventyard.model.streams import Position
from eventyard.ports import Store
from eventyard.testing import builders as b
from eventyard.testing.fakes import HandClock

END = EntryId(1 << 62)

FULL = Position(
    "q-1", EntryId(7), ((EntryId(9), EntryId(12)), (EntryId(14), EntryId(14))), 3, EntryId(20), {EntryId(13): 2}
)
"""A position with everything in it."""


class Told(list[Sequence[Committed]]):
    """What a watcher of a store was told, commit by commit."""

    def __init__(self, store: Store) -> None:
        super().__init__()
        store.watch(self.append)

    @property
    def ids(self) -> list[int]:
        """Of all publications."""
        return [one.entry_id for committed in self for one in committed]


async def _another_topic(store: Store, name: str = "refunds") -> int:
    (saved,) = await store.save([b.topic(name)])
    assert isinstance(saved, Topic)
    return saved.number


async def _read(store: Store, topics: Sequence[int], after: int = 0, limit: int = 1_000) -> list[Committed]:
    """Everything to the end of the journal, slice by slice."""
    until = await store.newest()
    read: list[Committed] = []
    reached = EntryId(after)
    while reached < until:
        part = await store.read(topics, reached, until, limit)
        assert part.reached > reached and len(part.publications) <= limit
        assert all(reached < one.entry_id <= part.reached for one in part.publications)
        read += part.publications
        reached = part.reached
    return read


async def _ids(store: Store, topics: Sequence[int], after: int = 0, limit: int = 1_000) -> list[int]:
    return [one.entry_id for one in await _read(store, topics, after, limit)]


class StreamsContract:
    """Commits told, publications read, positions kept."""

    # Told

    async def test_a_watcher_is_told_of_each_commit_once_before_its_caller(
        self, store: Store, clock: HandClock
    ) -> None:
        """With everything a stream needs to know, so that nothing is read back."""
        scene = await b.saved(store)
        told = Told(store)
        clock.now += 7
        event = b.event(b"\x00\xff", id="e-1", subject="order/1")
        await store.append(scene.publication(event, [scene.delivery()]))
        committed = Committed(
            EntryId(1), b.NOW + 7, scene.project.number, scene.application.number, scene.topic.number,
            scene.source.number, event,
        )  # fmt: skip
        assert told == [[committed]]
        await store.append(scene.publication())
        assert told.ids == [1, 3]

    async def test_a_batch_is_told_as_one(self, store: Store) -> None:
        """In its order."""
        scene = await b.saved(store)
        told = Told(store)
        await store.append_batch([scene.publication(b.event(id=f"e-{n}"), [scene.delivery()]) for n in range(300)])
        assert len(told) == 1
        assert told.ids == list(range(1, 600, 2))
        assert [one.event.id for one in told[0]] == [f"e-{n}" for n in range(300)]

    async def test_commits_are_told_in_the_order_of_their_ids(self, store: Store) -> None:
        """However many callers there are."""
        scene = await b.saved(store)
        told = Told(store)

        async def publish() -> None:
            for size in (1, 40, 1):
                await store.append_batch([scene.publication() for _ in range(size)])
                await store.append(scene.publication())

        await asyncio.gather(*(publish() for _ in range(20)))
        assert told.ids == list(range(1, 20 * 45 + 1))
        assert all(told)

    async def test_a_duplicate_is_not_told(self, store: Store) -> None:
        """Neither alone nor within a batch."""
        scene = await b.saved(store)
        told = Told(store)
        keyed = scene.publication(idempotency=(b.idempotency("k"),))
        await store.append_batch([keyed, keyed])
        await store.append(keyed)
        await store.append_batch([keyed, scene.publication()])
        assert [[one.entry_id for one in committed] for committed in told] == [[1], [2]]

    async def test_only_publications_are_told(self, store: Store) -> None:
        """Not what becomes of deliveries, nor what an operator does."""
        scene = await b.saved(store)
        appended = await store.append(scene.publication(deliveries=[scene.delivery()] * 2))
        told = Told(store)
        await store.record(b.delivered(2, appended.entry_id))
        await store.redeliver(appended.entry_id, [scene.delivery()], None, b.line(Status.NEW))
        await store.move([EntryId(3)], Trigger.DISCARD, b.line(Status.NEW), None)
        await store.append_batch([])
        await store.save([b.topic("another")])
        assert told == []

    async def test_every_watcher_is_told_and_none_that_fails_harms_the_rest(self, store: Store) -> None:
        """The loop hears of the error; the caller gets its answer."""
        reported: list[dict[str, Any]] = []
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: reported.append(context))
        scene = await b.saved(store)

        def fail(committed: Sequence[Committed]) -> None:
            raise HubError("internal", "no")

        first = Told(store)
        store.watch(fail)
        last = Told(store)
        assert (await store.append(scene.publication())).entry_id == 1
        assert first.ids == last.ids == [1]
        assert [type(context["exception"]) for context in reported] == [HubError]

    async def test_who_comes_later_is_told_of_whole_commits_and_reads_the_rest(self, store: Store) -> None:
        """The past up to the newest, then what is told: nothing is missing, and what is there twice has one id."""
        scene = await b.saved(store)
        writing = [
            asyncio.ensure_future(store.append_batch([scene.publication() for _ in range(size)]))
            for size in (3, 500, 1, 800, 2)
        ]
        await asyncio.sleep(0)
        told = Told(store)
        until = await store.newest()
        past = await _ids(store, [scene.topic.number])
        await asyncio.gather(*writing)
        assert set(past) | set(told.ids) == set(range(1, 1_307))
        assert until <= max(past, default=0)
        assert told.ids == list(range(1_307 - len(told.ids), 1_307))
        firsts = {1, 4, 504, 505, 1_305, 1_307}
        assert {committed[0].entry_id for committed in told} <= firsts

    # Read

    async def test_the_past_is_read_as_it_was_told(self, store: Store) -> None:
        """The same facts, of the topics asked for."""
        scene = await b.saved(store)
        (web,) = await store.save([b.source("web")])
        assert isinstance(web, Source)
        other = await _another_topic(store)
        told = Told(store)
        bodies = (b'{"n": 1}', b"", bytes(range(256)), b"\xff\xfe" * 700, "\N{SNOWMAN}".encode())
        for n, data in enumerate(bodies):
            extensions = {"größe": "ü'\"\\\0", "n": str(n)}
            event = b.event(data, id=f"e-{n}", content_type="text/plain", subject="\N{SNOWMAN}", extensions=extensions)
            source = scene.source if n % 2 else web
            await store.append(scene.publication(event, [scene.delivery()] * (n % 2), source=source))
            await store.append(scene.publication(topic_number=other))
        published = [one for committed in told for one in committed]
        topic = scene.topic.number
        assert await _read(store, [topic]) == [one for one in published if one.topic == topic]
        assert await _read(store, [other]) == [one for one in published if one.topic == other]
        assert await _read(store, [topic, other]) == published
        assert await _read(store, [topic, other], limit=1) == published
        assert await _read(store, [99]) == await _read(store, []) == []

    async def test_a_slice_lies_between_its_bounds(self, store: Store) -> None:
        """After the one, up to the other; at the end it has reached it."""
        scene = await b.saved(store)
        await store.append_batch([scene.publication() for _ in range(9)])
        topics = [scene.topic.number]
        part = await store.read(topics, EntryId(2), EntryId(7), 100)
        assert [one.entry_id for one in part.publications] == [3, 4, 5, 6, 7]
        assert part.reached == 7
        part = await store.read(topics, EntryId(2), EntryId(7), 2)
        assert ([one.entry_id for one in part.publications], part.reached) == ([3, 4], 4)
        assert await store.read(topics, EntryId(9), EntryId(9), 2) == Slice((), EntryId(9))
        assert await store.read([], EntryId(2), EntryId(7), 2) == Slice((), EntryId(7))

    async def test_a_slice_of_large_events_is_cut(self, store: Store) -> None:
        """It ends with the event that fills it."""
        scene = await b.saved(store)
        for size in (READ_BYTES // 2, READ_BYTES // 2, 1, READ_BYTES, 1):
            await store.append(scene.publication(b.event(b"1" * size)))
        topics, until = [scene.topic.number], await store.newest()
        parts = [await store.read(topics, EntryId(after), until, 100) for after in (0, 2, 4)]
        assert [[one.entry_id for one in part.publications] for part in parts] == [[1, 2], [3, 4], [5]]
        assert [part.reached for part in parts] == [2, 4, 5]

    async def test_the_rare_is_found_among_the_common(self, store: Store) -> None:
        """However far apart, whatever became of its deliveries, from however many sources."""
        scene = await b.saved(store)
        rare = await _another_topic(store)
        sources = await store.save([b.source(f"s-{n}") for n in range(3)])
        expected = []
        for source in sources:
            appended = await store.append(
                scene.publication(deliveries=[scene.delivery()], source=source, topic_number=rare)
            )
            expected.append(appended.entry_id)
            await store.append_batch([scene.publication() for _ in range(25_000)])
        await store.record(b.failed(expected[1] + 1, expected[1]))
        await store.move([expected[2]], Trigger.DISCARD, b.line(Status.NEW), None)
        assert await _ids(store, [rare]) == expected
        assert await _ids(store, [rare], expected[0]) == expected[1:]
        assert await _ids(store, [rare], expected[2]) == []

    # Newest, and the moment

    async def test_the_newest_is_a_publication(self, store: Store) -> None:
        """Of all topics or some, past any delivery; 0 before the first."""
        scene = await b.saved(store)
        other = await _another_topic(store)
        topic = scene.topic.number
        assert [await store.newest(), await store.newest([topic]), await store.newest([])] == [0, 0, 0]
        await store.append(scene.publication(deliveries=[scene.delivery()] * 3))
        await store.append(scene.publication(topic_number=other))
        await store.redeliver(EntryId(1), [scene.delivery()] * 3, None, b.line(Status.NEW))
        assert [await store.newest(), await store.newest([topic]), await store.newest([other])] == [5, 1, 5]
        assert [await store.newest([other, topic]), await store.newest([]), await store.newest([99])] == [5, 0, 0]

    async def test_a_moment_is_a_place_in_the_journal(self, store: Store, clock: HandClock) -> None:
        """The last entry before it; nothing before the first, the newest after the last."""
        scene = await b.saved(store)
        assert await store.at(b.NOW) == 0
        for at in (10, 20, 20, 30):
            clock.now = b.NOW + at
            await store.append(scene.publication(deliveries=[scene.delivery()], received_at=b.NOW))
        moments = (0, 10, 11, 20, 21, 30, 31, 1_000_000)
        assert [await store.at(b.NOW + moment) for moment in moments] == [0, 0, 2, 2, 6, 6, 7, 7]

    async def test_a_moment_counts_by_the_commit(self, store: Store, clock: HandClock) -> None:
        """And not by when the event came in, nor by what happened to its deliveries since."""
        scene = await b.saved(store)
        clock.now = b.NOW + 50
        await store.append(scene.publication(deliveries=[scene.delivery()], received_at=b.NOW))
        clock.now = b.NOW + 60
        await store.record(b.delivered(2, 1, at=b.NOW + 60))
        await store.append(scene.publication(received_at=b.NOW + 1_000))
        clock.now = b.NOW + 90
        await store.redeliver(EntryId(1), [scene.delivery()], None, b.line(Status.NEW, at=b.NOW + 90))
        moments = (50, 51, 60, 61, 90, 1_000)
        assert [await store.at(b.NOW + moment) for moment in moments] == [0, 2, 2, 3, 3, 3]

    async def test_after_a_clock_that_jumped_a_moment_misses_nothing(self, store: Store, clock: HandClock) -> None:
        """What was committed at the moment or later comes after it, whatever else does."""
        scene = await b.saved(store)
        hour = 3_600_000
        committed: list[Millis] = []
        for start in (b.NOW, b.NOW - hour, b.NOW + hour, b.NOW):
            for n in range(5):
                clock.now = start + n
                await store.append_batch([scene.publication(received_at=start)] * 1_000)
                committed += [clock.now] * 1_000
        for moment in (*range(b.NOW - hour, b.NOW - hour + 6), *range(b.NOW, b.NOW + 6), b.NOW + hour + 3):
            place = await store.at(moment)
            assert place == next(n for n, at in enumerate(committed) if at >= moment)
        assert await store.at(b.NOW + hour + 5) == await store.newest() == 20_000

    # Positions

    async def test_positions_are_kept_and_replaced_by_queue(self, store: Store) -> None:
        """Each field of each."""
        assert await store.positions() == []
        await store.keep([Position("q-2", EntryId(4)), FULL])
        assert await store.positions() == [FULL, Position("q-2", EntryId(4))]
        moved = replace(FULL, cursor=EntryId(14), done=(), returned={})
        await store.keep([moved])
        await store.keep([])
        assert await store.positions() == [moved, Position("q-2", EntryId(4))]

    async def test_many_positions_are_kept_at_once(self, store: Store) -> None:
        """The last one of a queue counts."""
        many = [Position(f"q-{n:03}", EntryId(n)) for n in range(700)]
        await store.keep([replace(many[9], cursor=EntryId(1)), *many])
        assert await store.positions() == many

    async def test_positions_are_forgotten_by_queue(self, store: Store) -> None:
        """Those that are there."""
        await store.keep([Position(f"q-{n}", EntryId(n)) for n in range(4)])
        await store.forget(["q-1", "q-3", "unheard-of"])
        await store.forget([])
        assert [position.queue_id for position in await store.positions()] == ["q-0", "q-2"]
