import asyncio
import os
import signal
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web

from eventyard.worker import Counts, Done, Fail, Run, Worker
from eventyard.worker.hub import HubProblem

RUN = {
    "id": 12,
    "job_id": "target-resize",
    "attempt": 1,
    "lease_expires_at": "2026-01-02T03:04:25.678Z",
    "event": {"specversion": "1.0", "id": "event-1", "type": "photo.added", "data": {"photo": 7}},
}


class FakeHub:
    """The hub's side of the wire: hands out what it is given, keeps what it is told."""

    def __init__(self) -> None:
        self.runs: list[dict[str, Any]] = []
        self.told: asyncio.Queue[tuple[str, Any]] = asyncio.Queue()
        self.claims: list[Any] = []
        self.statuses: dict[str, list[int]] = {}
        self.empty = asyncio.Event()
        self.url = ""

    async def handle(self, request: web.Request) -> web.Response:
        assert request.headers["authorization"] == "Bearer ey_key"
        verb, body = request.path.rsplit("/", 1)[1], await request.json()
        if statuses := self.statuses.get(verb):
            status = statuses.pop(0)
            await self.told.put((f"{verb} {status}", body))
            return web.json_response({"detail": "not now"}, status=status)
        if verb != "claim":
            await self.told.put((verb, body))
            return web.json_response({"lease_expires_at": RUN["lease_expires_at"]})
        self.claims.append((request.path, body))
        if not self.runs:
            await self.empty.wait()
            return web.json_response([])
        return web.json_response([self.runs.pop(0)], headers={"Date": "Fri, 02 Jan 2026 03:04:05 GMT"})


@pytest.fixture
async def hub() -> AsyncIterator[FakeHub]:
    hub = FakeHub()
    application = web.Application()
    application.router.add_post("/{path:.*}", hub.handle)
    runner = web.AppRunner(application, handler_cancellation=True, shutdown_timeout=0.01)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0]
    hub.url = f"http://{host}:{port}"
    yield hub
    await runner.cleanup()


async def no_pause(_: float) -> None:
    await asyncio.sleep(0)


async def forever(_: float) -> None:
    await asyncio.Event().wait()


async def told(hub: FakeHub, worker: Worker, count: int = 1) -> list[tuple[str, Any]]:
    """What the hub is told while the worker works, the first so many things."""
    working = asyncio.create_task(worker.work())
    heard = [await hub.told.get() for _ in range(count)]
    worker.stop()
    await working
    return heard


async def test_a_function_that_returns_completes_its_run(hub: FakeHub) -> None:
    worker = Worker(hub.url, "ey_key", name="worker-1", pause=forever)
    seen: list[Run] = []

    @worker.job("resize")
    async def resize(run: Run) -> Counts:
        seen.append(run)
        return Counts(source_success=3)

    hub.runs.append(RUN)
    [(verb, body)] = await told(hub, worker)
    assert (verb, body["attempt"], body["counts"]["source_success"]) == ("complete", 1, 3)
    assert hub.claims[0] == (
        "/v1/jobs/resize/runs/claim",
        {"worker": "worker-1", "limit": 1, "wait_ms": 30_000},
    )
    assert (seen[0].id, seen[0].data) == (12, {"photo": 7})
    assert seen[0].lease_s == pytest.approx(19.678)


async def test_a_plain_function_runs_in_a_thread(hub: FakeHub) -> None:
    worker = Worker(hub.url, "ey_key", pause=forever)
    worker.job("resize")(lambda run: Done(run_id=f"elsewhere-{run.id}"))
    hub.runs.append(RUN)
    assert await told(hub, worker) == [("complete", {"attempt": 1, "run_id": "elsewhere-12"})]


@pytest.mark.parametrize(("given", "told_as"), [("x" * 300, "x" * 255), ("line\nbreak", "line?break")])
async def test_a_run_id_that_does_not_fit_costs_no_run(hub: FakeHub, given: str, told_as: str) -> None:
    worker = Worker(hub.url, "ey_key", pause=forever)
    worker.job("resize")(lambda run: Done(run_id=given))
    hub.runs.append(RUN)
    assert await told(hub, worker) == [("complete", {"attempt": 1, "run_id": told_as})]


async def test_an_exception_fails_the_run_to_be_tried_again(hub: FakeHub) -> None:
    worker = Worker(hub.url, "ey_key", pause=forever)

    @worker.job("resize")
    async def resize(run: Run) -> None:
        raise ZeroDivisionError("division by zero")

    hub.runs.append(RUN)
    assert await told(hub, worker) == [
        ("fail", {"attempt": 1, "error": "ZeroDivisionError: division by zero", "retry": True})
    ]


