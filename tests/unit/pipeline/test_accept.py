import asyncio

import pytest
from msgspec.structs import replace

from eventyard.model.catalog import Mode, Source, Subscription, Target, Topic
from eventyard.model.errors import Conflict, HubError, Invalid, NotFound, Unauthenticated
from eventyard.model.ids import EntryId
from eventyard.model.lifecycle import Kind, Status
from eventyard.pipeline.accept import Accepted
from eventyard.pipeline.arrivals import Arrival
from eventyard.testing import builders


def arrival(world, data=b'{"order": 1}', **fields):
    given = {name: fields.pop(name) for name in ("key", "signature", "redelivery", "well_formed") if name in fields}
    return Arrival(world.doors.of("source-shop"), builders.event(data, **fields), **given)


async def test_an_event_is_committed_with_its_deliveries_and_goes_straight_to_dispatch(world):
    accepted = await world.acceptor.accept(arrival(world))
    assert accepted.dispatched == 1
    detail = await world.store.detail(accepted.entry_id)
    assert (detail.entry.kind, detail.entry.status) == (Kind.PUBLICATION, Status.COMPLETE)
    [child] = detail.children
    assert (child.kind, child.status, child.name) == (Kind.SUBSCRIPTION, Status.PROCESSING, "fulfilment")
    [claimed] = world.lanes.offered
    assert (claimed.entry_id, claimed.publication_id, claimed.attempt) == (child.id, accepted.entry_id, 1)
    assert claimed.event.data == b'{"order": 1}'


async def test_without_room_in_its_lane_a_delivery_waits_in_the_store(world):
    world.lanes.room = False
    await world.acceptor.accept(arrival(world))
    assert world.lanes.offered == []
    assert [target.id for target in world.lanes.waiting] == ["target-receiver"]
    [waiting] = await world.store.waiting()
    assert waiting.first_due_at == builders.NOW


async def test_a_delivery_to_a_job_waits_for_a_worker_as_pending(world):
    target = world.catalog.get(Target, "target-receiver")
    await world.catalog.save(replace(target, type="job"))
    accepted = await world.acceptor.accept(arrival(world))
    [child] = (await world.store.detail(accepted.entry_id)).children
    assert child.status is Status.PENDING
    assert world.lanes.offered == []


async def test_a_disabled_target_is_skipped_and_said_so(world):
    target = world.catalog.get(Target, "target-receiver")
    await world.catalog.save(replace(target, enabled=False))
    accepted = await world.acceptor.accept(arrival(world))
    assert accepted.dispatched == 0
    assert [choice.reason for choice in accepted.choices] == ["its target is disabled"]


async def test_a_subscription_that_is_not_enabled_gets_nothing(world):
    subscription = world.catalog.get(Subscription, "subscription-fulfilment")
    await world.catalog.save(replace(subscription, mode=Mode.DISABLED))
    assert (await world.acceptor.accept(arrival(world))).choices == ()


async def test_a_disabled_source_takes_nothing(world):
    await world.catalog.save(replace(world.catalog.get(Source, "source-shop"), enabled=False))
    with pytest.raises(Invalid) as refused:
        await world.acceptor.accept(arrival(world))
    assert refused.value.code == "source_disabled"


async def test_an_event_must_match_the_sources_schema_and_the_failing_path_is_named(world):
    source = world.catalog.get(Source, "source-shop")
    await world.catalog.save(replace(source, schema={"properties": {"order": {"type": "integer"}}}))
    with pytest.raises(Invalid) as refused:
        await world.acceptor.accept(arrival(world, b'{"order": "one"}'))
    assert (refused.value.code, refused.value.pointer) == ("schema_mismatch", "/order")
    assert (await world.acceptor.accept(arrival(world))).dispatched == 1


async def test_data_that_is_not_json_cannot_match_a_schema(world):
    source = world.catalog.get(Source, "source-shop")
    await world.catalog.save(replace(source, schema={"type": "object"}))
    with pytest.raises(Invalid, match="text/csv"):
        await world.acceptor.accept(arrival(world, b"a,b", content_type="text/csv"))


