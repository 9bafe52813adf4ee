"""DIH's and CIH's calls beside the search, on a running hub, as one operator's day."""

import socket
from collections.abc import Iterator
from typing import Any

import pytest

from eventyard.cli.demo.child import Child
from eventyard.pipeline.reprocess import BULK_PAGE
from tests.seeds.planted import KEY, SETTINGS, Client

DIH, CIH = "/dih-console/api/v1", "/cih/dih-console/api/v1"
BILLING = {"subscriptionName": "billing"}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with (
        Child(tmp_path_factory.mktemp("calls") / "data", "127.0.0.1:0", SETTINGS) as child,
        Client(child.url) as client,
    ):
        job = client.http.post("/v1/jobs", json={"name": "load"}).json()
        source = client.http.post("/v1/sources", json={"name": "orders"}).json()
        wish = {"name": "billing", "source_id": source["id"], "target_type": "job", "target_id": job["id"]}
        assert client.http.post("/v1/subscriptions", json=wish).status_code == 201
        yield client


def order(client: Client) -> int:
    sent = client.http.post("/v1/events/dispatch", json={"source": "orders", "payload": {"order": 1}}).json()
    delivery: int = sent["results"][0]["delivery_id"]
    return delivery


def orders(client: Client, number: int) -> None:
    lines = "\n".join(['{"payload":{"order":1}}'] * number)
    typed = {"content-type": "application/x-ndjson"}
    assert client.http.post("/v1/events/batch?source=orders", content=lines, headers=typed).status_code == 200


def told(client: Client, path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    answer = client.http.post(path, json=body)
    return answer.status_code, answer.json()


@pytest.mark.parametrize("api", [DIH, CIH])
def test_a_subscription_is_paused_and_started_and_an_event_closed_and_reprocessed(client: Client, api: str) -> None:
    done = (200, {"responseCode": "SUCCESS"})
    assert told(client, f"{api}/subscription/changemode", {**BILLING, "mode": "pause"}) == done
    event = order(client)
    assert client.http.get(f"{api}/event/{event}").json()["eventStatus"] == "Delayed"
    assert told(client, f"{api}/subscription/start", BILLING)[1]["responseCode"] == "SUCCESS"
    assert told(client, f"{api}/subscription/start", BILLING)[1]["responseCode"] == "FAILED"
    closing = {"eventId": str(event), "eventStatusName": "Complete", "comment": "Loaded by hand."}
    assert told(client, f"{api}/event/changestatus", closing) == done
    status, made = told(client, f"{api}/event/reprocess", {"eventId": str(event)})
    assert (status, made["responseCode"], made["message"]) == (200, 0, None)
    assert told(client, f"{api}/event/reprocess", {"eventId": str(event)})[1]["responseCode"] == 409
    old, new = (client.http.get(f"/v1/events/{one}").json() for one in (event, made["reprocessEventId"]))
    assert (old["superseded_by"], new["supersedes"]) == (new["entry_id"], event)
    assert told(client, f"{api}/subscription/changemode", {**BILLING, "mode": "enable"}) == done


@pytest.mark.parametrize("api", [DIH, CIH])
def test_a_publication_is_disabled_and_takes_nothing(client: Client, api: str) -> None:
    for mode, status in (("disable", 400), ("enable", 200)):
        changed = told(client, f"{api}/publication/changemode", {"publicationName": "ORDERS", "mode": mode})
        assert changed == (200, {"responseCode": "SUCCESS"})
        sent = client.http.post("/v1/events/dispatch", json={"source": "orders", "payload": {"order": 1}})
        assert sent.status_code == status


@pytest.mark.parametrize("api", [DIH, CIH])
def test_the_catalog_tells_who_publishes_and_who_subscribes(client: Client, api: str) -> None:
    [topic] = client.http.get(f"{api}/catalog/topics").json()
    assert (topic["topicName"], topic["publications"][0]["publicationName"]) == ("orders", "orders")
    assert topic["subscriptions"][0]["subscriptionName"] == "billing"


def test_many_are_acted_upon_page_by_page_while_the_client_is_there(client: Client) -> None:
    orders(client, 600)
    asked = {"filter": {"status": "pending"}, "dry_run": False}
    status, done = told(client, "/v1/deliveries/discard", asked)
    assert (status, done["next"]) == (200, None)
    assert done["changed"] == done["matched"] >= 600
    status, done = told(client, "/v1/deliveries/reprocess", {"dry_run": False, "limit": 5})
    assert (done["matched"], done["changed"], done["next"] is None) == (5, 5, False)


def test_a_bulk_call_whose_client_is_gone_ends_after_the_page_it_was_at(client: Client) -> None:
    for _ in range(2):
        orders(client, 600)
    asked = {"status": "discarded", "filter": {"status": "pending"}}

    def left() -> int:
        found: int = told(client, "/v1/events/status", asked)[1]["matched"]
        return found

    before = left()
    call = client.http.build_request("POST", "/v1/events/status", json={**asked, "dry_run": False})
    head = "".join(f"{name}: {value}\r\n" for name, value in call.headers.items())
    with socket.create_connection((call.url.host, call.url.port or 80)) as gone:
        gone.sendall(f"POST /v1/events/status HTTP/1.1\r\n{head}authorization: Bearer {KEY}\r\n\r\n".encode())
        gone.sendall(call.content)
    while left() == before:
        pass  # the first page is not done yet
    assert {left() for _ in range(20)} == {before - BULK_PAGE}
