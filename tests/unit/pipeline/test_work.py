import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
from msgspec.structs import replace

from eventyard.model.catalog import Target
from eventyard.model.errors import Conflict, Unavailable
from eventyard.model.ids import EntryId
from eventyard.model.journal import Claimed, EntryDetail
from eventyard.model.lifecycle import Status, Trigger
from eventyard.model.outcome import Counts, Result
from eventyard.model.retry import RetryPolicy
from eventyard.pipeline.attempt import Attempter
from eventyard.pipeline.recorder import Recorder
from eventyard.pipeline.work import PAUSE_MS, JobRuns
from eventyard.telemetry.log import make_log
from eventyard.testing import builders
from eventyard.testing.fakes import FrailStore, HandClock, Shelf, Witness, settle

LONG = 30_000


class Shop:
    """A job, its runs, and workers that ask for them."""

    def __init__(self) -> None:
        self.clock = HandClock()
        self.store = FrailStore(self.clock)
        self.shelf = Shelf()
        self.scene = builders.scene()
        self.claims = 0

    async def start(self) -> None:
        self.scene = await builders.saved(self.store)
        log = make_log("error")
        attempter = Attempter({}, self.shelf, Witness(), log, self.clock, lambda: 0.5)
        recorder = Recorder(self.store, log, bound=10)
        self.runs = JobRuns(self.store, self.shelf, attempter, recorder, log, self.clock)
        claim = self.store.claim

        async def counted(room: Mapping[int, int], lease_until: int, now: int) -> list[Claimed]:
            self.claims += 1
            return await claim(room, lease_until, now)

        self.store.claim = counted  # type: ignore[method-assign]

    async def job(self, **fields: Any) -> Target:
        fields = {"type": "job", "retry": RetryPolicy(jitter=0), "timeout_ms": 20_000} | fields
        [made] = await self.store.save([builders.target("reindex", **fields)])
        assert isinstance(made, Target)
        self.shelf.put(made)
        return made

    async def commit(self, job: Target, number: int = 1) -> list[EntryId]:
        """Commit so many runs, and ring as accept does."""
        delivery = builders.delivery(self.scene.subscription, job, status=Status.PENDING, due_at=self.clock())
        appended = await self.store.append(self.scene.publication(deliveries=[delivery] * number))
        self.runs.due(job.number, self.clock())
        return [EntryId(appended.entry_id + offset) for offset in range(1, number + 1)]

    async def take(self, job: Target, limit: int = 1, worker: str = "worker-1") -> list[EntryId]:
        return [run.claimed.entry_id for run in await self.runs.claim(job, worker, limit, 0)]

    def wait(self, job: Target, worker: str, limit: int = 1) -> "asyncio.Task[list[EntryId]]":
        async def claim() -> list[EntryId]:
            return [run.claimed.entry_id for run in await self.runs.claim(job, worker, limit, LONG)]

        return asyncio.create_task(claim())

    async def detail(self, entry_id: EntryId) -> EntryDetail:
        await settle()
        return await self.store.detail(entry_id)

    async def later(self, by_ms: int) -> None:
        self.clock.advance(by_ms)
        self.runs.tick()
        await settle()


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    shop = Shop()
    await shop.start()
    yield shop
    shop.runs.stop()


async def test_a_worker_gets_what_waits_up_to_its_limit(shop: Shop) -> None:
    job = await shop.job()
    first, second, third = await shop.commit(job, 3)
    assert await shop.take(job, 2) == [first, second]
    assert await shop.take(job, 2) == [third]
    assert await shop.take(job, 2) == []


async def test_a_claimed_run_is_processing_and_leased_for_the_jobs_timeout(shop: Shop) -> None:
    job = await shop.job()
    [entry_id] = await shop.commit(job)
    [run] = await shop.runs.claim(job, "worker-1", 1, 0)
    assert (run.worker, run.claimed.attempt, run.lease_until) == ("worker-1", 1, shop.clock() + 20_000)
    detail = await shop.detail(entry_id)
    assert [line.status for line in detail.history] == [Status.PENDING, Status.PROCESSING]


async def test_the_store_is_not_asked_again_while_nothing_is_due(shop: Shop) -> None:
    job = await shop.job()
    for _ in range(5):
        assert await shop.take(job) == []
    assert shop.claims == 1


async def test_a_worker_waits_while_somebody_else_takes_what_is_due(shop: Shop) -> None:
    job = await shop.job()
    entries = await shop.commit(job)
    async with shop.runs.still(job.number):
        waiting = shop.wait(job, "worker-1")
        await settle()
        assert (waiting.done(), shop.claims) == (False, 0)
    assert await waiting == entries