async def test_without_a_schema_any_content_type_is_taken(world):
    accepted = await world.acceptor.accept(arrival(world, b"a,b\n\xff", content_type="text/csv"))
    assert (await world.store.detail(accepted.entry_id)).event.data == b"a,b\n\xff"


@pytest.mark.parametrize("data", [b"", b"{", b'{"a":1} x', b'"\xff"', b"nul"])
@pytest.mark.parametrize("filter_", [None, {"has": ["order"]}])
async def test_what_claims_to_be_json_must_be_json_whether_or_not_anybody_looks_at_it(world, data, filter_):
    subscription = world.catalog.get(Subscription, "subscription-fulfilment")
    await world.catalog.save(replace(subscription, filter=filter_))
    with pytest.raises(Invalid) as refused:
        await world.acceptor.accept(arrival(world, data))
    assert refused.value.code == "invalid_json"


@pytest.mark.parametrize("filter_", [None, {"has": ["order"]}, {"eq": [["order", "+Inf"]]}])
@pytest.mark.parametrize("number", [b"1e999", b"9" * 5000])
async def test_a_number_beyond_every_float_is_taken_whether_or_not_filters_look_at_it(world, filter_, number):
    subscription = world.catalog.get(Subscription, "subscription-fulfilment")
    await world.catalog.save(replace(subscription, filter=filter_))
    assert (await world.acceptor.accept(arrival(world, b'{"order": %s}' % number))).dispatched == 1


@pytest.mark.parametrize("number", [b"1e999", b"-1e999", b"9" * 5000])
async def test_no_schema_takes_a_number_that_it_cannot_compare(world, number):
    schema = {"properties": {"order": {"maximum": 100}}}
    await world.catalog.save(replace(world.catalog.get(Source, "source-shop"), schema=schema))
    with pytest.raises(Invalid) as refused:
        await world.acceptor.accept(arrival(world, b'{"order": %s}' % number))
    assert refused.value.code == "invalid_json"


@pytest.mark.parametrize("filter_", [None, {"has": ["order"]}])
@pytest.mark.parametrize("content_type", ["application/json", "text/csv"])
async def test_an_event_that_says_so_has_no_data_unless_its_schema_wants_some(world, filter_, content_type):
    await world.catalog.save(replace(world.catalog.get(Subscription, "subscription-fulfilment"), filter=filter_))
    taken = await world.acceptor.accept(arrival(world, b"", content_type=content_type, well_formed=True))
    assert taken.dispatched == (filter_ is None)
    assert (await world.store.detail(taken.entry_id)).event.data == b""
    source = world.catalog.get(Source, "source-shop")
    await world.catalog.save(replace(source, schema={"type": ["object", "null"]}))
    await world.acceptor.accept(arrival(world, b"", content_type=content_type, well_formed=True))
    await world.catalog.save(replace(source, schema={"type": "object"}))
    with pytest.raises(Invalid) as refused:
        await world.acceptor.accept(arrival(world, b"", content_type=content_type, well_formed=True))
    assert refused.value.code == "schema_mismatch"


async def test_what_is_not_json_fits_no_schema_be_it_empty(world):
    await world.catalog.save(replace(world.catalog.get(Source, "source-shop"), schema=True))
    with pytest.raises(Invalid) as refused:
        await world.acceptor.accept(arrival(world, b"", content_type="text/csv"))
    assert (refused.value.code, refused.value.pointer) == ("schema_mismatch", "Content-Type")


async def test_the_deliveries_of_an_accepted_event_are_told_while_they_are_on_record(world):
    accepted = await world.acceptor.accept(arrival(world))
    assert [one.id for one in await world.acceptor.deliveries(accepted)] == [accepted.entry_id + 1]
    assert await world.acceptor.deliveries(replace(accepted, dispatched=0)) == []
    assert await world.acceptor.deliveries(Accepted(EntryId(99), "gone", 1)) == ()


async def test_the_same_key_gets_the_same_answer_and_writes_nothing(world):
    first = await world.acceptor.accept(arrival(world, key="key:1"))
    again = await world.acceptor.accept(arrival(world, key="key:1", id="another-id"))
    assert (again.entry_id, again.event_id, again.dispatched) == (first.entry_id, first.event_id, first.dispatched)
    assert (first.replayed, again.replayed) == (False, True)
    assert len(world.lanes.offered) == 1


