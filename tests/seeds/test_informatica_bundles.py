"""The events of both seeds made by publishing and working through other dialects, and shown key for key."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from eventyard.cli.demo.child import Child
from eventyard.wire.rfc3339 import parse
from tests.seeds.planted import SETTINGS, Client
from tests.seeds.test_informatica_events import CIH_EXAMPLE, DIH_EXAMPLE

DIH, CIH = "/dih-console", "/cih/dih-console"
STRUCTURED = {"content-type": "application/cloudevents+json"}


class Shop:
    """A hub with applications, topics, sources and workers, each made as it is first asked for."""

    def __init__(self, client: Client) -> None:
        self.client, self.http = client, client.http

    def make(self, what: str, **fields: Any) -> dict[str, Any]:
        made = self.http.post(f"/v1/{what}", json=fields)
        assert made.status_code == 201, made.text
        record: dict[str, Any] = made.json()
        return record

    def publish(self, source: str, **attributes: Any) -> int:
        event = {"specversion": "1.0", "id": "1", "source": "/di", "type": "data.set", "data": {"row": 1}} | attributes
        sent = self.http.post(
            "/v1/events/dispatch", content=json.dumps(event), headers=STRUCTURED | {"x-event-source": source}
        )
        assert sent.status_code == 200, sent.text
        entry: int = sent.json()["entry_id"]
        return entry

    def claim(self, job: str) -> dict[str, Any]:
        (run,) = self.http.post(f"/v1/jobs/{job}/runs/claim", json={"worker": "w", "wait_ms": 20_000}).json()
        claimed: dict[str, Any] = run
        return claimed

    def report(self, run: dict[str, Any], how: str, **told: Any) -> None:
        done = self.http.post(f"/v1/job-runs/{run['id']}/{how}", json={"attempt": run["attempt"], **told})
        assert done.status_code == 204, done.text


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    data = tmp_path_factory.mktemp("bundles") / "data"
    with Child(data, "127.0.0.1:0", SETTINGS) as child, Client(child.url) as client:
        yield Shop(client)


def shape(value: Any, name: str = "") -> Any:
    """A value with everything taken out of it that is another each time: ids, moments, lengths of time."""
    if isinstance(value, dict):
        return {inner: shape(one, inner) for inner, one in value.items()}
    if isinstance(value, list):
        return [shape(one) for one in value]
    if name in ("eventId", "parentEventId", "delayedTime"):
        return bool(value)
    if name in ("startTime", "completedTime", "createTime", "completionTime", "timeStamp"):
        return parse(value) > 0
    return re.sub(r"^reflected by event \d+$", "reflected by event", value) if isinstance(value, str) else value


def test_the_compound_subscription_of_the_dih_seed(shop: Shop) -> None:
    application = shop.make("applications", name="TestCompoundSub")["name"]
    for name in ("ReprocessTest", "Prices"):
        topic = shop.make("topics", name=name)["id"]
        shop.make("sources", name=f"{name} source", topic=topic, application=application)
    job = shop.make("jobs", name="load sets")["id"]
    wish = {"name": "CompoundSub", "topics": ["ReprocessTest", "Prices"], "application": application}
    shop.make("subscriptions", target_id=job, compound={}, **wish)
    member = shop.publish("ReprocessTest source", id="set-1") + 1
    shop.publish("Prices source", id="set-2")
    run = shop.claim(job)
    assert [one["id"] for one in run["event"]["data"]] == ["set-1", "set-2"]
    shop.report(run, "complete")
    bundle = run["id"]
    found = shop.client.search({"applicationName": "CompoundSub", "matchAll": True}, DIH)
    told = [event for event in found if event["eventId"] in (member, bundle)]
    assert told[0]["eventHistory"][-1]["comments"] == f"reflected by event {bundle}"
    pending = told[1]["eventHistory"].pop(1)  # it waited for a worker
    assert (pending["eventStatusName"], pending["comments"]) == ("Pending", "Released")
    told[1]["eventHistory"][1]["comments"] = pending["comments"]
    assert shape(told) == shape(DIH_EXAMPLE)
    assert [list(event) for event in told] == [list(event) for event in DIH_EXAMPLE]
    state = shop.http.get(f"{DIH}/api/v1/event/{bundle}").json()
    assert (state["eventType"], state["topicName"]) == ("Compound Subscription", "(multiple)")
    assert state["referencedEventsList"] == f"{member + 2},{member}"


def test_the_publication_of_the_cih_seed_whose_subscription_failed(shop: Shop) -> None:
    application = shop.make("applications", name="DI_App")["name"]
    topic = shop.make("topics", name="DI_Topic")["id"]
    shop.make("sources", name="DSS_Pub", topic=topic, application=application)
    job = shop.make("jobs", name="load", retry={"schedule_ms": []})["id"]
    shop.make("subscriptions", name="DSS_Sub", topics=[topic], target_id=job, application=application)
    publication = shop.publish("DSS_Pub", runid="28")
    shop.report(shop.claim(job), "fail", error="The job failed.", retry=False, run_id="9")
    (told,) = shop.client.search({"eventType": "PUBLICATION", "applicationName": "DI_App"}, CIH)
    pending = told["childEvents"][0]["eventHistory"].pop(0)  # it waited for a worker
    assert (pending["eventStatusName"], pending["comments"]) == ("Pending", "")
    failed = told["childEvents"][0]["eventHistory"][-1]
    assert failed["comments"].endswith("The job failed.")
    failed["comments"] = "Subscription to topic failed. The job failed."
    assert (told["eventId"], told["runId"], told["childEvents"][0]["runId"]) == (publication, "28", "9")
    assert shape(told) == shape(CIH_EXAMPLE)
    assert list(told) == list(CIH_EXAMPLE)


def test_an_aggregated_one_is_made_by_its_start_and_reprocessed_as_one(shop: Shop) -> None:
    topic = shop.make("topics", name="rows")["id"]
    shop.make("sources", name="rows", topic=topic)
    job = shop.make("jobs", name="load rows", retry={"schedule_ms": []})["id"]
    wish = {"schedule": {"when": "on_demand"}, "delivery_scope": "aggregated"}
    shop.make("subscriptions", name="all rows", topics=[topic], target_id=job, **wish)
    members = [shop.publish("rows", id=str(number)) + 1 for number in range(3)]
    started = shop.http.post(f"{CIH}/api/v1/subscription/start", json={"subscriptionName": "all rows"})
    assert (started.status_code, started.json()["responseCode"]) == (200, "SUCCESS")
    run = shop.claim(job)
    shop.report(run, "fail", error="no space", retry=False)
    (root,) = shop.client.search({"eventType": "AGGREGATED_SUBSCRIPTION"}, CIH)
    assert (root["eventStatus"], root["topicName"], root["pubSubName"]) == ("Error", "rows", "all rows")
    assert "childEvents" not in root
    refused = shop.http.post(f"{DIH}/api/v1/event/reprocess", json={"eventId": members[0]})
    assert (refused.status_code, refused.json()["responseCode"]) == (409, 409)
    again = shop.http.post(f"{DIH}/api/v1/event/reprocess", json={"eventId": run["id"]}).json()
    second = shop.claim(job)
    assert (second["id"], len(second["event"]["data"])) == (again["reprocessEventId"], 3)
    shop.report(second, "complete", run_id="31", counts={"source_success": 3, "target_success": 3})
    entry = shop.http.get(f"/v1/events/{second['id']}").json()
    assert (entry["status"], entry["run_id"], len(entry["members"])) == ("complete", "31", 3)
    assert [shop.http.get(f"/v1/events/{one}").json()["status"] for one in members] == ["reprocessed"] * 3
