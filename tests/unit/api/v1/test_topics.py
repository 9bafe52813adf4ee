import pytest

FOR_EVER = {"consumed_days": None, "unconsumed_days": None, "payload_days": None}
SCHEMA = {"type": "object", "required": ["order"]}


async def test_a_topic_is_made_shown_changed_and_deleted(yard, client, make):
    made = await make("topics", name="orders", description="All orders")
    assert made == {
        "id": made["id"],
        "project_id": yard.project.id,
        "name": "orders",
        "description": "All orders",
        "schema_version": None,
        "locked": False,
        "retention": FOR_EVER,
        "categories": [],
        "created_at": "2026-01-02T03:04:05.678Z",
        "updated_at": "2026-01-02T03:04:05.678Z",
    }
    path = f"/v1/topics/{made['id']}"
    assert (await client.get(path)).json() == made
    assert (await client.get("/v1/topics")).json() == [made]
    assert (await client.patch(path, json={"locked": True})).json() == {**made, "locked": True}
    assert (await client.delete(path)).status_code == 204
    assert (await client.get(path)).status_code == 404


async def test_schema_versions_count_from_one_and_the_newest_is_enforced(client, make):
    made = await make("topics", name="orders", schema=SCHEMA)
    assert made["schema_version"] == 1
    second = await client.post(f"/v1/topics/{made['id']}/schemas", json={"schema": True})
    assert (second.status_code, second.json()["version"], second.json()["schema"]) == (201, 2, True)
    await client.post(f"/v1/topics/{made['id']}/schemas", json={"schema": False, "enforce": False})
    assert (await client.get(f"/v1/topics/{made['id']}")).json()["schema_version"] == 2
    versions = await client.get(f"/v1/topics/{made['id']}/schemas?limit=2")
    assert [version["version"] for version in versions.json()] == [3, 2]
    following = versions.headers["link"].partition(">")[0].lstrip("<")
    assert (await client.get(following)).json()[0] == {
        "topic_id": made["id"],
        "version": 1,
        "schema": SCHEMA,
        "created_at": "2026-01-02T03:04:05.678Z",
    }


async def test_a_topic_enforces_a_version_it_has_or_none(client, make, refused):
    made = await make("topics", name="orders", schema=SCHEMA)
    path = f"/v1/topics/{made['id']}"
    assert (await client.patch(path, json={"schema_version": None})).json()["schema_version"] is None
    assert refused(await client.patch(path, json={"schema_version": 2})) == (422, "invalid_body", "/schema_version")


async def test_a_schema_that_is_none_is_refused(client, make, refused):
    answer = await client.post("/v1/topics", json={"name": "orders", "schema": {"type": "no-such-type"}})
    assert refused(answer)[:2] == (422, "invalid_schema")
    made = await make("topics", name="orders")
    answer = await client.post(f"/v1/topics/{made['id']}/schemas", json={"schema": 7})
    assert refused(answer)[:2] == (422, "invalid_schema")


async def test_a_topic_keeps_what_is_in_it_for_so_long(client, make, refused):
    made = await make("topics", name="orders", retention={"consumed_days": 30, "unconsumed_days": 90})
    assert made["retention"] == {"consumed_days": 30, "unconsumed_days": 90, "payload_days": None}
    path = f"/v1/topics/{made['id']}"
    changed = await client.patch(path, json={"retention": {"payload_days": 7}})
    assert changed.json()["retention"] == {"consumed_days": None, "unconsumed_days": None, "payload_days": 7}
    assert (await client.patch(path, json={"retention": {}})).json()["retention"] == FOR_EVER
    wrong = await client.patch(path, json={"retention": {"consumed_days": 9, "unconsumed_days": 8}})
    assert refused(wrong) == (422, "invalid_body", "/retention/unconsumed_days")
    assert refused(await client.patch(path, json={"retention": {"consumed_days": 0}}))[0] == 422


@pytest.mark.parametrize("query", ["", "?dry_run=true", "?dry_run=false"])
async def test_a_purge_tells_what_is_over(client, make, query):
    made = await make("topics", name="orders", retention={"consumed_days": 30})
    answer = await client.post(f"/v1/topics/{made['id']}/purge{query}")
    assert answer.json() == {
        "consumed": 0, "unconsumed": 0, "payloads": 0, "entries": 0, "dry_run": query != "?dry_run=false",
    }  # fmt: skip
    assert (await client.post("/v1/topics/none/purge")).status_code == 404
