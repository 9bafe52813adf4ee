import pytest

from eventyard.model.identity import Permission, Realm, Resource
from tests.unit.dialects.eventhos.calls import faults, items, made


@pytest.fixture
def realm(yard):
    return next(iter(yard.hub.catalog.all(Realm)))


@pytest.fixture
async def orders(identity, who, realm):
    """A resource that means something elsewhere."""
    return await identity.resources.add(who, "orders", realm.id)


def words(yard, resource):
    return [one.name for one in yard.hub.catalog.all(Permission) if one.resource_id == resource.id]


async def test_applications_are_listed_and_made(admin, realm):
    answer = await admin.get("/auth/application")
    assert answer.json()["content"] == [{"id": realm.number, "identifier": "OAUTH2_main_application"}]
    number = await made(admin, "/auth/application", "applicationId", identifier="billing")
    assert (await admin.get("/auth/application")).json()["content"][1] == {"id": number, "identifier": "billing"}
    again = await admin.post("/auth/application", json={"identifier": "billing"})
    assert faults(again) == (409, 409104, ["identifier"])
    for wrong in ({}, {"identifier": ""}, {"identifier": "a b"}, {"identifier": "a:b"}):
        assert faults(await admin.post("/auth/application", json=wrong)) == (400, 400001, ["identifier"])


async def test_a_resource_is_made_with_the_usual_permissions(yard, admin, realm):
    number = await made(
        admin, "/auth/resource", "applicationResourceId", resourceIdentifier="orders", applications_id=realm.number
    )
    resource = yard.hub.catalog.numbered(Resource, number)
    assert words(yard, resource) == ["*", "create", "select", "update", "delete"]
    again = await admin.post("/auth/resource", json={"resourceIdentifier": "orders", "applications_id": realm.number})
    assert faults(again) == (409, 409105, ["resourceIdentifier"])


async def test_what_is_wrong_is_told_field_by_field(admin):
    assert faults(await admin.post("/auth/resource", json={})) == (
        400, 400001, ["resourceIdentifier", "applications_id"],
    )  # fmt: skip
    nowhere = {"resourceIdentifier": "orders", "applications_id": 9999}
    assert faults(await admin.post("/auth/resource", json=nowhere)) == (400, 400001, ["applications_id"])
    assert faults(await admin.post("/auth/permission", json={})) == (400, 400001, ["allowed", "applicationResource_id"])
    nowhere = {"allowed": "sell", "applicationResource_id": 9999}
    assert faults(await admin.post("/auth/permission", json=nowhere)) == (400, 400001, ["applicationResource_id"])


async def test_resources_are_listed_whole_or_by_pages(yard, admin, orders):
    basic = (await admin.get("/auth/resource?basic=true")).json()["content"]
    assert [row["applicationResourceName"] for row in basic][:2] == ["event", "system"]
    assert basic[-1]["applicationResourceName"] == "orders"
    first = (await items(admin, "/auth/resource"))[0]
    assert (first["id"], [one["allowed"] for one in first["allowed"]]) == (orders.number, words(yard, orders))


async def test_what_may_be_said_is_changed_as_far_as_it_was_seen(yard, admin, orders):
    path = f"/auth/resource/{orders.number}/permission"
    new = [{"id": 0, "allowed": word} for word in ("*", "sell")]
    change = {"newResourcePermissions": new, "originalResourcePermissions": [{"allowed": "*"}, {"allowed": "delete"}]}
    answer = await admin.put(path, json=change)
    assert (answer.status_code, answer.json()["code"]) == (201, 200000)
    assert words(yard, orders) == ["*", "create", "select", "update", "sell"]
    await admin.put(path, json={"newResourcePermissions": [{"allowed": "*"}, {"allowed": "*"}]})
    assert words(yard, orders) == ["*"]
    wrong = {"newResourcePermissions": [{"allowed": "a:b"}]}
    assert faults(await admin.put(path, json=wrong)) == (400, 400001, ["newResourcePermissions.0.allowed"])


async def test_one_more_word_may_be_said(yard, admin, orders):
    body = {"allowed": "sell", "applicationResource_id": orders.number}
    number = await made(admin, "/auth/permission", "permissionId", **body)
    assert yard.hub.catalog.numbered(Permission, number).name == "sell"
    assert faults(await admin.post("/auth/permission", json=body)) == (409, 409106, ["allowed"])


async def test_a_resource_is_deleted_with_what_was_said_of_it(yard, admin, orders):
    answer = await admin.delete(f"/auth/resource/{orders.number}")
    assert (answer.status_code, answer.json()) == (201, {"code": 200001, "message": "Resource deleted"})
    assert words(yard, orders) == []
    assert faults(await admin.delete(f"/auth/resource/{orders.number}")) == (404, 404005, [])
    change = {"newResourcePermissions": []}
    assert faults(await admin.put(f"/auth/resource/{orders.number}/permission", json=change)) == (404, 404005, [])


async def test_what_the_hub_asks_for_stays(yard, admin):
    event = next(iter(yard.hub.catalog.all(Resource)))
    assert faults(await admin.delete(f"/auth/resource/{event.number}"))[:2] == (400, 400001)
    change = {"newResourcePermissions": [{"allowed": "*"}]}
    assert faults(await admin.put(f"/auth/resource/{event.number}/permission", json=change))[:2] == (400, 400001)
    assert "retry-aborted" in words(yard, event)


async def test_each_call_asks_for_its_permission(holding, orders):
    roles, reader = await holding("OAUTH2_role:select", name="eve"), await holding("OAUTH2_application:select")
    assert (await roles.get("/auth/resource")).status_code == 200
    assert faults(await roles.get("/auth/application")) == (401, 401002, [])
    assert (await reader.get("/auth/application")).status_code == 200
    for method, path in (
        ("POST", "/auth/application"), ("POST", "/auth/resource"), ("POST", "/auth/permission"),
        ("PUT", f"/auth/resource/{orders.number}/permission"), ("DELETE", f"/auth/resource/{orders.number}"),
    ):  # fmt: skip
        assert faults(await reader.request(method, path, json={})) == (401, 401002, [])
    nobody = await holding("event:*", name="mallory")
    assert faults(await nobody.get("/auth/resource")) == (401, 401002, [])


async def test_a_new_permission_is_nobodys_by_itself_not_even_its_makers(yard, identity, holding, orders):
    maker = await holding("OAUTH2_application:*", "OAUTH2_Permission:*", "OAUTH2_role:*")
    body = {"allowed": "sell", "applicationResource_id": orders.number}
    number = await made(maker, "/auth/permission", "permissionId", **body)
    role = {"identifier": "seller", "allowedObject": {"orders": [{"id": number}]}}
    assert faults(await maker.post("/auth/role", json=role))[:2] == (401, 401002)
