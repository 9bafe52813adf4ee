import json

import pytest
from msgspec.structs import replace

from eventyard.model.catalog import Subscription, Target
from eventyard.model.errors import Conflict, Invalid
from eventyard.model.lifecycle import Kind, Status
from eventyard.model.schedule import Compound, DeliveryScope, Overlap, Schedule, When
from eventyard.pipeline.waiting import bundles as module
from eventyard.pipeline.waiting.bundles import GONE, UNDER_WAY, check_bundles, within_bounds
from eventyard.testing import builders
from eventyard.testing.fakes import settle

C, D, E, P, X = Status.COMPLETE, Status.DELAYED, Status.ERROR, Status.PROCESSING, Status.DISCARDED
ON_DEMAND = Schedule(When.ON_DEMAND)
AGGREGATED = {"compound": None, "delivery_scope": DeliveryScope.AGGREGATED, "schedule": ON_DEMAND}
UNBOUND = {"compound": None, "unbound": True, "schedule": ON_DEMAND}


async def run(world):
    fulfilment = world.catalog.get(Subscription, "subscription-fulfilment")
    return await world.backlogs.run(fulfilment, "user:admin")


async def test_an_aggregated_subscription_is_delivered_all_that_waited_as_one(world, sets):
    await sets.start(**AGGREGATED)
    made = await sets.publish("orders", "orders", "orders")
    assert (await run(world)).released == 3
    (bundle,) = await sets.bundles()
    assert (bundle.entry.kind, bundle.entry.topic, bundle.members) == (
        Kind.AGGREGATED_SUBSCRIPTION, "orders", tuple(made),
    )  # fmt: skip
    assert [(line.status, line.comment, line.actor) for line in bundle.history] == [
        (Status.NEW, "released by hand", "user:admin"), (P, "Released", None),
    ]  # fmt: skip
    assert (await run(world)).released == 0


async def test_one_of_several_topics_is_about_several(world, sets):
    await sets.start(**AGGREGATED)
    await sets.publish("orders", "prices")
    await run(world)
    assert [one.entry.topic for one in await sets.bundles()] == ["(multiple)"]


async def test_what_is_more_than_a_bundle_holds_is_made_after_it(world, sets, monkeypatch):
    monkeypatch.setattr(module, "MOST_MEMBERS", 2)
    await sets.start(**AGGREGATED)
    made = await sets.publish("orders", "orders", "orders")
    assert (await run(world)).released == 2
    late = await sets.publish("orders")
    (first,) = await sets.bundles()
    await sets.end(first.entry.id, builders.failed)
    assert [one.members for one in await sets.bundles()] == [tuple(made[:2]), (made[2],)]
    assert await sets.statuses([*made, *late]) == [E, E, P, D]


async def test_a_bundle_holds_no_more_once_its_events_come_to_so_much(monkeypatch):
    monkeypatch.setattr(module, "MOST_BYTES", 10)
    of = builders.scene()
    sized = [module.Delayed(n, n, of.target.number, 0, 3, size) for n, size in enumerate((4, 6, 1, 1))]
    assert within_bounds(sized) == sized[:2]
    assert within_bounds(sized[:1]) == sized[:1]


async def test_a_worker_is_given_a_bundle_as_it_is_given_a_run(world, sets):
    job = await world.catalog.save_one(builders.target("loader", type="job"))
    await sets.start(**AGGREGATED, target_type="job", target_id=job.id)
    await sets.publish("orders")
    await run(world)
    assert [one.entry.status for one in await sets.bundles()] == [Status.PENDING]


async def test_an_unbound_subscription_has_no_deliveries_and_each_run_says_what_there_is_to_read(world, sets):
    await sets.start(**UNBOUND)
    await sets.publish("orders")
    last = await world.store.newest()
    assert (await run(world)).released == 1
    (bundle,) = await sets.bundles()
    assert (bundle.entry.kind, bundle.members, bundle.entry.topic) == (Kind.UNBOUND_SUBSCRIPTION, (), "(multiple)")
    assert bundle.event is not None
    told = json.loads(bundle.event.data)
    assert [topic["name"] for topic in told["topics"]] == ["orders", "prices", "stock"]
    assert told["through"] == last
    assert await world.store.delaying() == []


async def test_an_unbound_run_of_a_schedule_is_made_when_the_one_before_is_over(world, sets):
    await sets.start(**UNBOUND)
    await run(world)
    for _ in range(3):
        world.backlogs.ask("subscription-fulfilment", "released by its schedule")
    (first,) = await sets.bundles()
    await sets.end(first.entry.id)
    bundles = await sets.bundles()
    assert [one.history[0].comment for one in bundles] == ["released by hand", "released by its schedule"]


async def test_an_unbound_run_by_hand_is_refused_while_one_is_under_way(world, sets):
    await sets.start(**UNBOUND)
    await run(world)
    with pytest.raises(Conflict, match="is under way"):
        await run(world)
    assert len(await sets.bundles()) == 1