async def test_a_waiting_worker_is_woken_by_a_commit(shop: Shop) -> None:
    job = await shop.job()
    waiting = shop.wait(job, "worker-1")
    await settle()
    [entry_id] = await shop.commit(job)
    assert await waiting == [entry_id]


async def test_hundreds_of_waiting_workers_are_served_in_the_order_they_came(shop: Shop) -> None:
    job = await shop.job(concurrency=1000)
    waiting = [shop.wait(job, f"worker-{n}") for n in range(300)]
    await settle()
    ids = await shop.commit(job, 150)
    assert [await worker for worker in waiting[:150]] == [[entry_id] for entry_id in ids]
    assert not any(worker.done() for worker in waiting[150:])
    shop.runs.stop()
    assert await asyncio.gather(*waiting[150:]) == [[]] * 150


async def test_a_wait_ends_with_nothing(shop: Shop) -> None:
    job = await shop.job()
    assert await shop.runs.claim(job, "worker-1", 1, 1) == []


async def test_what_was_claimed_for_a_worker_that_hung_up_goes_to_the_next(shop: Shop) -> None:
    job = await shop.job()
    gone, there = shop.wait(job, "worker-1"), shop.wait(job, "worker-2")
    await settle()
    gone.cancel()
    await settle()
    [entry_id] = await shop.commit(job)
    assert await there == [entry_id]


async def test_no_more_runs_are_out_than_the_jobs_concurrency_allows(shop: Shop) -> None:
    job = await shop.job(concurrency=2)
    ids = await shop.commit(job, 3)
    assert await shop.take(job, 3) == ids[:2]
    waiting = shop.wait(job, "worker-2")
    await settle()
    assert not waiting.done()
    await shop.runs.complete(ids[0], 1)
    assert await waiting == [ids[2]]


async def test_a_disabled_job_hands_out_nothing_until_it_is_enabled(shop: Shop) -> None:
    job = await shop.job(enabled=False)
    [entry_id] = await shop.commit(job)
    waiting = shop.wait(job, "worker-1")
    await settle()
    assert not waiting.done()
    assert await shop.take(job) == []
    enabled = replace(job, enabled=True)
    shop.shelf.put(enabled)
    shop.runs.changed(enabled)
    assert await waiting == [entry_id]


async def test_completing_records_counts_and_run_id(shop: Shop) -> None:
    job = await shop.job()
    [entry_id] = await shop.commit(job)
    await shop.take(job)
    shop.clock.advance(1_500)
    await shop.runs.complete(entry_id, 1, run_id="airflow-7", counts=Counts(source_success=9))
    detail = await shop.detail(entry_id)
    assert (detail.entry.status, detail.entry.run_id) == (Status.COMPLETE, "airflow-7")
    assert detail.entry.counts.source_success == 9
    assert [(attempt.duration_ms, attempt.outcome.result) for attempt in detail.attempts] == [
        (1500.0, Result.DELIVERED)
    ]


async def test_a_failed_run_is_tried_again_when_the_policy_says(shop: Shop) -> None:
    job = await shop.job()
    [entry_id] = await shop.commit(job)
    await shop.take(job)
    await shop.runs.fail(entry_id, 1, "the index is locked")
    waiting = shop.wait(job, "worker-2")
    await shop.later(4_999)
    assert not waiting.done()
    await shop.later(1)
    assert await waiting == [entry_id]
    run = shop.runs.run(entry_id)
    assert run is not None
    assert run.claimed.attempt == 2


async def test_a_run_that_failed_for_good_ends_as_error(shop: Shop) -> None:
    job = await shop.job()
    [entry_id] = await shop.commit(job)
    await shop.take(job)
    await shop.runs.fail(entry_id, 1, "no such photo", retry=False)
    detail = await shop.detail(entry_id)
    assert (detail.entry.status, detail.history[-1].comment) == (Status.ERROR, "no such photo")


async def test_heartbeats_keep_the_lease(shop: Shop) -> None:
    job = await shop.job()
    [entry_id] = await shop.commit(job)
    await shop.take(job)
    for _ in range(5):
        await shop.later(15_000)
        assert await shop.runs.heartbeat(entry_id, 1) == shop.clock() + 20_000
    await shop.runs.complete(entry_id, 1)
    assert (await shop.detail(entry_id)).entry.status is Status.COMPLETE


