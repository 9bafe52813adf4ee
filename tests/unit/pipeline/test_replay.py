import asyncio

import pytest
from msgspec import structs

from eventyard.model.catalog import Mode, Subscription
from eventyard.model.errors import Invalid
from eventyard.model.lifecycle import Status
from eventyard.model.retention import Term
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
    assert [target.id for target in world.lanes.waiting] == ["target-receiver"]


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


class Asked(list):
    """What was asked of a store by the name of one method; ``then`` is awaited after each answer."""

    def __init__(self, monkeypatch, store, name, then=None):
        answer = getattr(store, name)

        async def ask(*arguments):
            self.append(arguments)
            given = await answer(*arguments)
            if then is not None:
                await then()
            return given

        monkeypatch.setattr(store, name, ask)


async def narrowed(world, **fields):
    subscription = world.catalog.get(Subscription, "subscription-fulfilment")
    await world.catalog.save(structs.replace(subscription, **fields))


async def test_an_event_costs_no_question_of_its_own(world, replay, monkeypatch):
    await events(world, 9)
    asked = {name: Asked(monkeypatch, world.store, name) for name in ("ways", "events", "detail", "find")}
    assert await replay.run(world.admin, **WINDOW) == Replayed(9, 9, True)
    assert {name: len(calls) for name, calls in asked.items()} == {"ways": 1, "events": 0, "detail": 0, "find": 0}
    await narrowed(world, filter={"eq": [["order", "1"]]})
    assert await replay.run(world.admin, **WINDOW) == Replayed(1, 1, True)
    assert {name: len(calls) for name, calls in asked.items()} == {"ways": 2, "events": 1, "detail": 0, "find": 0}


async def test_only_data_that_somebody_looks_at_is_read_so_many_bytes_at_a_time(world, replay, monkeypatch):
    size = len(b'{"order": 1}')
    monkeypatch.setattr("eventyard.pipeline.replay.READ_BYTES", size + 1)
    await world.catalog.save(builders.source("web"), builders.subscription("web", source_id="source-web"))
    await narrowed(world, source_id="source-shop", filter={"has": ["order"]})
    await events(world, 3)
    await world.acceptor.accept(Arrival(world.doors.of("source-web"), builders.event(b"{}")))
    last = await events(world, 2)
    asked = Asked(monkeypatch, world.store, "events")
    assert await replay.run(world.admin, **WINDOW) == Replayed(6, 6, True)
    ids = [ids for (ids,) in asked]
    assert list(map(len, ids)) == [2, 2, 1]
    assert ids[-1] == [last[-1].entry_id]


async def test_a_subscription_that_changes_meanwhile_counts_as_it_is_then(world, replay, monkeypatch):
    async def change():
        await narrowed(world, filter={"eq": [["order", "2"]]})

    await narrowed(world, filter={"eq": [["order", "1"]]})
    await events(world, 4)
    Asked(monkeypatch, world.store, "events", change)
    assert await replay.run(world.admin, **WINDOW) == Replayed(1, 1, True)
    await narrowed(world, filter={})
    Asked(monkeypatch, world.store, "ways", change)
    assert await replay.run(world.admin, **WINDOW) == Replayed(1, 1, True)


async def test_nothing_waits_matched_while_data_is_read(world, replay, monkeypatch):
    written = []

    async def look():
        written.append(len((await world.store.detail(first.entry_id)).children) - 1)

    web = builders.subscription("web", source_id="source-web", filter={"has": ["order"]})
    await world.catalog.save(builders.source("web"), web)
    await narrowed(world, source_id="source-shop")
    first, _ = await events(world, 2)
    await world.acceptor.accept(Arrival(world.doors.of("source-web"), builders.event(b'{"order": 1}')))
    await events(world, 1)
    Asked(monkeypatch, world.store, "events", look)
    assert await replay.run(world.admin, **WINDOW, dry_run=False) == Replayed(4, 4, False)
    assert written == [1]


async def test_deliveries_are_written_many_at_a_time_oldest_first(world, replay, monkeypatch):
    monkeypatch.setattr("eventyard.pipeline.replay.BATCH", 2)
    made = [one.entry_id for one in await events(world, 5)]
    asked = Asked(monkeypatch, world.store, "replay")
    assert await replay.run(world.admin, **WINDOW, dry_run=False) == Replayed(5, 5, False)
    assert [list(deliveries) for deliveries, _ in asked] == [made[:2], made[2:4], made[4:]]
    assert len(world.lanes.waiting) == 3
    child = (await world.store.detail(made[0])).children[-1]
    [line] = (await world.store.detail(child.id)).history
    assert (line.comment, line.actor) == ("replayed", "ada")


async def test_what_comes_while_it_runs_is_not_replayed(world, replay, monkeypatch):
    async def answer():
        await events(world, 1)

    monkeypatch.setattr("eventyard.pipeline.replay.BATCH", 1)
    await events(world, 3)
    Asked(monkeypatch, world.store, "replay", answer)
    assert await replay.run(world.admin, **WINDOW, dry_run=False) == Replayed(3, 3, False)


async def test_what_is_let_go_while_it_runs_is_left_out(world, replay, monkeypatch):
    async def purge():
        term = Term(builders.scene().topic.number, None, None, builders.NOW)
        await world.store.purge([term], [made[0].entry_id])

    await narrowed(world, mode=Mode.DISABLED)
    made = await events(world, 3)
    await narrowed(world, mode=Mode.ENABLED)
    Asked(monkeypatch, world.store, "ways", purge)
    assert await replay.run(world.admin, **WINDOW, dry_run=False) == Replayed(2, 2, False)
    assert (await world.store.detail(made[0].entry_id)).children == ()


async def test_what_a_source_that_is_gone_has_sent_is_replayed_to_who_takes_everything(world, replay):
    await world.catalog.save(builders.source("web"))
    await world.acceptor.accept(Arrival(world.doors.of("source-web"), builders.event(b"{}")))
    await world.catalog.remove(builders.source("web"))
    assert await replay.run(world.admin, **WINDOW) == Replayed(1, 1, True)


@pytest.mark.parametrize("dry_run", [True, False])
@pytest.mark.parametrize(("takes_ms", "waited"), [(2, 5), (5, 2), (10, 1), (-3_600_000, 1)])
async def test_others_have_their_turn_while_a_page_is_looked_at(world, replay, monkeypatch, takes_ms, waited, dry_run):
    looked_at = []

    def slow(event):
        looked_at.append(event)
        world.clock.now += takes_ms
        return {}

    async def other():
        return len(looked_at)

    await events(world, 9)
    await narrowed(world, filter={"has": ["order"]})
    monkeypatch.setattr("eventyard.pipeline.replay.data_of", slow)
    replaying = asyncio.create_task(replay.run(world.admin, **WINDOW, dry_run=dry_run))
    turn = asyncio.create_task(other())
    assert await turn == waited
    assert await replaying == Replayed(0, 0, dry_run)
