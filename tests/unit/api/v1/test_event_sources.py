"""What is decided here beyond the seed; the seed itself is in ``tests/seeds/test_event_sources.py``."""

import pytest


@pytest.fixture
async def signed(make):
    return await make("event-sources", name="github", signature_algorithm="hmac-sha256", signature_secret="secret")


async def test_an_event_source_is_a_source_in_other_words(client, signed):
    source = (await client.get(f"/v1/sources/{signed['id']}")).json()
    assert (source["scheme"], source["settings"]) == ("hmac-sha256", {"header": "X-Signature-256"})
    plain = await client.post("/v1/sources", json={"name": "plain"})
    shown = (await client.get(f"/v1/event-sources/{plain.json()['id']}")).json()
    assert (shown["signature_algorithm"], shown["signature_header"]) == (None, None)


async def test_without_an_algorithm_there_is_no_header_and_no_secret(client, signed):
    path = f"/v1/event-sources/{signed['id']}"
    assert (await client.patch(path, json={"signature_algorithm": None})).status_code == 204
    source = (await client.get(f"/v1/sources/{signed['id']}")).json()
    assert (source["scheme"], source["settings"], source["secrets"]) == ("none", {}, [])


async def test_a_header_of_ones_own_can_be_given_up(client, signed):
    path = f"/v1/event-sources/{signed['id']}"
    await client.patch(path, json={"signature_header": "X-Mine"})
    assert (await client.get(path)).json()["signature_header"] == "X-Mine"
    await client.patch(path, json={"signature_header": None})
    assert (await client.get(path)).json()["signature_header"] == "X-Signature-256"


async def test_another_algorithm_keeps_the_secret(client, signed):
    await client.patch(f"/v1/event-sources/{signed['id']}", json={"signature_algorithm": "stripe-v1"})
    source = (await client.get(f"/v1/sources/{signed['id']}")).json()
    assert (source["scheme"], source["secrets"]) == ("stripe-v1", [{"expires_at": None}])


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"signature_algorithm": "rot13"}, (422, "invalid_settings", "/signature_algorithm")),
        (
            {"signature_algorithm": "hmac-sha256", "signature_header": "no header"},
            (422, "invalid_settings", "/signature_header"),
        ),
        ({"signature_algorithm": "basic", "signature_header": "X-A"}, (422, "invalid_settings", "/signature_header")),
        ({"schema": {"type": "no-such-type"}}, (422, "invalid_schema", "/schema/type")),
    ],
)
async def test_a_fault_is_told_in_the_seeds_words(client, refused, body, told):
    assert refused(await client.post("/v1/event-sources", json={"name": "a", **body})) == told


async def test_a_subscription_can_be_changed(client, make, signed, refused):
    await make("jobs", name="book")
    made = await make(f"event-sources/{signed['id']}/subscribe", target_type="job", target_id="book")
    path = f"/v1/event-sources/{signed['id']}/subscriptions/{made['id']}"
    body = {"filter_expr": {"has": ["order"]}, "enabled": False}
    assert (await client.patch(path, json=body)).status_code == 204
    [shown] = (await client.get(f"/v1/event-sources/{signed['id']}/subscriptions")).json()
    assert shown == {**made, **body}
    assert refused(await client.patch(path, json={"filter_expr": {"eq": 1}})) == (
        422, "invalid_filter", "/filter_expr/eq",
    )  # fmt: skip
    assert refused(await client.patch(path, json={}))[:2] == (400, "empty_patch")
    original = await client.patch(path, json={"filter_expr": "payload.action == 'created'"})
    assert refused(original) == (422, "invalid_filter", "/filter_expr")
    assert original.json()["hint"] == 'write {"eq": [["action", "created"]]}'
    await client.patch(path, json={"filter_expr": None, "enabled": True})
    assert (await client.get(f"/v1/event-sources/{signed['id']}/subscriptions")).json() == [made]


async def test_a_subscription_belongs_to_its_source(client, make, signed, refused):
    await make("jobs", name="book")
    made = await make(f"event-sources/{signed['id']}/subscribe", target_type="job", target_id="book")
    other = await make("event-sources", name="other")
    path = f"/v1/event-sources/{other['id']}/subscriptions/{made['id']}"
    assert refused(await client.delete(path))[:2] == (404, "not_found")
    assert refused(await client.patch(path, json={"enabled": False}))[:2] == (404, "not_found")


async def test_names_do_where_ids_go(client, make, signed):
    await make("targets", name="books", type="webhook")
    source = f"/v1/event-sources/{signed['name']}"
    assert (await client.get(source + "?project_id=default")).json()["id"] == signed["id"]
    wish = {"target_type": "webhook", "target_id": "books"}
    made = await client.post(source + "/subscribe", json=wish)
    assert made.status_code == 201
    assert (await client.get(source + "/subscriptions")).json() == [made.json()]
    assert (await client.patch(f"{source}?project_id=default", json={"description": "d"})).status_code == 204
    assert (await client.delete(f"{source}/subscriptions/{signed['name']} to books")).status_code == 204
    await make("projects", name="second")
    assert (await client.delete(source)).status_code == 404
    assert (await client.delete(source + "?project_id=second")).status_code == 404
    assert (await client.delete(source + "?project_id=default")).status_code == 204


async def test_a_source_is_found_only_in_its_project(client, make, signed, refused):
    await make("projects", name="second")
    path = f"/v1/event-sources/{signed['id']}"
    assert (await client.get(f"{path}?project_id=default")).json() == signed
    for answer in (
        await client.get(f"{path}?project_id=second"),
        await client.patch(f"{path}?project_id=second", json={"enabled": False}),
        await client.delete(f"{path}?project_id=second"),
    ):
        assert refused(answer)[:2] == (404, "not_found")
