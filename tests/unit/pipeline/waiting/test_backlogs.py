import asyncio

import pytest
from msgspec.structs import replace

from eventyard.model.catalog import Mode, Subscription
from eventyard.model.errors import Conflict, Unavailable
from eventyard.model.ids import EntryId
from eventyard.model.lifecycle import Status
from eventyard.model.schedule import Backlog, DeliveryScope, ReleaseState, Schedule, When
from eventyard.pipeline.arrivals import Arrival
from eventyard.pipeline.waiting import backlogs as module
from eventyard.pipeline.waiting.backlogs import BY_HAND, ENABLED, GONE, Backlogs
from eventyard.pipeline.waiting.bundles import OLDER, Released
from eventyard.telemetry.log import make_log
from eventyard.testing import builders
from eventyard.testing.fakes import settle

C, D, E, P, X = Status.COMPLETE, Status.DELAYED, Status.ERROR, Status.PROCESSING, Status.DISCARDED
ON_DEMAND = Schedule(When.ON_DEMAND)


async def change(world, **fields):
    """The scene's subscription, changed."""
    return await world.catalog.save_one(replace(world.catalog.get(Subscription, "subscription-fulfilment"), **fields))


async def accepted(world, times=1):
    for _ in range(times):
        await world.acceptor.accept(Arrival(world.doors.of("source-shop"), builders.event()))


async def statuses(world, *entry_ids):
    await settle()
    return [(await world.store.detail(EntryId(one))).entry.status for one in entry_ids]


async def last_line(world, entry_id):
    return (await world.store.detail(EntryId(entry_id))).history[-1]


def fresh(world, **fields):
    """The backlogs of the next process."""
    bundles, compounds = world.waiting.bundles, world.waiting.compounds
    return Backlogs(
        world.store, world.catalog, world.releases, bundles, compounds, world.lanes.due, make_log("error"),
        world.clock, **fields,
    )  # fmt: skip


async def test_what_comes_while_a_subscription_is_paused_waits_and_is_delivered_when_it_is_enabled_again(world):
    await change(world, mode=Mode.PAUSED)
    await accepted(world, 2)
    assert await statuses(world, 2, 4) == [D, D]
    assert (world.lanes.offered, world.lanes.rung) == ([], [])
    world.clock.now += 5_000
    fulfilment = await change(world, mode=Mode.ENABLED)
    assert await statuses(world, 2, 4) == [P, P]
    target = world.catalog.get(builders.Target, fulfilment.target_id)
    assert world.lanes.rung == [(target.number, world.clock.now)]
    assert (await last_line(world, 2)).comment == ENABLED
    assert (await world.store.detail(EntryId(2))).entry.delayed_ms == 5_000


@pytest.mark.parametrize("fields", [{"mode": Mode.PAUSED, "backlog": Backlog.SKIP}, {"mode": Mode.DISABLED}])
async def test_one_that_skips_has_no_backlog(world, fields):
    await change(world, **fields)
    await accepted(world)
    assert (await world.store.detail(EntryId(1))).children == ()
    await change(world, mode=Mode.ENABLED)
    await settle()
    assert (await world.store.detail(EntryId(1))).children == ()


async def test_what_waited_before_its_subscription_was_disabled_waits_on(world):
    await change(world, mode=Mode.PAUSED)
    await accepted(world)
    await change(world, mode=Mode.DISABLED)
    assert await statuses(world, 2) == [D]
    await change(world, mode=Mode.ENABLED)
    assert await statuses(world, 2) == [P]


async def test_by_hand_what_waits_now_is_delivered_and_what_comes_later_waits(world):
    nightly = await change(world, mode=Mode.PAUSED)
    await accepted(world, 2)
    assert await world.backlogs.run(nightly, "ada") == Released(2, 0, EntryId(2))
    await accepted(world)
    assert await statuses(world, 2, 4, 6) == [P, P, D]
    line = await last_line(world, 2)
    assert (line.comment, line.actor) == (BY_HAND, "ada")
    assert await world.backlogs.run(nightly, "ada") == Released(1, 0, EntryId(6))
    assert await world.backlogs.run(nightly, "ada") == Released()


async def test_one_that_is_disabled_is_run_only_by_force(world):
    await change(world, schedule=ON_DEMAND)
    await accepted(world)
    disabled = await change(world, mode=Mode.DISABLED)
    with pytest.raises(Conflict):
        await world.backlogs.run(disabled, "ada")
    assert await world.backlogs.run(disabled, "ada", force=True) == Released(1, 0, EntryId(2))


