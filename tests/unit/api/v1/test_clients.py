import pytest


async def test_a_client_is_made_with_a_secret_that_is_shown_once(client, make):
    await make("roles", name="readers", permissions=["event:select"])
    made = await make("clients", name="ci", title="CI", description="builds", roles=["readers"])
    assert made.pop("client_secret").startswith("eys_")
    assert made == {
        "id": made["id"],
        "client_id": made["client_id"],
        "name": "ci",
        "title": "CI",
        "description": "builds",
        "roles": ["readers"],
        "application_id": None,
        "long_lived_token": False,
        "categories": None,
        "created_at": "2026-01-02T03:04:05.678Z",
        "updated_at": "2026-01-02T03:04:05.678Z",
        "revoked_at": None,
    }
    assert made["client_id"].endswith("::default")
    assert (await client.get(f"/v1/clients/{made['id']}")).json() == made
    await make("clients", name="second")
    assert [one["name"] for one in (await client.get("/v1/clients")).json()] == ["second", "ci"]


async def test_it_belongs_to_an_application_and_to_no_two(yard, client, make, refused):
    shop = await make("applications", name="shop")
    made = await make("clients", name="ci", application_id="shop")
    assert made["application_id"] == shop["id"]
    other = await make("clients", name="other")
    path = f"/v1/clients/{other['id']}"
    taken = await client.patch(path, json={"application_id": shop["id"], "title": "changed"})
    assert refused(taken) == (409, "in_use", "/application_id")
    assert (await client.get(path)).json()["title"] == "", "all of a change or nothing"
    await client.patch(f"/v1/clients/{made['id']}", json={"application_id": None})
    assert (await client.patch(path, json={"application_id": "shop"})).json()["application_id"] == shop["id"]
    assert yard.hub.identity.clients.of(shop["id"]).id == other["id"]


async def test_what_is_named_is_changed(client, make, refused):
    made = await make("clients", name="ci")
    role = await make("roles", name="readers", permissions=[])
    path = f"/v1/clients/{made['id']}"
    changed = (await client.patch(path, json={"name": "builds", "roles": [role["id"]]})).json()
    assert (changed["name"], changed["roles"], changed["title"]) == ("builds", ["readers"], "")
    assert refused(await client.patch(path, json={}))[:2] == (400, "empty_patch")
    assert refused(await client.patch(path, json={"roles": ["nobody"]})) == (404, "not_found", "/roles/0")
    assert refused(await client.patch(path, json={"secret": "mine"})) == (422, "invalid_body", "/secret")


async def test_secrets_and_tokens_are_shown_where_they_are_made(client, make):
    made = await make("clients", name="ci")
    path = f"/v1/clients/{made['id']}"
    rotated = (await client.post(f"{path}/rotate-secret")).json()
    assert rotated.pop("client_secret") not in ("", made["client_secret"])
    answer = await client.post(f"{path}/token")
    assert (answer.status_code, answer.json()["access_token"][:4]) == (201, "eyl_")
    assert (await client.get(path)).json() == rotated | {"long_lived_token": True}
    assert (await client.delete(f"{path}/token")).status_code == 204
    assert (await client.get(path)).json()["long_lived_token"] is False


async def test_an_idempotency_key_keeps_no_secret(client):
    key = {"idempotency-key": "once"}
    first, again = [
        await client.post("/v1/clients", json={"name": name}, headers=key) for name in ("ci", "ci")
    ]  # fmt: skip
    assert (first.status_code, again.status_code) == (201, 409)


async def test_it_is_revoked_restored_and_deleted(client, make, refused):
    path = f"/v1/clients/{(await make('clients', name='ci'))['id']}"
    assert (await client.post(f"{path}/revoke")).json()["revoked_at"] == "2026-01-02T03:04:05.678Z"
    assert (await client.post(f"{path}/restore")).json()["revoked_at"] is None
    assert (await client.delete(path)).status_code == 204
    assert refused(await client.get(path))[:2] == (404, "not_found")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""), ("POST", ""), ("GET", "/{id}"), ("PATCH", "/{id}"), ("DELETE", "/{id}"), ("POST", "/{id}/revoke"),
        ("POST", "/{id}/restore"), ("POST", "/{id}/rotate-secret"), ("POST", "/{id}/token"), ("DELETE", "/{id}/token"),
    ],
)  # fmt: skip
async def test_it_is_the_business_of_who_manages_keys_in_all_projects(yard, client_of, make, refused, method, path):
    made = await make("clients", name="ci")
    where = "/v1/clients" + path.format(id=made["id"])
    body = {"json": {"name": "x"}} if method in ("POST", "PATCH") else {}
    for key in (
        await yard.key_for("catalog:write", "events:manage"),
        await yard.key_for("admin", project_id=yard.project.id),
    ):
        assert refused(await (await client_of(key)).request(method, where, **body))[:2] == (403, "forbidden")
    stranger = await client_of(await yard.stranger_key())
    if path:
        assert refused(await stranger.request(method, where, **body))[:2] == (404, "not_found")