async def test_the_same_key_with_other_data_is_a_conflict(world):
    await world.acceptor.accept(arrival(world, key="key:1"))
    with pytest.raises(Conflict) as refused:
        await world.acceptor.accept(arrival(world, b'{"order": 2}', key="key:1"))
    assert refused.value.code == "idempotency_mismatch"


async def test_a_key_counts_for_its_window_only(world):
    first = await world.acceptor.accept(arrival(world, key="key:1"))
    world.clock.now += 3_600_000
    second = await world.acceptor.accept(arrival(world, key="key:1"))
    assert second.entry_id != first.entry_id


async def test_a_signature_is_taken_once(world):
    await world.acceptor.accept(arrival(world, signature="sha256=ab"))
    with pytest.raises(Unauthenticated) as refused:
        await world.acceptor.accept(arrival(world, signature="sha256=ab"))
    assert refused.value.code == "signature_replayed"
    world.clock.now += 300_000
    await world.acceptor.accept(arrival(world, signature="sha256=ab"))


async def test_a_repeated_signature_with_its_idempotency_key_is_a_retry_and_answered(world):
    first = await world.acceptor.accept(arrival(world, key="key:1", signature="sha256=ab"))
    again = await world.acceptor.accept(arrival(world, key="key:1", signature="sha256=ab"))
    assert again.entry_id == first.entry_id


async def test_where_the_sender_redelivers_a_repeated_signature_is_answered_as_before(world):
    first = await world.acceptor.accept(arrival(world, signature="sha256=ab", redelivery=True))
    again = await world.acceptor.accept(arrival(world, signature="sha256=ab", redelivery=True))
    assert (again.entry_id, again.replayed) == (first.entry_id, True)


async def test_in_a_batch_each_event_has_its_own_result(world):
    wrong = Invalid("invalid_body", "this one was wrong before it came here")
    results = await world.acceptor.accept_batch(
        [
            arrival(world, key="key:1"),
            wrong,
            arrival(world, b"not json"),
            arrival(world, key="key:1"),
            arrival(world, b'{"order": 2}', key="key:1"),
        ]
    )
    taken, passed_on, not_json, repeated, mismatch = results
    assert isinstance(taken, Accepted)
    assert passed_on is wrong
    assert isinstance(not_json, Invalid)
    assert isinstance(repeated, Accepted)
    assert repeated.entry_id == taken.entry_id
    assert isinstance(mismatch, Conflict)
    assert world.metrics.registry.get_sample_value("eventyard_events_accepted_total", {"source": "shop"}) == 1


class Slow:
    """A schema that takes everything, and its time."""

    def __init__(self, world, takes_ms):
        self._clock = world.clock
        self._takes_ms = takes_ms
        self.looked_at = 0

    def check(self, data):
        self.looked_at += 1
        self._clock.now += self._takes_ms


def looked_at_by(world, schema, size=9):
    door = replace(world.doors.of("source-shop"), schemas=(schema,))
    return [Arrival(door, builders.event(b"%d" % number, id=str(number))) for number in range(size)]


@pytest.mark.parametrize(
    ("takes_ms", "turns"), [(1, [9]), (3, [4, 8, 12]), (5, [2, 4, 6, 8, 10]), (10, [*range(1, 11)]), (-60_000, [1, 2])]
)
async def test_others_have_their_turns_while_a_batch_is_looked_at(world, takes_ms, turns):
    schema = Slow(world, takes_ms)
    accepting = asyncio.create_task(world.acceptor.accept_batch(looked_at_by(world, schema)))
    seen = []
    while not accepting.done():
        await asyncio.sleep(0)
        seen.append(schema.looked_at)
    assert seen[: len(turns)] == turns
    assert [one.event_id for one in await accepting] == [str(number) for number in range(9)]


async def disable(world):
    await world.catalog.save(replace(world.catalog.get(Source, "source-shop"), enabled=False))


