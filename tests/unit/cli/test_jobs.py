from tests.unit.cli.stub import StubHub

ID = "0198c7a2-5e0b-7c3e-9a51-3f0d8f6f2c11"


def test_a_job_is_made_with_its_lease(hub: StubHub) -> None:
    hub.answers("POST", "/v1/jobs", {}, 201)
    hub.run("jobs", "create", "book-orders", "--lease", "30s", "--concurrency", "4")
    assert hub.last.body == {"name": "book-orders", "timeout_ms": 30_000, "concurrency": 4}


def test_the_runs_of_a_job_are_listed(hub: StubHub) -> None:
    hub.answers("GET", f"/v1/jobs/{ID}/runs", [{"entry_id": 7, "status": "pending", "event_id": "e-1"}])
    assert hub.run("jobs", "runs", ID).out.splitlines()[1].split()[:2] == ["7", "pending"]
