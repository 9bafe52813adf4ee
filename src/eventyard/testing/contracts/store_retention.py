"""What a store lets go of, and when: periods of consumed and unconsumed publications, payloads apart from entries."""

from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from eventyard.model.errors import NotFound
from eventyard.model.ids import EntryId
from eventyard.model.journal import HistoryLine, Listing, Query
from eventyard.model.lifecycle import Endings, Status, Trigger
from eventyard.model.retention import Fate, Purged, Term
from eventyard.ports import Store
from eventyard.testing import builders as b
from eventyard.testing.fakes import HandClock

LATER = b.NOW + 1_000
CONSUMED = {"consumed": LATER, "unconsumed": None, "payload": None}
UNCONSUMED = {"consumed": None, "unconsumed": LATER, "payload": None}
PAYLOAD = {"consumed": None, "unconsumed": None, "payload": LATER}
BY_ADMIN = HistoryLine(b.NOW + 60, Status.NEW, "by hand", "user:admin")


def _term(scene: b.Scene, **fields: object) -> Term:
    return Term(scene.topic.number, **({"consumed": None, "unconsumed": None, "payload": None} | fields))  # type: ignore[arg-type]


async def _over(store: Store, *terms: Term) -> dict[int, Fate]:
    """What is over, by entry, in all blocks."""
    found: dict[int, Fate] = {}
    after: EntryId | None = EntryId(0)
    while after is not None:
        page = await store.over(terms, after)
        found |= {one.id: one.fate for one in page.doomed}
        after = page.reached
    return found


async def _published(store: Store, scene: b.Scene, deliveries: int = 0, **fields: object) -> EntryId:
    made = [scene.delivery(**fields) for _ in range(deliveries)]
    return (await store.append(scene.publication(deliveries=made))).entry_id


async def _ids(store: Store, scene: b.Scene) -> list[int]:
    page = await store.find(Query(projects=(scene.project.number,), ascending=True, limit=500))
    return [entry.id for entry in page.entries]


