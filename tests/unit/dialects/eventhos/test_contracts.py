import re

import pytest

from eventyard.dialects.eventhos.contracts import ONCE
from eventyard.model.access import Scope
from eventyard.model.catalog import Application, Mode, Source, Subscription, Target
from tests.unit.dialects.eventhos.calls import event, faults, items, made, system

CONTRACT = {"identifier": "bill_it", "name": "Bill it", "order": 2, "mailRecipientsOnError": "a@x.example, b@y.example"}


@pytest.fixture
async def ends(yard, admin):
    """The fields that name an event and an action, each of a system of its own."""
    shop, billing = await system(admin), await system(admin, identifier="billing", name="Billing")
    return {"eventId": await event(admin, shop), "actionId": await action(yard, "bill", billing)}


async def action(yard, name, system_id):
    application = yard.hub.catalog.numbered(Application, system_id)
    target, _ = await yard.hub.targets.create(
        yard.hub.keys.by_key(yard.key), project_id=None, name=name, type_="webhook",
        labels={"application": application.id},
    )  # fmt: skip
    return target.number


def subscription_of(yard, number):
    return yard.hub.catalog.numbered(Subscription, number)


async def contract(admin, ends, **fields):
    return await made(admin, "/contract", "actionId", **CONTRACT | ends | fields)


async def test_a_contract_is_a_subscription_tried_once_and_its_id_has_the_name_of_another(yard, admin, ends):
    answer = await admin.post("/contract", json={**CONTRACT, **ends, "producerId": 1, "consumerId": 2})
    number = answer.json()["content"]["actionId"]
    assert (answer.status_code, answer.json()) == (
        201, {"code": 200001, "message": "success", "content": {"actionId": number}},
    )  # fmt: skip
    subscription = subscription_of(yard, number)
    assert re.fullmatch(r"bill_it-[A-Za-z0-9_-]{10}", subscription.name)
    assert (subscription.title, subscription.order, subscription.mode) == ("Bill it", 2, Mode.ENABLED)
    assert subscription.mail_to == ("a@x.example", "b@y.example")
    assert subscription.retry == ONCE
    assert ONCE.attempts == 1
    assert subscription.source_id == yard.hub.catalog.numbered(Source, ends["eventId"]).id
    assert subscription.target_id == yard.hub.catalog.numbered(Target, ends["actionId"]).id
    assert yard.hub.catalog.get(Application, subscription.application_id).name == "billing"
    assert not subscription.stop_on_error


@pytest.mark.parametrize("recipients", ["", None, " , "])
async def test_without_recipients_nobody_is_told(yard, admin, ends, recipients):
    number = await contract(admin, ends, mailRecipientsOnError=recipients)
    assert subscription_of(yard, number).mail_to == ()


async def test_what_is_wrong_is_told_field_by_field(admin, ends):
    assert faults(await admin.post("/contract", json={})) == (
        400, 400001, ["eventId", "actionId", "identifier", "name"],
    )  # fmt: skip
    wrong = {**CONTRACT, **ends, "order": -1, "name": "x" * 201}
    assert faults(await admin.post("/contract", json=wrong)) == (400, 400001, ["name", "order"])
    nowhere = {**CONTRACT, **ends, "eventId": 9999}
    assert faults(await admin.post("/contract", json=nowhere)) == (400, 400001, ["eventId"])
    swapped = {**CONTRACT, "eventId": ends["eventId"], "actionId": ends["eventId"]}
    assert faults(await admin.post("/contract", json=swapped)) == (400, 400001, ["actionId"])


async def test_a_recipient_who_has_no_address_is_told_by_their_place(admin, ends):
    wrong = {**CONTRACT, **ends, "mailRecipientsOnError": "a@x.example,nobody"}
    assert faults(await admin.post("/contract", json=wrong)) == (400, 400001, ["mailRecipientsOnError.1"])


async def test_an_identifier_that_is_taken_is_refused(yard, admin, ends):
    taken = subscription_of(yard, await contract(admin, ends)).name
    answer = await admin.post("/contract", json={**CONTRACT, **ends, "identifier": taken})
    assert faults(answer) == (400, 400101, [])
    assert answer.json()["message"] == "Contract identifier already exist"


async def test_of_an_event_and_an_action_there_may_be_several(yard, admin, ends):
    numbers = [await contract(admin, ends, identifier=f"c{at}", order=at) for at in range(3)]
    path = f"/contract/event/{ends['eventId']}/action/{ends['actionId']}"
    rows = (await admin.get(path)).json()["content"]
    assert [row["id"] for row in rows] == numbers
    assert {row["event_id"] for row in rows} == {ends["eventId"]}
    assert [one["eventId"] for one in await items(admin, "/contract")] == [ends["eventId"]] * 3


async def test_but_not_on_a_topic_that_others_publish_into(yard, admin, ends):
    await contract(admin, ends)
    source = yard.hub.catalog.numbered(Source, ends["eventId"])
    await yard.hub.sources.create(yard.hub.keys.by_key(yard.key), project_id=None, name="other", topic=source.topic_id)
    assert faults(await admin.post("/contract", json={**CONTRACT, **ends})) == (400, 400101, [])


