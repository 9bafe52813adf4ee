import pytest

from eventyard.model.access import BUILT_IN_ROLES
from eventyard.model.identity import Permission, Resource, Role
from tests.unit.dialects.eventhos.calls import faults, items, made


@pytest.fixture
def allowed(yard):
    """Permissions as the Web UI sends them, given as ``resource:word``."""

    def of(*words):
        found = {}
        catalog = yard.hub.catalog
        for word in words:
            name, _, verb = word.partition(":")
            resource = next(one for one in catalog.all(Resource) if one.name == name)
            number = next(p.number for p in catalog.all(Permission) if (p.resource_id, p.name) == (resource.id, verb))
            found.setdefault(name, []).append({"id": number, "allowed": verb})
        return found

    return of


def held(yard, identity, number):
    return list(identity.roles.permissions(yard.hub.catalog.numbered(Role, number)))


async def test_a_role_is_made_of_permissions(yard, identity, admin, allowed):
    number = await made(
        admin, "/auth/role", "roleId", identifier="Reader", allowedObject=allowed("event:select", "contract:*")
    )
    assert yard.hub.catalog.numbered(Role, number).name == "reader"
    assert held(yard, identity, number) == ["contract:*", "event:select"]


async def test_they_are_listed_by_name_or_whole(admin, role):
    reader = await role("event:select")
    basic = (await admin.get("/auth/role?basic=true")).json()
    assert [row["identifier"] for row in basic["content"]] == [*BUILT_IN_ROLES, "reader"]
    assert basic["content"][-1] == {"id": reader.number, "identifier": "reader"}
    row = (await items(admin, "/auth/role"))[0]
    assert (row["identifier"], [one["applicationResourceName"] for one in row["resources"]]) == ("reader", ["event"])


async def test_what_is_wrong_is_told_field_by_field(admin, allowed):
    assert faults(await admin.post("/auth/role", json={})) == (400, 400001, ["identifier", "allowedObject"])
    wrong = {"identifier": "r", "allowedObject": {"event": [{"allowed": "select"}], "x": 1}}
    assert faults(await admin.post("/auth/role", json=wrong)) == (
        400, 400001, ["allowedObject.event.0.id", "allowedObject.x"],
    )  # fmt: skip
    for misnamed in ({"event": [{"id": 9999}]}, {"contract": allowed("event:select")["event"]}, {"": [{"id": 1}]}):
        answer = await admin.post("/auth/role", json={"identifier": "r", "allowedObject": misnamed})
        assert faults(answer)[:2] == (400, 400001)


async def test_an_identifier_that_is_taken_is_a_conflict(admin, role):
    await role()
    answer = await admin.post("/auth/role", json={"identifier": "READER", "allowedObject": {}})
    assert faults(answer) == (409, 409103, ["identifier"])


async def test_permissions_are_given_and_taken_as_far_as_they_were_seen(yard, identity, admin, role, allowed):
    reader = await role("event:select", "contract:select")
    path = f"/auth/role/{reader.number}/permission"
    change = {"newAllowedObject": allowed("system:select"), "originalAllowedObject": allowed("event:select")}
    answer = await admin.put(path, json=change)
    assert (answer.status_code, answer.json()["code"]) == (201, 200000)
    assert held(yard, identity, reader.number) == ["contract:select", "system:select"]
    await admin.put(path, json={"newAllowedObject": allowed("action:*")})
    assert held(yard, identity, reader.number) == ["action:*"]
    gone = {"newAllowedObject": {}, "originalAllowedObject": {"lost": [{"id": 9999}], **allowed("action:*")}}
    await admin.put(path, json=gone)
    assert held(yard, identity, reader.number) == []


async def test_deleted_it_is_gone_from_everybody(yard, admin, role, user):
    reader = await role("event:select")
    ada = await user("ada", reader)
    answer = await admin.delete(f"/auth/role/{reader.number}")
    assert (answer.status_code, answer.json()) == (201, {"code": 200001, "message": "Role deleted"})
    assert yard.hub.catalog.get(type(ada), ada.id).role_ids == ()
    assert faults(await admin.delete(f"/auth/role/{reader.number}")) == (404, 404004, [])
    change = {"newAllowedObject": {}}
    assert faults(await admin.put(f"/auth/role/{reader.number}/permission", json=change)) == (404, 404004, [])


async def test_the_role_of_administrators_stays_as_it_is(admin, identity, who, allowed):
    number = identity.rights.role_named(who.organization_id, "admin").number
    assert faults(await admin.delete(f"/auth/role/{number}"))[:2] == (400, 400001)
    change = {"newAllowedObject": allowed("event:*")}
    assert faults(await admin.put(f"/auth/role/{number}/permission", json=change))[:2] == (400, 400001)


async def test_each_call_asks_for_its_permission(holding, role):
    reader, made = await holding("OAUTH2_role:select"), await role()
    assert (await reader.get("/auth/role")).status_code == 200
    at = f"/auth/role/{made.number}"
    for method, path in (("POST", "/auth/role"), ("PUT", f"{at}/permission"), ("DELETE", at)):
        assert faults(await reader.request(method, path, json={})) == (401, 401002, [])


async def test_nobody_makes_a_role_of_more_than_they_hold(yard, identity, holding, role, allowed):
    manager, own = await holding("OAUTH2_role:*", "event:select"), identity.users.named("bob").role_ids[0]
    number = yard.hub.catalog.get(Role, own).number
    for more in ("OAUTH2_global:*", "event:*", "event:update", "OAUTH2_user:create"):
        made = {"identifier": "mine", "allowedObject": allowed(more)}
        assert faults(await manager.post("/auth/role", json=made))[:2] == (401, 401002)
        change = {"newAllowedObject": allowed(more), "originalAllowedObject": {}}
        assert faults(await manager.put(f"/auth/role/{number}/permission", json=change))[:2] == (401, 401002)
    modest = {"identifier": "mine", "allowedObject": allowed("event:select")}
    assert (await manager.post("/auth/role", json=modest)).status_code == 201
    assert held(yard, identity, number) == ["OAUTH2_role:*", "event:select"]
