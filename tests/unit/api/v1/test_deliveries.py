import pytest

from eventyard.model.catalog import Target
from eventyard.model.outcome import Outcome, Result
from eventyard.pipeline import reprocess
from eventyard.testing.fakes import settle

FAILED = Outcome(Result.FAILED, 500, "500 Internal Server Error")


@pytest.fixture
async def failed(yard, make):
    """A delivery whose only attempt failed."""
    await make("sources", name="orders")
    target = await make("targets", name="receiver", type="webhook", retry={"max_attempts": 1})
    await make("subscriptions", topics=["orders"], target_id="receiver", name="sub")
    yard.webhook.script(yard.hub.catalog.get(Target, target["id"]), FAILED)
    sent = await make.dispatch("orders", {"order": 1})
    await settle()
    return sent["results"][0]["delivery_id"]


async def status(client, entry_id):
    return (await client.get(f"/v1/events/{entry_id}")).json()["status"]


async def test_deliveries_are_found_without_their_publications(client, failed):
    [found] = (await client.get("/v1/deliveries?status=error")).json()
    assert (found["entry_id"], found["kind"], found["name"]) == (failed, "subscription", "sub")


async def test_a_delivery_is_retried_with_a_comment_in_its_history(yard, client, failed):
    answer = await client.post(f"/v1/deliveries/{failed}/retry", json={"comment": "the disk was full"})
    assert (answer.status_code, answer.json()["status"]) == (200, "processing")
    history = (await client.get(f"/v1/events/{failed}")).json()["history"]
    assert (history[-1]["comment"], history[-1]["actor"]) == ("the disk was full", "bootstrap")


async def test_a_delivery_is_discarded_and_stays_so(client, failed, refused):
    answer = await client.post(f"/v1/deliveries/{failed}/discard")
    assert (answer.status_code, answer.json()["status"]) == (200, "discarded")
    assert refused(await client.post(f"/v1/deliveries/{failed}/retry"))[:2] == (409, "illegal_transition")


async def test_a_delivery_is_reprocessed_by_a_new_one(client, failed):
    answer = await client.post(f"/v1/deliveries/{failed}/reprocess", json={})
    assert answer.status_code == 201
    new = answer.json()["entry_id"]
    links = [(await client.get(f"/v1/events/{entry}")).json() for entry in (failed, new)]
    assert [(one["supersedes"], one["superseded_by"]) for one in links] == [(None, new), (failed, None)]
    assert await status(client, failed) == "reprocessed"


async def test_many_are_retried_at_once_after_a_dry_run(client, failed):
    body = {"filter": {"topic": "orders", "status": "error"}}
    assert (await client.post("/v1/deliveries/retry", json=body)).json() == {"matched": 1, "changed": 0, "next": None}
    assert await status(client, failed) == "error"
    answer = await client.post("/v1/deliveries/retry", json={**body, "dry_run": False})
    assert answer.json() == {"matched": 1, "changed": 1, "next": None}
    assert await status(client, failed) == "processing"


async def test_a_bulk_call_goes_from_page_to_page_while_its_client_is_there(make, client, failed, monkeypatch):
    monkeypatch.setattr(reprocess, "BULK_PAGE", 1)
    await make.dispatch("orders", {"order": 2})
    await settle()
    done = await client.post("/v1/deliveries/discard", json={"dry_run": False})
    assert done.json() == {"matched": 2, "changed": 2, "next": None}


@pytest.mark.parametrize(("verb", "after"), [("discard", "discarded"), ("reprocess", "reprocessed")])
async def test_many_are_discarded_or_reprocessed_in_bounded_calls(make, client, failed, verb, after):
    other = (await make.dispatch("orders", {"order": 2}))["results"][0]["delivery_id"]
    await settle()
    body = {"dry_run": False, "comment": "of last year", "limit": 1}
    first = (await client.post(f"/v1/deliveries/{verb}", json=body)).json()
    assert (first["matched"], first["changed"]) == (1, 1)
    assert (await status(client, other), await status(client, failed)) == (after, "error")
    rest = (await client.post(f"/v1/deliveries/{verb}", json={**body, "cursor": first["next"]})).json()
    assert rest == {"matched": 1, "changed": 1, "next": None}
    history = (await client.get(f"/v1/events/{failed}")).json()["history"]
    assert history[-1]["status"] == after
    assert history[-1]["comment"].startswith("of last year")


async def test_a_filter_that_finds_nothing_retries_nothing(client, failed, refused):
    answer = await client.post("/v1/deliveries/retry", json={"filter": {"name": "other"}, "dry_run": False})
    assert answer.json() == {"matched": 0, "changed": 0, "next": None}
    answer = await client.post("/v1/deliveries/retry", json={"filter": {"topik": "orders"}})
    assert refused(answer) == (422, "invalid_body", "/filter/topik")


async def test_only_a_delivery_can_be_retried(client, failed, refused):
    publication = (await client.get(f"/v1/events/{failed}")).json()["parent_id"]
    assert refused(await client.post(f"/v1/deliveries/{publication}/retry"))[:2] == (409, "illegal_transition")
    assert refused(await client.post("/v1/deliveries/999/retry"))[:2] == (404, "not_found")
    assert refused(await client.post("/v1/deliveries/abc/retry")) == (400, "invalid_parameter", "entry_id")


@pytest.mark.parametrize("verb", ["retry", "discard", "reprocess"])
async def test_a_stranger_cannot_tell_it_from_nothing(yard, client_of, failed, refused, verb):
    stranger = await client_of(await yard.stranger_key())
    assert refused(await stranger.post(f"/v1/deliveries/{failed}/{verb}"))[:2] == (404, "not_found")
    assert (await stranger.post("/v1/deliveries/retry", json={})).json() == {"matched": 0, "changed": 0, "next": None}


async def test_a_reader_changes_nothing(yard, client_of, failed, refused):
    reader = await client_of(await yard.key_for("events:read"))
    assert refused(await reader.post(f"/v1/deliveries/{failed}/retry"))[:2] == (403, "forbidden")
