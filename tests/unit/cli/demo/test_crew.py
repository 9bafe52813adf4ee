import threading

from eventyard.cli.demo.crew import Crew
from tests.unit.cli.stub import StubHub

RUN = {
    "id": 7, "job_id": "j-1", "attempt": 1, "lease_expires_at": "2026-01-02T03:04:05.678Z",
    "event": {"id": "e-1", "type": "issues.opened", "data": {}},
}  # fmt: skip


def test_a_run_is_claimed_worked_on_and_completed(hub: StubHub) -> None:
    hub.answers("POST", "/v1/jobs/triage/runs/claim", [RUN])
    hub.answers("POST", "/v1/jobs/triage/runs/claim", [])
    hub.answers("POST", "/v1/job-runs/7/complete", None, 204)
    completed = threading.Event()
    hub.on_asked = lambda asked: completed.set() if asked.path == "/v1/job-runs/7/complete" else None
    heard: list[str] = []
    with Crew(hub.url, "eyk_1", "triage") as crew:
        crew.watch = heard.append
        assert completed.wait(10)
    assert crew.done == ["e-1"]
    assert crew.failure is None
    [told] = [asked for asked in hub.asked if asked.path == "/v1/job-runs/7/complete"]
    assert told.body["counts"]["target_success"] == 1


def test_a_hub_that_refuses_for_good_ends_the_work(hub: StubHub) -> None:
    hub.refuses("POST", "/v1/jobs/triage/runs/claim", 401, detail="no such key", code="unauthenticated")
    with Crew(hub.url, "eyk_1", "triage") as crew:
        crew.join()
    assert "no such key" in str(crew.failure)