async def test_of_the_latest_scope_the_newest_is_delivered_and_the_older_ones_are_discarded(world, monkeypatch):
    monkeypatch.setattr(module, "PAGE", 2)
    latest = await change(world, schedule=ON_DEMAND, delivery_scope=DeliveryScope.LATEST)
    await accepted(world, 4)
    assert await world.backlogs.run(latest, "ada") == Released(1, 3, EntryId(8))
    assert await statuses(world, 2, 4, 6, 8) == [X, X, X, P]
    assert (await last_line(world, 2)).comment == OLDER


async def test_what_came_until_a_moment_is_let_go_and_the_rest_waits(world, monkeypatch):
    monkeypatch.setattr(module, "PAGE", 1)
    await change(world, schedule=ON_DEMAND)
    for _ in range(3):
        await accepted(world)
        world.clock.now += 1_000
    world.backlogs.ask("subscription-fulfilment", "in time", builders.NOW + 1_500)
    assert await statuses(world, 2, 4, 6) == [P, P, D]
    world.backlogs.ask("subscription-fulfilment", "in time", builders.NOW - 1)
    assert await statuses(world, 6) == [D]


async def test_of_a_paused_subscription_with_an_order_the_others_do_not_wait_and_it_joins_its_group_later(world):
    await change(world, order=2, mode=Mode.PAUSED)
    for name, order in (("first", 1), ("third", 3)):
        target = await world.catalog.save_one(builders.target(name))
        await world.catalog.save(builders.subscription(name, target_id=target.id, order=order))
    await accepted(world)
    children = (await world.store.detail(EntryId(1))).children
    ids = {child.name: child.id for child in children}
    names = ("first", "fulfilment", "third")
    assert [child.status for name in names for child in children if child.name == name] == [P, D, D]
    await change(world, mode=Mode.ENABLED)
    assert await statuses(world, *(ids[name] for name in names)) == [P, D, D]
    recording = builders.delivered(ids["first"], 1)
    world.releases.recorded(recording, await world.store.record(recording))
    assert await statuses(world, *(ids[name] for name in names)) == [C, P, D]


async def test_what_waits_for_a_subscription_that_is_deleted_ends_as_error(world):
    nightly = await change(world, schedule=ON_DEMAND)
    await accepted(world, 2)
    await world.backlogs.run(nightly, "ada")
    await accepted(world)
    await world.catalog.remove(nightly)
    assert await statuses(world, 2, 4, 6) == [P, P, E]
    assert (await last_line(world, 6)).comment == GONE
    assert world.catalog.seek(ReleaseState, nightly.id) is None


async def test_what_a_killed_process_did_not_come_to_is_done_after_the_next_start(world, monkeypatch):
    """Half of a release, the end of what waited in a project that is gone, and what was enabled."""
    monkeypatch.setattr(module, "PAGE", 2)
    nightly = await change(world, schedule=ON_DEMAND)
    target = world.catalog.get(builders.Target, nightly.target_id)
    gone, enabled = [
        await world.catalog.save_one(builders.subscription(name, target_id=target.id, mode=Mode.PAUSED))
        for name in ("gone", "enabled")
    ]
    await accepted(world, 3)
    ids = {}
    for publication in (1, 5, 9):
        for child in (await world.store.detail(EntryId(publication))).children:
            ids.setdefault(child.name, []).append(child.id)
    await world.backlogs.stop()
    state = ReleaseState(nightly.id, ids["fulfilment"][1], world.clock.now, BY_HAND, "ada")
    await world.catalog.commit((state,), (), ())
    await world.catalog.remove(gone)
    await world.catalog.save(replace(enabled, mode=Mode.ENABLED))
    next_one = fresh(world)
    next_one.start()
    assert await statuses(world, *ids["fulfilment"]) == [P, P, D]
    assert (await last_line(world, ids["fulfilment"][0])).actor == "ada"
    assert await statuses(world, *ids["gone"]) == [E, E, E]
    assert await statuses(world, *ids["enabled"]) == [P, P, P]
    await next_one.stop()


async def test_after_a_start_the_groups_go_on_where_they_were(world):
    await change(world, order=1)
    target = await world.catalog.save_one(builders.target("second"))
    await world.catalog.save(builders.subscription("second", target_id=target.id, order=2))
    await accepted(world, 2)
    await world.store.record(builders.delivered(2, 1))
    assert await statuses(world, 2, 3, 5, 6) == [C, D, P, D]
    next_one = fresh(world)
    next_one.start()
    assert await statuses(world, 2, 3, 5, 6) == [C, P, P, D]
    await next_one.stop()


