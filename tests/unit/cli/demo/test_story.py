import random
from collections.abc import Iterator

import pytest

from eventyard.cli.client import Client
from eventyard.cli.demo.crew import Crew
from eventyard.cli.demo.progress import Teller
from eventyard.cli.demo.receivers import Inbox
from eventyard.cli.demo.samples import Sample, generated
from eventyard.cli.demo.scene import SECRET, WISHES
from eventyard.cli.demo.story import Story
from eventyard.wire.signatures import sign_body
from tests.unit.cli.stub import StubHub

SAMPLES = list(generated(random.Random(1), 5))


@pytest.fixture
def inboxes() -> dict[str, Inbox]:
    return {wish.name: Inbox(wish.name) for wish in WISHES if not wish.job}


@pytest.fixture
def teller() -> Teller:
    return Teller()


@pytest.fixture
def story(hub: StubHub, teller: Teller, inboxes: dict[str, Inbox]) -> Iterator[Story]:
    for path in ("/v1/sources", "/v1/targets", "/v1/jobs", "/v1/subscriptions"):
        hub.answers("POST", path, {"id": f"{path}-1".rpartition("/")[2]}, 201)
    with Client(hub.url, "eyk_1") as client:
        story = Story(teller, client, inboxes)
        story.set_up()
        yield story


def test_the_scene_is_set_up_through_the_api(hub: StubHub, story: Story) -> None:
    assert story.source["id"] == "sources-1"
    source = hub.asked[0].body
    assert (source["name"], source["scheme"], source["secret"]) == ("github", "github-sha256", SECRET)
    assert [asked.body["name"] for asked in hub.asked if asked.path == "/v1/subscriptions"] == [w.name for w in WISHES]
    assert all(asked.body["retry"]["max_attempts"] == 4 for asked in hub.asked if asked.path == "/v1/targets")


def test_webhooks_are_sent_as_github_signs_them(hub: StubHub, story: Story, teller: Teller) -> None:
    hub.answers("POST", "/in/sources-1", {"event_id": "e-1"}, 202)
    story.send(SAMPLES[:1])
    sent, headers = SAMPLES[0], hub.last.headers
    assert hub.last.body == sent.data
    assert headers["x-github-event"] == sent.event
    assert headers["x-hub-signature-256"] == sign_body(SECRET, sent.body)
    assert "authorization" not in headers
    assert teller.missing == []


def test_a_webhook_that_is_refused_is_a_step_that_did_not_happen(hub: StubHub, story: Story, teller: Teller) -> None:
    hub.refuses("POST", "/in/sources-1", 507, code="store_full")
    story.send(SAMPLES)
    assert teller.missing == ["accepted: 0 of 5 signed webhooks acknowledged; refused: {'507 store_full': 5}"]


def test_a_hub_that_takes_everything_is_found_out(hub: StubHub, story: Story, teller: Teller) -> None:
    hub.answers("POST", "/in/sources-1", {"event_id": "e-1"}, 202)
    story.send(SAMPLES)
    story.send_badly(SAMPLES)
    assert [missing.partition(":")[0] for missing in teller.missing] == ["bad signature", "bad schema", "redelivery"]


def test_a_journal_without_the_events_is_found_out(
    hub: StubHub, story: Story, teller: Teller, inboxes: dict[str, Inbox]
) -> None:
    hub.answers("POST", "/in/sources-1", {"event_id": "e-1"}, 202)
    hub.answers("GET", "/v1/events", [])
    story.send(SAMPLES)
    report = story.watch(Crew(hub.url, "eyk_1", "triage"))
    names = [missing.partition(":")[0] for missing in teller.missing]
    assert names == ["journal", *(wish.name for wish in WISHES), "retry"]
    assert (report.accepted, report.deliveries, report.retried) == (5, 0, 0)


def test_a_delivery_that_is_on_record_but_never_arrived_is_found_out(
    hub: StubHub, story: Story, teller: Teller, inboxes: dict[str, Inbox]
) -> None:
    hub.answers("POST", "/in/sources-1", {"event_id": "e-1"}, 202)
    story.send([Sample("push", b"{}", {})])
    event_id = hub.last.headers["x-github-delivery"]
    entry = {"event_id": event_id, "status": "complete", "created_at": "2026-01-02T03:04:05.678Z"}
    recorded = [
        {**entry, "kind": "publication", "name": "github"},
        {**entry, "kind": "subscription", "name": "audit-log"},
    ]
    hub.answers("GET", "/v1/events", recorded)
    story.watch(Crew(hub.url, "eyk_1", "triage"))
    assert "journal: 1 of 1 events on record, once each" not in teller.missing
    assert "audit-log: 0 of 1 delivered, signatures verified" in teller.missing
