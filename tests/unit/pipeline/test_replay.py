import pytest
from msgspec import structs

from eventyard.model.catalog import Subscription
from eventyard.model.errors import Invalid
from eventyard.model.lifecycle import Status
from eventyard.model.schedule import Schedule, When
from eventyard.pipeline.arrivals import Arrival
from eventyard.pipeline.ends import Ends
from eventyard.pipeline.replay import Replay, Replayed
from eventyard.pipeline.reprocess import Reprocessing
from eventyard.testing import builders

WINDOW = {"project_id": "default", "created_from": builders.NOW, "created_to": builders.NOW + 1000}


@pytest.fixture
def replay(world):
    reprocessing = Reprocessing(
        world.catalog, world.store, world.lanes, world.releases, Ends(world.store), world.waiting.bundles,
        world.target_types, world.clock,
    )  # fmt: skip
    return Replay(world.catalog, world.store, world.lanes, reprocessing, world.waiting.compounds.came, world.clock)


async def events(world, count):
    return [
        await world.acceptor.accept(Arrival(world.doors.of("source-shop"), builders.event(b'{"order": %d}' % n)))
        for n in range(count)
    ]


async def test_a_dry_run_counts_and_changes_nothing(world, replay):
    await events(world, 3)
    before = await world.store.totals([1])
    assert await replay.run(world.admin, **WINDOW) == Replayed(3, 3, True)
    assert await world.store.totals([1]) == before
    assert world.lanes.waiting == []


async def test_a_replay_adds_deliveries_to_the_publications_on_record(world, replay):
    [first, *_] = await events(world, 2)
    assert await replay.run(world.admin, **WINDOW, dry_run=False) == Replayed(2, 2, False)
    detail = await world.store.detail(first.entry_id)
    assert len(detail.children) == 2
    assert len(world.lanes.waiting) == 2


async def test_subscriptions_are_matched_as_they_are_now(world, replay):
    await events(world, 3)
    subscription = world.catalog.get(Subscription, "subscription-fulfilment")
    await world.catalog.save(
        builders.subscription("fulfilment", number=subscription.number, filter={"eq": [["order", "1"]]})
    )
    assert await replay.run(world.admin, **WINDOW) == Replayed(1, 1, True)


async def test_a_number_beyond_every_float_is_replayed_whether_or_not_a_filter_looks(world, replay):
    event = builders.event(b'{"order": 1e999}')
    await world.acceptor.accept(Arrival(world.doors.of("source-shop"), event))
    assert await replay.run(world.admin, **WINDOW) == Replayed(1, 1, True)
    subscription = world.catalog.get(Subscription, "subscription-fulfilment")
    await world.catalog.save(builders.subscription("fulfilment", number=subscription.number, filter={"has": ["order"]}))
    assert await replay.run(world.admin, **WINDOW) == Replayed(1, 1, True)


async def test_a_namesake_in_other_letters_is_not_replayed(world, replay):
    await events(world, 2)
    await world.catalog.save(
        builders.topic("Orders", id="topic-Orders"),
        builders.source("Shop", id="source-Shop", topic_id="topic-Orders"),
        builders.subscription("both", source_id=None, topic_ids=("topic-orders", "topic-Orders")),
    )
    await world.acceptor.accept(Arrival(world.doors.of("source-Shop"), builders.event(b"{}")))
    assert (await replay.run(world.admin, **WINDOW)).events == 3
    assert (await replay.run(world.admin, **WINDOW, source_id="source-shop")).events == 2
    assert (await replay.run(world.admin, **WINDOW, source_id="source-Shop")).events == 1
    assert (await replay.run(world.admin, **WINDOW, topic="Orders")).events == 1


async def test_it_can_be_narrowed_to_a_subscription_a_source_or_a_topic(world, replay):
    await events(world, 2)
    await world.catalog.save(builders.subscription("second"))
    assert (await replay.run(world.admin, **WINDOW)).deliveries == 4
    assert (await replay.run(world.admin, **WINDOW, subscription_id="subscription-second")).deliveries == 2
    assert (await replay.run(world.admin, **WINDOW, source_id="source-shop", topic="orders")).events == 2


async def test_outside_the_window_nothing_is_replayed(world, replay):
    await events(world, 2)
    later = WINDOW | {"created_from": builders.NOW + 1}
    assert await replay.run(world.admin, **later) == Replayed(0, 0, True)


async def test_a_window_that_ends_before_it_begins_is_refused(world, replay):
    with pytest.raises(Invalid) as refused:
        await replay.run(world.admin, **WINDOW | {"created_to": 0})
    assert refused.value.pointer == "/to"


async def test_more_events_than_a_page_are_all_replayed(world, replay, monkeypatch):
    monkeypatch.setattr("eventyard.pipeline.replay.PAGE", 2)
    await events(world, 5)
    assert await replay.run(world.admin, **WINDOW) == Replayed(5, 5, True)


async def test_a_replay_goes_group_after_group_as_the_first_time(world, replay):
    later = await world.catalog.save_one(builders.target("ledger"))
    first = world.catalog.get(Subscription, "subscription-fulfilment")
    await world.catalog.save(
        structs.replace(first, order=1), builders.subscription("ledger", target_id=later.id, order=2)
    )
    [accepted] = await events(world, 1)
    await replay.run(world.admin, **WINDOW, dry_run=False)
    children = (await world.store.detail(accepted.entry_id)).children
    assert [child.status for child in children] == [Status.PROCESSING, Status.DELAYED] * 2
    assert [target.id for target in world.lanes.waiting] == ["target-receiver"]


async def test_what_is_replayed_for_a_subscription_that_waits_waits(world, replay):
    [first] = await events(world, 1)
    subscription = world.catalog.get(Subscription, "subscription-fulfilment")
    await world.catalog.save(structs.replace(subscription, schedule=Schedule(When.ON_DEMAND)))
    assert await replay.run(world.admin, **WINDOW, dry_run=False) == Replayed(1, 1, False)
    assert [child.status for child in (await world.store.detail(first.entry_id)).children] == [
        Status.PROCESSING, Status.DELAYED,
    ]  # fmt: skip
    assert world.lanes.waiting == []
