import base64

import httpx
import pytest

RIGHT, OTHER = "correct horse", "battery staple"


@pytest.fixture
def with_password(yard):
    """Calls the API with a user's name and password."""

    async def call(method, path, name="ada", password=RIGHT, **how):
        headers = {"authorization": "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()}
        transport = httpx.ASGITransport(yard.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://hub.example", headers=headers) as caller:
            return await caller.request(method, path, **how)

    return call


async def test_a_user_comes_in_with_the_password_which_is_never_shown(client, make, with_password):
    made = await make("users", name="ada", password=RIGHT, title="Ada", scopes=["admin"])
    assert made == {
        "id": made["id"],
        "name": "ada",
        "title": "Ada",
        "description": "",
        "scopes": ["admin"],
        "roles": ["admin"],
        "categories": None,
        "created_at": "2026-01-02T03:04:05.678Z",
    }
    assert (await with_password("GET", f"/v1/users/{made['id']}")).json() == made
    assert (await client.get("/v1/users")).json() == [made]
    assert (await with_password("GET", "/v1/users", password=OTHER)).status_code == 401


async def test_a_user_changes_the_own_password_and_an_administrator_anybodys(client, make, with_password, refused):
    made = await make("users", name="ada", password=RIGHT)
    path = f"/v1/users/{made['id']}/password"
    wrong = {"old_password": OTHER, "new_password": OTHER}
    assert refused(await with_password("POST", path, json=wrong)) == (403, "forbidden", "/old_password")
    assert (await with_password("POST", path, json=wrong | {"old_password": RIGHT})).status_code == 204
    assert (await with_password("GET", f"/v1/users/{made['id']}", password=OTHER)).status_code == 200
    forgot = await with_password("POST", path, password=OTHER, json={"new_password": RIGHT})
    assert refused(forgot)[:2] == (403, "forbidden")
    assert (await client.post(path, json={"new_password": RIGHT})).status_code == 204
    assert (await with_password("GET", f"/v1/users/{made['id']}")).status_code == 200


async def test_what_is_named_is_changed_and_the_last_administrator_stays(client, make, refused):
    await make("roles", name="readers", permissions=["event:select"])
    made = await make("users", name="ada", password=RIGHT, scopes=["admin"])
    path = f"/v1/users/{made['id']}"
    changed = (await client.patch(path, json={"title": "Ada", "roles": ["readers"]})).json()
    assert (changed["title"], changed["roles"], changed["scopes"]) == ("Ada", ["readers", "admin"], ["admin"])
    for last in (await client.patch(path, json={"scopes": []}), await client.delete(path)):
        assert refused(last)[:2] == (409, "in_use")
    await make("users", name="bob", password=RIGHT, scopes=["admin"])
    assert (await client.delete(path)).status_code == 204
    assert refused(await client.get(path))[:2] == (404, "not_found")


@pytest.mark.parametrize(
    ("body", "status", "pointer"),
    [
        ({"name": "x", "password": "short"}, 422, "/password"),
        ({"name": "x", "password": "x" * 1025}, 422, "/password"),
        ({"name": "", "password": RIGHT}, 422, "/name"),
        ({"name": "x", "password": RIGHT, "scopes": ["everything"]}, 422, "/scopes/0"),
        ({"name": "x", "password": RIGHT, "roles": ["nobody"]}, 404, "/roles/0"),
    ],
)
async def test_a_user_that_makes_no_sense_is_refused(client, refused, body, status, pointer):
    answer = refused(await client.post("/v1/users", json=body))
    assert (answer[0], answer[2]) == (status, pointer)
