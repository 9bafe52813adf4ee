import asyncio

import pytest
from msgspec.structs import replace

from eventyard.model.access import Principal, Scope
from eventyard.model.catalog import Mode
from eventyard.model.errors import Conflict, Forbidden, NotFound, Unavailable
from eventyard.model.ids import EntryId
from eventyard.model.journal import READ_BYTES
from eventyard.model.lifecycle import Kind, Status, Trigger
from eventyard.model.schedule import Compound, DeliveryScope, Schedule, When
from eventyard.pipeline.arrivals import Arrival
from eventyard.pipeline.attempt import COMPLETED
from eventyard.pipeline.consume import HOLD_MS
from eventyard.pipeline.pickup import TAKEN
from eventyard.testing import builders
from eventyard.testing.fakes import settle
from eventyard.testing.hub import memory_hub

COMPLETE, ERROR, DISCARDED = (frozenset({one}) for one in (Status.COMPLETE, Status.ERROR, Status.DISCARDED))


class Depot:
    """A hub with the publication ``orders``, and its subscription ``billing`` of the job ``load``."""

    def __init__(self, yard):
        self.yard, self.hub, self.store = yard, yard.hub, yard.store
        organization = yard.project.organization_id
        self.ada = Principal("ada", organization, frozenset({Scope.ADMIN}))
        self.worker = Principal("worker", organization, frozenset({Scope.JOBS_WORK}))

    async def open(self):
        hub = self.hub
        self.source = await hub.sources.create(self.ada, name="orders", project_id=None)
        self.job, _ = await hub.targets.create(self.ada, project_id=None, name="load", type_="job", timeout_ms=20_000)
        self.billing = await hub.subscriptions.create(
            self.ada, source_id=self.source.id, target_id=self.job.id, name="billing"
        )

    async def change(self, **changes):
        self.billing = await self.hub.subscriptions.change(self.ada, self.billing.id, changes)

    async def publish(self, data=b'{"order": 1}'):
        """The number of the delivery."""
        event = builders.event(data, id=self.hub.publishing.new_id())
        accepted = await self.hub.acceptor.accept(Arrival(self.hub.doors.of(self.source.id), event))
        return EntryId(accepted.entry_id + 1)

    async def consume(self, **how):
        return [one.entry_id for one in await self.hub.consuming.consume(self.worker, self.billing.id, **how)]

    async def history(self, entry_id):
        return [(line.status, line.comment) for line in (await self.store.detail(entry_id)).history]

    async def status(self, entry_id):
        return (await self.store.detail(entry_id)).entry.status


@pytest.fixture
async def depot():
    async with memory_hub() as yard:
        depot = Depot(yard)
        await depot.open()
        yield depot


async def test_the_oldest_that_waits_is_taken_and_complete_with_its_rows(depot):
    first = await depot.publish(b'{"orders": [{"id": 1}, {"id": 2}], "lines": [{"sku": "a"}]}')
    second = await depot.publish()
    [taken] = await depot.hub.consuming.consume(depot.worker, depot.billing.id)
    assert (taken.entry_id, taken.bundle, taken.items[0][0], taken.rows) == (first, False, "orders", 3)
    detail = await depot.store.detail(first)
    assert [line.status.name for line in detail.history] == ["PENDING", "PROCESSING", "COMPLETE"]
    assert (detail.history[1].comment, detail.history[1].actor) == (TAKEN, "worker")
    assert (detail.entry.counts.source_success, detail.entry.counts.target_success) == (3, 3)
    assert ([one.number for one in detail.attempts], detail.due_at) == ([1], None)
    assert await depot.consume() == [second]
    assert await depot.consume() == []


@pytest.mark.parametrize("changes", [{"mode": Mode.PAUSED}, {"schedule": Schedule(When.ON_DEMAND)}])
async def test_what_is_delayed_is_taken_too_and_its_subscription_still_waits(depot, changes):
    await depot.change(**changes)
    first, second = [await depot.publish() for _ in range(2)]
    assert await depot.consume() == [first]
    assert (await depot.status(first), await depot.status(second)) == (Status.COMPLETE, Status.DELAYED)


async def test_what_was_let_go_and_is_in_nobodys_hands_is_taken_before_what_came_later(depot):
    await depot.change(mode=Mode.PAUSED)
    released = await depot.publish()
    await depot.hub.subscriptions.run(depot.ada, depot.billing.id)
    later = await depot.publish()
    assert await depot.status(released) is Status.PROCESSING
    assert await depot.consume(limit=5) == [released, later]


