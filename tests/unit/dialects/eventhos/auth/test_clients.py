import re

import pytest

from eventyard.model.identity import Client
from tests.unit.dialects.eventhos.calls import faults, items


def body(*roles, **fields):
    return {
        "identifier": "Shop",
        "name": "The shop",
        "description": "sells",
        "roles": [{"id": one.number} for one in roles],
    } | fields


@pytest.fixture
async def shop(identity, who):
    made, _ = await identity.clients.create(who, name="shop")
    return made


def now(yard, client):
    return yard.hub.catalog.get(Client, client.id)


async def test_a_client_is_made_and_its_secret_told_once(yard, identity, admin, role):
    reader = await role("event:select")
    answer = await admin.post("/auth/client", json=body(reader))
    content = answer.json()["content"]
    assert (answer.status_code, answer.json()["code"], answer.json()["message"]) == (201, 200001, "Client added")
    assert list(content) == ["clientSecret", "clientId", "access_token"]
    assert re.fullmatch(r"[A-Za-z0-9]{20}::default", content["clientId"])
    made = identity.clients.known_as(content["clientId"])
    assert identity.clients.proves(made, content["clientSecret"])
    assert (made.name, made.title, made.description, made.role_ids) == ("shop", "The shop", "sells", (reader.id,))
    assert (content["access_token"], made.token_digest) == ("", None)
    listed = (await admin.get("/auth/client")).text
    assert content["clientSecret"] not in listed
    assert "digest" not in listed


@pytest.mark.parametrize(("asked", "given"), [("true", True), ("false", False), ("yes", False)])
async def test_it_is_made_with_a_long_lived_token_if_asked(identity, admin, asked, given):
    content = (await admin.post(f"/auth/client?longLive={asked}", json=body())).json()["content"]
    assert bool(content["access_token"]) is given
    if given:
        assert identity.tokens.client_token(content["access_token"]).client_id == content["clientId"]


async def test_who_may_only_make_clients_makes_none_with_a_long_lived_token(yard, holding):
    maker = await holding("OAUTH2_client:create")
    assert faults(await maker.post("/auth/client?longLive=true", json=body()))[:2] == (401, 401002)
    assert not list(yard.hub.catalog.all(Client))
    assert (await maker.post("/auth/client", json=body())).status_code == 201


async def test_what_is_wrong_is_told_field_by_field(admin):
    assert faults(await admin.post("/auth/client", json={})) == (400, 400001, ["identifier", "name", "roles"])
    wrong = body(identifier="a:b", name="", roles=[{"id": "x"}, 7])
    assert faults(await admin.post("/auth/client", json=wrong)) == (
        400, 400001, ["identifier", "name", "roles.0.id", "roles.1"],
    )  # fmt: skip
    assert faults(await admin.post("/auth/client", json=body(roles=[{"id": 9999}]))) == (400, 400001, ["roles.0.id"])


async def test_an_identifier_that_is_taken_in_any_case_is_a_conflict(admin):
    await admin.post("/auth/client", json=body())
    assert faults(await admin.post("/auth/client", json=body(identifier="SHOP"))) == (409, 409102, ["identifier"])


async def test_a_list_begins_with_the_newest_and_is_sorted_as_asked(admin, identity, who):
    for name in ("b", "a", "c"):
        await identity.clients.create(who, name=name)
    assert [row["identifier"] for row in await items(admin, "/auth/client")] == ["c", "a", "b"]
    assert [row["identifier"] for row in await items(admin, "/auth/client", order="asc")] == ["b", "a", "c"]
    named = await items(admin, "/auth/client", activeSort="identifier", order="asc")
    assert [row["identifier"] for row in named] == ["a", "b", "c"]
    odd = await items(admin, "/auth/client", activeSort="id; drop table", order="up")
    assert [row["identifier"] for row in odd] == ["c", "a", "b"]
    content = (await admin.get("/auth/client?itemsPerPage=2&pageIndex=1")).json()["content"]
    assert (len(content["items"]), content["totalItems"], content["totalPages"]) == (1, 3, 2)


async def test_a_secret_is_never_shown_again_and_a_new_one_can_be_made(identity, admin, who):
    made, old = await identity.clients.create(who, name="shop")
    answer = await admin.get(f"/auth/client/{made.number}/secret")
    assert faults(answer) == (403, 403101, [])
    assert f"PUT /eventhos/auth/client/{made.number}/secret" in answer.json()["message"]
    assert old not in answer.text

    answer = await admin.put(f"/auth/client/{made.number}/secret")
    assert (answer.status_code, answer.json()["code"], answer.json()["message"]) == (201, 200000, "Secret generated")
    made = identity.clients.known_as(made.client_id)
    assert identity.clients.proves(made, answer.json()["content"]["clientSecret"])
    assert not identity.clients.proves(made, old)


async def test_a_client_is_revoked_and_restored(yard, admin, shop):
    path = f"/auth/client/{shop.number}/revoke"
    for revoke, message in ((True, "Token revoked"), (True, "Token revoked"), (False, "Token rectified")):
        answer = await admin.put(path, json={"revoke": revoke})
        assert (answer.status_code, answer.json()) == (201, {"code": 200001, "message": message, "content": 1})
        assert (now(yard, shop).revoked_at is not None) is revoke
    assert faults(await admin.put(path, json={})) == (400, 400001, ["revoke"])


