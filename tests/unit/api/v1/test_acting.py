"""Bulk calls, over those of entries of every kind: how they find, end, and go on."""

import json

import pytest

from eventyard.model.catalog import Application
from eventyard.pipeline import reprocess
from eventyard.testing.fakes import settle

NOTHING = {"matched": 0, "changed": 0, "next": None}


@pytest.fixture
async def sent(make):
    """The entry ids of three publications of ``orders``, each with a delivery, and of one of ``bills``, with none."""
    for name in ("orders", "bills"):
        await make("sources", name=name)
    await make("targets", name="receiver", type="webhook")
    await make("subscriptions", topics=["orders"], target_id="receiver", name="sub")
    made = [(await make.dispatch(name, {}))["entry_id"] for name in ("orders", "orders", "orders", "bills")]
    await settle()
    return made


async def entries(client, query):
    return [entry["entry_id"] for entry in (await client.get(f"/v1/events?{query}")).json()]


async def test_many_are_given_a_status_in_bounded_calls_after_a_dry_run(client, sent):
    body = {"status": "error", "comment": "of last year", "filter": {"kind": "publication", "topic": "orders"}}
    found = (await client.post("/v1/events/status", json=body)).json()
    assert found == {"matched": 3, "changed": 0, "next": None}
    body |= {"dry_run": False, "limit": 2}
    first = (await client.post("/v1/events/status", json=body)).json()
    assert (first["matched"], first["changed"]) == (2, 2)
    rest = (await client.post("/v1/events/status", json={**body, "cursor": first["next"]})).json()
    assert rest == {"matched": 1, "changed": 1, "next": None}
    assert await entries(client, "status=error") == sent[2::-1]
    last = (await client.get(f"/v1/events/{sent[0]}")).json()["history"][-1]
    assert (last["status"], last["comment"], last["actor"]) == ("error", "of last year", "bootstrap")
    assert (await client.post("/v1/events/status", json={**body, "limit": None})).json() == NOTHING


async def test_any_criterion_finds_in_bulk_what_it_finds_in_a_search(client, sent):
    asked = {"topic": "bills", "name": "SU", "contains": True, "any": True}
    found = await entries(client, "topic=bills&name=SU&contains=true&any=true")
    assert found == [sent[3], sent[2] + 1, sent[1] + 1, sent[0] + 1]
    done = await client.post("/v1/events/status", json={"status": "discarded", "filter": asked, "dry_run": False})
    assert done.json()["changed"] == 4
    assert await entries(client, "status=discarded") == found
    again = await client.post("/v1/deliveries/reprocess", json={"filter": asked})
    assert again.json() == {"matched": 3, "changed": 0, "next": None}
    assert len((await client.get("/v1/deliveries?topic=bills&name=sub&any=true")).json()) == 3


async def test_an_application_is_named_by_its_number(yard, client, sent):
    number = next(iter(yard.hub.catalog.all(Application))).number
    asked = {"status": "discarded", "filter": {"application_number": number}}
    assert (await client.post("/v1/events/status", json=asked)).json()["matched"] == 7
    asked["filter"]["application_number"] += 1
    assert (await client.post("/v1/events/status", json=asked)).json() == NOTHING


async def test_what_is_made_as_one_with_others_changes_along_with_it_and_is_counted(client, make):
    await make("sources", name="orders")
    await make("jobs", name="book")
    wish = await make("subscriptions", topics=["orders"], target_id="book", name="sets")
    for _ in range(2):
        for order in range(3):
            await make.dispatch("orders", {"order": order})
        await client.post(f"/v1/subscriptions/{wish['id']}/consume", json={"aggregated": True})
    asked = {"filter": {"name": "sets"}, "dry_run": False}
    all_of_them = {"matched": 8, "changed": 8, "next": None}
    for status in ("error", "discarded", "error"):
        told = await client.post("/v1/events/status", json={**asked, "status": status})
        assert told.json() == all_of_them
        assert len(await entries(client, f"name=sets&status={status}")) == 8
    told = await client.post("/v1/deliveries/retry", json=asked)
    assert told.json() == all_of_them
    await client.post("/v1/events/status", json={**asked, "status": "complete"})
    told = await client.post("/v1/deliveries/reprocess", json=asked)
    assert told.json() == all_of_them
    assert len(await entries(client, "name=sets&status=reprocessed")) == 8


async def test_a_call_goes_no_further_once_its_client_is_gone(yard, client, sent, monkeypatch):
    monkeypatch.setattr(reprocess, "BULK_PAGE", 2)
    body = json.dumps({"status": "discarded", "dry_run": False}).encode()
    received = iter([{"type": "http.request", "body": body, "more_body": False}])
    sendings = []

    async def receive():
        return next(received, {"type": "http.disconnect"})

    async def send(message):
        sendings.append(message)

    headers = {"content-type": "application/json", **yard.headers()}
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "http",
        "path": "/v1/events/status", "raw_path": b"/v1/events/status", "query_string": b"", "root_path": "",
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 7), "server": ("hub.example", 80),
    }  # fmt: skip
    await yard.app(scope, receive, send)
    assert len(await entries(client, "status=discarded")) == 2
    cursor = json.loads(sendings[1]["body"])["next"]
    rest = {"status": "discarded", "dry_run": False, "cursor": cursor}
    assert (await client.post("/v1/events/status", json=rest)).json() == {"matched": 5, "changed": 5, "next": None}


@pytest.mark.parametrize("path", ["events/status", "deliveries/retry", "deliveries/discard", "deliveries/reprocess"])
async def test_criteria_in_the_query_string_are_refused_and_do_not_mean_everything(client, sent, refused, path):
    body = {"dry_run": False} | ({"status": "error"} if path == "events/status" else {})
    answer = await client.post(f"/v1/{path}?name=sub", json=body)
    assert refused(answer) == (400, "invalid_parameter", "name")
    assert answer.json()["hint"] == "say it in the body"
    assert await entries(client, "status=error") == await entries(client, "status=discarded") == []


async def test_not_every_status_is_given_nor_by_everybody(yard, client_of, client, sent, refused):
    answer = await client.post("/v1/events/status", json={"status": "processing"})
    assert refused(answer) == (422, "invalid_body", "/status")
    answer = await client.post("/v1/events/status", json={"status": "error", "filter": {"kind": "order"}})
    assert refused(answer) == (422, "invalid_body", "/filter/kind")
    answer = await client.post("/v1/deliveries/retry", json={"filter": {"kind": "publication"}})
    assert refused(answer) == (422, "invalid_body", "/filter/kind")
    asked = {"status": "error", "dry_run": False}
    reader = await client_of(await yard.key_for("events:read"))
    assert refused(await reader.post("/v1/events/status", json=asked))[:2] == (403, "forbidden")
    stranger = await client_of(await yard.stranger_key())
    assert (await stranger.post("/v1/events/status", json=asked)).json() == NOTHING