async def test_a_worker_that_goes_away_loses_its_run_which_is_tried_again(shop: Shop) -> None:
    job = await shop.job()
    [entry_id] = await shop.commit(job)
    await shop.take(job)
    await shop.later(20_000)
    [lost] = (await shop.detail(entry_id)).attempts
    assert (lost.outcome.result, lost.outcome.error) == (Result.LOST, "worker 'worker-1' let its lease run out")
    for late in (shop.runs.heartbeat(entry_id, 1), shop.runs.complete(entry_id, 1), shop.runs.fail(entry_id, 1, "x")):
        with pytest.raises(Conflict) as refused:
            await late
        assert refused.value.code == "lease_lost"
    await shop.later(5_000)
    assert await shop.take(job, worker="worker-2") == [entry_id]


async def test_losses_count_as_attempts_until_there_are_none_left(shop: Shop) -> None:
    job = await shop.job(retry=RetryPolicy(schedule_ms=(0,), jitter=0))
    [entry_id] = await shop.commit(job)
    for _ in range(2):
        assert await shop.take(job) == [entry_id]
        await shop.later(20_000)
    detail = await shop.detail(entry_id)
    assert detail.entry.status is Status.ERROR
    assert detail.history[-1].comment == "attempt 2 of 2 failed: worker 'worker-1' let its lease run out"


async def test_a_loss_the_store_notices_first_is_decided_by_the_policy_too(shop: Shop) -> None:
    job = await shop.job()
    [entry_id] = await shop.commit(job)
    await shop.store.claim({job.number: 1}, shop.clock() + 1_000, shop.clock())
    shop.clock.advance(1_000)
    assert await shop.take(job) == []
    detail = await shop.detail(entry_id)
    assert [attempt.outcome.result for attempt in detail.attempts] == [Result.LOST]
    assert detail.due_at == shop.clock() + 5_000
    await shop.later(5_000)
    assert await shop.take(job) == [entry_id]
    await shop.runs.complete(entry_id, 2)


async def test_another_attempts_number_is_not_this_one(shop: Shop) -> None:
    job = await shop.job()
    [entry_id] = await shop.commit(job)
    await shop.take(job)
    with pytest.raises(Conflict):
        await shop.runs.complete(entry_id, 2)


async def test_a_run_an_operator_discarded_is_no_longer_the_workers(shop: Shop) -> None:
    job = await shop.job()
    [entry_id] = await shop.commit(job)
    await shop.take(job)
    await shop.store.move([entry_id], Trigger.DISCARD, builders.line(Status.DISCARDED), None)
    with pytest.raises(Conflict, match="ended or handed"):
        await shop.runs.heartbeat(entry_id, 1)
    assert shop.runs.run(entry_id) is None


async def test_an_end_the_store_cannot_take_may_be_told_again(shop: Shop) -> None:
    job = await shop.job()
    [entry_id] = await shop.commit(job)
    await shop.take(job)
    shop.store.down = True
    with pytest.raises(Unavailable):
        await shop.runs.complete(entry_id, 1)
    shop.store.down = False
    await shop.runs.complete(entry_id, 1)
    assert (await shop.detail(entry_id)).entry.status is Status.COMPLETE


async def test_a_store_that_cannot_claim_is_asked_again_after_a_pause(shop: Shop) -> None:
    job = await shop.job()
    [entry_id] = await shop.commit(job)
    shop.store.down = True
    waiting = shop.wait(job, "worker-1")
    await settle()
    shop.store.down = False
    await shop.later(PAUSE_MS)
    assert await waiting == [entry_id]


async def test_of_runs_that_waited_before_the_start_all_are_found(shop: Shop) -> None:
    job = await shop.job()
    deliveries = [
        builders.delivery(shop.scene.subscription, job, status=Status.PENDING, due_at=shop.clock() + at)
        for at in (1_000, 2_000)
    ]
    await shop.store.append(shop.scene.publication(deliveries=deliveries))
    shop.runs.learn(job.number, shop.clock() + 1_000)
    for worker in ("worker-1", "worker-2"):
        waiting = shop.wait(job, worker)
        await settle()
        await shop.later(1_000)
        assert len(await waiting) == 1


async def test_a_stopped_hub_hands_out_nothing(shop: Shop) -> None:
    job = await shop.job()
    waiting = shop.wait(job, "worker-1")
    await settle()
    shop.runs.stop()
    assert await waiting == []
    assert await shop.take(job) == []