@pytest.mark.parametrize(
    ("error", "said"),
    [
        ("x" * 4096, "x" * 4096),
        ("b" + "x" * 9000 + "e", "b" + "x" * 2046 + "…" + "x" * 2046 + "e"),
        ("half \ud83d", "half \\ud83d"),
    ],
    ids=["as long as may be", "too long", "not Unicode"],
)
async def test_an_error_of_any_length_and_kind_is_told(hub: FakeHub, error: str, said: str) -> None:
    hub.runs.append(RUN)
    worker = Worker(hub.url, "ey_key")

    @worker.job("resize")
    async def resize(run: Run) -> None:
        raise Fail(error, retry=False)

    [(verb, body)] = await told(hub, worker)
    assert (verb, body["error"]) == ("fail", said)


async def test_fail_without_retry_says_so(hub: FakeHub) -> None:
    worker = Worker(hub.url, "ey_key", pause=forever)

    @worker.job("resize")
    async def resize(run: Run) -> None:
        raise Fail("no such photo", retry=False)

    hub.runs.append(RUN)
    assert await told(hub, worker) == [("fail", {"attempt": 1, "error": "no such photo", "retry": False})]


async def test_the_lease_is_kept_alive_every_third_of_it(hub: FakeHub) -> None:
    pauses: list[float] = []
    release = asyncio.Event()

    async def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) > 2:
            release.set()
            await asyncio.Event().wait()

    worker = Worker(hub.url, "ey_key", pause=pause)

    @worker.job("resize")
    async def resize(run: Run) -> None:
        await release.wait()

    hub.runs.append(RUN)
    heard = await told(hub, worker, 3)
    assert [verb for verb, _ in heard] == ["heartbeat", "heartbeat", "complete"]
    assert pauses[0] == pytest.approx(19.678 / 3)


async def test_a_lost_lease_cancels_the_function_and_ends_nothing(hub: FakeHub) -> None:
    cancelled = asyncio.Event()
    worker = Worker(hub.url, "ey_key", pause=no_pause)

    @worker.job("resize")
    async def resize(run: Run) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    hub.runs.append(RUN)
    hub.statuses["heartbeat"] = [503, 409]
    assert [verb for verb, _ in await told(hub, worker, 2)] == ["heartbeat 503", "heartbeat 409"]
    assert cancelled.is_set()
    assert hub.told.empty()


async def test_a_hub_that_is_away_is_asked_again_and_told_again(hub: FakeHub) -> None:
    worker = Worker(hub.url, "ey_key", pause=no_pause)
    worker.job("resize")(lambda run: None)
    hub.runs.append(RUN)
    hub.statuses["claim"] = [503, 429]
    hub.statuses["complete"] = [503]
    heard = [verb for verb, _ in await told(hub, worker, 4) if verb != "heartbeat"]
    assert heard[:3] == ["claim 503", "claim 429", "complete 503"]


async def test_a_wrong_key_ends_the_worker(hub: FakeHub) -> None:
    worker = Worker(hub.url, "ey_key")
    worker.job("resize")(lambda run: None)
    hub.statuses["claim"] = [401]
    with pytest.raises(HubProblem, match="401 not now"):
        await worker.work()


async def test_stopping_lets_what_is_running_end(hub: FakeHub) -> None:
    started, release = asyncio.Event(), asyncio.Event()
    worker = Worker(hub.url, "ey_key", pause=forever)

    @worker.job("resize")
    async def resize(run: Run) -> None:
        started.set()
        await release.wait()

    hub.runs.append(RUN)
    working = asyncio.create_task(worker.work())
    await started.wait()
    worker.stop()
    release.set()
    await working
    assert (await hub.told.get())[0] == "complete"


async def test_sigterm_stops(hub: FakeHub) -> None:
    worker = Worker(hub.url, "ey_key", pause=forever)

    @worker.job("resize")
    async def resize(run: Run) -> None:
        os.kill(os.getpid(), signal.SIGTERM)

    hub.runs.append(RUN)
    await worker._run_until_signal()
    assert (await hub.told.get())[0] == "complete"


async def test_a_worker_has_no_more_runs_in_hand_than_its_concurrency(hub: FakeHub) -> None:
    started, release = asyncio.Event(), asyncio.Event()
    worker = Worker(hub.url, "ey_key", concurrency=1, pause=forever)

    @worker.job("resize")
    async def resize(run: Run) -> None:
        started.set()
        await release.wait()

    hub.runs += [RUN, RUN]
    working = asyncio.create_task(worker.work())
    await started.wait()
    assert len(hub.claims) == 1
    release.set()
    assert [(await hub.told.get())[0] for _ in range(2)] == ["complete", "complete"]
    worker.stop()
    await working


def test_a_job_has_one_function() -> None:
    worker = Worker("http://127.0.0.1:1", "ey_key")
    worker.job("resize")(lambda run: None)
    with pytest.raises(ValueError, match="has a function already"):
        worker.job("resize")(lambda run: None)


async def test_a_worker_without_jobs_says_so() -> None:
    with pytest.raises(ValueError, match="no job has a function"):
        await Worker("http://127.0.0.1:1", "ey_key").work()
