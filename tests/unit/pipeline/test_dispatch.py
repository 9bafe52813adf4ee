import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import count
from typing import Any

import pytest
from msgspec.structs import replace

from eventyard.model.breaker import BreakerPolicy, BreakerState
from eventyard.model.catalog import Target
from eventyard.model.errors import Unavailable
from eventyard.model.ids import EntryId
from eventyard.model.journal import Claimed, EntryDetail
from eventyard.model.lifecycle import Status, Trigger
from eventyard.model.outcome import Outcome, Result
from eventyard.model.retry import SECOND, RetryPolicy
from eventyard.pipeline.attempt import COMPLETED, DELETED, DISABLED, Attempter
from eventyard.pipeline.dispatch import Dispatcher
from eventyard.pipeline.lanes import Limits
from eventyard.pipeline.recorder import Recorder
from eventyard.pipeline.work import JobRuns
from eventyard.telemetry.log import make_log
from eventyard.testing import builders
from eventyard.testing.fakes import FrailStore, HandClock, ScriptedTarget, Shelf, Witness, settle

DELIVERED = Outcome(Result.DELIVERED, 200)
FAILED = Outcome(Result.FAILED, 500, "the receiver answered 500 Internal Server Error")
THROTTLED = Outcome(Result.THROTTLED, 503, "the receiver answered 503 Service Unavailable", retry_after_ms=90_000)
GONE = Outcome(Result.GONE, 410, "the receiver answered 410 Gone")


class Yard:
    """A dispatcher over a store in memory, with everything around it in the test's hands."""

    def __init__(self, limits: Limits | None = None, breaker: BreakerPolicy | None = None) -> None:
        self.clock = HandClock()
        self.store = FrailStore(self.clock)
        self.kind = ScriptedTarget()
        self.shelf = Shelf()
        self.witness = Witness()
        self.disabled: list[tuple[str, str]] = []
        self.pauses = 0
        self.mended = asyncio.Event()
        log = make_log("error")
        attempter = Attempter({"webhook": self.kind}, self.shelf, self.witness, log, self.clock, lambda: 0.5)
        self.recorder = Recorder(self.store, log, bound=(limits or Limits()).unrecorded, pause=self.pause)
        runs = JobRuns(self.store, self.shelf, attempter, self.recorder, log, self.clock)
        self.runs = runs
        self.dispatcher = Dispatcher(
            self.store, self.shelf, attempter, self.recorder, runs, log, self.clock,
            pulled=lambda kind: kind == "job", on_disable=self.disable, limits=limits, breaker=breaker,
        )  # fmt: skip
        self.names = count(1)
        self.scene = builders.scene()

    async def pause(self, seconds: float) -> None:
        self.pauses += 1
        await self.mended.wait()

    async def disable(self, target: Target, reason: str) -> None:
        self.disabled.append((target.id, reason))

    async def target(self, name: str, **fields: Any) -> Target:
        """A target on record."""
        made = await self.store.save([builders.target(name, **fields)])
        assert isinstance(made[0], Target)
        self.shelf.put(made[0])
        return made[0]

    def change(self, target: Target, **fields: Any) -> Target:
        target = replace(target, **fields)
        self.shelf.put(target)
        self.dispatcher.changed(target)
        return target

    async def publish(self, target: Target, number: int = 1) -> list[EntryId]:
        """Commit so many events for a target, and hand them over as accept does; the ids of the deliveries."""
        return [await self.one(target) for _ in range(number)]

    async def one(self, target: Target) -> EntryId:
        now, lease = self.clock(), self.dispatcher.lease_for(target)
        event = builders.event(id=f"event-{next(self.names)}")
        delivery = builders.delivery(self.scene.subscription, target, due_at=now, lease_until=lease)
        publication = self.scene.publication(event, [delivery], received_at=now)
        appended = await self.store.append(publication)
        entry_id = EntryId(appended.entry_id + 1)
        if lease:
            subscription_id = self.scene.subscription.id
            claimed = Claimed(entry_id, appended.entry_id, subscription_id, target.number, 1, now, lease, event)
            self.dispatcher.offer(claimed)
        else:
            self.dispatcher.pending(target)
        return entry_id

    async def detail(self, entry_id: EntryId) -> EntryDetail:
        await settle()
        return await self.store.detail(entry_id)

    async def statuses(self, ids: list[EntryId]) -> list[Status]:
        return [(await self.detail(entry_id)).entry.status for entry_id in ids]

    async def later(self, by_ms: int) -> None:
        """Let time pass, as the alarm of the dispatcher would notice it."""
        self.clock.advance(by_ms)
        self.dispatcher.tick()
        await settle()