async def test_what_a_worker_has_or_waits_for_its_next_attempt_is_not_taken(depot):
    held, failed = [await depot.publish() for _ in range(2)]
    runs = await depot.hub.runs.claim(depot.job, "worker-1", 2, 0)
    assert [run.claimed.entry_id for run in runs] == [held, failed]
    await depot.hub.runs.fail(failed, 1, "the disk is full")
    assert await depot.consume(limit=5) == []
    await depot.hub.runs.complete(held, 1)
    retried = (await depot.store.detail(failed)).due_at
    depot.yard.clock.advance(retried - depot.yard.clock())
    assert await depot.consume(limit=5) == [failed]
    assert [one.number for one in (await depot.store.detail(failed)).attempts] == [1, 2]


async def test_what_waits_for_others_of_its_event_is_not_taken(depot):
    await depot.change(order=2)
    hub = depot.hub
    job, _ = await hub.targets.create(depot.ada, project_id=None, name="check", type_="job")
    first = await hub.subscriptions.create(depot.ada, source_id=depot.source.id, target_id=job.id, order=1)
    entry = await depot.publish()
    assert await depot.consume() == []
    await hub.consuming.consume(depot.worker, first.id)
    await settle()
    assert await depot.consume() == [entry]


async def test_of_many_who_ask_at_once_each_gets_another(depot):
    entries = [await depot.publish() for _ in range(20)]
    answers = await asyncio.gather(*(depot.consume() for _ in range(25)))
    assert sorted(one for answer in answers for one in answer) == entries


