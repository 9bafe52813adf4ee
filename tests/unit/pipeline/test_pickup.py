"""What waits, as the pickup finds it; that it is taken, and only once, is tried in ``test_consume.py``."""

import pytest
from msgspec.structs import replace

from eventyard.model.catalog import Mode, Project, Target, Topic
from eventyard.model.errors import NotFound
from eventyard.model.ids import EntryId
from eventyard.model.journal import READ_BYTES, NewBundle, Recording
from eventyard.model.lifecycle import Kind, Status, Trigger
from eventyard.model.outcome import Attempt, Outcome, Result
from eventyard.model.schedule import Compound
from eventyard.pipeline import pickup
from eventyard.pipeline.arrivals import Arrival
from eventyard.pipeline.pickup import TAKEN, Part, Pickup
from eventyard.testing import builders


@pytest.fixture
async def shelf(world):
    """The subscription ``fulfilment`` of a job, and what publishes for it."""
    job = builders.target("load", type="job", id="target-load")
    subscription = replace(builders.scene().subscription, target_id=job.id, target_type="job", number=0)
    *_, world.subscription = await world.catalog.save(job, subscription)
    world.job = world.catalog.get(Target, job.id)
    world.pickup = Pickup(world.catalog, world.store, world.clock)

    async def publish(data=b"1", **fields):
        event = builders.event(data, id=world.new_id(), **fields)
        accepted = await world.acceptor.accept(Arrival(world.doors.of("source-shop"), event))
        return EntryId(accepted.entry_id + 1)

    async def change(**fields):
        changed = replace(world.subscription, **fields)
        [world.subscription] = await world.catalog.save(changed)

    world.publish, world.change = publish, change
    return world


async def gathered(shelf, entries):
    """A bundle of what is delayed, of whatever topics."""
    lines = (builders.line(Status.NEW), builders.line(Status.PENDING))
    kind, event = Kind.AGGREGATED_SUBSCRIPTION, builders.event(b"", id="as-one")
    project = shelf.catalog.get(Project, shelf.subscription.project_id).number
    made = NewBundle(kind, project, 0, shelf.subscription, shelf.job, event, lines, tuple(entries))
    entry_id = await shelf.store.gather(made)
    assert entry_id is not None
    return entry_id


async def single(shelf, limit=10):
    return await shelf.pickup.single(shelf.subscription, limit)


async def test_pending_and_delayed_are_found_by_their_age(shelf):
    first = await shelf.publish()
    await shelf.change(mode=Mode.PAUSED)
    second = await shelf.publish()
    assert await single(shelf) == [first, second]
    assert await single(shelf, 1) == [first]
    assert await shelf.pickup.bundles(shelf.subscription, 10) == []


async def test_delayed_ones_that_wait_for_others_or_for_a_set_are_not(shelf):
    await shelf.change(mode=Mode.PAUSED)
    entry = await shelf.publish()
    await shelf.change(mode=Mode.ENABLED, order=2)
    assert await single(shelf) == []
    await shelf.change(order=None)
    assert await single(shelf) == [entry]
    await shelf.change(compound=Compound())
    assert await single(shelf) == []


async def test_what_is_processing_waits_if_it_is_in_nobodys_hands_and_for_no_next_attempt(shelf):
    due, later, leased, left, gone = [await shelf.publish() for _ in range(5)]
    now = shelf.clock()
    for entry, at in ((due, now), (later, now + 1), (leased, now), (left, now + 1), (gone, None)):
        await shelf.store.move([entry], Trigger.START, builders.line(Status.PROCESSING, TAKEN, at=now), at)
    failed = Attempt(1, now, 1.0, Outcome(Result.FAILED))
    await shelf.store.record(Recording(later, EntryId(later - 1), failed, None, now + 10))
    claimed = await shelf.store.claim({shelf.job.number: 1}, now + 10, now)
    assert [one.entry_id for one in claimed] == [due]
    assert await single(shelf) == [leased, left]
    shelf.clock.now = now + 10
    assert await single(shelf) == [due, later, leased, left]


async def test_many_are_found_page_by_page_and_those_of_another_subscription_never(shelf, monkeypatch):
    monkeypatch.setattr(pickup, "PAGE", 2)
    twin = builders.subscription("other", id="twin", topic_ids=shelf.subscription.topic_ids, target_id=shelf.job.id)
    await shelf.catalog.save(replace(twin, name=shelf.subscription.name, target_type="job"))
    entries = [await shelf.publish() for _ in range(5)]
    found = await single(shelf)
    details = [await shelf.store.detail(entry) for entry in found]
    assert len(found) == len(entries)
    assert {detail.entry.name_id for detail in details} == {shelf.subscription.id}