async def delete(world):
    await world.catalog.commit([], [world.catalog.get(Source, "source-shop")], [])


async def pause(world):
    subscription = world.catalog.get(Subscription, "subscription-fulfilment")
    await world.catalog.save(replace(subscription, mode=Mode.PAUSED))


@pytest.mark.parametrize(
    ("change", "outcome"), [(disable, "source_disabled"), (delete, "not_found"), (pause, [Status.DELAYED])]
)
async def test_what_changes_while_a_batch_is_looked_at_counts_for_all_of_it(world, change, outcome):
    accepting = asyncio.create_task(world.acceptor.accept_batch(looked_at_by(world, Slow(world, 10))))
    await asyncio.sleep(0)
    await change(world)
    assert not accepting.done()
    for one in await accepting:
        if isinstance(one, HubError):
            assert one.code == outcome
        else:
            assert [child.status for child in (await world.store.detail(one.entry_id)).children] == outcome


async def test_a_source_that_was_disabled_while_the_body_came_takes_no_more(world):
    came_late = arrival(world)
    await disable(world)
    with pytest.raises(Invalid) as refused:
        await world.acceptor.accept(came_late)
    assert refused.value.code == "source_disabled"
    assert (await world.acceptor.accept(replace(came_late, forced=True))).dispatched == 1
    await delete(world)
    with pytest.raises(NotFound):
        await world.acceptor.accept(came_late)


async def test_a_batch_in_which_nothing_is_right_commits_nothing(world):
    results = await world.acceptor.accept_batch([arrival(world, b"nope")])
    assert isinstance(results[0], Invalid)
    assert await world.store.totals([world.doors.of("source-shop").project.number]) == {}


async def test_events_that_tell_of_a_change_are_committed_with_it_and_delivered(world):
    record = builders.topic("prices")

    async def commit(publications):
        return (await world.catalog.commit([record], (), publications))[1]

    [accepted] = await world.acceptor.accept_within([arrival(world)], commit)
    assert world.catalog.named(Topic, "project-default", "prices").number > 0
    assert accepted.dispatched == 1
    assert [claimed.publication_id for claimed in world.lanes.offered] == [accepted.entry_id]


async def test_a_change_that_is_refused_takes_its_events_along(world):
    async def commit(publications):
        return (await world.catalog.commit([builders.topic("orders", id="2")], (), publications))[1]

    with pytest.raises(Conflict):
        await world.acceptor.accept_within([arrival(world)], commit)
    assert await world.published("orders") == []
    assert world.lanes.offered == []


async def test_only_the_first_group_of_an_event_is_offered_and_the_others_are_committed_to_wait(world):
    subscription = world.catalog.get(Subscription, "subscription-fulfilment")
    await world.catalog.save(replace(subscription, order=2))
    for name, order in (("first", 1), ("loose", None)):
        target = await world.catalog.save_one(builders.target(name))
        await world.catalog.save(builders.subscription(name, target_id=target.id, order=order))
    accepted = await world.acceptor.accept(arrival(world))
    assert (accepted.dispatched, [choice.reason for choice in accepted.choices]) == (3, [None] * 3)
    children = (await world.store.detail(accepted.entry_id)).children
    statuses = {child.name: child.status for child in children}
    assert statuses == {"fulfilment": Status.DELAYED, "first": Status.PROCESSING, "loose": Status.PROCESSING}
    assert sorted(claimed.subscription_id for claimed in world.lanes.offered) == [
        "subscription-first", "subscription-loose",
    ]  # fmt: skip
    assert world.lanes.waiting == []


async def test_a_group_whose_only_target_is_disabled_holds_nobody_up(world):
    subscription = world.catalog.get(Subscription, "subscription-fulfilment")
    target = await world.catalog.save_one(builders.target("first", enabled=False))
    await world.catalog.save(
        replace(subscription, order=2), builders.subscription("first", target_id=target.id, order=1)
    )
    accepted = await world.acceptor.accept(arrival(world))
    [child] = (await world.store.detail(accepted.entry_id)).children
    assert (child.name, child.status) == ("fulfilment", Status.PROCESSING)
