import pytest
from msgspec.structs import replace

from eventyard.model.access import Scope
from eventyard.model.catalog import Topic
from eventyard.model.errors import Forbidden, NotFound, Unavailable
from eventyard.model.ids import EntryId
from eventyard.model.retention import DAY, Doomed, Fate, Purged, Retention
from eventyard.pipeline.retain import GROUP, HOLD_MS, JUMP_MS, REST, Retain, grouped, unread_of
from eventyard.telemetry.log import make_log
from eventyard.testing import builders as b


class FakeQueue:
    def __init__(self, needs, *upstream, durable=True):
        self.needs, self.upstream, self.durable = needs, upstream, durable


class FakeQueues(list):
    def upstream(self, queue):
        return queue.upstream


class Passing:
    """Time that passes when somebody rests, and as told."""

    def __init__(self, clock):
        self.clock, self.seconds, self.rests = clock, 0.0, []

    def __call__(self):
        return self.seconds

    async def rest(self, seconds):
        self.rests.append(seconds)

    def go_on(self, ms):
        self.seconds += ms / 1000
        self.clock.now += ms


@pytest.fixture
def queues():
    return FakeQueues()


@pytest.fixture
def time(world):
    return Passing(world.clock)


@pytest.fixture
def retain(world, queues, time):
    return Retain(
        world.catalog, world.store, queues, world.metrics, make_log("error"), world.clock, pause=time.rest, elapsed=time
    )  # fmt: skip


async def publish(world, number):
    scene = b.scene()
    source = world.catalog.get(type(scene.source), scene.source.id)
    project = world.catalog.get(type(scene.project), scene.project.id)
    topic = world.catalog.get(Topic, scene.topic.id)
    for _ in range(number):
        await world.store.append(
            b.publication(source=source, project_number=project.number, topic_number=topic.number,
                          received_at=world.clock.now)
        )  # fmt: skip


async def keep(world, **days):
    topic = world.catalog.get(Topic, "topic-orders")
    await world.catalog.save_one(replace(topic, retention=Retention(**days)))


def purged(world, what):
    return world.metrics.registry.get_sample_value("eventyard_publications_purged_total", {"what": what})


async def test_what_is_over_goes_by_itself_and_is_counted(world, retain, time):
    await keep(world, consumed_days=1)
    await publish(world, 5)
    retain._trusts_clock()
    time.go_on(DAY)
    await retain.round()
    assert (await retain.purge_all(dry_run=True)) == Purged()
    assert (purged(world, "consumed"), purged(world, "payload")) == (4, 0)  # the newest entry stays


async def test_a_dry_run_takes_nothing_away(world, retain, time):
    await keep(world, consumed_days=2, payload_days=1)
    await publish(world, 3)
    time.go_on(DAY)
    for _ in range(2):
        assert await retain.purge(world.admin, "topic-orders", dry_run=True) == Purged(payloads=2)
    time.go_on(DAY)
    assert await retain.purge(world.admin, "topic-orders", dry_run=True) == Purged(consumed=2, entries=2)


async def test_a_purge_that_is_asked_for_goes_on_beside(world, retain, time):
    await keep(world, consumed_days=1)
    await publish(world, 3)
    retain._trusts_clock()
    time.go_on(DAY)
    assert await retain.purge(world.admin, "topic-orders", dry_run=False) == Purged(consumed=2, entries=2)
    await retain.round()
    assert await retain.purge(world.admin, "topic-orders", dry_run=True) == Purged()


async def test_who_may_not_see_a_topic_may_not_purge_it(world, retain):
    with pytest.raises(Forbidden):
        await retain.purge(world.bound(Scope.CATALOG_READ), "topic-orders", dry_run=False)
    with pytest.raises(NotFound):
        await retain.purge(world.stranger, "topic-orders", dry_run=True)


async def test_groups_are_small_and_rests_follow_them(world, retain, time):
    await keep(world, consumed_days=1)
    await publish(world, 2 * GROUP + 2)
    time.go_on(DAY)
    store = world.store.purge

    async def slow(terms, ids):
        time.seconds += 0.1
        return await store(terms, ids)

    world.store.purge = slow
    assert await retain.purge_all(dry_run=False) == Purged(consumed=2 * GROUP + 1, entries=2 * GROUP + 1)
    assert time.rests == pytest.approx([0.1 * REST] * 3)


async def test_a_durable_queue_that_has_not_read_keeps_what_it_has_not(world, retain, queues, time):
    await keep(world, consumed_days=1, unconsumed_days=2)
    await publish(world, 4)
    queues.append(FakeQueue(EntryId(3), "topic-orders"))
    time.go_on(DAY)
    assert await retain.purge_all(dry_run=True) == Purged(consumed=2, entries=2)
    time.go_on(DAY)
    assert await retain.purge_all(dry_run=True) == Purged(consumed=2, unconsumed=1, entries=3)


async def test_a_clock_that_jumps_ahead_purges_nothing_for_a_day(world, retain, time):
    await keep(world, consumed_days=1)
    await publish(world, 3)
    retain._trusts_clock()
    world.clock.now += 400 * DAY
    for wait in (0, HOLD_MS - 1):
        time.go_on(wait)
        await retain.round()
        assert (await retain.purge_all(dry_run=True)).consumed == 2
    time.go_on(1)
    await retain.round()
    assert (await retain.purge_all(dry_run=True)).consumed == 0


async def test_a_clock_that_drifts_a_little_is_trusted(world, retain, time):
    await keep(world, consumed_days=1)
    await publish(world, 3)
    retain._trusts_clock()
    time.go_on(DAY)
    world.clock.now += JUMP_MS - 1
    await retain.round()
    assert (await retain.purge_all(dry_run=True)).consumed == 0


async def test_what_is_asked_for_goes_whatever_the_clock_did(world, retain):
    await keep(world, consumed_days=1)
    await publish(world, 3)
    retain._trusts_clock()
    world.clock.now += 400 * DAY
    await retain.purge(world.admin, "topic-orders", dry_run=False)
    await retain.round()
    assert (await retain.purge_all(dry_run=True)).consumed == 0


async def test_a_journal_that_cannot_be_written_is_asked_again(world, retain, time):
    await keep(world, consumed_days=1)
    await publish(world, 3)
    time.go_on(DAY)
    store = world.store.purge

    async def full(terms, ids):
        raise Unavailable("store_full", "the disk is full")

    world.store.purge = full
    await retain.purge(world.admin, "topic-orders", dry_run=False)
    await retain.round()
    world.store.purge = store
    await retain.round()
    assert (await retain.purge_all(dry_run=True)).consumed == 0


async def test_rounds_begin_and_end(world, retain):
    retain.start()
    await retain.stop()
    await retain.stop()


def test_the_slowest_durable_queue_of_an_exchange_counts():
    queues = FakeQueues(
        [
            FakeQueue(EntryId(9), "orders", "invoices"),
            FakeQueue(EntryId(4), "orders"),
            FakeQueue(None, "orders"),
            FakeQueue(EntryId(1), "orders", durable=False),
        ]
    )
    assert unread_of(queues) == {"orders": 4, "invoices": 9}


def test_a_family_that_is_too_large_is_a_group_of_its_own():
    doomed = [Doomed(EntryId(n), Fate.CONSUMED, size) for n, size in enumerate((1, GROUP - 1, 1, 9 * GROUP, 1))]
    assert list(grouped(doomed)) == [[0, 1], [2], [3], [4]]