async def test_those_that_still_wait_are_given_with_their_events_as_many_as_are_read_at_once(shelf):
    big = b'"' + b"x" * READ_BYTES + b'"'
    first, second, third = [await shelf.publish(data) for data in (b"1", big, b"3")]
    found = await shelf.pickup.found([first, second, third], 10)
    assert [(one.id, one.status) for one in found] == [(first, Status.PENDING), (second, Status.PENDING)]
    await shelf.store.move([first], Trigger.DISCARD, builders.line(Status.DISCARDED), None)
    assert [one.event.data for one in await shelf.pickup.found([first, third], 10)] == [b"3"]
    assert len(await shelf.pickup.found([second, third], 1)) == 1


async def test_those_of_a_publication_are_its_own_and_only_who_sees_it_finds_them(shelf):
    entry = await shelf.publish()
    assert await shelf.pickup.of(shelf.admin, shelf.subscription, entry - 1) == [entry]
    for who, number in ((shelf.admin, entry), (shelf.admin, 999), (shelf.stranger, entry - 1)):
        with pytest.raises(NotFound):
            await shelf.pickup.of(who, shelf.subscription, number)


async def test_the_members_of_a_bundle_are_read_with_few_questions(shelf, monkeypatch):
    await shelf.change(mode=Mode.PAUSED)
    entries = [await shelf.publish(b"%d" % number) for number in range(30)]
    bundle = await gathered(shelf, entries)
    await shelf.store.move([bundle], Trigger.START, builders.line(Status.PROCESSING), shelf.clock())
    later = await shelf.publish()
    asked = []
    detail = shelf.store.detail

    async def counted(entry_id):
        asked.append(entry_id)
        return await detail(entry_id)

    monkeypatch.setattr(shelf.store, "detail", counted)
    monkeypatch.setattr(pickup, "PAGE", 7)
    assert await single(shelf) == [later]
    assert await shelf.pickup.bundles(shelf.subscription, 10) == [bundle]
    [found] = await shelf.pickup.found([bundle], 1)
    items = await shelf.pickup.items(shelf.subscription, found)
    assert [(topic, event.data) for topic, event in items] == [("orders", b"%d" % number) for number in range(30)]
    assert len(asked) == 4
    assert len(await single(shelf, 1)) == 1


async def test_what_is_made_as_one_is_known_by_its_size_unless_it_must_be_looked_at(shelf, monkeypatch):
    big = b'"' + b"x" * READ_BYTES + b'"'
    pending = await shelf.publish()
    await shelf.change(mode=Mode.PAUSED)
    delayed = [await shelf.publish(data, content_type="text/plain") for data in (b"1", b"", big, b"3")]
    topic = shelf.catalog.get(Topic, shelf.subscription.topic_ids[0]).number
    expected = [Part(pending, Status.PENDING, topic), *(Part(one, Status.DELAYED, topic) for one in delayed[:3])]
    asked = []
    detail = shelf.store.detail

    async def counted(entry_id):
        asked.append(entry_id)
        return await detail(entry_id)

    monkeypatch.setattr(shelf.store, "detail", counted)
    assert await shelf.pickup.parts(shelf.subscription, 10) == expected
    assert asked == [pending, delayed[1]]
    assert await shelf.pickup.parts(shelf.subscription, 2) == expected[:2]


async def test_events_of_members_that_are_gone_come_under_the_subscriptions_name(shelf):
    await shelf.change(mode=Mode.PAUSED)
    entries = [await shelf.publish(b"%d" % number) for number in range(3)]
    bundle = await gathered(shelf, entries)
    await shelf.store.move(entries[2:], Trigger.DISCARD, builders.line(Status.DISCARDED), None)
    [found] = await shelf.pickup.found([bundle], 1)
    for left, topics in (
        (entries, ["orders", "orders", "orders"]),
        (entries[1:], [shelf.subscription.name, "orders", "orders"]),
        ([], [shelf.subscription.name] * 3),
        ([*entries[1:], EntryId(999)], [shelf.subscription.name, "orders", "orders"]),
    ):
        kept = replace(found, detail=replace(found.detail, members=tuple(left)))
        items = await shelf.pickup.items(shelf.subscription, kept)
        assert [(topic, event.data) for topic, event in items] == list(zip(topics, (b"0", b"1", b"2"), strict=True))