@asynccontextmanager
async def running(limits: Limits | None = None, breaker: BreakerPolicy | None = None) -> AsyncIterator[Yard]:
    yard = Yard(limits, breaker)
    yard.scene = await builders.saved(yard.store)
    yard.shelf.put(yard.scene.subscription)
    await yard.dispatcher.start()
    yield yard
    yard.mended.set()
    await yard.dispatcher.drain(1_000)


@pytest.fixture
async def yard() -> AsyncIterator[Yard]:
    async with running() as made:
        yield made


async def test_what_is_committed_is_delivered_without_a_read_back(yard: Yard) -> None:
    target = await yard.target("shop")
    yard.store.claim = never  # type: ignore[method-assign, assignment]
    [entry_id] = await yard.publish(target)
    detail = await yard.detail(entry_id)
    assert detail.entry.status is Status.COMPLETE
    assert detail.history[-1].comment == COMPLETED
    assert [attempt.outcome for attempt in detail.attempts] == [DELIVERED]


async def never(*_: object) -> list[Claimed]:
    raise AssertionError("nothing needed to be claimed")


async def test_a_slow_target_does_not_delay_another(yard: Yard) -> None:
    slow, quick = await yard.target("slow", concurrency=2), await yard.target("quick")
    yard.kind.hold(slow)
    waiting = await yard.publish(slow, 50)
    done = await yard.publish(quick, 50)
    assert set(await yard.statuses(done)) == {Status.COMPLETE}
    assert set(await yard.statuses(waiting)) == {Status.PROCESSING}
    assert len([d for d in yard.kind.sent if d.target is slow]) == 2
    yard.kind.let_go(slow)
    assert set(await yard.statuses(waiting)) == {Status.COMPLETE}


async def test_what_does_not_fit_into_memory_is_worked_off_in_order() -> None:
    async with running(Limits(queue=10, claim=7)) as yard:
        target = await yard.target("shop", concurrency=1)
        yard.kind.hold(target)
        ids = await yard.publish(target, 100)
        assert yard.dispatcher.queued <= 20
        yard.kind.let_go(target)
        assert set(await yard.statuses(ids)) == {Status.COMPLETE}
        assert [delivery.entry_id for delivery in yard.kind.sent] == ids


async def test_what_the_process_before_left_is_taken_over_whatever_it_had_leased(yard: Yard) -> None:
    target = await yard.target("shop")
    await yard.dispatcher.drain(0)
    [entry_id] = await yard.publish(target)
    await yard.store.claim({target.number: 1}, yard.clock() + 80_000, yard.clock())
    after = Yard()
    after.store, after.shelf = yard.store, yard.shelf
    log = make_log("error")
    attempter = Attempter({"webhook": yard.kind}, yard.shelf, yard.witness, log, yard.clock, lambda: 0.5)
    recorder = Recorder(yard.store, log, bound=10)
    restarted = Dispatcher(
        yard.store, yard.shelf, attempter, recorder, yard.runs, log, yard.clock,
        pulled=lambda kind: kind == "job", on_disable=yard.disable,
    )  # fmt: skip
    await restarted.start()
    detail = await yard.detail(entry_id)
    assert detail.entry.status is Status.COMPLETE
    assert [attempt.number for attempt in detail.attempts] == [1]
    await restarted.drain(1_000)


