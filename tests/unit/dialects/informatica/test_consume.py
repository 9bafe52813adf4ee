import pytest

from eventyard.dialects.informatica.profiles import CIH, DIH, PROFILES
from eventyard.model.access import Scope

TABLES = {"orders": [{"id": "1"}, {"id": "2"}], "lines": [{"sku": "a"}]}
BILLING = {"subscriptionName": "billing"}


async def published(client, tables):
    told = await client.post("/publish/orders", json=tables)
    return told.json()["eventId"]


@pytest.mark.parametrize("profile", PROFILES)
async def test_the_oldest_event_is_answered_as_its_tables_and_is_complete(client_of, billing, profile):
    client = await client_of(profile)
    first, _ = await published(client, TABLES), await published(client, {"orders": [{"id": "3"}]})
    told = await client.post("/consume/billing", json={"aggregated": False})
    assert (told.status_code, told.json()) == (
        200, {"responseCode": "SUCCESS", "eventId": first + 1, "rowsProcessed": 3, "totalRows": 3, **TABLES},
    )  # fmt: skip
    state = (await client.get(f"/event/{first + 1}")).json()
    assert (state["eventStatus"], state["sourceSuccessRows"], state["targetSuccessRows"]) == ("Complete", 3, 3)
    assert (await client.post("/consume/Billing")).json()["orders"] == [{"id": "3"}]
    nothing = await client.post("/consume/billing", json={})
    assert (nothing.status_code, nothing.json()) == (
        409, {"responseCode": "FAILURE", "message": "no data is pending for subscription 'billing'"},
    )  # fmt: skip


async def test_what_waits_for_a_paused_subscription_is_consumed_too(client_of, native, billing):
    client = await client_of(DIH)
    await client.post("/subscription/changemode", json={**BILLING, "mode": "paused"})
    await native("POST", "events/dispatch", source="orders", payload={"order": 1})
    assert (await client.post("/consume/billing")).json()["orders"] == [{"order": 1}]


@pytest.mark.parametrize("as_text", [False, True])
async def test_a_publications_event_is_consumed_out_of_its_turn(client_of, billing, as_text):
    client = await client_of(CIH)
    _, second = await published(client, TABLES), await published(client, {"orders": [{"id": "3"}]})
    wanted = {"publicationEventId": str(second) if as_text else second}
    assert (await client.post("/consume/billing", json=wanted)).json()["eventId"] == second + 1
    assert (await client.post("/consume/billing", json=wanted)).status_code == 409
    refused = await client.post("/consume/billing", json={"publicationEventId": "999"})
    assert (refused.status_code, refused.json()["responseCode"]) == (404, "FAILURE")


@pytest.mark.parametrize("profile", PROFILES)
async def test_a_complete_event_is_reconsumed_and_one_that_failed_reprocessed(client_of, native, billing, profile):
    client = await client_of(profile)
    event = await published(client, TABLES) + 1
    again = {"requestType": "RECONSUME", "eventId": str(event)}
    refused = await client.post("/consume/billing", json=again)
    assert (refused.status_code, refused.json()["responseCode"]) == (409, "FAILURE")
    await client.post("/consume/billing")
    told = (await client.post("/consume/billing", json=again)).json()
    assert (told["orders"], told["eventId"]) == (TABLES["orders"], event + 1)
    assert (await client.get(f"/event/{event}")).json()["eventStatus"] == "Reprocessed"
    await native("POST", f"deliveries/{event + 1}/discard")
    told = (await client.post("/consume/billing", json={"requestType": "reprocess", "eventId": event + 1})).json()
    assert (told["lines"], told["eventId"]) == (TABLES["lines"], event + 2)


