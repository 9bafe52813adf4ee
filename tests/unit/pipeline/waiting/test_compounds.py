import json

import pytest
from msgspec.structs import replace

from eventyard.model.catalog import Mode
from eventyard.model.journal import HistoryLine
from eventyard.model.lifecycle import Kind, Status, Trigger
from eventyard.model.schedule import Compound, DeliveryScope, Overlap, Schedule, When
from eventyard.pipeline.waiting import bundles
from eventyard.pipeline.waiting.bundles import OLDER, PART
from eventyard.pipeline.waiting.compounds import LOOK_MS
from eventyard.testing.fakes import settle

C, D, E, P, X = Status.COMPLETE, Status.DELAYED, Status.ERROR, Status.PROCESSING, Status.DISCARDED
MINUTE = 60_000


async def test_a_set_is_made_one_when_each_topic_has_given_a_part(world, sets):
    await sets.start()
    first = await sets.publish("orders", "prices")
    assert (await sets.statuses(first), await sets.bundles()) == ([D, D], [])
    assert [line.comment for line in (await sets.detail(first[0])).history] == ["", "Compound subscription."]
    world.clock.now += 80_745
    last = await sets.publish("stock")
    (bundle,) = await sets.bundles()
    assert (bundle.entry.kind, bundle.entry.topic, bundle.entry.status) == (
        Kind.COMPOUND_SUBSCRIPTION, "(multiple)", P,
    )  # fmt: skip
    assert bundle.members == (*first, *last)
    assert [(line.status, line.comment) for line in bundle.history] == [(Status.NEW, ""), (P, "Released")]
    assert bundle.event is not None
    assert [one["type"] for one in json.loads(bundle.event.data)] == ["orders", "prices", "stock"]
    member = await sets.detail(first[0])
    assert (member.entry.delayed_ms, member.history[-1].comment) == (80_745, PART[Kind.COMPOUND_SUBSCRIPTION])
    assert world.lanes.rung[-1] == (5, world.clock.now)
    await sets.end(bundle.entry.id)
    assert await sets.statuses(bundle.members) == [C, C, C]


async def test_an_optional_topic_is_taken_if_there_is_anything_of_it(sets):
    await sets.start(compound=Compound(("topic-stock",)))
    one = await sets.publish("orders", "prices")
    two = await sets.publish("stock", "orders", "prices")
    assert [bundle.members for bundle in await sets.bundles()] == [tuple(one)]
    await sets.end((await sets.bundles())[0].entry.id)
    assert [bundle.members for bundle in await sets.bundles()] == [tuple(one), tuple(two)]


async def test_sets_are_made_of_the_oldest_that_wait_one_after_another(sets):
    await sets.start(compound=Compound(("topic-stock",)))
    orders = await sets.publish("orders", "orders", "orders")
    prices = await sets.publish("prices", "prices")
    (first,) = await sets.bundles()
    assert first.members == (orders[0], prices[0])
    await sets.end(first.entry.id)
    assert [one.members for one in await sets.bundles()] == [first.members, (orders[1], prices[1])]
    assert await sets.statuses(orders) == [C, P, D]


async def test_with_latest_a_set_is_of_the_newest_and_the_older_ones_are_discarded(sets):
    await sets.start(delivery_scope=DeliveryScope.LATEST, compound=Compound(("topic-stock",)))
    orders = await sets.publish("orders", "orders", "orders")
    prices = await sets.publish("prices")
    assert [one.members for one in await sets.bundles()] == [(orders[2], prices[0])]
    assert await sets.statuses(orders) == [X, X, P]
    assert (await sets.detail(orders[0])).history[-1].comment == OLDER


async def test_with_aggregated_a_set_is_of_all_there_is(sets):
    await sets.start(delivery_scope=DeliveryScope.AGGREGATED, compound=Compound(("topic-stock",)))
    made = await sets.publish("orders", "orders", "stock", "orders", "prices")
    assert [one.members for one in await sets.bundles()] == [tuple(made)]


async def test_each_topic_gives_a_part_also_of_what_is_more_than_a_bundle_holds(sets, monkeypatch):
    monkeypatch.setattr(bundles, "MOST_MEMBERS", 3)
    await sets.start(delivery_scope=DeliveryScope.AGGREGATED, topic_ids=("topic-orders", "topic-prices"))
    orders = await sets.publish("orders", "orders", "orders", "orders")
    (price,) = await sets.publish("prices")
    assert [one.members for one in await sets.bundles()] == [(*orders[:2], price)]


