import pytest


async def test_a_key_is_shown_once_works_at_once_and_is_revoked_for_good(client, client_of, make, refused):
    made = await make("keys", name="ci", scopes=["catalog:read", "events:publish"], rate_limit=5)
    text = made.pop("key")
    assert made == {
        "id": made["id"],
        "name": "ci",
        "hint": text[:8] + "…",
        "scopes": ["catalog:read", "events:publish"],
        "project_id": None,
        "application_id": None,
        "rate_limit": 5.0,
        "categories": None,
        "created_at": "2026-01-02T03:04:05.678Z",
        "expires_at": None,
        "revoked_at": None,
    }
    assert (await client.get(f"/v1/keys/{made['id']}")).json() == made
    assert [key["name"] for key in (await client.get("/v1/keys")).json()] == ["ci", "bootstrap"]
    ci = await client_of(text)
    assert (await ci.get("/v1/projects")).status_code == 200
    assert refused(await ci.post("/v1/projects", json={"name": "a"}))[:2] == (403, "forbidden")
    assert (await client.delete(f"/v1/keys/{made['id']}")).status_code == 204
    assert refused(await ci.get("/v1/projects"))[:2] == (401, "unauthenticated")
    assert (await client.get(f"/v1/keys/{made['id']}")).json()["revoked_at"] == "2026-01-02T03:04:05.678Z"


async def test_a_key_ends_by_itself(yard, client_of, make):
    made = await make("keys", name="guest", scopes=["admin"], expires_at="2026-01-02T03:05:05.678Z")
    guest = await client_of(made["key"])
    assert (await guest.get("/v1/projects")).status_code == 200
    yard.clock.advance(60_000)
    assert (await guest.get("/v1/projects")).status_code == 401


async def test_a_key_of_an_application_is_of_its_project_too(yard, client, client_of, make, refused):
    shop = await make("applications", name="shop")
    for reference in ("shop", shop["id"]):
        made = await make("keys", name="of the shop", scopes=["keys:manage"], application_id=reference)
        assert (made["project_id"], made["application_id"]) == (yard.project.id, shop["id"])
    own = await client_of(made["key"])
    heir = await own.post("/v1/keys", json={"name": "heir", "scopes": ["keys:manage"]})
    assert heir.json()["application_id"] == shop["id"]
    for other, status in (("default", 403), ("nothing", 404)):
        answer = await own.post("/v1/keys", json={"name": "x", "scopes": ["keys:manage"], "application_id": other})
        assert refused(answer)[0] == status
    assert {key["application_id"] for key in (await own.get("/v1/keys")).json()} == {shop["id"]}
    assert refused(await own.delete(f"/v1/keys/{(await client.get('/v1/keys')).json()[-1]['id']}"))[0] == 404


async def test_nobody_gives_more_than_they_have(yard, client_of, refused):
    manager = await client_of(await yard.key_for("keys:manage"))
    answer = await manager.post("/v1/keys", json={"name": "x", "scopes": ["admin"]})
    assert refused(answer)[:2] == (403, "forbidden")


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"scopes": []}, "/scopes"),
        ({"scopes": ["everything"]}, "/scopes/0"),
        ({"scopes": ["admin"], "rate_limit": 0}, "/rate_limit"),
        ({"scopes": ["admin"], "expires_at": "soon"}, "/expires_at"),
        ({"scopes": ["admin"], "expires_at": "2020-01-01T00:00:00Z"}, "/expires_at"),
    ],
)
async def test_a_key_that_makes_no_sense_is_refused(client, refused, body, pointer):
    assert refused(await client.post("/v1/keys", json={"name": "x", **body})) == (422, "invalid_body", pointer)


async def test_a_key_cannot_revoke_itself_and_nobody_anothers(yard, client, client_of, refused):
    own = (await client.get("/v1/keys")).json()[0]["id"]
    assert refused(await client.delete(f"/v1/keys/{own}"))[:2] == (403, "forbidden")
    stranger = await client_of(await yard.stranger_key())
    assert refused(await stranger.delete(f"/v1/keys/{own}"))[:2] == (404, "not_found")


async def test_a_key_with_categories_sees_what_bears_one_of_them_and_gives_no_more(client_of, make, refused):
    for name, categories in (("ours", ["a"]), ("theirs", ["b"]), ("open", [])):
        assert (await make("topics", name=name, categories=categories))["categories"] == categories
        await make("applications", name=name, categories=categories)
    made = await make("keys", name="a", scopes=["admin"], categories=["a"])
    assert made["categories"] == ["a"]
    ours = await client_of(made["key"])
    for noun in ("topics", "applications"):
        seen = {one["name"]: one["id"] for one in (await ours.get(f"/v1/{noun}")).json()}
        assert seen.keys() - {"default"} == {"ours", "open"}
        more = await ours.patch(f"/v1/{noun}/{seen['ours']}", json={"categories": ["a", "b"]})
        assert refused(more) == (403, "forbidden", "/categories")
    assert refused(await ours.get("/v1/applications/theirs"))[:2] == (404, "not_found")
    inherited = await ours.post("/v1/keys", json={"name": "b", "scopes": ["events:read"]})
    assert inherited.json()["categories"] == ["a"]
    wider = await ours.post("/v1/keys", json={"name": "b", "scopes": ["events:read"], "categories": ["b"]})
    assert refused(wider) == (403, "forbidden", "/categories")
