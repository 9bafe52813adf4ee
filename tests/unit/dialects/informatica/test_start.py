import pytest

from eventyard.dialects.informatica.profiles import CIH, DIH, PROFILES
from eventyard.model.access import Scope

BILLING = {"subscriptionName": "billing"}


async def order(native, number):
    told = await native("POST", "events/dispatch", source="orders", payload={"order": number})
    return told["results"][0]["delivery_id"]


@pytest.mark.parametrize("profile", PROFILES)
async def test_what_waits_for_a_paused_subscription_is_processed(client_of, native, billing, profile):
    client = await client_of(profile)
    await client.post("/subscription/changemode", json={**BILLING, "mode": "pause"})
    waiting = [await order(native, number) for number in (1, 2)]
    states = [(await client.get(f"/event/{one}")).json()["eventStatus"] for one in waiting]
    assert states == ["Delayed"] * 2
    told = await client.post("/subscription/start", json={**BILLING, "runDisabled": "false"})
    assert (told.status_code, told.json()) == (
        200, {"responseCode": "SUCCESS", "eventId": waiting[0], "message": "events that are processed now: 2"},
    )  # fmt: skip
    assert "Delayed" not in [(await client.get(f"/event/{one}")).json()["eventStatus"] for one in waiting]


async def test_of_the_latest_only_the_newest_is_processed(client_of, native, billing):
    await native("PATCH", f"subscriptions/{billing['id']}", mode="paused", delivery_scope="latest")
    for number in (1, 2, 3):
        await order(native, number)
    told = await (await client_of(DIH)).post("/subscription/start", json=BILLING)
    assert told.json()["message"] == "events that are processed now: 1; discarded as older than that: 2"


async def test_of_those_that_are_made_as_one_the_event_is_that_one(client_of, native, billing):
    on_demand = {"when": "on_demand"}
    await native("PATCH", f"subscriptions/{billing['id']}", schedule=on_demand, delivery_scope="aggregated")
    for number in (1, 2):
        await order(native, number)
    told = (await (await client_of(CIH)).post("/subscription/start", json=BILLING)).json()
    assert told["message"] == "events that are processed now: 2"
    assert (await native("GET", f"events/{told['eventId']}"))["kind"] == "aggregated_subscription"


async def test_a_start_fails_where_nothing_is_ready_or_it_is_disabled_or_not_there(client_of, native, billing):
    client = await client_of(CIH)
    refused = await client.post("/subscription/start", json=BILLING)
    told = {"responseCode": "FAILED", "message": "no publication is ready for subscription 'billing'"}
    assert (refused.status_code, refused.json()) == (409, told)
    await client.post("/subscription/changemode", json={**BILLING, "mode": "disable"})
    refused = await client.post("/subscription/start", json=BILLING)
    assert (refused.status_code, refused.json()["responseCode"]) == (409, "FAILED")
    assert "is disabled" in refused.json()["message"]
    refused = await client.post("/subscription/start", json={"subscriptionName": "nobody"})
    assert (refused.status_code, refused.json()["responseCode"]) == (404, "FAILED")


async def test_a_disabled_one_is_started_where_the_call_says_so(client_of, native, billing):
    client = await client_of(DIH)
    await client.post("/subscription/changemode", json={**BILLING, "mode": "pause"})
    event = await order(native, 1)
    await client.post("/subscription/changemode", json={**BILLING, "mode": "disable"})
    told = await client.post("/subscription/start", json={**BILLING, "runDisabled": "TRUE"})
    assert told.json() == {"responseCode": "SUCCESS", "eventId": event, "message": "events that are processed now: 1"}


@pytest.mark.parametrize("body", [{}, {**BILLING, "runDisabled": "perhaps"}])
async def test_a_call_that_cannot_be_read_is_no_start_that_failed(client_of, billing, body):
    refused = await (await client_of(DIH)).post("/subscription/start", json=body)
    assert (refused.status_code, refused.json()["responseCode"]) == (400, "BAD_REQUEST")


async def test_who_may_only_read_starts_nothing(yard, client_of, billing):
    reader = await client_of(DIH, await yard.key_for(Scope.EVENTS_READ))
    refused = await reader.post("/subscription/start", json=BILLING)
    assert (refused.status_code, refused.json()["responseCode"]) == (403, "INSUFFICIENT_PRIVILEGES")