async def test_a_long_lived_token_is_made_made_anew_and_removed(yard, identity, admin, shop):
    path, wish = f"/auth/client/{shop.number}/long-live", {"identifier": "shop"}
    answer = await admin.put(path, json=wish)
    first = answer.json()["content"]["access_token"]
    assert (answer.status_code, answer.json()["code"], answer.json()["message"]) == (201, 200000, "Token generated")
    second = (await admin.put(path, json=wish)).json()["content"]["access_token"]
    assert first != second
    assert identity.tokens.client_token(second).id == shop.id
    answer = await admin.put(f"{path}?remove_long_live=true", json=wish)
    assert (answer.status_code, answer.json()) == (201, {"code": 200001, "message": "Token removed"})
    assert now(yard, shop).token_digest is None
    assert faults(await admin.put(path, json={})) == (400, 400001, ["identifier"])


async def test_its_name_is_changed_and_its_identifier_stays(yard, admin, shop):
    answer = await admin.put(f"/auth/client/{shop.number}", json={"name": "Store"})
    assert (answer.status_code, answer.json()["code"]) == (201, 200000)
    assert (now(yard, shop).name, now(yard, shop).title) == ("shop", "Store")
    assert faults(await admin.put(f"/auth/client/{shop.number}", json={"name": ""})) == (400, 400001, ["name"])


async def test_roles_are_given_and_taken_as_far_as_they_were_seen(yard, identity, who, admin, role):
    one, two, three = [await role(name=name) for name in ("one", "two", "three")]
    made, _ = await identity.clients.create(who, name="shop", role_ids=[one.id, two.id])
    path = f"/auth/client/{made.number}/role"
    change = {"roles": [{"id": three.number}], "originalRolesList": [{"id": one.number, "identifier": "one"}]}
    answer = await admin.put(path, json=change)
    assert (answer.status_code, answer.json()["code"]) == (201, 200000)
    assert now(yard, made).role_ids == (two.id, three.id)
    await admin.put(path, json={"roles": [{"id": one.number}]})
    assert now(yard, made).role_ids == (one.id,)
    assert faults(await admin.put(path, json={"roles": [{"id": 9999}]})) == (400, 400001, ["roles.0.id"])


async def test_deleted_it_is_gone(yard, admin, shop):
    answer = await admin.delete(f"/auth/client/{shop.number}")
    assert (answer.status_code, answer.json()) == (201, {"code": 200001, "message": "Client deleted"})
    assert not list(yard.hub.catalog.all(Client))
    assert faults(await admin.delete(f"/auth/client/{shop.number}")) == (404, 404003, [])


async def test_what_is_not_there_is_missing(admin, user):
    ada = await user()
    for number in (9999, ada.number):
        for method, path, sent in (
            ("GET", "/secret", None), ("PUT", "/secret", None), ("PUT", "/revoke", {"revoke": True}),
            ("PUT", "/long-live", {"identifier": "x"}), ("PUT", "", {"name": "x"}), ("PUT", "/role", {"roles": []}),
            ("DELETE", "", None),
        ):  # fmt: skip
            assert faults(await admin.request(method, f"/auth/client/{number}{path}", json=sent)) == (404, 404003, [])


async def test_each_call_asks_for_its_permission(holding, shop):
    reader = await holding("OAUTH2_client:select")
    at = f"/auth/client/{shop.number}"
    assert (await reader.get("/auth/client")).status_code == 200
    assert faults(await reader.get(f"{at}/secret"))[1] == 403101
    for method, path in (
        ("POST", "/auth/client"), ("PUT", f"{at}/secret"), ("PUT", f"{at}/revoke"), ("PUT", f"{at}/long-live"),
        ("PUT", at), ("PUT", f"{at}/role"), ("DELETE", at),
    ):  # fmt: skip
        assert faults(await reader.request(method, path, json={})) == (401, 401002, [])
    nobody = await holding("event:*", name="eve")
    assert faults(await nobody.get("/auth/client")) == (401, 401002, [])


async def test_nobody_gives_or_takes_hold_of_more_than_they_hold(yard, identity, who, holding, role):
    admin_role = identity.rights.role_named(who.organization_id, "admin")
    root, _ = await identity.clients.create(who, name="root", role_ids=[admin_role.id])
    manager = await holding("OAUTH2_client:*")
    assert faults(await manager.post("/auth/client", json=body(admin_role)))[:2] == (401, 401002)
    made = (await manager.post("/auth/client", json=body())).json()["content"]["clientId"]
    own = identity.clients.known_as(made)
    given = {"roles": [{"id": admin_role.number}], "originalRolesList": []}
    assert faults(await manager.put(f"/auth/client/{own.number}/role", json=given))[:2] == (401, 401002)
    assert faults(await manager.put(f"/auth/client/{root.number}/secret"))[:2] == (401, 401002)
    wish = {"identifier": "root"}
    assert faults(await manager.put(f"/auth/client/{root.number}/long-live", json=wish))[:2] == (401, 401002)
    assert faults(await manager.post("/auth/client?longLive=true", json=body(admin_role)))[:2] == (401, 401002)
    assert [one.name for one in yard.hub.catalog.all(Client)] == ["root", "shop"]
    assert now(yard, root) == root


async def test_another_organizations_clients_are_not_there(yard, client_of, shop):
    stranger = await client_of(await yard.stranger_key())
    assert await items(stranger, "/auth/client") == []
    assert faults(await stranger.delete(f"/auth/client/{shop.number}")) == (404, 404003, [])
