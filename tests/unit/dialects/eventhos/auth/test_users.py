import pytest

from eventyard.model.access import Scope
from eventyard.model.catalog import User
from tests.unit.dialects.eventhos.calls import faults, items, made


def body(*roles, **fields):
    return {
        "username": "Ada", "password": "s3cret", "name": "Ada Lovelace", "description": "counts",
        "roles": [{"id": one.number} for one in roles],
    } | fields  # fmt: skip


def now(yard, user):
    return yard.hub.catalog.get(User, user.id)


@pytest.fixture
async def root(user):
    """An administrator, who logs in."""
    return await user("root", scopes=[Scope.ADMIN])


@pytest.fixture
def admin_role(identity, who):
    return identity.rights.role_named(who.organization_id, "admin")


async def test_a_user_is_made_and_logs_in(yard, identity, admin, role):
    reader = await role("event:select")
    number = await made(admin, "/auth/user", "userId", **body(reader))
    ada = yard.hub.catalog.numbered(User, number)
    assert (ada.name, ada.title, ada.description, ada.role_ids) == ("ada", "Ada Lovelace", "counts", (reader.id,))
    answer = await admin.post("/auth/login", json={"username": "ADA", "password": "s3cret"})
    assert answer.json()["content"]["name"] == "Ada Lovelace"
    assert "s3cret" not in (await admin.get("/auth/user")).text


async def test_what_is_wrong_is_told_field_by_field(admin):
    assert faults(await admin.post("/auth/user", json={})) == (
        400, 400001, ["username", "password", "name", "roles"],
    )  # fmt: skip
    wrong = body(username="", password="", name="n" * 46, roles="admin")
    assert faults(await admin.post("/auth/user", json=wrong))[2] == ["username", "password", "name", "roles"]
    answer = await admin.post("/auth/user", json=body(password="p" * 1025))
    assert faults(answer) == (400, 400001, ["password"])
    assert "ppp" not in answer.text


async def test_a_name_that_is_taken_in_any_case_is_a_conflict(admin):
    await admin.post("/auth/user", json=body())
    assert faults(await admin.post("/auth/user", json=body(username="ADA"))) == (409, 409101, ["username"])


async def test_one_is_told_in_an_array_and_all_from_the_newest(admin, user):
    ada, bob = await user("ada"), await user("bob")
    assert [row["username"] for row in await items(admin, "/auth/user")] == ["bob", "ada"]
    content = (await admin.get(f"/auth/user/{ada.number}")).json()["content"]
    assert [(row["id"], row["subjectId"], row["username"]) for row in content] == [(ada.number, ada.number, "ada")]
    assert bob.number != ada.number


async def test_who_calls_is_told_of_themselves_without_any_permission(client_of, user, token, identity, who):
    ada = await user("ada")
    me = await client_of(await token(ada))
    answer = await me.get("/auth/user/profile/me")
    assert (answer.status_code, answer.json()["message"]) == (200, "Select completed")
    assert answer.json()["content"]["username"] == "ada"
    assert faults(await me.get(f"/auth/user/{ada.number}")) == (401, 401002, [])

    shop, _ = await identity.clients.create(who, name="shop")
    answer = await (await client_of(await token(shop))).get("/auth/user/profile/me")
    assert faults(answer) == (400, 400003, [])
    assert answer.json()["message"] == "Invalid subject type client"


async def test_a_key_is_no_user(admin):
    answer = await admin.get("/auth/user/profile/me")
    assert (answer.json()["code"], answer.json()["message"]) == (400003, "Invalid subject type key")


async def test_a_name_is_changed_and_the_login_stays(yard, admin, user):
    ada = await user("ada")
    answer = await admin.put(f"/auth/user/{ada.number}", json={"name": "Countess"})
    assert (answer.status_code, answer.json()["code"]) == (201, 200000)
    assert (now(yard, ada).name, now(yard, ada).title) == ("ada", "Countess")


async def test_a_password_is_changed_by_who_knows_the_old_one(client_of, user, token):
    ada = await user("ada")
    me, path = await client_of(await token(ada)), f"/auth/user/{ada.number}/password"
    answer = await me.put(path, json={"oldPassword": "wrong", "newPassword": "new"})
    assert faults(answer) == (401, 401002, ["oldPassword"])
    answer = await me.put(path, json={"oldPassword": "ada", "newPassword": "new"})
    assert (answer.status_code, answer.json()["code"]) == (201, 200000)
    for password, status in (("ada", 401), ("new", 201)):
        answer = await me.post("/auth/login", json={"username": "ada", "password": password})
        assert answer.status_code == status


async def test_somebody_elses_takes_a_permission_and_the_old_password_all_the_same(holding, user, root):
    eve, manager = await holding("event:*", name="eve"), await holding("OAUTH2_user:update")
    path, change = f"/auth/user/{root.number}/password", {"oldPassword": "root", "newPassword": "x"}
    assert faults(await eve.put(path, json=change)) == (401, 401002, [])
    assert faults(await manager.put(path, json=change | {"oldPassword": "guess"})) == (401, 401002, ["oldPassword"])
    assert (await manager.put(path, json=change)).status_code == 201


