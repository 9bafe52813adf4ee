import pytest

from eventyard.model.access import BUILT_IN_ROLES


async def test_a_role_is_permissions_under_a_name(client, make, refused):
    made = await make("roles", name="readers", permissions=["system:select", "event:select"])
    assert made == {
        "id": made["id"],
        "name": "readers",
        "permissions": ["event:select", "system:select"],
        "created_at": "2026-01-02T03:04:05.678Z",
    }
    path = f"/v1/roles/{made['id']}"
    assert (await client.get(path)).json() == made
    assert [role["name"] for role in (await client.get("/v1/roles")).json()] == ["readers", *reversed(BUILT_IN_ROLES)]
    changed = await client.patch(path, json={"name": "senders", "permissions": ["events:publish"]})
    assert changed.json() == made | {"name": "senders", "permissions": ["events:publish"]}
    assert (await client.delete(path)).status_code == 204
    assert refused(await client.get(path))[:2] == (404, "not_found")


async def test_the_permissions_there_are_can_be_listed(client):
    listed = (await client.get("/v1/permissions")).json()
    assert listed == sorted(listed)
    assert {"event:retry-aborted", "OAUTH2_global:*", "events:publish", "contract:select"} <= set(listed)
    assert "admin" not in listed


@pytest.mark.parametrize(
    ("body", "status", "code", "pointer"),
    [
        ({"name": "x", "permissions": ["event:fly"]}, 422, "invalid_body", "/permissions/0"),
        ({"name": "x", "permissions": [""]}, 422, "invalid_body", "/permissions/0"),
        ({"name": "", "permissions": []}, 422, "invalid_body", "/name"),
        ({"name": "admin"}, 409, "duplicate", "/name"),
    ],
)
async def test_a_role_that_makes_no_sense_is_refused(client, refused, body, status, code, pointer):
    assert refused(await client.post("/v1/roles", json=body)) == (status, code, pointer)


async def test_the_role_admin_stays(client, refused):
    admin = (await client.get("/v1/roles")).json()[-1]
    assert admin["permissions"] == ["OAUTH2_global:*"]
    assert refused(await client.delete(f"/v1/roles/{admin['id']}"))[:2] == (403, "reserved_name")


async def test_nobody_gives_more_than_they_have(yard, client_of, refused):
    manager = await client_of(await yard.key_for("keys:manage", "events:read"))
    assert (await manager.post("/v1/roles", json={"name": "a", "permissions": ["event:select"]})).status_code == 201
    answer = await manager.post("/v1/roles", json={"name": "b", "permissions": ["OAUTH2_global:*"]})
    assert refused(answer)[:2] == (403, "forbidden")


async def test_roles_are_the_business_of_who_manages_keys(yard, client_of, refused):
    reader = await client_of(await yard.key_for("catalog:read", "catalog:write"))
    for path in ("/v1/roles", "/v1/permissions"):
        assert refused(await reader.get(path))[:2] == (403, "forbidden")