async def test_after_a_part_was_discarded_by_hand_the_wait_begins_anew(world, sets):
    await sets.start(compound=Compound(wait_minutes=30))
    (order,) = await sets.publish("orders")
    world.clock.now += 30 * MINUTE
    world.waiting.compounds.tick()
    assert len(await sets.of_kind(Kind.SYSTEM)) == 1
    await world.store.move([order], Trigger.DISCARD, HistoryLine(world.clock.now, X), None)
    world.releases.moved([order], X, "discarded by hand")
    await sets.publish("orders")
    world.clock.now += 30 * MINUTE
    world.waiting.compounds.tick()
    assert len(await sets.of_kind(Kind.SYSTEM)) == 2


@pytest.mark.parametrize(
    ("overlap", "statuses"), [(Overlap.WAIT, [P]), (Overlap.ALLOW, [P, P]), (Overlap.DISCARD, [P, X])]
)
async def test_while_a_bundle_is_under_way_the_next_waits_or_is_made_or_is_discarded(sets, overlap, statuses):
    await sets.start(compound=Compound(("topic-stock",)), overlap=overlap)
    await sets.publish("orders", "prices")
    second = await sets.publish("orders", "prices")
    made = await sets.bundles()
    assert [one.entry.status for one in made] == statuses
    assert await sets.statuses(second) == [{Overlap.WAIT: D, Overlap.ALLOW: P, Overlap.DISCARD: X}[overlap]] * 2


async def test_a_set_of_which_a_part_is_discarded_waits_for_another(world, sets):
    await sets.start()
    (order, _) = await sets.publish("orders", "prices")
    await world.store.move([order], Trigger.DISCARD, HistoryLine(world.clock.now, X), None)
    await sets.publish("stock")
    assert await sets.bundles() == []
    await sets.publish("orders")
    assert len(await sets.bundles()) == 1


async def test_a_set_that_has_waited_too_long_is_told_of_once_and_waits_on(world, sets):
    await sets.start(compound=Compound(wait_minutes=30))
    await sets.publish("orders")
    world.clock.now += 10 * MINUTE
    await sets.publish("prices")
    compounds = world.waiting.compounds
    world.clock.now += 20 * MINUTE - 1
    compounds.tick()
    assert await sets.of_kind(Kind.SYSTEM) == []
    world.clock.now += 1
    compounds.tick()
    (said,) = await sets.of_kind(Kind.SYSTEM)
    assert (said.entry.status, said.entry.name, said.entry.topic) == (E, "fulfilment", None)
    assert said.history[-1].comment == "the set is not complete after 30 minutes: nothing has come of 'stock'"
    world.clock.now += 600 * MINUTE
    compounds.tick()
    world.backlogs.look("subscription-fulfilment")
    assert len(await sets.of_kind(Kind.SYSTEM)) == 1
    await sets.publish("stock")
    assert len(await sets.bundles()) == 1
    compounds.stop()


async def test_the_timer_is_set_to_the_next_deadline_and_sleeps_no_longer_than_a_clock_may_jump_unnoticed(world, sets):
    class Timer:
        def __init__(self):
            self.asked = []

        def set(self, at):
            self.asked.append(at - world.clock.now)

        def stop(self):
            pass

    compounds = world.waiting.compounds
    compounds._alarm = timer = Timer()
    compounds.tick()
    assert timer.asked == []
    await sets.start(compound=Compound(wait_minutes=2))
    await sets.publish("orders")
    world.clock.now += 3 * MINUTE // 2
    compounds.tick()
    assert timer.asked == [LOOK_MS, MINUTE // 2]


async def test_a_paused_one_makes_its_sets_when_it_is_enabled_again(sets):
    await sets.start(mode=Mode.PAUSED)
    made = await sets.publish("orders", "prices", "stock")
    assert await sets.bundles() == []
    await sets.change(mode=Mode.ENABLED)
    assert [one.members for one in await sets.bundles()] == [tuple(made)]


async def test_one_with_a_schedule_makes_what_was_complete_when_it_was_run(world, sets):
    fulfilment = await sets.start(schedule=Schedule(When.ON_DEMAND), compound=Compound(("topic-stock",)))
    one = await sets.publish("orders", "prices")
    assert await sets.bundles() == []
    assert (await world.backlogs.run(fulfilment, "user:admin")).released == 2
    (bundle,) = await sets.bundles()
    assert (bundle.members, bundle.history[0].actor) == (tuple(one), "user:admin")
    await sets.end(bundle.entry.id)
    await sets.publish("orders", "prices")
    assert len(await sets.bundles()) == 1
    await settle()


async def test_the_next_process_finds_a_set_that_was_complete(world, sets):
    fulfilment = await sets.start(mode=Mode.PAUSED)
    await sets.publish("orders", "prices", "stock")
    await world.store.save([replace(fulfilment, mode=Mode.ENABLED)])
    await world.catalog.start()
    world.waiting.backlogs.start()
    assert len(await sets.bundles()) == 1
    await world.waiting.backlogs.stop()