async def test_old_passwords_are_not_guessed_either(client_of, user, token):
    ada = await user("ada")
    me, path = await client_of(await token(ada)), f"/auth/user/{ada.number}/password"
    codes = [
        (await me.put(path, json={"oldPassword": f"guess {at}", "newPassword": "x"})).status_code for at in range(6)
    ]
    assert codes == [401] * 5 + [429]


async def test_roles_are_given_and_taken_as_far_as_they_were_seen(yard, admin, user, role):
    one, two = await role(name="one"), await role(name="two")
    ada = await user("ada", one)
    change = {"roles": [{"id": two.number}], "originalRolesList": []}
    answer = await admin.put(f"/auth/user/{ada.number}/role", json=change)
    assert (answer.status_code, answer.json()["code"]) == (201, 200000)
    assert now(yard, ada).role_ids == (one.id, two.id)


async def test_an_administrator_by_scope_is_shown_the_role_and_loses_both_at_once(yard, admin, user, root, admin_role):
    other = await user("other", scopes=[Scope.ADMIN, Scope.JOBS_WORK])
    (row,) = (await admin.get(f"/auth/user/{other.number}")).json()["content"]
    assert [role["identifier"] for role in row["roles"]] == ["admin"]
    path, seen = f"/auth/user/{other.number}/role", [{"id": admin_role.number}]
    await admin.put(path, json={"roles": seen, "originalRolesList": seen})
    assert (now(yard, other).scopes, now(yard, other).role_ids) == ((Scope.ADMIN, Scope.JOBS_WORK), ())
    await admin.put(path, json={"roles": [], "originalRolesList": seen})
    assert (now(yard, other).scopes, now(yard, other).role_ids) == ((Scope.JOBS_WORK,), ())


async def test_the_last_administrator_stays_one(yard, admin, root, admin_role):
    change = {"roles": [], "originalRolesList": [{"id": admin_role.number}]}
    assert faults(await admin.put(f"/auth/user/{root.number}/role", json=change))[:2] == (409, 409000)
    assert faults(await admin.delete(f"/auth/user/{root.number}"))[:2] == (409, 409000)
    assert now(yard, root) == root


async def test_deleted_they_are_gone_and_so_is_what_they_were_given(client_of, admin, user, token):
    ada = await user("ada")
    text = await token(ada)
    answer = await admin.delete(f"/auth/user/{ada.number}")
    assert (answer.status_code, answer.json()) == (201, {"code": 200001, "message": "User deleted"})
    assert faults(await (await client_of(text)).get("/auth/user/profile/me"))[:2] == (401, 400001)
    assert faults(await admin.delete(f"/auth/user/{ada.number}")) == (404, 404002, [])


async def test_what_is_not_there_is_missing(admin):
    for method, path, sent in (
        ("GET", "", None), ("PUT", "", {"name": "x"}), ("PUT", "/role", {"roles": []}), ("DELETE", "", None),
        ("PUT", "/password", {"oldPassword": "x", "newPassword": "y"}),
    ):  # fmt: skip
        assert faults(await admin.request(method, f"/auth/user/9999{path}", json=sent)) == (404, 404002, [])
    assert faults(await admin.get("/auth/user/x")) == (400, 400001, ["user_id"])


async def test_each_call_asks_for_its_permission(holding, user):
    ada, reader = await user("ada"), await holding("OAUTH2_user:select")
    at = f"/auth/user/{ada.number}"
    assert (await reader.get("/auth/user")).status_code == 200
    assert (await reader.get(at)).status_code == 200
    for method, path in (("POST", "/auth/user"), ("PUT", at), ("PUT", f"{at}/role"), ("DELETE", at)):
        assert faults(await reader.request(method, path, json={})) == (401, 401002, [])


async def test_nobody_gives_themselves_or_others_more_than_they_hold(yard, holding, identity, role, admin_role):
    secretive = await role("contract:delete", name="secretive")
    manager = await holding("OAUTH2_user:*", "event:select")
    bob = identity.users.named("bob")
    for given in (admin_role, secretive):
        change = {"roles": [{"id": given.number}], "originalRolesList": []}
        assert faults(await manager.put(f"/auth/user/{bob.number}/role", json=change))[:2] == (401, 401002)
        assert faults(await manager.post("/auth/user", json=body(given)))[:2] == (401, 401002)
    assert now(yard, bob) == bob
    modest = await role("event:select", name="modest")
    assert (await manager.post("/auth/user", json=body(modest))).status_code == 201


async def test_another_organizations_users_are_not_there(yard, client_of, user):
    ada, stranger = await user("ada"), await client_of(await yard.stranger_key())
    assert await items(stranger, "/auth/user") == []
    assert faults(await stranger.get(f"/auth/user/{ada.number}")) == (404, 404002, [])
