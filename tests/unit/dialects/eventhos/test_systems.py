import asyncio
import re

from eventyard.model.access import Scope
from eventyard.model.catalog import Application
from eventyard.model.identity import Client
from tests.unit.dialects.eventhos.calls import SYSTEM, event, faults, items, system


def application_of(yard, number):
    return yard.hub.catalog.numbered(Application, number)


async def client(yard, name="shop"):
    made, _ = await yard.hub.identity.clients.create(yard.hub.keys.by_key(yard.key), name=name)
    return made


def belongs_to(yard, made):
    return yard.hub.catalog.get(Client, made.id).application_id


async def test_a_system_is_an_application_and_its_code_has_a_digit_less(yard, admin):
    answer = await admin.post("/system", json=SYSTEM)
    number = answer.json()["content"]["systemId"]
    assert (answer.status_code, answer.json()) == (
        201,
        {"code": 20001, "message": "New system created", "content": {"systemId": number}},
    )
    made = application_of(yard, number)
    assert (made.name, made.title, made.description) == ("shop", "Shop", "sells")
    assert made.labels == {"class": "hybrid", "type": "ERP"}


async def test_with_a_client_its_identifier_gets_a_suffix(yard, admin):
    own = await client(yard)
    number = await system(admin, clientId=own.number)
    assert re.fullmatch(r"shop-[A-Za-z0-9_-]{10}", application_of(yard, number).name)
    assert belongs_to(yard, own) == application_of(yard, number).id
    row = (await admin.get(f"/system/{number}")).json()["content"]
    assert row["client_id"] == own.number


async def test_a_client_that_is_not_there_is_told_by_its_id(admin):
    answer = await admin.post("/system", json={**SYSTEM, "clientId": 9999})
    assert faults(answer) == (404, 400301, [])
    assert answer.json()["message"] == "The client with id 9999 does not exist."


async def test_a_client_belongs_to_one_system(yard, admin):
    own = await client(yard)
    await system(admin, clientId=own.number)
    answer = await admin.post("/system", json={**SYSTEM, "identifier": "other", "clientId": own.number})
    assert faults(answer) == (400, 400001, ["clientId"])
    assert len(await items(admin, "/system")) == 2


async def test_of_systems_made_at_once_with_one_client_one_has_it_and_the_others_are_not_made(yard, admin):
    own = await client(yard)
    asked = [{**SYSTEM, "identifier": f"shop{n}", "clientId": own.number} for n in range(5)]
    answers = await asyncio.gather(*(admin.post("/system", json=body) for body in asked))
    assert sorted(answer.status_code for answer in answers) == [201, 400, 400, 400, 400]
    assert all(faults(answer)[2] == ["clientId"] for answer in answers if answer.status_code == 400)
    assert [row["client_id"] for row in await items(admin, "/system")] == [None, own.number]


async def test_what_is_wrong_is_told_field_by_field(admin):
    assert faults(await admin.post("/system", json={})) == (400, 400001, ["systemClass", "identifier", "name"])
    wrong = {"systemClass": "both", "identifier": "a\nb", "name": "x", "type": "t" * 46, "clientId": "x"}
    assert faults(await admin.post("/system", json=wrong)) == (
        400, 400001, ["systemClass", "identifier", "type", "clientId"],
    )  # fmt: skip


async def test_an_identifier_that_is_taken_is_a_wrong_field(admin):
    await system(admin)
    assert faults(await admin.post("/system", json=SYSTEM)) == (400, 400001, ["identifier"])


async def test_an_application_made_elsewhere_is_a_hybrid_without_a_type(yard, admin):
    (row,) = await items(admin, "/system")
    assert row == {
        "id": row["id"], "class": "hybrid", "identifier": "default", "name": "default", "type": "", "description": "",
        "deleted": 0, "created_at": "2026-01-02T03:04:05.678Z", "updated_at": "2026-01-02T03:04:05.678Z",
        "client_id": None,
    }  # fmt: skip


async def test_of_a_class_there_are_the_hybrid_ones_too_and_the_total_is_true(admin):
    await system(admin, identifier="p", systemClass="producer")
    await system(admin, identifier="c", systemClass="consumer")
    content = (await admin.get("/system", params={"systemClass": "consumer"})).json()["content"]
    assert [row["identifier"] for row in content["items"]] == ["default", "c"]
    assert (content["totalItems"], content["totalPages"]) == (2, 1)


async def test_one_that_is_not_there_is_a_success_without_content(admin):
    answer = await admin.get("/system/9999")
    assert (answer.status_code, answer.json()) == (200, {"code": 200000, "message": "success"})
    assert (await admin.get("/system/9999/events")).json()["content"] == []
    assert (await admin.get("/system/9999/actions")).json()["content"] == []


