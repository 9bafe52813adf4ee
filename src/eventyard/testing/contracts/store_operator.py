"""What a store keeps of an operator's acts: retry, discard, reprocess, replay."""

import pytest
from msgspec.structs import replace

from eventyard.model.errors import Conflict, NotFound
from eventyard.model.ids import EntryId
from eventyard.model.journal import HistoryLine, Query
from eventyard.model.lifecycle import Descendants, Kind, Status, Trigger
from eventyard.ports import Store
from eventyard.testing import builders as b

BY_ADMIN = HistoryLine(b.NOW + 60, Status.NEW, "by hand", "user:admin")


class OperatorContract:
    """Acts on entries that exist."""

    async def test_a_retry_puts_a_failed_delivery_back_into_the_queue(self, store: Store) -> None:
        """For its next attempt, in the same entry."""
        scene = await b.saved(store)
        await store.append(scene.publication(deliveries=[scene.delivery()]))
        await store.record(b.failed(2, 1))
        assert await store.move([EntryId(2)], Trigger.RETRY, BY_ADMIN, b.NOW + 60) == [2]
        detail = await store.detail(EntryId(2))
        assert (detail.entry.status, detail.entry.completed_at) == (Status.PROCESSING, None)
        assert detail.history[-1] == HistoryLine(b.NOW + 60, Status.PROCESSING, "by hand", "user:admin")
        assert (await store.detail(EntryId(1))).entry.descendants is Descendants.IN_PROCESS
        (claimed,) = await store.claim({scene.target.number: 1}, b.NOW + 999, b.NOW + 60)
        assert (claimed.entry_id, claimed.attempt, claimed.lost) == (2, 2, False)

    async def test_a_discarded_delivery_leaves_the_queue(self, store: Store) -> None:
        """Even while it is leased: its attempt may end, and changes nothing."""
        scene = await b.saved(store)
        await store.append(scene.publication(deliveries=[scene.delivery(lease_until=b.NOW + 99)]))
        assert await store.move([EntryId(2)], Trigger.DISCARD, BY_ADMIN, None) == [2]
        assert not await store.record(b.delivered(2, 1))
        assert not await store.extend(EntryId(2), b.NOW + 999, b.NOW)
        detail = await store.detail(EntryId(2))
        assert (detail.entry.status, detail.entry.completed_at, detail.due_at) == (
            Status.DISCARDED, b.NOW + 60, None,
        )  # fmt: skip
        assert (await store.detail(EntryId(1))).entry.descendants is Descendants.FINAL

    async def test_only_what_the_lifecycle_allows_is_moved(self, store: Store) -> None:
        """The rest is left as it is, and its ids are left out."""
        scene = await b.saved(store)
        await store.append(scene.publication(deliveries=[scene.delivery()] * 3))
        await store.record(b.failed(2, 1))
        await store.record(b.delivered(3, 1))
        ids = [EntryId(n) for n in (4, 3, 2, 99)]
        assert await store.move(ids, Trigger.RETRY, BY_ADMIN, b.NOW) == [2]
        assert [child.status for child in (await store.detail(EntryId(1))).children] == [
            Status.PROCESSING, Status.COMPLETE, Status.PROCESSING,
        ]  # fmt: skip

    async def test_a_final_entry_keeps_the_moment_it_became_final(self, store: Store) -> None:
        """A complete publication that is discarded was completed when it was."""
        scene = await b.saved(store)
        await store.append(scene.publication())
        assert await store.move([EntryId(1)], Trigger.DISCARD, BY_ADMIN, None) == [1]
        detail = await store.detail(EntryId(1))
        assert (detail.entry.status, detail.entry.completed_at) == (Status.DISCARDED, b.NOW)
        assert [line.status for line in detail.history] == [Status.PROCESSING, Status.COMPLETE, Status.DISCARDED]

    async def test_an_operator_says_how_a_delivery_ended(self, store: Store) -> None:
        """It leaves the queue, and the summary on the publication follows."""
        scene = await b.saved(store)
        await store.append(scene.publication(deliveries=[scene.delivery()]))
        for trigger, status, summary in (
            (Trigger.REJECT, Status.ERROR, Descendants.ERROR),
            (Trigger.CLOSE, Status.COMPLETE, Descendants.FINAL),
        ):
            assert await store.move([EntryId(2)], trigger, BY_ADMIN, None) == [2]
            detail = await store.detail(EntryId(2))
            assert (detail.entry.status, detail.entry.completed_at, detail.due_at) == (status, b.NOW + 60, None)
            assert detail.history[-1] == HistoryLine(b.NOW + 60, status, "by hand", "user:admin")
            assert (await store.detail(EntryId(1))).entry.descendants is summary
        assert await store.waiting() == []

    async def test_a_replay_adds_deliveries_to_an_old_publication(self, store: Store) -> None:
        """With the line that says why."""
        scene = await b.saved(store)
        await store.append(scene.publication(deliveries=[scene.delivery()]))
        await store.append(scene.publication())
        await store.record(b.delivered(2, 1))
        made = await store.redeliver(EntryId(1), [scene.delivery(due_at=b.NOW + 60)] * 2, None, BY_ADMIN)
        assert made == [4, 5]
        parent = await store.detail(EntryId(1))
        assert [child.id for child in parent.children] == [2, 4, 5]
        assert parent.entry.descendants is Descendants.IN_PROCESS
        child = await store.detail(EntryId(5))
        assert child.history == (HistoryLine(b.NOW + 60, Status.PROCESSING, "by hand", "user:admin"),)
        assert (child.entry.created_at, child.event) == (b.NOW + 60, parent.event)
        claimed = await store.claim({scene.target.number: 9}, b.NOW + 999, b.NOW + 60)
        assert [(one.entry_id, one.publication_id, one.attempt) for one in claimed] == [(4, 1, 1), (5, 1, 1)]
        assert (await store.append(scene.publication())).entry_id == 6

    async def test_a_reprocessed_delivery_is_superseded_by_a_new_one(self, store: Store) -> None:
        """The old one's failure no longer counts."""
        scene = await b.saved(store)
        await store.append(scene.publication(deliveries=[scene.delivery()]))
        await store.record(b.failed(2, 1))
        assert await store.redeliver(EntryId(1), [scene.delivery()], EntryId(2), BY_ADMIN) == [3]
        assert await store.record(b.delivered(3, 1))
        old, parent = await store.detail(EntryId(2)), await store.detail(EntryId(1))
        assert (old.entry.status, old.history[-1].status) == (Status.REPROCESSED, Status.REPROCESSED)
        assert old.history[-1].comment == "by hand; superseded by entry 3"
        new = await store.detail(EntryId(3))
        assert new.history[0].comment == "by hand; in place of entry 2"
        assert (old.supersedes, old.superseded_by, new.supersedes, new.superseded_by) == (None, 3, 2, None)
        assert parent.entry.descendants is Descendants.FINAL

    async def test_what_is_still_under_way_is_not_reprocessed(self, store: Store) -> None:
        """The refusal names what is possible, and nothing is added."""
        scene = await b.saved(store)
        await store.append(scene.publication(deliveries=[scene.delivery()]))
        with pytest.raises(Conflict) as refused:
            await store.redeliver(EntryId(1), [scene.delivery()], EntryId(2), BY_ADMIN)
        assert refused.value.code == "illegal_transition"
        assert len((await store.detail(EntryId(1))).children) == 1
        assert (await store.append(scene.publication())).entry_id == 3

    async def test_nothing_is_redelivered_of_what_is_not_there(self, store: Store) -> None:
        """Neither of an unknown publication nor in the place of an unknown delivery."""
        scene = await b.saved(store)
        await store.append(scene.publication())
        with pytest.raises(NotFound):
            await store.redeliver(EntryId(9), [scene.delivery()], None, BY_ADMIN)
        with pytest.raises(NotFound):
            await store.redeliver(EntryId(1), [scene.delivery()], EntryId(9), BY_ADMIN)

    async def test_a_search_is_narrowed_to_what_can_be_acted_on(self, store: Store) -> None:
        """Whichever of its criteria will do; and what nothing can be finds nothing."""
        scene = await b.saved(store)
        await store.append(scene.publication(deliveries=[scene.delivery(), scene.delivery()]))
        await store.record(b.failed(3, 1))
        wide = Query(projects=(scene.project.number,), any=True, topic="orders", statuses=(Status.ERROR,))
        for narrowed, ids in (
            (replace(wide, of_kinds=(Kind.SUBSCRIPTION,)), [3, 2]),
            (replace(wide, of_statuses=(Status.ERROR, Status.COMPLETE)), [3, 1]),
            (replace(wide, of_kinds=(Kind.PUBLICATION,), of_statuses=(Status.ERROR,)), []),
            (replace(wide, any=False, of_statuses=(Status.COMPLETE,)), []),
        ):
            assert [entry.id for entry in (await store.find(narrowed)).entries] == ids
            assert (await store.stories(narrowed, 10)).total == await store.count(narrowed, 10) == len(ids)