async def test_a_failure_is_tried_again_when_the_policy_says(yard: Yard) -> None:
    target = await yard.target("shop", retry=RetryPolicy(schedule_ms=(5 * SECOND, 300 * SECOND), jitter=0))
    yard.kind.script(target, FAILED, FAILED)
    [entry_id] = await yard.publish(target)
    assert (await yard.detail(entry_id)).due_at == yard.clock() + 5_000
    await yard.later(4_999)
    assert len(yard.kind.sent) == 1
    await yard.later(1)
    assert len(yard.kind.sent) == 2
    await yard.later(300_000)
    detail = await yard.detail(entry_id)
    assert detail.entry.status is Status.COMPLETE
    assert [attempt.outcome for attempt in detail.attempts] == [FAILED, FAILED, DELIVERED]


async def test_the_last_failure_ends_as_error_with_its_reason(yard: Yard) -> None:
    target = await yard.target("shop", retry=RetryPolicy(max_attempts=1))
    yard.kind.script(target, FAILED)
    [entry_id] = await yard.publish(target)
    detail = await yard.detail(entry_id)
    assert detail.entry.status is Status.ERROR
    assert detail.history[-1].comment == "attempt 1 of 1 failed: the receiver answered 500 Internal Server Error"


async def test_an_operators_retry_is_made_at_once(yard: Yard) -> None:
    target = await yard.target("shop", retry=RetryPolicy(max_attempts=1))
    yard.kind.script(target, FAILED)
    [entry_id] = await yard.publish(target)
    await settle()
    line = builders.line(Status.PROCESSING, "once more", at=yard.clock())
    await yard.store.move([entry_id], Trigger.RETRY, line, yard.clock())
    yard.dispatcher.pending(target)
    assert (await yard.detail(entry_id)).entry.status is Status.COMPLETE


async def test_retry_after_is_honoured(yard: Yard) -> None:
    target = await yard.target("shop", retry=RetryPolicy(jitter=0))
    yard.kind.script(target, THROTTLED)
    [entry_id] = await yard.publish(target)
    assert (await yard.detail(entry_id)).due_at == yard.clock() + 90_000


async def test_410_ends_the_delivery_and_tells_who_disables_the_target(yard: Yard) -> None:
    target = await yard.target("shop", concurrency=1)
    yard.kind.script(target, GONE)
    ids = await yard.publish(target, 3)
    assert await yard.statuses(ids) == [Status.ERROR] * 3
    assert len(yard.kind.sent) == 1
    assert yard.disabled == [(target.id, "the target answered 410 Gone and was disabled")]
    yard.change(target)
    [entry_id] = await yard.publish(target)
    assert (await yard.detail(entry_id)).entry.status is Status.COMPLETE


async def test_a_target_that_cannot_be_disabled_on_record_is_asked_again(yard: Yard) -> None:
    async def fail(target: Target, reason: str) -> None:
        raise Unavailable("store_full", "the disk is full")

    yard.dispatcher._on_disable = fail
    target = await yard.target("shop")
    yard.kind.script(target, GONE, GONE)
    await yard.publish(target)
    await settle()
    await yard.publish(target)
    assert len(await yard.kind.arrived(2)) == 2


@pytest.mark.parametrize(("fate", "comment"), [("disabled", DISABLED), ("deleted", DELETED)])
async def test_deliveries_of_a_target_that_takes_none_end_as_error_without_an_attempt(
    yard: Yard, fate: str, comment: str
) -> None:
    target = await yard.target("shop", concurrency=1)
    yard.kind.hold(target)
    first, *rest = await yard.publish(target, 3)
    await yard.kind.arrived(1)
    if fate == "disabled":
        yard.change(target, enabled=False)
    else:
        yard.shelf.drop(target)
        yard.dispatcher.changed(target)
    yard.kind.let_go(target)
    assert await yard.statuses([first, *rest]) == [Status.COMPLETE, Status.ERROR, Status.ERROR]
    detail = await yard.detail(rest[0])
    assert (detail.history[-1].comment, detail.attempts) == (comment, ())


async def test_the_retries_of_a_deleted_target_end_when_they_are_due(yard: Yard) -> None:
    target = await yard.target("shop", retry=RetryPolicy(jitter=0))
    yard.kind.script(target, FAILED)
    [entry_id] = await yard.publish(target)
    await settle()
    yard.shelf.drop(target)
    yard.dispatcher.changed(target)
    await yard.later(5_000)
    assert (await yard.detail(entry_id)).entry.status is Status.ERROR
    assert len(yard.kind.sent) == 1