async def test_while_the_store_cannot_write_whoever_waits_is_told_and_nobody_else_gives_up(world):
    nightly = await change(world, schedule=ON_DEMAND)
    await accepted(world)
    move, pauses = world.store.move, []

    async def refused(*arguments):
        raise Unavailable("store_full", "the disk is full")

    async def pause(seconds):
        pauses.append(seconds)
        if len(pauses) == 2:
            world.store.move = move

    world.store.move = refused
    patient = fresh(world, pause=pause)
    with pytest.raises(Unavailable):
        await patient.run(nightly, "ada")
    patient.ask(nightly.id, "its time has come")
    assert await statuses(world, 2) == [P]
    assert (await last_line(world, 2)).comment == "its time has come"


async def test_in_the_middle_of_a_release_it_is_tried_again_too(world):
    nightly = await change(world, schedule=ON_DEMAND)
    await accepted(world)
    delayed, pauses = world.store.delayed, []

    async def refused(*arguments, **named):
        raise Unavailable("store_full", "the disk is full")

    async def pause(seconds):
        pauses.append(seconds)
        world.store.delayed = delayed

    world.store.delayed = refused
    patient = fresh(world, pause=pause)
    with pytest.raises(Unavailable):
        await patient.run(nightly, "ada")
    patient.ask(nightly.id, "its time has come")
    assert await statuses(world, 2) == [P]
    assert pauses == [0.05]


async def test_a_bug_in_one_release_does_not_end_the_releasing(world):
    nightly = await change(world, schedule=ON_DEMAND)
    await accepted(world)
    delayed = world.store.delayed

    async def broken(*arguments, **named):
        raise RuntimeError("a bug")

    world.store.delayed = broken
    world.backlogs.ask(nightly.id, "now")
    await settle()
    world.store.delayed = delayed
    world.backlogs.ask(nightly.id, "now")
    assert await statuses(world, 2) == [P]


async def test_stopped_it_releases_no_more_and_says_so(world):
    nightly = await change(world, schedule=ON_DEMAND)
    await accepted(world)
    stop = asyncio.Event()

    async def hanging(*arguments, **named):
        await stop.wait()

    world.store.move = hanging
    asking = asyncio.create_task(world.backlogs.run(nightly, "ada"))
    await settle()
    await world.backlogs.stop()
    with pytest.raises(Unavailable):
        await asking
    assert await statuses(world, 2) == [D]


async def test_ten_thousand_that_wait_for_nothing_are_asked_together_and_written_nowhere(world):
    records = [builders.subscription(f"s{n}", schedule=ON_DEMAND) for n in range(10_000)]
    made = await world.catalog.save(*records)
    reads = []
    delaying = world.store.delaying

    async def counted():
        reads.append(1)
        return await delaying()

    world.store.delaying = counted
    world.store.delayed = None
    for one in made:
        world.backlogs.ask(one.id, "now")
    await settle()
    assert reads == [1]


async def test_a_few_that_are_asked_are_not_looked_for_among_all_that_wait(world):
    await change(world, schedule=ON_DEMAND)
    await accepted(world)
    world.store.delaying = None
    world.backlogs.ask("subscription-fulfilment", "now")
    assert await statuses(world, 2) == [P]
    assert await world.backlogs.run(world.catalog.get(Subscription, "subscription-fulfilment"), "ada") == Released()


async def test_a_backlog_that_takes_long_holds_up_no_other(world):
    other = await world.catalog.save_one(builders.subscription("other", mode=Mode.PAUSED))
    fulfilment = await change(world, mode=Mode.PAUSED)
    await accepted(world)
    move, held = world.store.move, asyncio.Event()

    async def slow(ids, *facts):
        if 2 in ids or 3 in ids:
            detail = await world.store.detail(EntryId(ids[0]))
            if detail.entry.name_id == fulfilment.id:
                await held.wait()
        return await move(ids, *facts)

    world.store.move = slow
    first = asyncio.create_task(world.backlogs.run(fulfilment, "user:admin"))
    await settle()
    assert (await world.backlogs.run(other, "user:admin")).released == 1
    assert not first.done()
    held.set()
    assert (await first).released == 1