async def test_what_a_system_publishes_and_does_is_listed_whole(yard, admin):
    number = await system(admin)
    events = [await event(admin, number, identifier=f"e{at}") for at in range(7)]
    who = yard.hub.keys.by_key(yard.key)
    application = application_of(yard, number)
    target, _ = await yard.hub.targets.create(
        who, project_id=None, name="bill", type_="webhook", labels={"application": application.id, "operation": "new"}
    )
    found = (await admin.get(f"/system/{number}/events")).json()["content"]
    assert [row["id"] for row in found] == events
    (row,) = (await admin.get(f"/system/{number}/actions")).json()["content"]
    assert (row["id"], row["system_id"], row["operation"]) == (target.number, number, "new")
    assert "http_configuration" not in row


async def test_what_is_changed_is_what_is_named(yard, admin):
    number = await system(admin)
    answer = await admin.put(f"/system/{number}", json={"name": "Store", "type": ""})
    assert (answer.status_code, answer.json()) == (201, {"code": 200001, "message": "success"})
    made = application_of(yard, number)
    assert (made.name, made.title, made.labels) == ("shop", "Store", {"class": "hybrid"})
    assert faults(await admin.put("/system/9999", json={"name": "x"})) == (404, 404000, [])


async def test_a_client_is_given_changed_and_taken_away(yard, admin):
    one, two = await client(yard, "one"), await client(yard, "two")
    number = await system(admin)
    id = application_of(yard, number).id

    await admin.put(f"/system/{number}", json={"systemClass": "producer", "clientId": one.number})
    assert (belongs_to(yard, one), belongs_to(yard, two)) == (id, None)
    await admin.put(f"/system/{number}", json={"name": "Store"})
    await admin.put(f"/system/{number}", json={"systemClass": "producer", "clientId": one.number})
    assert belongs_to(yard, one) == id
    await admin.put(f"/system/{number}", json={"clientId": two.number})
    assert (belongs_to(yard, one), belongs_to(yard, two)) == (None, id)
    await admin.put(f"/system/{number}", json={"systemClass": "consumer"})
    assert (belongs_to(yard, one), belongs_to(yard, two)) == (None, None)
    await admin.put(f"/system/{number}", json={"clientId": two.number})
    await admin.put(f"/system/{number}", json={"clientId": ""})
    assert belongs_to(yard, two) is None


async def test_with_events_or_actions_it_stays(yard, admin):
    number = await system(admin)
    made = await event(admin, number)
    answer = await admin.delete(f"/system/{number}")
    assert faults(answer) == (400, 400302, [])
    assert answer.json()["message"] == "System has conflicting events"
    await admin.delete(f"/event/{made}")

    who, application = yard.hub.keys.by_key(yard.key), application_of(yard, number)
    target, _ = await yard.hub.targets.create(
        who, project_id=None, name="bill", type_="webhook", labels={"application": application.id}
    )
    answer = await admin.delete(f"/system/{number}")
    assert faults(answer) == (400, 400303, [])
    assert answer.json()["message"] == "System has conflicting actions"
    await yard.hub.targets.remove(who, target.id)
    assert (await admin.delete(f"/system/{number}")).status_code == 201


async def test_deleted_its_client_belongs_to_nobody(yard, admin):
    own = await client(yard)
    number = await system(admin, clientId=own.number)
    answer = await admin.delete(f"/system/{number}")
    assert (answer.status_code, answer.json()) == (201, {"code": 200001, "message": "success"})
    assert application_of(yard, number) is None
    assert belongs_to(yard, own) is None
    assert faults(await admin.delete(f"/system/{number}")) == (404, 404000, [])


async def test_one_that_owns_a_subscription_made_elsewhere_stays(yard, admin):
    number = await system(admin)
    who = yard.hub.keys.by_key(yard.key)
    topic = await yard.hub.topics.create(who, project_id=None, name="orders")
    await yard.hub.targets.create(who, project_id=None, name="bill", type_="webhook")
    await yard.hub.subscriptions.create(
        who, project_id="default", topics=[topic.id], target_id="bill", application="shop"
    )
    assert faults(await admin.delete(f"/system/{number}"))[:2] == (400, 400303)


async def test_who_may_not_is_told_so(client_of, yard):
    reader = await client_of(await yard.key_for(Scope.CATALOG_READ))
    assert (await reader.get("/system")).status_code == 200
    assert faults(await reader.post("/system", json={})) == (401, 401002, [])
    assert faults(await reader.put("/system/1", json={})) == (401, 401002, [])
    assert faults(await reader.delete("/system/1")) == (401, 401002, [])
