import re
from contextlib import AsyncExitStack

import pytest

from eventyard.dialects.eventhos.action_settings import MASK
from eventyard.model.access import Scope
from eventyard.model.catalog import Application, Source, Target
from eventyard.targets.request import RequestTarget
from eventyard.testing.hub import memory_hub
from tests.unit.dialects.eventhos.calls import event, faults, items, made, system

URL = "https://billing.example/bills"
ACTION = {"identifier": "bill_new", "name": "Bill", "operation": "new", "description": "writes a bill", "url": URL}
OAUTH2 = {"securityType": 1, "securityUrl": "https://id.example/token", "clientId": "me", "clientSecret": "s3cret"}


@pytest.fixture
async def yard():
    request = RequestTarget()
    async with AsyncExitStack() as stack, memory_hub(target_types={"request": request}) as yard:
        await request.start(stack)
        yield yard


@pytest.fixture
async def billing(admin):
    return await system(admin, identifier="billing", name="Billing")


async def action(admin, billing, **fields):
    return await made(admin, "/action", "actionId", **ACTION | {"system_id": billing} | fields)


async def shown(admin, number):
    answer = await admin.get(f"/action/{number}")
    assert answer.status_code == 200, answer.text
    return answer.json()["content"]


def target_of(yard, number):
    return yard.hub.catalog.numbered(Target, number)


async def test_an_action_is_a_target_of_the_type_request(yard, admin, billing):
    answer = await admin.post("/action", json={**ACTION, "system_id": billing, "headers": [], "queryUrlParams": []})
    number = answer.json()["content"]["actionId"]
    assert (answer.status_code, answer.json()) == (
        201, {"code": 200001, "message": "success", "content": {"actionId": number}},
    )  # fmt: skip
    target = target_of(yard, number)
    assert re.fullmatch(r"bill_new-[A-Za-z0-9_-]{10}", target.name)
    assert (target.type, target.title, target.timeout_ms) == ("request", "Bill", 70_000)
    assert target.labels == {"operation": "new", "application": yard.hub.catalog.numbered(Application, billing).id}
    assert target.settings == {"url": URL, "method": "POST", "missing": "drop"}


async def test_it_is_shown_as_the_original_shows_it(yard, admin, billing):
    number = await action(
        admin, billing, method="put", headers=[{"key": "X-Order", "value": "${.body.id}"}], securityType=0,
        queryUrlParams=[{"key": "a", "value": 1}], rawBody={"id": "${.body.id}", "lines": ["${.body.lines[0]}"]},
    )  # fmt: skip
    assert await shown(admin, number) == {
        "id": number,
        "identifier": target_of(yard, number).name,
        "name": "Bill",
        "httpConfiguration": {
            "url": URL,
            "method": "put",
            "headers": {"X-Order": "${.body.id}"},
            "data": {"id": "${.body.id}", "lines": ["${.body.lines[0]}"]},
            "params": {"a": "1"},
            "rawFunctionBody": None,
        },
        "operation": "new",
        "description": "writes a bill",
        "deleted": False,
        "created_at": "2026-01-02T03:04:05.678Z",
        "updated_at": "2026-01-02T03:04:05.678Z",
        "reply_to": None,
        "security": {"type": "custom", "httpConfiguration": {}},
    }


async def test_a_secret_goes_in_and_never_comes_out(yard, admin, billing):
    number = await action(admin, billing, **OAUTH2)
    answer = await admin.get(f"/action/{number}")
    assert "s3cret" not in answer.text
    security = answer.json()["content"]["security"]
    assert security["type"] == "oauth2_client"
    assert security["httpConfiguration"]["data"]["client_secret"] == MASK
    assert "s3cret" not in (await admin.get("/action")).text
    before = target_of(yard, number).secrets
    assert list(before) == ["client_secret"]

    answer = await admin.put(f"/action/{number}", json={**OAUTH2, "clientSecret": MASK, "clientId": "you"})
    assert answer.status_code == 201
    assert target_of(yard, number).secrets == before
    assert target_of(yard, number).settings["oauth2"]["client_id"] == "you"
    await admin.put(f"/action/{number}", json={**OAUTH2, "clientSecret": "another"})
    assert target_of(yard, number).secrets != before
    await admin.put(f"/action/{number}", json={"securityType": 0})
    assert (target_of(yard, number).secrets, target_of(yard, number).settings.get("oauth2")) == ({}, None)


