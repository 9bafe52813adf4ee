import pytest
from msgspec.structs import replace

from eventyard.model.catalog import Mode, Subscription
from eventyard.model.errors import Invalid, Unavailable
from eventyard.model.ids import EntryId
from eventyard.model.lifecycle import Status, Trigger
from eventyard.model.schedule import DeliveryScope, Missed, Schedule, When
from eventyard.pipeline.arrivals import Arrival
from eventyard.pipeline.waiting.schedules import FOLLOWED, LOOK_MS, MADE_UP, ON_TIME, Schedules, check_schedule
from eventyard.telemetry.log import make_log
from eventyard.testing import builders
from eventyard.testing.fakes import settle

D, P = Status.DELAYED, Status.PROCESSING
MINUTE, HOUR = 60_000, 3_600_000
HOURLY = Schedule(When.CRON, "0 * * * *")
NEXT_HOUR = builders.NOW - builders.NOW % HOUR + HOUR


async def change(world, **fields):
    return await world.catalog.save_one(replace(world.catalog.get(Subscription, "subscription-fulfilment"), **fields))


async def accepted(world, times=1):
    for _ in range(times):
        await world.acceptor.accept(Arrival(world.doors.of("source-shop"), builders.event()))


async def statuses(world, *entry_ids):
    await settle()
    return [(await world.store.detail(EntryId(one))).entry.status for one in entry_ids]


async def comment(world, entry_id):
    return (await world.store.detail(EntryId(entry_id))).history[-1].comment


def fresh(world, **fields):
    return Schedules(world.catalog, world.store, world.backlogs, make_log("error"), world.clock, **fields)


@pytest.fixture
async def schedules(world):
    world.schedules.start()
    await settle()
    yield world.schedules
    await world.schedules.stop()


async def test_what_waits_is_released_at_the_moments_of_its_schedule(world, schedules):
    await change(world, schedule=HOURLY)
    await accepted(world)
    world.clock.now = NEXT_HOUR - 1
    schedules.tick()
    assert await statuses(world, 2) == [D]
    world.clock.now = NEXT_HOUR
    schedules.tick()
    assert await statuses(world, 2) == [P]
    assert await comment(world, 2) == ON_TIME
    await accepted(world)
    schedules.tick()
    assert await statuses(world, 4) == [D]
    world.clock.now = NEXT_HOUR + HOUR + 5
    schedules.tick()
    assert await statuses(world, 4) == [P]


async def test_the_timer_is_set_to_the_next_moment_and_sleeps_no_longer_than_a_clock_may_jump_unnoticed(world):
    class Timer:
        def __init__(self):
            self.asked = []

        def set(self, at):
            self.asked.append(at - world.clock.now)

        def stop(self):
            pass

    world.schedules._alarm = timer = Timer()
    world.schedules.start()
    assert timer.asked == []
    await change(world, schedule=HOURLY)
    world.clock.now = NEXT_HOUR - 7
    world.schedules.tick()
    assert timer.asked == [LOOK_MS, 7]
    await world.schedules.stop()


async def test_a_paused_one_is_not_released_by_its_schedule(world, schedules):
    await change(world, schedule=HOURLY, mode=Mode.PAUSED)
    await accepted(world)
    world.clock.now = NEXT_HOUR
    schedules.tick()
    assert await statuses(world, 2) == [D]
    await change(world, mode=Mode.ENABLED)
    assert await statuses(world, 2) == [D]
    world.clock.now = NEXT_HOUR + HOUR
    schedules.tick()
    assert await statuses(world, 2) == [P]


@pytest.mark.parametrize(("missed", "after"), [(Missed.ONCE, P), (Missed.SKIP, D)])
async def test_what_a_clock_jumps_over_was_missed(world, schedules, missed, after):
    await change(world, schedule=replace(HOURLY, missed=missed))
    await accepted(world)
    world.clock.now = NEXT_HOUR + 5 * HOUR + 20 * MINUTE
    await accepted(world)
    schedules.tick()
    assert await statuses(world, 2, 4) == [after, D]
    world.clock.now = NEXT_HOUR + 6 * HOUR
    schedules.tick()
    assert await statuses(world, 2, 4) == [P, P]


