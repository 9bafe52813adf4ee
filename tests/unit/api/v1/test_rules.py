import pytest

from eventyard.model.access import Scope

ALL = {"all_subscriptions": True, "mail_to": ["ops@shop.example"]}


async def test_a_rule_is_made_shown_changed_and_deleted(yard, client, make):
    source = await make("sources", name="orders")
    await make("jobs", name="press")
    made = await make(
        "rules",
        name="slow",
        source_ids=["orders"],
        all_subscriptions=True,
        kinds=["Subscription"],
        statuses=["PENDING", "delayed"],
        stuck_ms=60_000,
        mail_to=["ops@shop.example"],
        act="pause",
    )
    assert made == {
        "id": made["id"],
        "project_id": yard.project.id,
        "name": "slow",
        "description": "",
        "enabled": True,
        "all_sources": False,
        "all_subscriptions": True,
        "source_ids": [source["id"]],
        "subscription_ids": [],
        "kinds": ["subscription"],
        "statuses": ["pending", "delayed"],
        "stuck_ms": 60_000,
        "mail_to": ["ops@shop.example"],
        "target_id": None,
        "act": "pause",
        "discard": False,
        "interval_ms": 300_000,
        "created_at": "2026-01-02T03:04:05.678Z",
        "updated_at": "2026-01-02T03:04:05.678Z",
    }
    path = f"/v1/rules/{made['id']}"
    assert (await client.get(path)).json() == made
    assert (await client.get("/v1/rules")).json() == [made]
    changes = {"stuck_ms": None, "statuses": ["error"], "kinds": [], "act": None, "discard": True, "enabled": False}
    assert (await client.patch(path, json=changes)).json() == {**made, **changes}
    assert (await client.delete(path)).status_code == 204
    assert (await client.get(path)).status_code == 404


async def test_rules_come_in_pages_newest_first(client, make, yard):
    for name in ("one", "two", "three"):
        await make("rules", name=name, **ALL)
    page = await client.get("/v1/rules", params={"limit": 2})
    following = await client.get(page.links["next"]["url"])
    assert {rule["name"] for rule in [*page.json(), *following.json()]} == {"one", "two", "three"}


@pytest.mark.parametrize(
    ("body", "code", "pointer"),
    [
        ({}, "invalid_rule", "/subscription_ids"),
        ({"all_subscriptions": True}, "invalid_rule", "/mail_to"),
        ({**ALL, "statuses": ["pending"]}, "invalid_rule", "/statuses"),
        ({**ALL, "statuses": ["late"]}, "invalid_body", "/statuses"),
        ({**ALL, "statuses": []}, "invalid_rule", "/statuses"),
        ({**ALL, "kinds": ["order"]}, "invalid_body", "/kinds"),
        ({**ALL, "statuses": ["pending"], "stuck_ms": 59_999}, "invalid_body", "/stuck_ms"),
        ({**ALL, "statuses": ["pending"], "stuck_ms": 690_900_001}, "invalid_body", "/stuck_ms"),
        ({**ALL, "mail_to": ["nobody"]}, "invalid_body", "/mail_to/0"),
        ({**ALL, "act": "burn"}, "invalid_body", "/act"),
        ({**ALL, "mail_too": []}, "invalid_body", "/mail_too"),
    ],
)
async def test_a_rule_that_makes_no_sense_is_refused(client, body, code, pointer):
    refused = await client.post("/v1/rules", json={"name": "r", **body})
    assert refused.status_code == 422
    assert (refused.json()["code"], refused.json()["pointer"]) == (code, pointer)


async def test_a_rule_is_tried_without_telling_anybody(client, make):
    made = await make("rules", name="r", **ALL)
    tried = await client.post(f"/v1/rules/{made['id']}/test", json={"hours": 2})
    assert tried.json() == {"matched": 0, "looked_at": 0, "complete": True, "newest": []}
    assert (await client.post(f"/v1/rules/{made['id']}/test")).status_code == 200
    assert (await client.post(f"/v1/rules/{made['id']}/test", json={"hours": 0})).status_code == 422


async def test_rules_are_read_and_written_with_the_scopes_of_the_catalog(yard, client, make):
    made = await make("rules", name="r", **ALL)
    reader = yard.headers(await yard.key_for(Scope.CATALOG_READ))
    assert (await client.get("/v1/rules", headers=reader)).json() == [made]
    path = f"/v1/rules/{made['id']}"
    assert (await client.patch(path, json={"enabled": False}, headers=reader)).status_code == 403
    assert (await client.post(f"{path}/test", headers=reader)).status_code == 403
    writer = yard.headers(await yard.key_for(Scope.CATALOG_WRITE, Scope.CATALOG_READ))
    assert (await client.patch(path, json={"discard": True}, headers=writer)).status_code == 403
    stranger = yard.headers(await yard.stranger_key())
    assert (await client.get(path, headers=stranger)).status_code == 404