async def test_as_many_are_taken_as_are_wanted_and_fit(depot):
    big = b'"' + b"x" * (READ_BYTES // 2) + b'"'
    entries = [await depot.publish(data) for data in (big, big, b"1", b"2")]
    assert await depot.consume(limit=10) == entries[:2]
    assert await depot.consume(limit=1) == entries[2:3]
    assert await depot.consume(limit=10) == entries[3:]


async def test_the_delivery_of_a_publication_is_taken_out_of_its_turn(depot):
    _, second = [await depot.publish() for _ in range(2)]
    assert await depot.consume(publication_id=second - 1) == [second]
    assert await depot.consume(publication_id=second - 1) == []
    for nothing in (second, 999):
        with pytest.raises(NotFound):
            await depot.consume(publication_id=nothing)


async def test_what_is_complete_is_given_again_as_a_new_delivery(depot):
    entry = await depot.publish()
    await depot.consume()
    again = await depot.hub.consuming.again(depot.ada, depot.billing.id, entry, COMPLETE)
    assert again is not None
    assert [event.data for _, event in again.items] == [b'{"order": 1}']
    assert (await depot.status(entry), await depot.status(again.entry_id)) == (Status.REPROCESSED, Status.COMPLETE)
    assert (await depot.store.detail(again.entry_id)).supersedes == entry
    assert await depot.consume() == []
    with pytest.raises(Conflict, match="Reprocessed, and not Complete"):
        await depot.hub.consuming.again(depot.ada, depot.billing.id, entry, COMPLETE)


async def test_what_failed_is_asked_for_by_who_may_manage_events_and_is_the_subscriptions_own(depot):
    entry = await depot.publish()
    await depot.hub.reprocessing.discard(depot.ada, entry)
    consuming = depot.hub.consuming
    with pytest.raises(Forbidden):
        await consuming.again(depot.worker, depot.billing.id, entry, DISCARDED)
    with pytest.raises(Conflict):
        await consuming.again(depot.ada, depot.billing.id, entry, ERROR)
    for other in (entry - 1, 999):
        with pytest.raises(NotFound):
            await consuming.again(depot.ada, depot.billing.id, other, DISCARDED)
    assert await consuming.again(depot.ada, depot.billing.id, entry, DISCARDED) is not None


async def test_a_subscription_of_something_else_than_a_job_or_one_that_is_disabled_gives_nothing(depot):
    hub = depot.hub
    hook, _ = await hub.targets.create(depot.ada, project_id=None, name="hook", type_="webhook")
    pushed = await hub.subscriptions.create(depot.ada, source_id=depot.source.id, target_id=hook.id, name="pushed")
    with pytest.raises(Conflict, match="is sent to"):
        await hub.consuming.consume(depot.worker, pushed.id)
    await hub.targets.change(depot.ada, depot.job.id, {"enabled": False})
    with pytest.raises(Conflict, match="target 'load' is disabled"):
        await depot.consume()
    await depot.change(mode=Mode.DISABLED)
    with pytest.raises(Conflict, match="subscription 'billing' is disabled"):
        await depot.consume()


async def test_who_may_not_work_on_jobs_or_is_a_stranger_gets_nothing(depot):
    await depot.publish()
    for who, refusal in (
        (replace(depot.worker, scopes=frozenset({Scope.EVENTS_READ})), Forbidden),
        (replace(depot.worker, organization_id="elsewhere"), NotFound),
    ):
        with pytest.raises(refusal):
            await depot.hub.consuming.consume(who, depot.billing.id)


async def test_what_was_taken_and_never_answered_is_given_to_the_next_who_asks(depot):
    entry = await depot.publish()
    await depot.store.move([entry], Trigger.START, builders.line(Status.PROCESSING, TAKEN), depot.yard.clock() + 20_000)
    assert await depot.consume() == [entry]
    assert [comment for _, comment in await depot.history(entry)][1:3] == [TAKEN, TAKEN]


async def test_what_was_let_go_stays_in_the_work_queue_while_it_is_taken(depot, monkeypatch):
    """Whoever is killed at any step leaves what the next to ask is given."""
    await depot.change(schedule=Schedule(When.ON_DEMAND), delivery_scope=DeliveryScope.AGGREGATED)
    members = [await depot.publish() for _ in range(2)]
    run = await depot.hub.subscriptions.run(depot.ada, depot.billing.id)
    await depot.store.move([run.first], Trigger.REJECT, builders.line(Status.ERROR), None)
    await depot.hub.reprocessing.retry(depot.ada, run.first)
    seen = []

    def watched(verb):
        async def act(*given):
            done = await verb(*given)
            detail = await depot.store.detail(run.first)
            seen.append((detail.entry.status, detail.due_at, {await depot.status(one) for one in members}))
            return done

        return act

    for name in ("move", "record"):
        monkeypatch.setattr(depot.store, name, watched(getattr(depot.store, name)))
    assert await depot.consume() == [run.first]
    until = depot.yard.clock() + HOLD_MS
    assert seen[:2] == [
        (Status.PROCESSING, until, {Status.PROCESSING}), (Status.COMPLETE, None, {Status.COMPLETE}),
    ]  # fmt: skip


@pytest.mark.parametrize("aggregated", [False, True])
async def test_what_a_worker_claims_while_it_is_looked_at_is_the_workers(depot, monkeypatch, aggregated):
    await depot.change(mode=Mode.PAUSED)
    entry = await depot.publish()
    await depot.hub.subscriptions.run(depot.ada, depot.billing.id)
    looks, runs, detail = [], [], depot.store.detail

    async def overtaken(entry_id):
        found = await detail(entry_id)
        looks.append(entry_id)
        if len(looks) == 2:
            runs.extend(await depot.hub.runs.claim(depot.job, "worker-1", 1, 0))
        return found

    monkeypatch.setattr(depot.store, "detail", overtaken)
    if aggregated:
        assert await depot.hub.consuming.gather(depot.worker, depot.billing.id) is None
    else:
        assert await depot.consume() == []
    assert [run.claimed.entry_id for run in runs] == [entry]
    assert await depot.hub.runs.heartbeat(entry, 1) > depot.yard.clock()
    await depot.hub.runs.complete(entry, 1)
    assert await depot.status(entry) is Status.COMPLETE


async def test_a_bundle_that_is_delayed_nevertheless_is_taken(depot):
    await depot.change(schedule=Schedule(When.ON_DEMAND), delivery_scope=DeliveryScope.AGGREGATED)
    members = [await depot.publish() for _ in range(2)]
    run = await depot.hub.subscriptions.run(depot.ada, depot.billing.id)
    for trigger in (Trigger.START, Trigger.WAIT):
        await depot.store.move([run.first], trigger, builders.line(Status.PROCESSING), None)
    assert {await depot.status(one) for one in (run.first, *members)} == {Status.DELAYED}
    bundle = await depot.hub.consuming.gather(depot.worker, depot.billing.id)
    assert bundle is not None
    assert bundle.entry_id == run.first
    assert {await depot.status(one) for one in (run.first, *members)} == {Status.COMPLETE}


async def test_a_lease_that_ran_out_is_all_that_is_told_of_the_worker_who_had_it(depot):
    entry = await depot.publish()
    await depot.hub.runs.claim(depot.job, "worker-1", 1, 0)
    depot.yard.clock.advance(20_000)
    depot.hub.runs.tick()
    await settle()
    retried = (await depot.store.detail(entry)).due_at
    assert await depot.consume() == []
    depot.yard.clock.advance(retried - depot.yard.clock())
    assert await depot.consume() == [entry]
    detail = await depot.store.detail(entry)
    assert [line.comment for line in detail.history] == ["", "", TAKEN, COMPLETED]
    assert [one.outcome.error for one in detail.attempts] == ["worker 'worker-1' let its lease run out", None]


async def test_what_cannot_be_completed_is_a_workers_once_the_time_for_a_run_is_up(depot, monkeypatch):
    entry = await depot.publish()

    async def full(recording):
        raise Unavailable("store_full", "the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(depot.store, "record", full)
        with pytest.raises(Unavailable):
            await depot.consume()
    assert await depot.hub.runs.claim(depot.job, "worker-1", 1, 0) == []
    depot.yard.clock.advance(HOLD_MS)
    depot.hub.runs.tick()
    [run] = await depot.hub.runs.claim(depot.job, "worker-1", 1, 0)
    assert run.claimed.entry_id == entry


async def test_what_an_operator_ended_meanwhile_is_not_given(depot, monkeypatch):
    entry = await depot.publish()
    move = depot.store.move

    async def slow(ids, trigger, line, due_at):
        moved = await move(ids, trigger, line, due_at)
        await move(ids, Trigger.DISCARD, builders.line(Status.DISCARDED), None)
        return moved

    monkeypatch.setattr(depot.store, "move", slow)
    assert await depot.consume() == []
    assert await depot.status(entry) is Status.DISCARDED


async def test_all_that_waits_is_taken_as_one_with_its_members(depot):
    await depot.change(mode=Mode.PAUSED)
    entries = [await depot.publish(b'{"orders": [{"id": %d}]}' % number) for number in range(3)]
    bundle = await depot.hub.consuming.gather(depot.worker, depot.billing.id)
    assert bundle is not None
    assert (bundle.bundle, bundle.rows, [topic for topic, _ in bundle.items]) == (True, 3, ["orders"] * 3)
    assert [event.data for _, event in bundle.items] == [b'{"orders": [{"id": %d}]}' % number for number in range(3)]
    detail = await depot.store.detail(bundle.entry_id)
    assert (detail.entry.kind, detail.members) == (Kind.AGGREGATED_SUBSCRIPTION, tuple(entries))
    assert (detail.entry.counts.source_success, detail.entry.status) == (3, Status.COMPLETE)
    for entry in entries:
        assert (await depot.history(entry))[-2:] == [
            (Status.PROCESSING, "This event is a part of an aggregated subscription."),
            (Status.COMPLETE, f"reflected by event {bundle.entry_id}"),
        ]
    assert await depot.hub.consuming.gather(depot.worker, depot.billing.id) is None


async def test_what_is_pending_or_was_let_go_is_taken_as_one_too(depot):
    await depot.change(mode=Mode.PAUSED)
    entries = [await depot.publish()]
    await depot.hub.subscriptions.run(depot.ada, depot.billing.id)
    await depot.change(mode=Mode.ENABLED)
    entries.append(await depot.publish())
    await depot.change(mode=Mode.PAUSED)
    entries.append(await depot.publish())
    bundle = await depot.hub.consuming.gather(depot.worker, depot.billing.id)
    assert bundle is not None
    assert (await depot.store.detail(bundle.entry_id)).members == tuple(entries)


async def test_no_more_are_taken_as_one_than_are_wanted(depot):
    entries = [await depot.publish() for _ in range(5)]
    sizes = []
    while (bundle := await depot.hub.consuming.gather(depot.worker, depot.billing.id, limit=2)) is not None:
        sizes.append(len(bundle.items))
    assert sizes == [2, 2, 1]
    assert {await depot.status(entry) for entry in entries} == {Status.COMPLETE}


async def test_of_many_who_take_as_one_at_once_each_gets_others(depot):
    entries = [await depot.publish(b"%d" % number) for number in range(40)]
    asked = [depot.hub.consuming.gather(depot.worker, depot.billing.id, limit=7) for _ in range(8)]
    claimed = depot.hub.runs.claim(depot.job, "worker-1", 5, 0)
    runs, *bundles = await asyncio.gather(claimed, *asked)
    given = [int(event.data) for bundle in bundles if bundle for _, event in bundle.items]
    worked = [int(run.claimed.event.data) for run in runs]
    assert len(given) == len(set(given))
    assert not set(given) & set(worked)
    assert len(given) + len(worked) <= len(entries)


async def test_a_bundle_that_waits_is_taken_before_a_new_one_is_made(depot):
    await depot.change(schedule=Schedule(When.ON_DEMAND), delivery_scope=DeliveryScope.AGGREGATED)
    old = [await depot.publish() for _ in range(2)]
    await depot.hub.subscriptions.run(depot.ada, depot.billing.id)
    new = await depot.publish()
    bundle = await depot.hub.consuming.gather(depot.worker, depot.billing.id)
    assert bundle is not None
    assert (await depot.store.detail(bundle.entry_id)).members == tuple(old)
    [single] = await depot.hub.consuming.consume(depot.worker, depot.billing.id)
    assert (single.entry_id, single.bundle) == (new, False)


async def test_the_oldest_may_be_a_bundle_and_so_may_a_compound_ones_only(depot):
    hub = depot.hub
    prices = await hub.sources.create(depot.ada, name="prices", project_id=None)
    depot.billing = books = await hub.subscriptions.create(
        depot.ada, topics=["orders", "prices"], target_id="load", name="books", compound=Compound()
    )
    orders = depot.source
    await depot.publish()
    assert await depot.consume() == []
    depot.source = prices
    await depot.publish(b'{"price": 2}')
    depot.source = orders
    await settle()
    [taken] = await hub.consuming.consume(depot.worker, books.id)
    assert [(topic, event.data) for topic, event in taken.items] == [
        ("orders", b'{"order": 1}'), ("prices", b'{"price": 2}'),
    ]  # fmt: skip
    assert (await depot.store.detail(taken.entry_id)).entry.kind is Kind.COMPOUND_SUBSCRIPTION


async def test_a_bundle_is_given_again_as_a_new_one_and_its_members_only_with_it(depot):
    entries = [await depot.publish() for _ in range(2)]
    bundle = await depot.hub.consuming.gather(depot.worker, depot.billing.id)
    assert bundle is not None
    with pytest.raises(Conflict, match="made as one with others"):
        await depot.hub.consuming.again(depot.ada, depot.billing.id, entries[0], COMPLETE)
    again = await depot.hub.consuming.again(depot.ada, depot.billing.id, bundle.entry_id, COMPLETE)
    assert again is not None
    assert (again.bundle, again.items) == (True, bundle.items)
    assert await depot.status(bundle.entry_id) is Status.REPROCESSED
    assert {await depot.status(entry) for entry in entries} == {Status.REPROCESSED}


async def test_what_was_held_for_a_bundle_that_could_not_begin_is_a_workers_again(depot, monkeypatch):
    entry = await depot.publish()

    async def full(bundle, supersedes=None):
        raise Unavailable("store_full", "the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(depot.store, "gather", full)
        with pytest.raises(Unavailable):
            await depot.hub.consuming.gather(depot.worker, depot.billing.id)
    await settle()
    [run] = await depot.hub.runs.claim(depot.job, "worker-1", 1, 0)
    assert run.claimed.entry_id == entry


async def test_a_bundle_is_begun_anew_with_what_is_left_when_somebody_was_faster(depot, monkeypatch):
    first, second = [await depot.publish() for _ in range(2)]
    gather = depot.store.gather

    async def late(bundle, supersedes=None):
        monkeypatch.setattr(depot.store, "gather", gather)
        await depot.store.move([first], Trigger.DISCARD, builders.line(Status.DISCARDED), None)
        return await gather(bundle, supersedes)

    monkeypatch.setattr(depot.store, "gather", late)
    bundle = await depot.hub.consuming.gather(depot.worker, depot.billing.id)
    assert bundle is not None
    assert (await depot.store.detail(bundle.entry_id)).members == (second,)