async def test_a_clock_that_is_put_back_has_its_moments_again(world, schedules):
    await change(world, schedule=HOURLY)
    world.clock.now = NEXT_HOUR + 10 * HOUR
    schedules.tick()
    world.clock.now = NEXT_HOUR + 30 * MINUTE
    schedules.tick()
    await accepted(world)
    world.clock.now = NEXT_HOUR + HOUR
    schedules.tick()
    assert await statuses(world, 2) == [P]


@pytest.mark.parametrize(("missed", "after"), [(Missed.ONCE, P), (Missed.SKIP, D)])
async def test_what_was_missed_while_no_hub_ran_is_made_up_for_once(world, missed, after):
    await change(world, schedule=replace(HOURLY, missed=missed))
    await accepted(world)
    world.clock.now = NEXT_HOUR + 5 * HOUR
    await accepted(world)
    world.clock.now += 1
    await accepted(world)
    next_one = fresh(world)
    next_one.start()
    assert await statuses(world, 2, 4, 6) == [after, after, D]
    assert await comment(world, 2) in (MADE_UP, "")
    await next_one.stop()


async def test_nothing_was_missed_where_everything_came_later(world):
    world.clock.now = NEXT_HOUR + MINUTE
    await change(world, schedule=HOURLY)
    await accepted(world)
    next_one = fresh(world)
    next_one.start()
    assert await statuses(world, 2) == [D]
    await next_one.stop()


@pytest.fixture
async def chain(world):
    """A subscription ``reports`` that follows the scene's own, and one that follows nobody."""
    follows = Schedule(When.AFTER, after="subscription-fulfilment")
    for name, schedule in (("reports", follows), ("other", Schedule(When.ON_DEMAND))):
        target = await world.catalog.save_one(builders.target(name))
        await world.catalog.save(builders.subscription(name, target_id=target.id, schedule=schedule))
    return world


async def ended(world, make):
    recording = replace(make(2, 1), subscription_id="subscription-fulfilment")
    await world.store.record(recording)
    world.schedules.ended(recording)


async def test_one_that_follows_is_released_when_a_delivery_of_the_other_is_complete(chain, schedules):
    await accepted(chain)
    assert await statuses(chain, 2, 3, 4) == [P, D, D]
    await ended(chain, builders.failed)
    assert await statuses(chain, 3, 4) == [D, D]


async def test_complete_and_not_failed(chain, schedules):
    await accepted(chain)
    await ended(chain, builders.delivered)
    assert await statuses(chain, 3, 4) == [P, D]
    assert await comment(chain, 3) == FOLLOWED.format("'fulfilment'")


async def test_a_follower_that_changed_its_mind_follows_no_more(chain, schedules):
    reports = chain.catalog.get(Subscription, "subscription-reports")
    await chain.catalog.save(replace(reports, schedule=Schedule(When.ON_DEMAND)))
    await accepted(chain)
    await ended(chain, builders.delivered)
    assert await statuses(chain, 3) == [D]


async def test_a_completion_that_a_killed_process_did_not_follow_is_followed_after_the_next_start(chain):
    await accepted(chain)
    chain.clock.now += 5
    await chain.store.record(builders.delivered(2, 1, at=chain.clock.now))
    chain.clock.now += 5
    await accepted(chain)
    next_one = fresh(chain)
    next_one.start()
    assert await statuses(chain, 3, 7) == [P, D]
    await next_one.stop()


async def test_a_leader_of_many_is_looked_at_once(chain):
    follows = Schedule(When.AFTER, after="subscription-fulfilment")
    await chain.catalog.save(builders.subscription("second", target_id="target-reports", schedule=follows))
    await accepted(chain)
    await chain.store.record(builders.delivered(2, 1))
    find, asked = chain.store.find, []

    async def counted(query):
        asked.append(query.name)
        return await find(query)

    chain.store.find = counted
    next_one = fresh(chain)
    next_one.start()
    assert await statuses(chain, 3, 5) == [P, P]
    assert asked == ["fulfilment"]
    await next_one.stop()


