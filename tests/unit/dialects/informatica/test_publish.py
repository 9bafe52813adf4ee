import pytest

from eventyard.dialects.informatica.profiles import CIH, DIH, PROFILES
from eventyard.model.access import Scope

TABLES = {"orders": [{"id": "1"}, {"id": "2"}], "lines": [{"order": "1", "sku": "a-1"}], "notes": []}


@pytest.mark.parametrize("profile", PROFILES)
async def test_tables_are_committed_as_one_event_of_the_publication(client_of, native, billing, profile):
    told = await (await client_of(profile)).post("/publish/orders", json=TABLES)
    event = told.json()["eventId"]
    done = {"responseCode": "SUCCESS", "eventId": event, "rowsAccepted": 3, "rowsProcessed": 3}
    assert (told.status_code, told.json()) == (200, done)
    entry = await native("GET", f"events/{event}")
    assert (entry["event"]["data"], len(entry["children"])) == (TABLES, 1)


async def test_the_headers_of_their_examples_are_understood(client_of, billing):
    headers = {"content-type": "application/json;charset=utf-8", "accept-charset": "charset=utf-8"}
    body = '{"orders": [{"city": "Zürich"}]}'.encode()
    assert (await (await client_of(CIH)).post("/publish/Orders", content=body, headers=headers)).status_code == 200


async def test_the_same_key_gets_the_same_answer_and_for_other_data_none(client_of, billing):
    client, key = await client_of(DIH), {"idempotency-key": "load-7"}
    first, again = [await client.post("/publish/orders", json=TABLES, headers=key) for _ in range(2)]
    assert (first.json(), again.headers["idempotency-replayed"]) == (again.json(), "true")
    assert "idempotency-replayed" not in first.headers
    other = await client.post("/publish/orders", json={"orders": [{}]}, headers=key)
    assert (other.status_code, other.json()["responseCode"]) == (409, "FAILED")
    long = await client.post("/publish/orders", json=TABLES, headers={"idempotency-key": "x" * 256})
    assert (long.status_code, long.json()["responseCode"]) == (400, "FAILED")


@pytest.mark.parametrize(
    ("body", "status", "why"),
    [
        (b"", 400, "no table"),
        (b"{}", 400, "no table"),
        (b"[]", 400, "not a JSON object"),
        (b"{", 400, "not JSON"),
        (b'{"orders": {}}', 400, "orders is not a table"),
        (b'{"orders": [{}, 7]}', 400, "orders/1 is not a row"),
        (b'{"orders": [{"a": "\xff"}]}', 400, "not JSON"),
        (b'{"orders": [{"a": ' + b"[" * 100 + b"]" * 100 + b"}]}", 413, "nested"),
        (b" " * (2 << 20), 413, "limit"),
    ],
)
async def test_what_are_no_tables_is_not_published(client_of, native, billing, body, status, why):
    refused = await (await client_of(DIH)).post("/publish/orders", content=body)
    assert (refused.status_code, refused.json()["responseCode"]) == (status, "FAILED")
    assert why in refused.json()["message"]
    assert await native("GET", "events") == []


async def test_no_such_publication_or_one_that_is_disabled_takes_nothing(client_of, native, billing):
    client = await client_of(CIH)
    refused = await client.post("/publish/nobody", json=TABLES)
    assert (refused.status_code, refused.json()["responseCode"]) == (404, "FAILED")
    await client.post("/publication/changemode", json={"publicationName": "orders", "mode": "disable"})
    refused = await client.post("/publish/orders", json=TABLES)
    assert (refused.status_code, refused.json()["responseCode"]) == (409, "FAILED")


async def test_who_may_not_publish_is_told_so(yard, client_of, billing):
    reader = await client_of(DIH, await yard.key_for(Scope.EVENTS_READ))
    refused = await reader.post("/publish/orders", json=TABLES)
    assert (refused.status_code, refused.json()["responseCode"]) == (403, "INSUFFICIENT_PRIVILEGES")
    nobody = await (await client_of(DIH, None)).post("/publish/orders", json=TABLES)
    assert (nobody.status_code, nobody.json()["responseCode"]) == (401, "UNAUTHORIZED")
