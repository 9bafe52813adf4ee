import asyncio

import pytest

from eventyard.testing.fakes import settle


@pytest.fixture
async def job(make):
    """A job that wants what comes in at ``orders``."""
    await make("sources", name="orders")
    job = await make("jobs", name="book", timeout_ms=30_000, retry={"schedule_ms": [1000]})
    await make("subscriptions", topics=["orders"], target_id="book", name="sub")
    return job


async def claim(client, **body):
    answer = await client.post("/v1/jobs/book/runs/claim", json={"worker": "w-1", **body})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_job_is_a_target_of_that_type(client, make, job, refused):
    await make("targets", name="hook", type="webhook")
    assert (await client.get("/v1/jobs")).json() == [job]
    assert job["type"] == "job"
    assert (await client.get(f"/v1/targets/{job['id']}")).json() == job
    assert (await client.get("/v1/jobs/book")).json() == job
    changed = await client.patch("/v1/jobs/book", json={"concurrency": 3})
    assert changed.json() == {**job, "concurrency": 3}
    assert refused(await client.get("/v1/jobs/hook"))[:2] == (404, "not_found")
    assert refused(await client.delete("/v1/jobs/book"))[:2] == (409, "in_use")
    await make("jobs", name="idle")
    assert (await client.delete("/v1/jobs/idle")).status_code == 204


async def test_a_job_that_is_not_there_is_called_a_job_and_its_name_needs_its_project(client, make, job):
    async def refused(path):
        answer = await client.post(f"/v1/jobs/{path}", json={"worker": "w-1"})
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
        return answer.json()["detail"], answer.json().get("hint")

    assert await refused("rj/runs/claim") == ("there is no job 'rj' in project 'default'", None)
    await make("projects", name="second")
    told = ("there is no job 'book'", "a name needs its project: project_id")
    assert await refused("book/runs/claim") == told
    taken = await client.post("/v1/jobs/book/runs/claim?project_id=default", json={"worker": "w-1"})
    assert taken.json() == []


async def test_a_run_is_claimed_kept_and_completed(yard, client, make, job):
    sent = await make.dispatch("orders", {"order": 1})
    [run] = await claim(client)
    assert run == {
        "id": sent["results"][0]["delivery_id"],
        "job_id": job["id"],
        "attempt": 1,
        "lease_expires_at": "2026-01-02T03:04:35.678Z",
        "event": {
            "specversion": "1.0",
            "id": sent["event_id"],
            "source": "/sources/orders",
            "type": "orders",
            "time": "2026-01-02T03:04:05.678Z",
            "datacontenttype": "application/json",
            "data": {"order": 1},
        },
    }
    assert await claim(client) == []
    yard.clock.advance(10_000)
    path = f"/v1/job-runs/{run['id']}"
    kept = await client.post(f"{path}/heartbeat", json={"attempt": 1})
    assert kept.json() == {"lease_expires_at": "2026-01-02T03:04:45.678Z"}
    told = {"attempt": 1, "run_id": "r-9", "counts": {"source_success": 5}}
    ended = await client.post(f"{path}/complete", json=told)
    assert (ended.status_code, ended.content) == (204, b"")
    [entry] = (await client.get("/v1/jobs/book/runs")).json()
    assert (entry["entry_id"], entry["status"], entry["run_id"]) == (run["id"], "complete", "r-9")
    assert entry["counts"] == {"source_success": 5, "source_failed": 0, "target_success": 0, "target_failed": 0}


async def test_a_worker_waits_for_the_first_run(client, make, job):
    waiting = asyncio.create_task(claim(client, wait_ms=30_000, limit=5))
    await settle()
    assert not waiting.done()
    await make.dispatch("orders", {"order": 1})
    assert len(await waiting) == 1


async def test_a_run_for_a_worker_that_went_away_is_there_for_the_next(yard, client, make, job):
    body = b'{"worker": "gone", "wait_ms": 30000}'
    messages = asyncio.Queue()
    messages.put_nowait({"type": "http.request", "body": body, "more_body": False})
    sent = []

    async def send(message):
        sent.append(message)

    scope = {
        "type": "http", "method": "POST", "path": "/v1/jobs/book/runs/claim", "query_string": b"", "scheme": "http",
        "headers": [(name.encode(), value.encode()) for name, value in yard.headers().items()],
    }  # fmt: skip
    call = asyncio.create_task(yard.app(scope, messages.get, send))
    await settle()
    messages.put_nowait({"type": "http.disconnect"})
    await call
    await make.dispatch("orders", {"order": 1})
    assert len(await claim(client)) == 1


async def test_a_failed_run_comes_again_unless_the_worker_says_no(yard, client, make, job):
    for order in (1, 2):
        await make.dispatch("orders", {"order": order})
    first, second = await claim(client, limit=2)
    for run, retry in ((first, True), (second, False)):
        body = {"attempt": 1, "error": "no such table", "retry": retry}
        assert (await client.post(f"/v1/job-runs/{run['id']}/fail", json=body)).status_code == 204
    assert (await client.get(f"/v1/events/{second['id']}")).json()["status"] == "error"
    yard.clock.advance(2000)
    yard.hub.runs.tick()
    [again] = await claim(client)
    assert (again["id"], again["attempt"]) == (first["id"], 2)


async def test_a_lost_lease_is_a_conflict_whoever_asks(yard, client, client_of, make, job, refused):
    await make.dispatch("orders", {"order": 1})
    [run] = await claim(client)
    stranger = await client_of(await yard.stranger_key())
    for path, body in (("heartbeat", {}), ("complete", {}), ("fail", {"error": "x"})):
        for who, number, attempt in ((client, 999, 1), (client, run["id"], 2), (stranger, run["id"], 1)):
            answer = await who.post(f"/v1/job-runs/{number}/{path}", json={"attempt": attempt, **body})
            assert refused(answer)[:2] == (409, "lease_lost")
            assert answer.json()["detail"] == f"the lease on run {number} is over: it ran out, or the run has ended"


async def test_only_workers_work(yard, client_of, job, refused):
    reader = await client_of(await yard.key_for("catalog:read", "events:read"))
    answer = await reader.post("/v1/jobs/book/runs/claim", json={"worker": "w"})
    assert refused(answer)[:2] == (403, "forbidden")
    answer = await reader.post("/v1/job-runs/1/complete", json={"attempt": 1})
    assert refused(answer)[:2] == (403, "forbidden")


async def test_the_runs_of_several_subscriptions_are_one_list_in_pages(client, make, job):
    second = await make("sources", name="returns")
    await make("subscriptions", source_id=second["id"], target_id="book", name="other")
    await make("targets", name="hook", type="webhook")
    await make("subscriptions", topics=["orders"], target_id="hook", name="hooked")
    expected = []
    for source in ("orders", "returns", "orders"):
        sent = await make.dispatch(source, {})
        expected += [r["delivery_id"] for r in sent["results"] if r["target_type"] == "job"]
    seen, path = [], "/v1/jobs/book/runs?limit=2"
    while path:
        answer = await client.get(path)
        seen += [entry["entry_id"] for entry in answer.json()]
        path = answer.headers.get("link", "").partition(">")[0].lstrip("<")
    assert seen == sorted(expected, reverse=True)


@pytest.mark.parametrize(
    ("body", "pointer"),
    [({}, "/worker"), ({"worker": "w", "limit": 101}, "/limit"), ({"worker": "w", "wait_ms": 30_001}, "/wait_ms")],
)
async def test_a_claim_has_bounds(client, job, refused, body, pointer):
    assert refused(await client.post("/v1/jobs/book/runs/claim", json=body)) == (422, "invalid_body", pointer)
