import asyncio

import pytest
from msgspec.structs import replace

from eventyard.model.access import Principal, Scope
from eventyard.model.catalog import Mode
from eventyard.model.errors import Conflict, Forbidden, NotFound, Unavailable
from eventyard.model.ids import EntryId
from eventyard.model.journal import READ_BYTES
from eventyard.model.lifecycle import Status, Trigger
from eventyard.model.schedule import Schedule, When
from eventyard.pipeline.accept import Arrival
from eventyard.pipeline.consume import LEFT, TAKEN
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
    assert (taken.entry_id, taken.publication_id, taken.topic, taken.rows) == (first, first - 1, "orders", 3)
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
    assert (again.publication_id, again.event.data) == (entry - 1, b'{"order": 1}')
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
    assert [comment for _, comment in await depot.history(entry)][1:4] == [TAKEN, LEFT, TAKEN]


async def test_what_cannot_be_completed_is_a_workers_once_the_time_for_a_run_is_up(depot, monkeypatch):
    entry = await depot.publish()

    async def full(recording):
        raise Unavailable("store_full", "the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(depot.store, "record", full)
        with pytest.raises(Unavailable):
            await depot.consume()
    assert await depot.hub.runs.claim(depot.job, "worker-1", 1, 0) == []
    depot.yard.clock.advance(20_000)
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