async def test_an_open_breaker_sleeps_then_sends_one_probe_then_goes_on() -> None:
    retry = RetryPolicy(schedule_ms=(60 * SECOND,) * 5, jitter=0)
    async with running(breaker=BreakerPolicy(threshold=3, cooldown_ms=5_000)) as yard:
        target = await yard.target("shop", concurrency=1, retry=retry)
        yard.kind.script(target, *[FAILED] * 4)
        ids = await yard.publish(target, 10)
        await settle()
        assert len(yard.kind.sent) == 3
        assert yard.dispatcher.breaker_of(target.number).state(yard.clock()) is BreakerState.OPEN
        assert (yard.dispatcher.breakers_open, yard.dispatcher.queued) == (1, 0)
        assert yard.dispatcher.lease_for(target) == 0
        yard.kind.hold(target)
        await yard.later(5_000)
        assert len(yard.kind.sent) == 4
        yard.kind.let_go(target)
        await settle()
        assert len(yard.kind.sent) == 4
        await yard.later(9_999)
        assert len(yard.kind.sent) == 4
        await yard.later(1)
        assert yard.dispatcher.breaker_of(target.number).state(yard.clock()) is BreakerState.CLOSED
        await yard.later(60_000)
        assert set(await yard.statuses(ids)) == {Status.COMPLETE}
        assert {len((await yard.detail(entry_id)).attempts) for entry_id in ids} == {1, 2}


async def test_a_delivery_whose_lease_ran_out_is_not_attempted_twice_at_once(yard: Yard) -> None:
    target = await yard.target("shop", concurrency=1)
    yard.kind.hold(target)
    first, second = await yard.publish(target, 2)
    await yard.kind.arrived(1)
    yard.clock.advance(target.timeout_ms + Limits().lease_margin_ms)
    yard.kind.let_go(target)
    await settle()
    assert [delivery.entry_id for delivery in yard.kind.sent] == [first]
    await yard.later(1)
    assert (await yard.detail(second)).entry.status is Status.COMPLETE


async def test_a_lease_that_would_not_cover_the_attempt_is_prolonged_first(yard: Yard) -> None:
    target = await yard.target("shop", concurrency=1)
    yard.kind.hold(target)
    _, second = await yard.publish(target, 2)
    await yard.kind.arrived(1)
    yard.clock.advance(Limits().lease_margin_ms + 1)
    yard.kind.let_go(target)
    await settle()
    assert (await yard.detail(second)).entry.status is Status.COMPLETE
    assert yard.witness.attempts[-1][0].entry_id == second


async def test_drain_lets_attempts_end_and_records_them(yard: Yard) -> None:
    target = await yard.target("shop", concurrency=1)
    yard.kind.hold(target)
    under_way, queued = await yard.publish(target, 2)
    await yard.kind.arrived(1)
    draining = asyncio.create_task(yard.dispatcher.drain(10_000))
    await settle()
    assert yard.dispatcher.lease_for(target) == 0
    yard.kind.let_go(target)
    assert await draining == 0
    assert await yard.statuses([under_way, queued]) == [Status.COMPLETE, Status.PROCESSING]
    assert (await yard.detail(queued)).attempts == ()


async def test_an_attempt_cut_off_by_the_end_of_the_drain_is_no_failed_attempt(yard: Yard) -> None:
    target = await yard.target("shop")
    yard.kind.hold(target)
    [entry_id] = await yard.publish(target)
    await yard.kind.arrived(1)
    assert await yard.dispatcher.drain(0) == 1
    detail = await yard.detail(entry_id)
    assert (detail.entry.status, detail.attempts) == (Status.PROCESSING, ())


async def test_no_outcome_is_lost_while_the_store_cannot_write(yard: Yard) -> None:
    target = await yard.target("shop")
    yard.kind.hold(target)
    ids = await yard.publish(target, 20)
    yard.store.down = True
    yard.kind.let_go(target)
    await settle()
    assert yard.store.refused > 0
    yard.store.down = False
    yard.mended.set()
    assert set(await yard.statuses(ids)) == {Status.COMPLETE}
    assert len(yard.kind.sent) == 20