async def test_what_is_wrong_is_told_field_by_field(admin, billing):
    assert faults(await admin.post("/action", json={})) == (
        400, 400001, ["system_id", "identifier", "name", "url"],
    )  # fmt: skip
    good = {**ACTION, "system_id": billing}
    for wrong, fields in [
        ({"system_id": 9999}, ["system_id"]),
        ({"method": "po st"}, ["method"]),
        ({"method": "connect"}, ["method"]),
        ({"headers": {"a": "b"}}, ["headers"]),
        ({"headers": [{"key": "a b", "value": "c"}]}, ["headers"]),
        ({"queryUrlParams": "x"}, ["queryUrlParams"]),
        ({"url": "ftp://x/y"}, ["url"]),
        ({"url": "https://x/${.bod}"}, ["url"]),
        ({"url": "http://127.0.0.1/x"}, ["url"]),
        ({"rawBody": {"a": "${.body"}}, ["rawBody.a"]),
        ({"reply_to": "nobody"}, ["reply_to"]),
        ({"securityType": 1}, ["securityUrl"]),
        ({**OAUTH2, "securityUrl": "ftp://x/yzz"}, ["securityUrl"]),
        ({"missing": "guess"}, ["missing"]),
        ({"mapping": "{{"}, ["mapping"]),
        ({"rawFunctionBody": "return {"}, ["rawFunctionBody"]),
    ]:
        assert faults(await admin.post("/action", json=good | wrong)) == (400, 400001, fields), wrong


async def test_an_identifier_that_is_taken_is_refused(yard, admin, billing):
    taken = target_of(yard, await action(admin, billing)).name
    answer = await admin.post("/action", json={**ACTION, "system_id": billing, "identifier": taken})
    assert faults(answer) == (400, 400001, [])
    assert answer.json()["message"] == "Action identifier already exist"


async def test_the_response_becomes_an_event_that_is_there(yard, admin, billing):
    name = yard.hub.catalog.numbered(Source, await event(admin, billing)).name
    number = await action(admin, billing, reply_to=name)
    assert (await shown(admin, number))["reply_to"] == name
    await admin.put(f"/action/{number}", json={"reply_to": None})
    assert (await shown(admin, number))["reply_to"] is None


async def test_what_the_web_ui_reads_it_can_send_back(yard, admin, billing):
    number = await action(
        admin, billing, **OAUTH2, method="post", headers=[{"key": "X-A", "value": "1"}], rawBody={"a": [1]}
    )
    before = target_of(yard, number)
    read = await shown(admin, number)
    http, security = read["httpConfiguration"], read["security"]["httpConfiguration"]
    form = {
        "name": read["name"], "operation": read["operation"], "description": read["description"],
        "reply_to": read["reply_to"], "url": http["url"], "method": http["method"], "inputType": "raw",
        "headers": [{"key": key, "value": value} for key, value in http["headers"].items()],
        "queryUrlParams": [{"key": key, "value": value} for key, value in http["params"].items()],
        "rawBody": http["data"], "rawFunctionBody": http["rawFunctionBody"], "securityType": 1,
        "securityUrl": security["url"], "clientId": security["data"]["client_id"],
        "clientSecret": security["data"]["client_secret"],
    }  # fmt: skip
    assert (await admin.put(f"/action/{number}", json=form)).status_code == 201
    after = target_of(yard, number)
    assert (after.settings, after.secrets, after.title, after.labels) == (
        before.settings, before.secrets, before.title, before.labels,
    )  # fmt: skip