class RetentionContract:
    """Periods, and what goes when they are over."""

    async def test_without_periods_everything_is_kept(self, store: Store) -> None:
        """And so is what is in other topics than those asked about."""
        scene = await b.saved(store)
        for _ in range(2):
            await _published(store, scene)
        assert await _over(store, _term(scene)) == {}
        assert await _over(store, replace(_term(scene, **CONSUMED), topic=scene.topic.number + 99)) == {}
        assert await _over(store) == {}

    async def test_a_publication_is_consumed_when_the_last_of_its_deliveries_is_over(self, store: Store) -> None:
        """Complete and Discarded count; the period runs from the end of the last one, to the millisecond."""
        scene = await b.saved(store)
        await _published(store, scene, 2)
        await _published(store, scene)
        await store.record(b.delivered(2, 1, at=b.NOW + 10))
        assert await _over(store, _term(scene, **CONSUMED)) == {}
        await store.move([EntryId(3)], Trigger.DISCARD, BY_ADMIN, None)
        assert await _over(store, _term(scene, **CONSUMED | {"consumed": b.NOW + 59})) == {}
        assert await _over(store, _term(scene, **CONSUMED | {"consumed": b.NOW + 60})) == {1: Fate.CONSUMED}

    @pytest.mark.parametrize("state", [Status.ERROR, Status.PENDING, Status.DELAYED])
    async def test_an_error_or_an_open_delivery_keeps_it_unconsumed(self, store: Store, state: Status) -> None:
        """Then the other period counts, from the publication's creation."""
        scene = await b.saved(store)
        born = {} if state is Status.ERROR else {"status": state}
        await _published(store, scene, 1, **born)
        await _published(store, scene)
        if state is Status.ERROR:
            await store.record(b.failed(2, 1))
        assert await _over(store, _term(scene, **CONSUMED)) == {}
        assert await _over(store, _term(scene, **UNCONSUMED | {"unconsumed": b.NOW - 1})) == {}
        assert await _over(store, _term(scene, **UNCONSUMED | {"unconsumed": b.NOW})) == {1: Fate.UNCONSUMED}

    async def test_a_reprocessed_delivery_is_settled_by_the_one_that_took_its_place(self, store: Store) -> None:
        """Until that one is over, the publication is not consumed."""
        scene = await b.saved(store)
        await _published(store, scene, 1)
        await store.record(b.failed(2, 1))
        (again,) = await store.redeliver(EntryId(1), [scene.delivery()], EntryId(2), BY_ADMIN)
        await _published(store, scene)
        assert await _over(store, _term(scene, **CONSUMED)) == {}
        await store.record(b.delivered(again, 1, at=b.NOW + 90))
        assert await _over(store, _term(scene, **CONSUMED)) == {1: Fate.CONSUMED}

    async def test_what_a_durable_queue_has_yet_to_read_is_unconsumed(self, store: Store) -> None:
        """Its payload is kept for it as well, until the unconsumed period is over."""
        scene = await b.saved(store)
        for _ in range(3):
            await _published(store, scene)
        read = EntryId(1)
        assert await _over(store, _term(scene, **CONSUMED, read=read)) == {1: Fate.CONSUMED}
        assert await _over(store, _term(scene, **PAYLOAD, read=read)) == {1: Fate.PAYLOAD}
        assert await _over(store, _term(scene, **UNCONSUMED, read=read)) == {2: Fate.UNCONSUMED}

    async def test_an_attempt_under_way_is_awaited(self, store: Store) -> None:
        """Even when the unconsumed period is over; without the lease the delivery leaves the work queue, too."""
        scene = await b.saved(store)
        await _published(store, scene, 1, lease_until=b.NOW + 99)
        await _published(store, scene)
        term = _term(scene, **UNCONSUMED)
        assert await _over(store, term) == {}
        await store.release()
        assert await store.purge([term], [EntryId(1)]) == Purged(unconsumed=1, entries=2)
        assert await store.claim({scene.target.number: 9}, b.NOW + 999, b.NOW + 100) == []
        assert await store.waiting() == []

    async def test_a_purge_takes_the_whole_family(self, store: Store) -> None:
        """Entries, histories, attempts; what is over in other families only when they are named."""
        scene = await b.saved(store)
        for first in (1, 4, 7):
            await _published(store, scene, 2)
            await store.record(b.delivered(first + 1, first))
            await store.record(b.delivered(first + 2, first))
        assert await store.purge([_term(scene, **CONSUMED)], [EntryId(1)]) == Purged(consumed=1, entries=3)
        assert await _ids(store, scene) == [4, 5, 6, 7, 8, 9]
        for gone in (1, 2, 3):
            with pytest.raises(NotFound):
                await store.detail(EntryId(gone))
        assert (await store.detail(EntryId(5))).attempts

    async def test_what_is_not_over_any_more_is_left(self, store: Store) -> None:
        """Somebody reprocessed it between the look and the purge."""
        scene = await b.saved(store)
        await _published(store, scene, 1)
        await store.record(b.delivered(2, 1))
        await _published(store, scene)
        term = _term(scene, **CONSUMED)
        assert await _over(store, term) == {1: Fate.CONSUMED}
        await store.redeliver(EntryId(1), [scene.delivery()], EntryId(2), BY_ADMIN)
        assert await store.purge([term], [EntryId(1)]) == Purged()
        assert await store.purge([term], [EntryId(1), EntryId(99)]) == Purged()

    async def test_the_family_of_the_newest_entry_stays_so_no_id_is_given_twice(self, store: Store) -> None:
        """It goes once there is something newer."""
        scene = await b.saved(store)
        await _published(store, scene)
        term = _term(scene, **CONSUMED)
        assert await store.purge([term], [EntryId(1)]) == Purged()
        assert await _published(store, scene) == 2
        assert await store.purge([term], [EntryId(1), EntryId(2)]) == Purged(consumed=1, entries=1)
        assert await _published(store, scene) == 3

    async def test_a_payload_goes_and_the_record_of_it_stays(self, store: Store) -> None:
        """Who asks for the event is told that it is gone; streams go over it; a retry does not begin."""
        scene = await b.saved(store)
        await _published(store, scene, 1)
        await store.record(b.failed(2, 1))
        await _published(store, scene)
        term = _term(scene, **PAYLOAD)
        assert await store.purge([term], [EntryId(1)]) == Purged(payloads=1)
        for entry_id in (1, 2):
            assert (await store.detail(EntryId(entry_id))).event is None
        kept = await store.detail(EntryId(2))
        assert (len(kept.attempts), len(kept.history)) == (1, 2)
        read = await store.read([scene.topic.number], EntryId(0), EntryId(3), 10)
        assert ([one.entry_id for one in read.publications], read.reached) == ([3], 3)
        assert await store.move([EntryId(2)], Trigger.RETRY, BY_ADMIN, b.NOW) == []
        assert await _over(store, term) == {}

    async def test_a_payload_that_a_delivery_needs_is_kept(self, store: Store) -> None:
        """However old it is."""
        scene = await b.saved(store)
        await _published(store, scene, 1)
        await _published(store, scene, 1, status=Status.DELAYED)
        await _published(store, scene)
        assert await _over(store, _term(scene, **PAYLOAD)) == {}

    async def test_numbered_pages_count_what_is_left(self, store: Store) -> None:
        """The total, and how the deliveries ended."""
        scene = await b.saved(store)
        for first in (1, 3, 5):
            await _published(store, scene, 1)
            await store.record(b.delivered(first + 1, first))
        await store.purge([_term(scene, **CONSUMED)], [EntryId(1), EntryId(3)])
        listing = Listing(projects=(scene.project.number,))
        for endings in ((), (Endings.COMPLETE,)):
            page = await store.listed(replace(listing, endings=endings))
            assert (page.total, [one.entry.id for one in page.publications]) == (1, [5])

    async def test_a_key_is_answered_as_before_when_its_entry_is_gone(self, store: Store) -> None:
        """The promise outlives it."""
        scene = await b.saved(store)
        publication = scene.publication(idempotency=[b.idempotency()])
        first = await store.append(publication)
        await _published(store, scene)
        await store.purge([_term(scene, **CONSUMED)], [first.entry_id])
        again = await store.append(publication)
        assert again == replace(first, key="key-1")

    async def test_the_stream_ends_where_it_ended(self, store: Store) -> None:
        """Reading on from what is gone finds what comes after it."""
        scene = await b.saved(store)
        for _ in range(3):
            await _published(store, scene)
        await store.purge([_term(scene, **CONSUMED)], [EntryId(1), EntryId(2)])
        read = await store.read([scene.topic.number], EntryId(0), EntryId(3), 10)
        assert [one.entry_id for one in read.publications] == [3]
        assert (await store.newest(), await store.at(b.NOW)) == (3, 2)

    async def test_a_clock_that_jumped_hides_nothing(self, store: Store, clock: HandClock) -> None:
        """What was made while it ran ahead waits for its time, and what came after goes at its own."""
        scene = await b.saved(store)
        ahead = b.NOW + 10**12
        for at in (b.NOW, ahead, b.NOW):
            clock.now = at
            await store.append(replace(scene.publication(), received_at=at))
        clock.now = b.NOW
        await _published(store, scene)
        found = await _over(store, _term(scene, **CONSUMED))
        assert found == {1: Fate.CONSUMED, 3: Fate.CONSUMED}

    async def test_every_block_is_looked_at_that_holds_something_old(self, store: Store) -> None:
        """Over more entries than one look takes."""
        scene = await b.saved(store)
        many: Sequence[int] = range(4_500)
        await store.append_batch([scene.publication() for _ in many])
        term = _term(scene, **CONSUMED)
        assert list(await _over(store, term)) == list(range(1, 4_500))
        assert await _over(store, replace(term, consumed=b.NOW - 1)) == {}