async def test_what_is_retried_is_under_way_again(world, sets):
    await sets.start(**UNBOUND)
    await run(world)
    (first,) = await sets.bundles()
    await sets.end(first.entry.id, builders.failed)
    world.waiting.bundles.reopened([first.entry, first.entry])
    with pytest.raises(Conflict):
        await run(world)
    await sets.end(first.entry.id)
    assert (await run(world)).released == 1


async def test_the_end_of_an_open_bundle_by_hand_makes_room_too(world, sets):
    await sets.start(**UNBOUND)
    await run(world)
    world.backlogs.ask("subscription-fulfilment", "released by its schedule")
    (first,) = await sets.bundles()
    world.waiting.bundles.moved([first.entry.id], P, "retried")
    await settle()
    assert len(await sets.bundles()) == 1
    world.waiting.bundles.moved([first.entry.id], X, "discarded by hand")
    assert len(await sets.bundles()) == 2


async def test_the_next_process_knows_which_bundles_are_under_way(world, sets):
    await sets.start(**UNBOUND, overlap=Overlap.DISCARD)
    await run(world)
    world.waiting.bundles._busy.clear()
    world.waiting.bundles._open.clear()
    await world.waiting.bundles.resume()
    await run(world)
    bundles = await sets.bundles()
    assert [one.entry.status for one in bundles] == [P, X]
    assert bundles[1].history[-1].comment == UNDER_WAY


async def test_a_bundle_that_ends_while_they_are_looked_for_is_not_under_way(world, sets):
    await sets.start(**UNBOUND)
    await run(world)
    (first,) = await sets.bundles()
    bundles, find = world.waiting.bundles, world.store.find

    async def slow(query):
        page = await find(query)
        bundles.moved([first.entry.id], C, "")
        return page

    world.store.find = slow
    await bundles.resume()
    world.store.find = find
    assert bundles.may_begin(world.catalog.get(Subscription, "subscription-fulfilment"))
    for _ in range(2):
        await bundles.resume()
    bundles.moved([first.entry.id], C, "")
    assert bundles.may_begin(world.catalog.get(Subscription, "subscription-fulfilment"))


async def test_what_waits_and_cannot_be_made_is_told_of_and_not_tried_for_ever(world, sets, monkeypatch):
    await sets.start(**AGGREGATED)
    await sets.publish("orders")

    async def never(bundle, supersedes=None):
        return None

    monkeypatch.setattr(world.store, "gather", never)
    with pytest.raises(module.Stuck, match=r"cannot be made: \[2\]"):
        await run(world)


async def test_a_bundle_whose_target_is_gone_ends_as_error(world, sets):
    await sets.start(**AGGREGATED)
    made = await sets.publish("orders")
    fulfilment = world.catalog.get(Subscription, "subscription-fulfilment")
    await world.catalog.remove(world.catalog.get(Target, fulfilment.target_id))
    await world.backlogs.run(fulfilment, "user:admin")
    (bundle,) = await sets.bundles()
    assert (bundle.entry.status, bundle.history[-1].comment) == (E, GONE)
    assert await sets.statuses(made) == [E]


async def test_an_unbound_one_is_run_again_and_not_reprocessed(world, sets):
    await sets.start(**UNBOUND)
    await run(world)
    (first,) = await sets.bundles()
    fulfilment = world.catalog.get(Subscription, "subscription-fulfilment")
    with pytest.raises(Conflict, match="nothing that waited"):
        await world.waiting.bundles.reprocess(fulfilment, first.entry, "user:admin", "again")


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"unbound": True, "schedule": ON_DEMAND, "compound": Compound()}, "/unbound"),
        ({"unbound": True, "schedule": ON_DEMAND, "delivery_scope": DeliveryScope.LATEST}, "/unbound"),
        ({"unbound": True}, "/schedule"),
        ({"unbound": True, "schedule": ON_DEMAND, "pattern": "order.#"}, "/unbound"),
        ({"delivery_scope": DeliveryScope.AGGREGATED}, "/delivery_scope"),
        ({"compound": Compound()}, "/compound"),
        ({"compound": Compound(("a", "b")), "topic_ids": ("a", "b")}, "/compound"),
        ({"compound": Compound(("c",)), "topic_ids": ("a", "b")}, "/compound/optional_topics"),
        ({"compound": Compound(), "topic_ids": ("a", "b"), "source_id": "shop"}, "/compound"),
        (
            {"compound": Compound(wait_minutes=5), "topic_ids": ("a", "b"), "schedule": ON_DEMAND},
            "/compound/wait_minutes",
        ),
    ],
)
def test_a_subscription_that_could_never_have_a_bundle_is_refused(fields, pointer):
    with pytest.raises(Invalid) as refused:
        check_bundles(replace(builders.scene().subscription, **fields))
    assert refused.value.pointer == pointer


def test_one_that_can_is_not():
    check_bundles(builders.scene().subscription)
    check_bundles(replace(builders.scene().subscription, compound=Compound(("b",)), topic_ids=("a", "b")))