async def test_a_secret_that_is_not_given_anew_is_told_to_nobody_else(yard, admin, billing):
    number = await action(admin, billing, **OAUTH2)
    before = target_of(yard, number)
    masked = OAUTH2 | {"clientSecret": "********"}
    for changes in (masked | {"securityUrl": "https://evil.example/token"}, {"url": "https://evil.example/bills"}):
        assert faults(await admin.put(f"/action/{number}", json=changes)) == (400, 400001, ["clientSecret"])
    assert target_of(yard, number) == before
    assert (await admin.put(f"/action/{number}", json={"securityType": ""})).status_code == 201
    elsewhere = {**OAUTH2, "securityUrl": "https://elsewhere.example/token"}
    assert (await admin.put(f"/action/{number}", json=elsewhere)).status_code == 201
    paths = masked | {"url": f"{URL}/more", "securityUrl": "https://elsewhere.example/oauth2/token"}
    assert (await admin.put(f"/action/{number}", json=paths)).status_code == 201


async def test_what_is_changed_is_what_is_named(yard, admin, billing):
    number = await action(admin, billing, rawFunctionBody="return {a: 1}")
    assert target_of(yard, number).settings["function"] == "return {a: 1}"
    answer = await admin.put(f"/action/{number}", json={"name": "Other", "operation": "", "rawBody": {"a": 1}})
    assert (answer.status_code, answer.json()) == (201, {"code": 200001, "message": "success"})
    target = target_of(yard, number)
    assert (target.title, target.description) == ("Other", "writes a bill")
    assert list(target.labels) == ["application"]
    assert target.settings == {"url": URL, "method": "POST", "missing": "drop", "body": {"a": 1}}
    assert (await admin.put(f"/action/{number}", json={})).status_code == 201
    wrong = await admin.put(f"/action/{number}", json={"url": "x" * 3, "headers": [{"key": "host", "value": "x"}]})
    assert faults(wrong)[:2] == (400, 400001)
    assert target_of(yard, number) == target


async def test_one_that_is_not_there_is_told_so(admin, billing):
    for answer in (
        await admin.get("/action/9999"),
        await admin.put("/action/9999", json={}),
        await admin.delete("/action/9999"),
        await admin.get(f"/action/{billing}"),
    ):
        assert faults(answer) == (404, 400002, [])
        assert answer.json()["message"] == "Action does not exist"


async def test_the_list_is_looked_through_by_name_description_and_system(admin, billing):
    number = await action(admin, billing)
    for word in ("bill", "WRITES", "billing"):
        assert [row["id"] for row in await items(admin, "/action", wordSearch=word)] == [number]
    assert await items(admin, "/action", wordSearch="%") == []
    (row,) = await items(admin, "/action")
    assert (row["system_id"], row["system_name"], row["http_configuration"]) == (billing, "Billing", "****")


async def test_with_a_contract_it_stays(yard, admin, billing):
    number = await action(admin, billing)
    ordered = await event(admin, billing)
    contract = await made(admin, "/contract", "actionId", eventId=ordered, actionId=number, identifier="c", name="C")
    answer = await admin.delete(f"/action/{number}")
    assert faults(answer) == (404, 400003, [])
    assert answer.json()["message"] == "Action has active contracts"
    await admin.delete(f"/contract/{contract}")
    answer = await admin.delete(f"/action/{number}")
    assert (answer.status_code, answer.json()) == (201, {"code": 200001, "message": "success"})
    assert target_of(yard, number) is None


async def test_a_target_made_elsewhere_is_an_action_and_changed_there(yard, admin):
    who = yard.hub.keys.by_key(yard.key)
    target, _ = await yard.hub.targets.create(who, project_id=None, name="hook", type_="webhook")
    read = await shown(admin, target.number)
    assert (read["identifier"], read["httpConfiguration"]["url"], read["security"]["type"]) == ("hook", "", "custom")
    assert (await admin.put(f"/action/{target.number}", json={"name": "Hook"})).status_code == 201
    assert target_of(yard, target.number).title == "Hook"
    answer = await admin.put(f"/action/{target.number}", json={"headers": []})
    assert faults(answer) == (400, 400001, ["url"])


async def test_who_may_not_is_told_so(client_of, yard):
    reader = await client_of(await yard.key_for(Scope.CATALOG_READ))
    assert (await reader.get("/action")).status_code == 200
    assert faults(await reader.post("/action", json={})) == (401, 401002, [])