@pytest.mark.parametrize("profile", PROFILES)
async def test_all_that_waits_is_aggregated_and_reconsumed(client_of, billing, profile):
    client = await client_of(profile)
    for tables in (TABLES, {"orders": [{"id": "3"}]}, {"orders": [{"id": "4"}]}):
        await published(client, tables)
    told = (await client.post("/consume/billing", json={"aggregated": "true"})).json()
    event = told["eventId"]
    assert told == {
        "responseCode": "SUCCESS", "eventId": event, "aggregatedEventId": event, "rowsProcessed": 5, "totalRows": 5,
        "orders": [{"id": str(number)} for number in (1, 2, 3, 4)], "lines": [{"sku": "a"}],
    }  # fmt: skip
    state = (await client.get(f"/event/{event}")).json()
    assert (state["eventType"], state["eventStatus"], state["targetSuccessRows"]) == (
        "Aggregated Subscription", "Complete", 5,
    )  # fmt: skip
    assert (await client.post("/consume/billing", json={"aggregated": True})).json()["responseCode"] == "FAILURE"
    again = (await client.post("/consume/billing", json={"requestType": "RECONSUME", "eventId": event})).json()
    assert (again["orders"], again["aggregatedEventId"] > event) == (told["orders"], True)


async def test_dih_says_how_many_events_are_aggregated(client_of, billing):
    client = await client_of(DIH)
    for number in range(3):
        await published(client, {"orders": [{"id": number}]})
    asked = {"aggregated": True, "batchSize": "2"}
    sizes = [(await client.post("/consume/billing", json=asked)).json()["totalRows"] for _ in range(2)]
    assert sizes == [2, 1]


@pytest.mark.parametrize(
    ("body", "status", "why"),
    [
        ({"aggregated": "perhaps"}, 400, "aggregated is not true or false"),
        ({"batchSize": 0}, 400, "batchSize is not a number from 1 to 5000"),
        ({"batchSize": 5001}, 400, "batchSize is not a number from 1 to 5000"),
        ({"requestType": "RECONSUME"}, 400, "eventId is missing"),
        ({"requestType": "REPROCESS", "eventId": "x"}, 400, "eventId is not a whole number"),
        ({"requestType": "RECONSUME", "eventId": 999}, 404, "999"),
        ({"requestType": "PERHAPS"}, 400, "requestType is not one of"),
        ({"publicationEventId": ["7", "8"]}, 400, "publicationEventId is not a whole number"),
        ({"publicationEventId": -1}, 404, "-1"),
    ],
)
async def test_what_cannot_be_read_or_found_is_a_failure(client_of, billing, body, status, why):
    refused = await (await client_of(DIH)).post("/consume/billing", json=body)
    assert (refused.status_code, refused.json()["responseCode"]) == (status, "FAILURE")
    assert why in refused.json()["message"]


async def test_no_such_subscription_or_one_that_is_disabled_has_no_data(client_of, native, billing):
    client = await client_of(CIH)
    refused = await client.post("/consume/nobody")
    assert (refused.status_code, refused.json()["responseCode"]) == (404, "FAILURE")
    await client.post("/subscription/changemode", json={**BILLING, "mode": "disable"})
    refused = await client.post("/consume/billing")
    assert (refused.status_code, refused.json()["responseCode"]) == (409, "FAILURE")


async def test_who_may_not_work_on_jobs_or_is_nobody_is_told_so(yard, client_of, billing):
    reader = await client_of(DIH, await yard.key_for(Scope.EVENTS_READ))
    refused = await reader.post("/consume/billing")
    assert (refused.status_code, refused.json()["responseCode"]) == (403, "INSUFFICIENT_PRIVILEGES")
    worker = await client_of(DIH, await yard.key_for(Scope.JOBS_WORK))
    assert (await worker.post("/consume/billing")).status_code == 409
    refused = await worker.post("/consume/billing", json={"requestType": "RECONSUME", "eventId": 1})
    assert refused.status_code == 403
    assert (await (await client_of(DIH, None)).post("/consume/billing")).status_code == 401


async def test_a_table_goes_before_a_word_of_the_answer(client_of, billing):
    client = await client_of(DIH)
    await published(client, {"totalRows": [{"id": "1"}]})
    assert (await client.post("/consume/billing")).json()["totalRows"] == [{"id": "1"}]
