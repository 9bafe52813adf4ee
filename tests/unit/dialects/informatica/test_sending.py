"""What ``publish/…`` and ``publication/start`` have in common: the door."""

import hashlib
import hmac

import pytest

from eventyard.dialects.informatica.profiles import DIH

SCHEMA = {"type": "object", "required": ["orders"]}


@pytest.mark.parametrize(("path", "body"), [("publish/orders", {"lines": [{}]}), ("publication/start", {})])
async def test_data_that_does_not_match_the_topics_schema_is_not_committed(client_of, native, billing, path, body):
    [topic] = await native("GET", "topics")
    await native("POST", f"topics/{topic['id']}/schemas", schema=SCHEMA)
    refused = await (await client_of(DIH)).post(f"/{path}", json={"publicationName": "orders", **body})
    assert (refused.status_code, refused.json()["responseCode"]) == (400 if body else 409, "FAILED")
    refused = await (await client_of(DIH)).post(f"/{path}", json=body or {"publicationName": "orders"})
    assert (refused.status_code, refused.json()["responseCode"]) == (409, "FAILED")
    assert "orders" in refused.json()["message"]
    taken = await (await client_of(DIH)).post("/publish/orders", json={"orders": [{}]})
    assert taken.status_code == 200


async def test_a_source_that_wants_signatures_wants_one_over_the_body_of_the_call(client_of, native):
    secret = "it5-a-secret-of-the-shop"
    await native("POST", "sources", name="signed", scheme="hmac-sha256", secret=secret)
    body = b'{"orders": [{"id": 1}]}'
    client = await client_of(DIH)
    refused = await client.post("/publish/signed", content=body)
    assert (refused.status_code, refused.json()["responseCode"]) == (401, "UNAUTHORIZED")
    digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    signed = {"x-signature-256": f"sha256={digest}"}
    assert (await client.post("/publish/signed", content=body, headers=signed)).status_code == 200


async def test_nobody_publishes_from_outside_where_the_hub_tells_of_itself(yard, client_of, native, billing):
    door = await yard.hub.publishing.door(yard.project, f"project.{yard.project.id}")
    refused = await (await client_of(DIH)).post(f"/publish/{door.source.id}", json={"orders": [{}]})
    assert (refused.status_code, refused.json()["responseCode"]) == (403, "INSUFFICIENT_PRIVILEGES")
