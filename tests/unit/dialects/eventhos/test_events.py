import re

import pytest

from eventyard.dialects.eventhos.events import SCHEME
from eventyard.model.access import Scope
from eventyard.model.catalog import Source, Topic
from eventyard.model.reserved import exchange_of
from tests.unit.dialects.eventhos.calls import EVENT, event, faults, items, made, system


@pytest.fixture
async def shop(admin):
    return await system(admin)


def source_of(yard, number):
    return yard.hub.catalog.numbered(Source, number)


async def test_an_event_is_a_source_with_a_topic_of_its_own(yard, admin, shop):
    answer = await admin.post("/event", json={"system_id": shop, **EVENT})
    assert (answer.status_code, answer.headers["content-type"]) == (201, "application/json")
    assert answer.json() | {"content": None} == {"code": 200001, "message": "success", "content": None}
    source = source_of(yard, answer.json()["content"]["eventId"])
    assert re.fullmatch(r"order_new-[A-Za-z0-9_-]{10}", source.name)
    assert (source.title, source.description, source.labels) == ("New order", "ordered", {"operation": "new"})
    assert source.scheme == SCHEME
    assert yard.hub.catalog.get(Topic, source.topic_id).name == source.name


async def test_its_row_is_that_of_the_original(yard, admin, shop):
    number = await event(admin, shop)
    (row,) = await items(admin, "/event")
    assert row == {
        "id": number, "system_id": shop, "identifier": source_of(yard, number).name, "name": "New order",
        "operation": "new", "description": "ordered", "deleted": 0,
        "created_at": "2026-01-02T03:04:05.678Z", "updated_at": "2026-01-02T03:04:05.678Z",
    }  # fmt: skip


async def test_what_is_wrong_is_told_field_by_field(admin, shop):
    answer = await admin.post("/event", json={"system_id": shop})
    assert faults(answer) == (400, 400001, ["identifier", "name"])
    body = {
        "system_id": shop,
        "identifier": "x" * 65,
        "name": "y" * 46,
        "operation": "z" * 26,
        "description": "d" * 256,
    }
    assert faults(await admin.post("/event", json=body)) == (
        400, 400001, ["identifier", "name", "operation", "description"],
    )  # fmt: skip
    assert faults(await admin.post("/event", json=EVENT)) == (400, 400001, ["system_id"])


async def test_an_unknown_system_is_a_wrong_field(admin):
    assert faults(await admin.post("/event", json={"system_id": 9999, **EVENT})) == (400, 400001, ["system_id"])


async def test_a_name_of_the_hubs_own_is_a_wrong_field(admin, shop):
    answer = await admin.post("/event", json={"system_id": shop, **EVENT, "identifier": "project.x"})
    assert faults(answer) == (400, 400001, ["identifier"])


async def test_a_form_is_understood_as_json_is(admin, shop):
    answer = await admin.post("/event", data={"system_id": str(shop), "identifier": "one", "name": "One"})
    assert answer.status_code == 201


async def test_the_list_is_that_of_a_system_or_of_a_name(admin, shop):
    other = await system(admin, identifier="other")
    first = await event(admin, shop, name="Alpha")
    second = await event(admin, other, name="Beta")
    assert [row["id"] for row in await items(admin, "/event")] == [first, second]
    assert [row["id"] for row in await items(admin, "/event", systemId=other)] == [second]
    assert [row["id"] for row in await items(admin, "/event", eventName="ALPH")] == [first]
    assert [row["id"] for row in await items(admin, "/event", systemId="; drop")] == []
    assert [row["id"] for row in await items(admin, "/event", activeSort="name", order="desc")] == [second, first]


async def test_what_is_changed_is_what_is_named(yard, admin, shop):
    number = await event(admin, shop)
    answer = await admin.put(f"/event/{number}", json={"operation": "update", "description": None})
    assert (answer.status_code, answer.json()) == (201, {"code": 200001, "message": "success"})
    source = source_of(yard, number)
    assert (source.title, source.description, source.labels) == ("New order", "", {"operation": "update"})
    assert (await admin.put(f"/event/{number}", json={})).status_code == 201
    assert faults(await admin.put(f"/event/{number}", json={"name": ""})) == (400, 400001, ["name"])


async def test_one_that_is_not_there_is_neither_changed_nor_deleted(admin, shop):
    for answer in (await admin.put("/event/9999", json={"name": "x"}), await admin.delete("/event/9999")):
        assert faults(answer) == (404, 404000, [])
        assert answer.json()["errorUUID"]
    assert faults(await admin.delete(f"/event/{shop}"))[0] == 404
    assert faults(await admin.delete("/event/one")) == (404, 404000, [])
    assert faults(await admin.delete("/event/0")) == (400, 400001, ["event_id"])


async def test_deleted_it_leaves_nothing_behind(yard, admin, shop):
    number = await event(admin, shop)
    topic = source_of(yard, number).topic_id
    answer = await admin.delete(f"/event/{number}")
    assert (answer.status_code, answer.json()) == (201, {"code": 200001, "message": "success"})
    assert source_of(yard, number) is None
    assert yard.hub.catalog.seek(Topic, topic) is None


async def test_with_a_contract_it_stays(yard, admin, shop):
    number = await event(admin, shop)
    target, _ = await yard.hub.targets.create(
        yard.hub.keys.by_key(yard.key), project_id=None, name="receiver", type_="webhook"
    )
    await made(admin, "/contract", "actionId", eventId=number, actionId=target.number, identifier="c", name="C")
    answer = await admin.delete(f"/event/{number}")
    assert faults(answer) == (400, 400207, [])
    assert answer.json()["message"] == "Event has active contracts"
    assert source_of(yard, number) is not None


async def test_a_topic_that_others_read_stays(yard, admin, shop):
    number = await event(admin, shop)
    topic = source_of(yard, number).topic_id
    who = yard.hub.keys.by_key(yard.key)
    await yard.hub.sources.create(who, project_id=None, name="second", topic=topic)
    await admin.delete(f"/event/{number}")
    assert yard.hub.catalog.seek(Topic, topic) is not None


async def test_a_source_made_elsewhere_is_an_event_and_the_hubs_own_is_none(yard, admin):
    who = yard.hub.keys.by_key(yard.key)
    plain = await yard.hub.sources.create(who, project_id=None, name="plain")
    await yard.hub.publishing.door(yard.project, exchange_of(yard.project))
    (row,) = await items(admin, "/event")
    assert (row["id"], row["identifier"], row["name"], row["operation"]) == (plain.number, "plain", "plain", "")


async def test_who_may_not_is_told_so(client_of, yard):
    nobody = await client_of(None)
    assert faults(await nobody.get("/event")) == (403, 403002, [])
    reader = await client_of(await yard.key_for(Scope.CATALOG_READ))
    assert (await reader.get("/event")).status_code == 200
    assert faults(await reader.post("/event", json={})) == (401, 401002, [])
