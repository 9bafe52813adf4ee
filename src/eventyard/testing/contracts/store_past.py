"""What a store keeps of another system's past: history that is found like any other, and never delivered again."""

from msgspec.structs import replace

from eventyard.model.event import Received
from eventyard.model.ids import EntryId
from eventyard.model.journal import Query
from eventyard.model.lifecycle import Descendants, Kind, Status, Trigger
from eventyard.model.outcome import Result, Sent
from eventyard.ports import Store
from eventyard.stores.records import identity
from eventyard.testing import builders as b
from eventyard.testing.fakes import HandClock

YEAR = 365 * 86_400_000
THEN = b.NOW - 2 * YEAR


class PastContract:
    """Adopting."""

    async def test_an_adopted_event_stands_under_its_own_times(self, store: Store) -> None:
        """With its request, its deliveries, their attempts and every line of their histories."""
        scene = await b.saved(store)
        event = b.event(id="old-1", time=THEN, request=Received("POST", "https://old.example/send", {"a": "b"}))
        failed = b.attempt(
            1, Result.FAILED, started_at=THEN + 5, status_code=500, sent=Sent("POST", "https://t.example")
        )
        lines = (
            b.line(Status.PROCESSING, at=THEN),
            b.line(Status.ERROR, "500", at=THEN + 9),
            b.line(Status.DISCARDED, "aborted", at=THEN + 9),
        )
        assert await store.adopt([scene.past("1", event, [scene.past_delivery(lines, [failed])])]) == 1
        publication, delivery = await store.detail(EntryId(1)), await store.detail(EntryId(2))
        assert publication.event == event
        assert publication.history == (b.line(Status.COMPLETE, "taken over", at=THEN),)
        entry = publication.entry
        assert (entry.kind, entry.status, entry.descendants) == (Kind.PUBLICATION, Status.COMPLETE, Descendants.FINAL)
        assert (entry.created_at, entry.completed_at, entry.application, entry.name) == (THEN, THEN, "default", "shop")
        assert delivery.history == lines
        assert delivery.attempts == (failed,)
        child = delivery.entry
        assert (child.kind, child.status, child.parent_id) == (Kind.SUBSCRIPTION, Status.DISCARDED, 1)
        assert (child.created_at, child.completed_at, child.name) == (THEN, THEN + 9, "fulfilment")
        assert (delivery.due_at, delivery.lease_until) == (None, None)

    async def test_nothing_that_was_adopted_is_delivered_again(self, store: Store) -> None:
        """It is not due, it is in no topic, and nobody is told."""
        scene = await b.saved(store)
        told: list[object] = []
        store.watch(told.extend)
        await store.adopt([scene.past(str(n), deliveries=[scene.past_delivery()]) for n in range(3)])
        assert await store.waiting() == []
        assert await store.claim({scene.target.number: 9}, b.NOW + 99, b.NOW) == []
        assert (await store.read([scene.topic.number], EntryId(0), await store.newest(), 9)).publications == ()
        assert (await store.detail(EntryId(1))).entry.topic_id is None
        assert told == []

    async def test_what_was_adopted_before_is_left_out(self, store: Store) -> None:
        """By its key, however late, in one call or in several."""
        scene = await b.saved(store)
        assert await store.adopt([scene.past("1"), scene.past("2"), scene.past("2")]) == 2
        assert await store.adopt([scene.past("2"), scene.past("3"), scene.past("1")]) == 1
        assert await store.adopt([]) == 0
        page = await store.find(Query(projects=(scene.project.number,)))
        assert [entry.id for entry in page.entries] == [3, 2, 1]

    async def test_a_search_by_time_finds_it_where_it_belongs(self, store: Store, clock: HandClock) -> None:
        """Between entries of today, whose ids are lower and higher."""
        scene = await b.saved(store)
        await store.append(scene.publication())
        long_ago = [scene.past(f"{n}", at=THEN + n) for n in range(5000)]
        assert await store.adopt(long_ago) == 5000
        clock.now += 9
        await store.append(scene.publication(received_at=b.NOW + 9))
        everything = Query(projects=(scene.project.number,), limit=10)
        then = replace(everything, created_from=THEN + 4998, created_to=THEN + YEAR)
        assert [entry.created_at for entry in (await store.find(then)).entries] == [THEN + 4999, THEN + 4998]
        today = replace(everything, created_from=b.NOW)
        assert [entry.id for entry in (await store.find(today)).entries] == [5002, 1]
        assert await store.count(replace(everything, created_to=THEN + YEAR), 9999) == 5000

    async def test_those_who_are_gone_are_remembered_by_their_names(self, store: Store) -> None:
        """A source, an application, a subscription and a target that no catalog has."""
        scene = await b.saved(store)
        gone = b.source("gone"), b.application("gone")
        contract, action = b.subscription("gone"), b.target("gone")
        made = [
            replace(
                scene.past(
                    key, deliveries=[scene.past_delivery(subscription=contract, target=action, application=gone[1])]
                ),
                source=gone[0],
                application=gone[1],
            )
            for key in ("1", "2")
        ]
        assert await store.adopt(made) == 2
        assert await store.adopt(made) == 0
        entry, child = (await store.detail(EntryId(3))).entry, (await store.detail(EntryId(4))).entry
        assert (entry.name, entry.name_id, entry.application) == ("gone", "source-gone", "gone")
        assert (child.name, child.name_id, child.application_id) == ("gone", "subscription-gone", "application-gone")
        assert sorted(map(identity, await store.load())) == sorted(map(identity, scene.records))

    async def test_a_failed_delivery_can_be_tried_again_by_hand(self, store: Store) -> None:
        """Then, and only then, it is due."""
        scene = await b.saved(store)
        lines = (b.line(Status.PROCESSING, at=THEN), b.line(Status.ERROR, at=THEN + 9))
        delivery = scene.past_delivery(lines, [b.attempt(1, Result.FAILED, started_at=THEN)])
        await store.adopt([scene.past("1", deliveries=[delivery])])
        assert (await store.detail(EntryId(1))).entry.descendants is Descendants.ERROR
        assert await store.move([EntryId(2)], Trigger.RETRY, b.line(Status.NEW), b.NOW) == [2]
        (claimed,) = await store.claim({scene.target.number: 1}, b.NOW + 99, b.NOW)
        assert (claimed.entry_id, claimed.attempt) == (2, 2)