async def test_its_rows_are_those_of_the_original(yard, admin, ends):
    number = await contract(admin, ends)
    (row,) = await items(admin, "/contract")
    assert row == {
        "id": number, "name": "Bill it", "active": 1, "order": 2, "eventId": ends["eventId"],
        "actionId": ends["actionId"], "producerName": "Shop", "consumerName": "Billing",
        "eventIdentifier": yard.hub.catalog.numbered(Source, ends["eventId"]).name, "actionIdentifier": "bill",
        "mailRecipientsOnError": "a@x.example,b@y.example",
    }  # fmt: skip
    (row,) = (await admin.get(f"/contract/event/{ends['eventId']}")).json()["content"]
    assert row == {
        "id": number, "action_id": ends["actionId"], "event_id": ends["eventId"],
        "identifier": subscription_of(yard, number).name, "name": "Bill it", "active": 1, "order": 2, "deleted": 0,
        "created_at": "2026-01-02T03:04:05.678Z", "updated_at": "2026-01-02T03:04:05.678Z",
        "mail_recipients_on_error": "a@x.example,b@y.example",
    }  # fmt: skip
    assert (await admin.get("/contract/event/9999")).json()["content"] == []


@pytest.mark.parametrize("word", ["bill it", "SHOP", "billing", "order_new-", "bill"])
async def test_a_word_is_looked_for_in_the_names_of_both_ends(admin, ends, word):
    await contract(admin, ends)
    assert len(await items(admin, "/contract", wordSearch=word)) == 1
    assert await items(admin, "/contract", wordSearch=word + "?") == []


async def test_what_is_changed_is_what_is_named(yard, admin, ends):
    number = await contract(admin, ends)
    answer = await admin.put(f"/contract/{number}", json={"active": False, "name": "Other", "stopOnError": True})
    assert (answer.status_code, answer.json()) == (201, {"code": 200001, "message": "success"})
    changed = subscription_of(yard, number)
    assert (changed.mode, changed.title, changed.order, changed.stop_on_error) == (Mode.DISABLED, "Other", 2, True)
    await admin.put(f"/contract/{number}", json={"active": 1, "order": "0", "mailRecipientsOnError": None})
    changed = subscription_of(yard, number)
    assert (changed.mode, changed.order, changed.mail_to) == (Mode.ENABLED, 0, ())
    assert (await admin.put(f"/contract/{number}", json={})).status_code == 201
    wrong = await admin.put(f"/contract/{number}", json={"mailRecipientsOnError": "nobody"})
    assert faults(wrong) == (400, 400001, ["mailRecipientsOnError.0"])


async def test_one_that_is_paused_elsewhere_is_not_active_and_stays_paused(yard, admin, ends):
    number = await contract(admin, ends)
    who = yard.hub.keys.by_key(yard.key)
    await yard.hub.subscriptions.change(who, subscription_of(yard, number).id, {"mode": Mode.PAUSED})
    assert (await items(admin, "/contract"))[0]["active"] == 0
    await admin.put(f"/contract/{number}", json={"active": False})
    assert subscription_of(yard, number).mode is Mode.PAUSED


async def test_the_contracts_of_an_event_come_in_their_order(yard, admin, ends):
    shop = await system(admin, identifier="more")
    numbers = [
        await contract(admin, {**ends, "actionId": await action(yard, f"a{at}", shop)}, order=at) for at in (2, 0, 1)
    ]
    path = f"/contract/event/{ends['eventId']}"
    assert [row["id"] for row in (await admin.get(path)).json()["content"]] == [numbers[1], numbers[2], numbers[0]]
    orders = [{"contractId": numbers[0], "order": 0}, {"contractId": numbers[1], "order": "5"}]
    answer = await admin.put("/contract/order", json={"orders": orders})
    assert (answer.status_code, answer.json()) == (201, {"code": 200001, "message": "success"})
    assert [row["id"] for row in (await admin.get(path)).json()["content"]] == [numbers[0], numbers[2], numbers[1]]


async def test_orders_are_changed_all_or_none(yard, admin, ends):
    number = await contract(admin, ends)
    orders = [{"contractId": number, "order": 7}, {"contractId": 9999, "order": 0}]
    assert faults(await admin.put("/contract/order", json={"orders": orders})) == (404, 404000, [])
    assert subscription_of(yard, number).order == 2
    assert faults(await admin.put("/contract/order", json={"orders": [{"order": 1}]})) == (
        400, 400001, ["orders.0.contractId"],
    )  # fmt: skip
    assert (await admin.put("/contract/order", json={"orders": []})).status_code == 201


async def test_deleted_it_is_gone(yard, admin, ends):
    number = await contract(admin, ends)
    answer = await admin.delete(f"/contract/{number}")
    assert (answer.status_code, answer.json()) == (201, {"code": 200001, "message": "success"})
    assert subscription_of(yard, number) is None
    for answer in (await admin.delete(f"/contract/{number}"), await admin.put(f"/contract/{number}", json={})):
        assert faults(answer) == (404, 404000, [])


async def test_a_subscription_made_elsewhere_is_a_contract_though_of_no_event_alone(yard, admin):
    who = yard.hub.keys.by_key(yard.key)
    topic = await yard.hub.topics.create(who, project_id=None, name="orders")
    target, _ = await yard.hub.targets.create(who, project_id=None, name="bill", type_="webhook")
    await yard.hub.subscriptions.create(who, project_id="default", topics=[topic.id], target_id="bill")
    (row,) = await items(admin, "/contract")
    assert (row["eventId"], row["eventIdentifier"], row["producerName"]) == (None, "", "")
    assert (row["actionId"], row["consumerName"], row["order"], row["name"]) == (
        target.number, "default", 0, "orders to bill",
    )  # fmt: skip


async def test_who_may_not_is_told_so(client_of, yard):
    reader = await client_of(await yard.key_for(Scope.CATALOG_READ))
    assert (await reader.get("/contract")).status_code == 200
    assert faults(await reader.put("/contract/order", json={"orders": []})) == (401, 401002, [])