async def test_an_unbound_one_that_was_made_after_its_last_moment_is_not_searched_for(world):
    await change(world, schedule=HOURLY, unbound=True)

    async def refused(query):
        raise AssertionError(query)

    world.store.find = refused
    next_one = fresh(world)
    next_one.start()
    await settle()
    assert next_one._resuming.exception() is None
    await next_one.stop()


async def test_it_looks_back_once_the_store_can_be_read(chain):
    await accepted(chain)
    await chain.store.record(builders.delivered(2, 1))
    delaying, pauses = chain.store.delaying, []

    async def refused():
        raise Unavailable("store_unavailable", "not now")

    async def pause(seconds):
        pauses.append(seconds)
        chain.store.delaying = delaying

    chain.store.delaying = refused
    next_one = fresh(chain, pause=pause)
    next_one.start()
    assert await statuses(chain, 3) == [P]
    assert pauses == [5.0]
    await next_one.stop()


async def test_a_leader_that_is_gone_is_waited_for_until_somebody_runs_the_follower(chain):
    await accepted(chain)
    await chain.store.move([EntryId(2)], Trigger.FAIL, builders.line(Status.ERROR), None)
    await chain.catalog.remove(chain.catalog.get(Subscription, "subscription-fulfilment"))
    next_one = fresh(chain)
    next_one.start()
    assert await statuses(chain, 3) == [D]
    await next_one.stop()


async def test_schedules_that_are_changed_again_and_again_are_forgotten(world, schedules):
    for minute in range(300):
        await change(world, schedule=Schedule(When.CRON, f"{minute % 60} * * * *"))
    assert len(schedules._moments) < 200
    await accepted(world)
    world.clock.now = NEXT_HOUR + 59 * MINUTE
    schedules.tick()
    assert await statuses(world, 2) == [P]


def made(name="fulfilment", **fields):
    return builders.subscription(name, **fields)


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"schedule": Schedule(When.CRON)}, "/schedule/cron"),
        ({"schedule": Schedule(cron="0 2 * * *")}, "/schedule/cron"),
        ({"schedule": Schedule(When.CRON, "0 2 * *")}, "/schedule/cron"),
        ({"schedule": Schedule(When.CRON, "0 2 * * *", "Mars")}, "/schedule/time_zone"),
        ({"schedule": Schedule(When.AFTER)}, "/schedule/after"),
        ({"schedule": Schedule(after="x")}, "/schedule/after"),
        ({"schedule": Schedule(When.AFTER, after="nobody")}, "/schedule/after"),
        ({"schedule": Schedule(When.AFTER, after="elsewhere")}, "/schedule/after"),
        ({"schedule": Schedule(When.AFTER, after="follower")}, "/schedule/after"),
        ({"schedule": Schedule(When.ON_DEMAND), "order": 1}, "/order"),
        ({"delivery_scope": DeliveryScope.LATEST, "order": 1}, "/order"),
    ],
)
def test_a_schedule_that_cannot_be_is_refused(fields, pointer):
    subscription = made(**fields)
    others = {
        "elsewhere": made("elsewhere", project_id="project-elsewhere"),
        "follower": made("follower", schedule=Schedule(When.AFTER, after=subscription.id)),
        subscription.id: subscription,
    }
    with pytest.raises(Invalid) as refused:
        check_schedule(subscription, others.get)
    assert (refused.value.code, refused.value.pointer) == ("invalid_body", pointer)


def test_one_that_can_be_is_not():
    leader = made("leader")
    for schedule in (HOURLY, Schedule(When.ON_DEMAND), Schedule(), Schedule(When.AFTER, after=leader.id)):
        check_schedule(made(schedule=schedule), {leader.id: leader}.get)