async def test_attempts_stop_when_too_many_outcomes_wait_for_the_disk() -> None:
    async with running(Limits(unrecorded=5)) as yard:
        target = await yard.target("shop", concurrency=1)
        yard.store.down = True
        await yard.publish(target, 20)
        await settle()
        assert len(yard.kind.sent) == 5
        yard.store.down = False
        yard.mended.set()
        await settle()
        assert len(yard.kind.sent) == 20


async def test_a_store_that_cannot_claim_is_asked_again_after_a_pause() -> None:
    async with running(Limits(queue=2)) as yard:
        target = await yard.target("shop", concurrency=1)
        yard.kind.hold(target)
        ids = await yard.publish(target, 8)
        yard.store.claim, claim = refuse_to_claim, yard.store.claim  # type: ignore[method-assign, assignment]
        yard.kind.let_go(target)
        await settle()
        assert len(yard.kind.sent) < 8
        yard.store.claim = claim  # type: ignore[method-assign]
        await yard.later(Limits().pause_ms)
        assert set(await yard.statuses(ids)) == {Status.COMPLETE}


async def refuse_to_claim(*_: object) -> list[Claimed]:
    raise Unavailable("store_unavailable", "the disk is away")


async def test_a_bug_in_a_target_type_fails_the_attempt_and_not_the_lane(yard: Yard) -> None:
    target = await yard.target("shop", concurrency=1, retry=RetryPolicy(max_attempts=1))
    yard.kind.script(target, ZeroDivisionError("division by zero"))
    first, second = await yard.publish(target, 2)
    assert await yard.statuses([first, second]) == [Status.ERROR, Status.COMPLETE]
    detail = await yard.detail(first)
    assert detail.attempts[0].outcome.error == ("the target type 'webhook' failed: ZeroDivisionError: division by zero")


async def test_a_lower_concurrency_takes_effect_with_the_next_attempt(yard: Yard) -> None:
    target = await yard.target("shop", concurrency=4)
    yard.kind.hold(target)
    await yard.publish(target, 10)
    await yard.kind.arrived(4)
    target = yard.change(target, concurrency=1)
    yard.kind.let_go(target)
    yard.kind.hold(target)
    await settle()
    assert yard.dispatcher.in_flight == 1
    yard.kind.let_go(target)


async def test_a_target_that_became_slow_keeps_no_more_in_memory_than_it_can_work_off() -> None:
    async with running(Limits(queue=100, queue_ms=0)) as yard:
        target = await yard.target("shop", concurrency=1)
        ids = await yard.publish(target, 50)
        assert set(await yard.statuses(ids)) == {Status.COMPLETE}
        assert {len((await yard.detail(entry_id)).attempts) for entry_id in ids} == {1}


async def test_the_deliveries_of_jobs_ring_the_workers_bell(yard: Yard) -> None:
    job = await yard.target("reindex", type="job")
    worker = asyncio.create_task(yard.runs.claim(job, "worker-1", 1, 30_000))
    await settle()
    delivery = builders.delivery(yard.scene.subscription, job, status=Status.PENDING)
    await yard.store.append(yard.scene.publication(deliveries=[delivery]))
    yard.dispatcher.pending(job)
    [run] = await worker
    assert run.claimed.attempt == 1


async def test_retries_that_waited_before_the_start_are_all_found() -> None:
    yard = Yard()
    yard.scene = await builders.saved(yard.store)
    target = await yard.target("shop")
    due: Callable[[int], int] = lambda n: yard.clock() + n * 1_000  # noqa: E731
    deliveries = [builders.delivery(yard.scene.subscription, target, due_at=due(n)) for n in (1, 2, 3)]
    await yard.store.append(yard.scene.publication(deliveries=deliveries))
    await yard.dispatcher.start()
    for sent in (1, 2, 3):
        await yard.later(1_000)
        assert len(yard.kind.sent) == sent
    await yard.dispatcher.drain(1_000)
