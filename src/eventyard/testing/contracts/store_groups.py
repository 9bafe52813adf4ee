"""What a store keeps of deliveries that wait, for others of their publication or for their subscription."""

from eventyard.model.catalog import Subscription
from eventyard.model.ids import EntryId
from eventyard.model.journal import Delayed, Delaying, HistoryLine, NewDelivery, Recorded, Sibling
from eventyard.model.lifecycle import Descendants, Status, Trigger
from eventyard.ports import Store
from eventyard.testing import builders as b

ITS_TURN = HistoryLine(b.NOW + 500, Status.NEW, "its turn")
LATER = b.NOW + 60_000


def _delayed(scene: b.Scene) -> NewDelivery:
    return scene.delivery(status=Status.DELAYED)


class GroupsContract:
    """Deliveries of one publication, one group after another."""

    async def test_a_delayed_delivery_is_on_record_and_in_no_queue(self, store: Store) -> None:
        """Neither a claim nor a survey finds it."""
        scene = await b.saved(store)
        made = await store.append(scene.publication(deliveries=[_delayed(scene)]))
        assert made.deliveries == 1
        assert await store.waiting() == []
        assert await store.claim({scene.target.number: 9}, LATER, LATER) == []
        child, parent = await store.detail(EntryId(2)), await store.detail(EntryId(1))
        assert (child.entry.status, child.due_at, child.history) == (
            Status.DELAYED, None, (HistoryLine(b.NOW, Status.DELAYED),),
        )  # fmt: skip
        assert parent.entry.descendants is Descendants.DELAYED

    async def test_the_last_open_one_tells_that_the_delayed_ones_are_waited_for(self, store: Store) -> None:
        """Whoever ends before the last tells that some wait, and others work."""
        scene = await b.saved(store)
        deliveries = [scene.delivery(), scene.delivery(), _delayed(scene)]
        await store.append(scene.publication(deliveries=deliveries))
        assert (await store.detail(EntryId(1))).entry.descendants is Descendants.IN_PROCESS
        assert await store.record(b.failed(2, 1, again_at=b.NOW)) is Recorded.WRITTEN
        assert await store.record(b.failed(2, 1, number=2)) is Recorded.AWAITED
        assert await store.record(b.delivered(3, 1)) is Recorded.SETTLED
        assert await store.record(b.delivered(3, 1)) is Recorded.LATE

    async def test_those_recorded_together_tell_it_once(self, store: Store) -> None:
        """The last one does, also within one commit."""
        scene = await b.saved(store)
        deliveries = [scene.delivery(), scene.delivery(), _delayed(scene)]
        await store.append(scene.publication(deliveries=deliveries))
        recordings = [store.record(b.delivered(2, 1)), store.record(b.delivered(3, 1))]
        assert [await one for one in recordings] == [Recorded.AWAITED, Recorded.SETTLED]

    async def test_without_delayed_ones_there_is_nothing_to_tell(self, store: Store) -> None:
        """As it is with nearly all publications."""
        scene = await b.saved(store)
        await store.append(scene.publication(deliveries=[scene.delivery(), scene.delivery()]))
        assert await store.record(b.delivered(2, 1)) is Recorded.WRITTEN
        assert await store.record(b.failed(3, 1)) is Recorded.WRITTEN

    async def test_started_it_is_due_and_the_time_it_waited_is_counted(self, store: Store) -> None:
        """A second start finds nothing to do."""
        scene = await b.saved(store)
        await store.append(scene.publication(deliveries=[scene.delivery(), _delayed(scene)]))
        await store.record(b.delivered(2, 1))
        assert await store.move([EntryId(3)], Trigger.START, ITS_TURN, b.NOW + 500) == [3]
        assert await store.move([EntryId(3)], Trigger.START, ITS_TURN, b.NOW + 500) == []
        detail = await store.detail(EntryId(3))
        assert (detail.entry.status, detail.entry.delayed_ms) == (Status.PROCESSING, 500)
        assert detail.history[-1] == HistoryLine(b.NOW + 500, Status.PROCESSING, "its turn")
        (claimed,) = await store.claim({scene.target.number: 9}, LATER, b.NOW + 500)
        assert (claimed.entry_id, claimed.attempt, claimed.lost) == (3, 1, False)
        assert await store.record(b.delivered(3, 1, at=b.NOW + 900)) is Recorded.WRITTEN
        assert (await store.detail(EntryId(3))).entry.delayed_ms == 500

    async def test_one_that_is_discarded_while_it_waits_was_delayed_until_then(self, store: Store) -> None:
        """And its family is over."""
        scene = await b.saved(store)
        await store.append(scene.publication(deliveries=[scene.delivery(), _delayed(scene)]))
        await store.record(b.failed(2, 1))
        assert await store.move([EntryId(3)], Trigger.DISCARD, ITS_TURN, None) == [3]
        entry = (await store.detail(EntryId(3))).entry
        assert (entry.status, entry.delayed_ms, entry.completed_at) == (Status.DISCARDED, 500, b.NOW + 500)
        assert (await store.detail(EntryId(1))).entry.descendants is Descendants.ERROR

    async def test_what_is_delivered_anew_may_wait_too(self, store: Store) -> None:
        """A replay goes by the same groups."""
        scene = await b.saved(store)
        await store.append(scene.publication())
        made = await store.redeliver(EntryId(1), [scene.delivery(), _delayed(scene)], None, ITS_TURN)
        assert [one.entry_id for one in await store.claim({scene.target.number: 9}, LATER, LATER)] == made[:1]
        assert await store.redeliver(EntryId(1), [_delayed(scene)], None, ITS_TURN) == [4]
        assert await store.record(b.delivered(2, 1)) is Recorded.SETTLED

    async def test_siblings_are_what_became_of_each(self, store: Store) -> None:
        """Of several publications at once, and of none that were not asked for."""
        scene = await b.saved(store)
        for deliveries in ([scene.delivery(), _delayed(scene)], [scene.delivery()], [_delayed(scene)], []):
            await store.append(scene.publication(deliveries=deliveries))
        await store.record(b.failed(2, 1))
        found = await store.siblings([EntryId(6), EntryId(1), EntryId(8), EntryId(99)])
        name, target = "subscription-fulfilment", scene.target.number
        assert found == [
            Sibling(EntryId(2), EntryId(1), name, target, Status.ERROR),
            Sibling(EntryId(3), EntryId(1), name, target, Status.DELAYED),
            Sibling(EntryId(7), EntryId(6), name, target, Status.DELAYED),
        ]
        assert await store.siblings([]) == []

    async def test_a_sibling_whose_subscription_is_gone_is_still_one(self, store: Store) -> None:
        """It has the id it was made under."""
        scene = await b.saved(store)
        await store.append(scene.publication(deliveries=[_delayed(scene)]))
        await store.remove([scene.subscription])
        (found,) = await store.siblings([EntryId(1)])
        assert (found.subscription_id, found.status) == ("subscription-fulfilment", Status.DELAYED)

    async def test_the_delayed_deliveries_of_a_subscription_are_found_by_its_number(self, store: Store) -> None:
        """By id, in parts, and the newest first; what is over or under way is not among them."""
        scene = await b.saved(store)
        assert await store.delaying() == []
        (other,) = await store.save([b.subscription("other", target_id=scene.target.id)])
        assert isinstance(other, Subscription)
        for deliveries in ([_delayed(scene)], [scene.delivery()], [_delayed(scene), _delayed(scene)]):
            await store.append(scene.publication(deliveries=deliveries))
        await store.append(scene.publication(deliveries=[scene.delivery(subscription=other, status=Status.DELAYED)]))
        number, target = scene.subscription.number, scene.target.number
        assert await store.delaying() == [Delaying(number, scene.subscription.id), Delaying(other.number, other.id)]
        size = len(b.event().data)
        all_three = [
            Delayed(EntryId(n), EntryId(of), target, b.NOW, scene.topic.number, size)
            for n, of in ((2, 1), (6, 5), (7, 5))
        ]
        assert await store.delayed(number, EntryId(0), None, 9) == all_three
        assert await store.delayed(number, EntryId(2), EntryId(6), 9) == all_three[1:2]
        assert await store.delayed(number, EntryId(0), None, 2) == all_three[:2]
        assert await store.delayed(number, EntryId(0), None, 1, newest=True) == all_three[2:]
        assert await store.delayed(number, EntryId(0), None, 9, topic=scene.topic.number) == all_three
        assert await store.delayed(number, EntryId(0), None, 9, topic=scene.topic.number + 9) == []
        assert await store.delayed(99, EntryId(0), None, 9) == []
        await store.move([EntryId(2), EntryId(7)], Trigger.START, ITS_TURN, b.NOW)
        assert await store.delayed(number, EntryId(0), None, 9) == all_three[1:2]

    async def test_deliveries_wait_on_when_their_subscription_is_gone(self, store: Store) -> None:
        """And are found, to be ended, also after their project has gone."""
        scene = await b.saved(store)
        await store.append(scene.publication(deliveries=[_delayed(scene)]))
        await store.remove([scene.subscription, scene.project])
        assert await store.delaying() == [Delaying(scene.subscription.number, scene.subscription.id)]
        assert await store.move([EntryId(2)], Trigger.FAIL, ITS_TURN, None) == [2]
        assert await store.delaying() == []

    async def test_every_stay_counts_to_the_time_that_a_delivery_was_delayed(self, store: Store) -> None:
        """Also one that it came to later."""
        scene = await b.saved(store)
        await store.append(scene.publication(deliveries=[_delayed(scene)]))
        moves = ((Trigger.START, 500), (Trigger.WAIT, 600), (Trigger.START, 1_000))
        for trigger, at in moves:
            await store.move([EntryId(2)], trigger, HistoryLine(b.NOW + at, Status.NEW), None)
        assert (await store.detail(EntryId(2))).entry.delayed_ms == 500 + 400
