"""What a store keeps of an append: events with their deliveries, in commit order, once for each idempotency key."""

import asyncio

import pytest

from eventyard.model.errors import NotFound
from eventyard.model.ids import EntryId
from eventyard.model.journal import HistoryLine, Query
from eventyard.model.lifecycle import Descendants, Kind, Status
from eventyard.model.outcome import Counts
from eventyard.ports import Store
from eventyard.testing import builders as b
from eventyard.testing.fakes import HandClock


class AppendContract:
    """Accepted events."""

    async def test_an_event_is_a_complete_publication(self, store: Store, clock: HandClock) -> None:
        """Received at one moment, complete at the moment of the commit."""
        scene = await b.saved(store)
        clock.now = b.NOW + 7
        appended = await store.append(scene.publication(b.event(id="e-1")))
        assert (appended.entry_id, appended.event_id, appended.deliveries) == (1, "e-1", 0)
        assert appended.committed_at == b.NOW + 7 and not appended.duplicate
        detail = await store.detail(appended.entry_id)
        entry = detail.entry
        assert (entry.kind, entry.status, entry.descendants) == (Kind.PUBLICATION, Status.COMPLETE, Descendants.NONE)
        assert (entry.created_at, entry.completed_at) == (b.NOW, b.NOW + 7)
        assert (entry.project_id, entry.application, entry.topic, entry.name) == (
            "project-default", "default", "orders", "shop",
        )  # fmt: skip
        assert (entry.application_id, entry.topic_id, entry.name_id) == (
            "application-default", "topic-orders", "source-shop",
        )  # fmt: skip
        assert detail.history == (
            HistoryLine(b.NOW, Status.PROCESSING),
            HistoryLine(b.NOW + 7, Status.COMPLETE, "Publishing to topic completed successfully"),
        )

    async def test_a_publication_counts_one_event_and_knows_the_run_it_came_of(self, store: Store) -> None:
        """If its publisher says so; and is found by it."""
        scene = await b.saved(store)
        for run_id in (None, "28", None):
            await store.append(scene.publication(run_id=run_id))
        entry = (await store.detail(EntryId(2))).entry
        assert (entry.run_id, entry.counts) == ("28", Counts(source_success=1, target_success=1))
        found = await store.find(Query(projects=(scene.project.number,), run_id="28"))
        assert [one.id for one in found.entries] == [2]

    async def test_an_event_is_read_back_byte_for_byte(self, store: Store) -> None:
        """Data of any bytes, every attribute, and text beyond ASCII."""
        scene = await b.saved(store)
        event = b.event(
            bytes(range(256)),
            id="e-\N{SNOWMAN}",
            type="order.créé",
            routing_key="eu.order",
            content_type="application/octet-stream",
            subject="order/1",
            dataschema="https://schemas.example/order",
            extensions={"traceparent": "00-1", "größe": "ü'\"\\\0"},
        )
        appended = await store.append(scene.publication(event))
        assert (await store.detail(appended.entry_id)).event == event

    async def test_deliveries_follow_their_publication(self, store: Store, clock: HandClock) -> None:
        """Their ids come next, each with one line of history, and the parent counts them."""
        scene = await b.saved(store)
        clock.now = b.NOW + 7
        first = scene.delivery()
        job = scene.delivery(status=Status.PENDING)
        appended = await store.append(scene.publication(deliveries=[first, job]))
        again = await store.append(scene.publication())
        assert (appended.entry_id, appended.deliveries, again.entry_id) == (1, 2, 4)
        detail = await store.detail(EntryId(1))
        assert detail.entry.descendants is Descendants.IN_PROCESS
        assert [(child.id, child.status, child.parent_id) for child in detail.children] == [
            (2, Status.PROCESSING, 1), (3, Status.PENDING, 1),
        ]  # fmt: skip
        child = await store.detail(EntryId(3))
        assert child.history == (HistoryLine(b.NOW + 7, Status.PENDING),)
        assert child.entry.kind is Kind.SUBSCRIPTION
        assert (child.entry.name, child.entry.name_id) == ("fulfilment", "subscription-fulfilment")
        assert (child.entry.event_id, child.entry.completed_at) == ("event-1", None)
        assert child.event == detail.event
        assert (child.due_at, child.lease_until) == (b.NOW, None)

    async def test_a_batch_is_answered_in_its_order(self, store: Store) -> None:
        """One answer for each question."""
        scene = await b.saved(store)
        batch = [scene.publication(b.event(id=f"e-{n}"), [scene.delivery()] * (n % 3)) for n in range(600)]
        answers = await store.append_batch(batch)
        assert [answer.event_id for answer in answers] == [f"e-{n}" for n in range(600)]
        assert [answer.entry_id for answer in answers] == [1 + n + n // 3 * 3 + (0, 0, 1)[n % 3] for n in range(600)]
        assert await store.append_batch([]) == []

    async def test_events_appended_together_get_ids_in_the_order_they_came(self, store: Store) -> None:
        """Whatever goes into one commit."""
        scene = await b.saved(store)
        waiting = [store.append(scene.publication(b.event(id=f"e-{n}"))) for n in range(100)]
        answers = await asyncio.gather(*waiting)
        assert [(answer.entry_id, answer.event_id) for answer in answers] == [(n + 1, f"e-{n}") for n in range(100)]

    async def test_an_unknown_entry_is_not_found(self, store: Store) -> None:
        """Rather than empty."""
        with pytest.raises(NotFound):
            await store.detail(EntryId(1))

    # Idempotency keys

    async def test_a_key_used_before_writes_nothing_and_gives_the_first_answer(
        self, store: Store, clock: HandClock
    ) -> None:
        """Ids, number of deliveries and moment of the first."""
        scene = await b.saved(store)
        keyed = (b.idempotency("k-1"),)
        first = await store.append(scene.publication(b.event(id="e-1"), [scene.delivery()], idempotency=keyed))
        clock.now += 10
        again = await store.append(scene.publication(b.event(id="e-2"), idempotency=keyed))
        assert (again.entry_id, again.event_id, again.deliveries, again.committed_at) == (1, "e-1", 1, b.NOW)
        assert (first.key, again.key, again.duplicate, again.mismatch) == (None, "k-1", True, False)
        assert (await store.append(scene.publication())).entry_id == 3

    async def test_any_of_several_keys_makes_a_duplicate(self, store: Store) -> None:
        """The answer names the key."""
        scene = await b.saved(store)
        await store.append(scene.publication(idempotency=(b.idempotency("own"), b.idempotency("signature"))))
        again = await store.append(scene.publication(idempotency=(b.idempotency("new"), b.idempotency("signature"))))
        third = await store.append(scene.publication(idempotency=(b.idempotency("new"),)))
        assert (again.key, third.key) == ("signature", None)

    async def test_a_key_for_another_body_is_a_mismatch(self, store: Store) -> None:
        """Only where both sides have a fingerprint."""
        scene = await b.saved(store)
        fingerprints = (b"one", b"one", b"two", None)
        answers = [
            await store.append(scene.publication(idempotency=(b.idempotency("k", fingerprint=fingerprint),)))
            for fingerprint in fingerprints
        ]
        assert [(answer.duplicate, answer.mismatch) for answer in answers] == [
            (False, False), (True, False), (True, True), (True, False),
        ]  # fmt: skip

    async def test_the_first_of_two_equal_keys_in_one_batch_wins(self, store: Store) -> None:
        """As if they had come one after the other."""
        scene = await b.saved(store)
        keyed = (b.idempotency("k"),)
        answers = await store.append_batch(
            [scene.publication(b.event(id=f"e-{n}"), idempotency=keyed) for n in range(3)]
        )
        assert [(a.entry_id, a.event_id, a.duplicate) for a in answers] == [
            (1, "e-0", False), (1, "e-0", True), (1, "e-0", True),
        ]  # fmt: skip

    async def test_keys_of_two_sources_are_apart(self, store: Store) -> None:
        """A key belongs to its source."""
        scene = await b.saved(store)
        (other,) = await store.save([b.source("web")])
        keyed = (b.idempotency("k"),)
        await store.append(scene.publication(idempotency=keyed))
        assert not (await store.append(scene.publication(source=other, idempotency=keyed))).duplicate

    async def test_a_key_is_free_again_when_it_expires(self, store: Store, clock: HandClock) -> None:
        """Counted at the moment the event was received."""
        scene = await b.saved(store)
        await store.append(scene.publication(idempotency=(b.idempotency("k", b.NOW + 100),)))
        before = await store.append(
            scene.publication(idempotency=(b.idempotency("k", b.NOW + 999),), received_at=b.NOW + 99)
        )
        clock.now = b.NOW + 100
        after = await store.append(
            scene.publication(idempotency=(b.idempotency("k", b.NOW + 999),), received_at=b.NOW + 100)
        )
        again = await store.append(
            scene.publication(idempotency=(b.idempotency("k", b.NOW + 999),), received_at=b.NOW + 101)
        )
        assert [before.entry_id, after.entry_id, again.entry_id] == [1, 2, 2]
        assert [before.duplicate, after.duplicate, again.duplicate] == [True, False, True]
