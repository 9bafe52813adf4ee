"""What a store keeps of the work on deliveries: claims, leases, attempts, and what parents know of children."""

from collections.abc import Mapping

import pytest

from eventyard.model.catalog import Target
from eventyard.model.errors import NotFound
from eventyard.model.ids import EntryId
from eventyard.model.journal import CLAIM_BYTES, Claimed, HistoryLine, Recorded, Recording, Waiting
from eventyard.model.lifecycle import Descendants, Status
from eventyard.model.outcome import Counts, Result
from eventyard.ports import Store
from eventyard.testing import builders as b

LEASE = b.NOW + 30_000


async def _claim(store: Store, room: Mapping[int, int], now: int = b.NOW, until: int = LEASE) -> list[Claimed]:
    return await store.claim(room, until, now)


async def _another_target(store: Store) -> Target:
    (saved,) = await store.save([b.target("other")])
    assert isinstance(saved, Target)
    return saved


class WorkContract:
    """Deliveries and their attempts."""

    async def test_a_due_delivery_is_claimed_once_with_its_event(self, store: Store) -> None:
        """And not again while the lease lasts."""
        scene = await b.saved(store)
        event = b.event(b"\x00\xff")
        await store.append(scene.publication(event, [scene.delivery()]))
        room = {scene.target.number: 10}
        (claimed,) = await _claim(store, room)
        assert claimed == Claimed(
            entry_id=EntryId(2),
            publication_id=EntryId(1),
            subscription_id="subscription-fulfilment",
            target_number=scene.target.number,
            attempt=1,
            due_at=b.NOW,
            lease_until=LEASE,
            event=event,
        )
        assert await _claim(store, room) == []
        assert (await store.detail(EntryId(2))).lease_until == LEASE

    async def test_a_claim_of_large_events_is_cut(self, store: Store) -> None:
        """It ends with the delivery that fills it, for each target by itself, and the next one takes the rest."""
        scene = await b.saved(store)
        other = await _another_target(store)
        for size in (CLAIM_BYTES // 2, CLAIM_BYTES // 2, 1, CLAIM_BYTES):
            event = b.event(b'"%s"' % (b"x" * (size - 2)) if size > 1 else b"1")
            await store.append(scene.publication(event, [scene.delivery(), scene.delivery(target=other)]))
        room = {scene.target.number: 10, other.number: 10}
        claims = [await _claim(store, room) for _ in range(3)]
        assert [[one.entry_id for one in claim] for claim in claims] == [[2, 5, 3, 6], [8, 11, 9, 12], []]

    async def test_the_oldest_due_come_first_and_no_more_than_there_is_room(self, store: Store) -> None:
        """Each target by itself."""
        scene = await b.saved(store)
        other = await _another_target(store)
        moments = (b.NOW - 1, b.NOW - 3, b.NOW + 1, b.NOW - 2, b.NOW)
        await store.append(scene.publication(deliveries=[scene.delivery(due_at=at) for at in moments]))
        await store.append(scene.publication(deliveries=[scene.delivery(target=other)]))
        claimed = await _claim(store, {scene.target.number: 3, other.number: 1})
        assert [one.entry_id for one in claimed] == [3, 5, 2, 8]
        assert [one.entry_id for one in await _claim(store, {scene.target.number: 3})] == [6]
        assert await _claim(store, {}) == []

    async def test_a_claim_of_a_pending_delivery_starts_it(self, store: Store) -> None:
        """Jobs wait for a worker; the claim is the start."""
        scene = await b.saved(store)
        await store.append(scene.publication(deliveries=[scene.delivery(status=Status.PENDING)]))
        (claimed,) = await _claim(store, {scene.target.number: 1}, now=b.NOW + 5)
        detail = await store.detail(EntryId(2))
        assert claimed.status is detail.entry.status is Status.PROCESSING
        assert [(line.at, line.status) for line in detail.history] == [
            (b.NOW, Status.PENDING), (b.NOW + 5, Status.PROCESSING),
        ]  # fmt: skip

    async def test_a_delivery_leased_at_birth_is_nobody_elses(self, store: Store) -> None:
        """What this process just committed it attempts without a claim."""
        scene = await b.saved(store)
        await store.append(scene.publication(deliveries=[scene.delivery(lease_until=LEASE)]))
        assert await _claim(store, {scene.target.number: 1}) == []
        assert await store.waiting() == [Waiting(scene.target.number, LEASE)]

    async def test_a_lease_that_ran_out_is_a_lost_attempt(self, store: Store) -> None:
        """It is on record as such, and the next claim is the next attempt."""
        scene = await b.saved(store)
        await store.append(scene.publication(deliveries=[scene.delivery(lease_until=LEASE)]))
        room = {scene.target.number: 1}
        assert await _claim(store, room, now=LEASE - 1, until=LEASE + 9) == []
        (claimed,) = await _claim(store, room, now=LEASE, until=LEASE + 9)
        assert (claimed.attempt, claimed.lost, claimed.due_at) == (2, True, b.NOW)
        (lost,) = (await store.detail(EntryId(2))).attempts
        assert (lost.number, lost.started_at, lost.outcome.result) == (1, b.NOW, Result.LOST)

    async def test_a_late_report_takes_the_place_of_the_presumed_loss(self, store: Store) -> None:
        """What really happened counts."""
        scene = await b.saved(store)
        await store.append(scene.publication(deliveries=[scene.delivery(lease_until=LEASE)]))
        await _claim(store, {scene.target.number: 1}, now=LEASE, until=LEASE + 9)
        assert await store.record(b.delivered(2, 1, number=1, at=LEASE + 1))
        detail = await store.detail(EntryId(2))
        assert [one.outcome.result for one in detail.attempts] == [Result.DELIVERED]
        assert (detail.entry.status, detail.due_at) == (Status.COMPLETE, None)

    async def test_a_lease_can_be_prolonged_only_while_it_is_held(self, store: Store) -> None:
        """Afterwards somebody else may have it."""
        scene = await b.saved(store)
        await store.append(scene.publication(deliveries=[scene.delivery()]))
        assert not await store.extend(EntryId(2), LEASE, b.NOW)
        await _claim(store, {scene.target.number: 1})
        assert await store.extend(EntryId(2), LEASE + 100, LEASE - 1)
        assert await _claim(store, {scene.target.number: 1}, now=LEASE + 99, until=LEASE + 500) == []
        assert not await store.extend(EntryId(2), LEASE + 200, LEASE + 100)
        assert not await store.extend(EntryId(99), LEASE, b.NOW)

    async def test_release_gives_up_leases_without_counting_them_lost(self, store: Store) -> None:
        """A process that owns the store starts so."""
        scene = await b.saved(store)
        leased = scene.delivery(lease_until=LEASE)
        await store.append(scene.publication(deliveries=[leased, scene.delivery()]))
        assert (await store.release(), await store.release()) == (1, 0)
        claimed = await _claim(store, {scene.target.number: 9})
        assert [(one.entry_id, one.attempt, one.lost) for one in claimed] == [(2, 1, False), (3, 1, False)]

    async def test_waiting_says_from_when_a_claim_would_find_something(self, store: Store) -> None:
        """For each target with deliveries in the queue; a lease is waited out."""
        scene = await b.saved(store)
        other = await _another_target(store)
        assert await store.waiting() == []
        moments = (b.NOW + 9, b.NOW + 5)
        await store.append(scene.publication(deliveries=[scene.delivery(due_at=at) for at in moments]))
        await store.append(scene.publication(deliveries=[scene.delivery(target=other, lease_until=LEASE)]))
        assert await store.waiting() == [
            Waiting(scene.target.number, b.NOW + 5), Waiting(other.number, LEASE),
        ]  # fmt: skip

    # Recordings

    async def test_a_success_completes_the_delivery_and_its_family(self, store: Store) -> None:
        """Attempt, history, status, queue and parent in one."""
        scene = await b.saved(store)
        await store.append(scene.publication(deliveries=[scene.delivery()]))
        attempt = b.attempt(
            1, started_at=b.NOW + 1, response_headers={"server": "x"}, response_body=b"\xfeok", run_id="r-7"
        )
        done = b.line(Status.COMPLETE, "delivered", at=b.NOW + 20, actor="key:ci")
        counts = Counts(1, 2, 3, 4)
        assert await store.record(Recording(EntryId(2), EntryId(1), attempt, done, run_id="r-7", counts=counts))
        detail = await store.detail(EntryId(2))
        assert detail.attempts == (attempt,)
        assert detail.history[-1] == done
        assert (detail.entry.status, detail.entry.completed_at) == (Status.COMPLETE, b.NOW + 20)
        assert (detail.entry.run_id, detail.entry.counts, detail.due_at) == ("r-7", counts, None)
        assert (await store.detail(EntryId(1))).entry.descendants is Descendants.FINAL
        assert await store.waiting() == []

    async def test_a_failure_with_another_try_waits_for_it(self, store: Store) -> None:
        """The status stays; the queue knows when, and which attempt."""
        scene = await b.saved(store)
        await store.append(scene.publication(deliveries=[scene.delivery(lease_until=LEASE)]))
        assert await store.record(b.failed(2, 1, again_at=b.NOW + 5_000))
        detail = await store.detail(EntryId(2))
        assert (detail.entry.status, len(detail.history)) == (Status.PROCESSING, 1)
        assert (detail.due_at, detail.lease_until) == (b.NOW + 5_000, None)
        assert await _claim(store, {scene.target.number: 1}, now=b.NOW + 4_999) == []
        (claimed,) = await _claim(store, {scene.target.number: 1}, now=b.NOW + 5_000)
        assert (claimed.attempt, claimed.lost) == (2, False)
        assert (await store.detail(EntryId(1))).entry.descendants is Descendants.IN_PROCESS

    async def test_the_parent_shows_the_state_of_all_its_children(self, store: Store) -> None:
        """In process while any is open, then error if any failed."""
        scene = await b.saved(store)
        await store.append(scene.publication(deliveries=[scene.delivery()] * 3))
        states = []
        for recording in (b.failed(2, 1), b.delivered(3, 1), b.delivered(4, 1)):
            await store.record(recording)
            states.append((await store.detail(EntryId(1))).entry.descendants)
        assert states == [Descendants.IN_PROCESS, Descendants.IN_PROCESS, Descendants.ERROR]

    async def test_only_the_attempt_is_kept_when_the_entry_is_final(self, store: Store) -> None:
        """An operator, or another report, was faster."""
        scene = await b.saved(store)
        await store.append(scene.publication(deliveries=[scene.delivery()]))
        assert await store.record(b.failed(2, 1))
        assert not await store.record(b.delivered(2, 1, number=2))
        assert not await store.record(b.failed(2, 1, number=3, again_at=b.NOW + 1))
        detail = await store.detail(EntryId(2))
        assert (detail.entry.status, detail.due_at, len(detail.history)) == (Status.ERROR, None, 2)
        assert [one.number for one in detail.attempts] == [1, 2, 3]

    async def test_recordings_made_together_are_applied_in_order(self, store: Store) -> None:
        """Two reports of one delivery in one commit: the first wins."""
        scene = await b.saved(store)
        await store.append(scene.publication(deliveries=[scene.delivery()]))
        first, second = store.record(b.delivered(2, 1)), store.record(b.failed(2, 1, number=2))
        assert (await first, await second) == (Recorded.WRITTEN, Recorded.LATE)
        assert (await store.detail(EntryId(2))).entry.status is Status.COMPLETE

    async def test_many_are_recorded(self, store: Store) -> None:
        """More than fit one statement."""
        scene = await b.saved(store)
        await store.append_batch([scene.publication(deliveries=[scene.delivery()])] * 700)
        waiting = [store.record(b.delivered(2 * n, 2 * n - 1)) for n in range(1, 701)]
        assert all([await one for one in waiting])
        assert await store.totals([scene.project.number]) == {(1, Status.COMPLETE): 700, (2, Status.COMPLETE): 700}

    async def test_an_unknown_delivery_cannot_be_recorded(self, store: Store) -> None:
        """And harms none that is recorded at the same time."""
        scene = await b.saved(store)
        await store.append(scene.publication(deliveries=[scene.delivery()]))
        unknown, known = store.record(b.delivered(99, 98)), store.record(b.delivered(2, 1))
        with pytest.raises(NotFound):
            await unknown
        assert await known

    async def test_time_spent_delayed_is_counted(self, store: Store) -> None:
        """From the line that delayed it to the line that ended that, summed."""
        scene = await b.saved(store)
        await store.append(scene.publication(deliveries=[scene.delivery()]))
        for status, at in (("DELAYED", 100), ("PROCESSING", 350), ("DELAYED", 400), ("COMPLETE", 450)):
            line = HistoryLine(b.NOW + at, Status[status])
            await store.record(Recording(EntryId(2), EntryId(1), None, line, due_at=b.NOW))
            if at == 100:
                assert (await store.detail(EntryId(1))).entry.descendants is Descendants.DELAYED
        assert (await store.detail(EntryId(2))).entry.delayed_ms == 300
