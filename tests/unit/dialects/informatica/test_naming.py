from itertools import islice, product

from eventyard.dialects.informatica.naming import SHOWN
from eventyard.dialects.informatica.profiles import DIH
from eventyard.model.catalog import Mode, Subscription

PATH = "/subscription/changemode"


async def answers_to(client, name):
    told = await client.post(PATH, json={"subscriptionName": name, "mode": "enable"})
    return told.status_code, told.json().get("message", "")


async def test_a_name_or_an_id_means_one_whatever_the_case(client_of, billing):
    client = await client_of(DIH)
    assert [(await answers_to(client, name))[0] for name in ("billing", "BILLING", billing["id"])] == [200] * 3


async def test_the_very_name_goes_before_one_of_another_case(client_of, native, billing):
    other = await native("POST", "jobs", name="store")
    await native("POST", "subscriptions", name="Billing", source_id=billing["source_id"], target_id=other["id"])
    client = await client_of(DIH)
    assert (await answers_to(client, "billing"))[0] == 200
    status, message = await answers_to(client, "BILLING")
    assert (status, "several go by the name" in message) == (400, True)


async def test_an_id_goes_before_a_name_that_is_the_same_words(client_of, yard, native, billing):
    other = await native("POST", "jobs", name="store")
    await native("POST", "subscriptions", name=billing["id"], source_id=billing["source_id"], target_id=other["id"])
    client = await client_of(DIH)
    await client.post(PATH, json={"subscriptionName": billing["id"], "mode": "disable"})
    assert yard.hub.catalog.get(Subscription, billing["id"]).mode is Mode.DISABLED


async def test_who_calls_several_is_told_their_ids_and_how_to_rename_one(client_of, native, billing):
    wish = {"name": "Billing", "topics": ["orders"], "target_id": billing["target_id"]}
    other = await native("POST", "subscriptions", **wish)
    client = await client_of(DIH)
    status, message = await answers_to(client, "BILLING")
    assert (status, message) == (
        400,
        "several go by the name 'BILLING'; give the id of one in place of the name, or rename one: "
        f'PATCH /v1/subscriptions/{{id}} {{"name": …}}; their ids: {other["id"]}, {billing["id"]}',
    )
    await native("PATCH", f"subscriptions/{other['id']}", name="billing too")
    assert (await answers_to(client, "BILLING"))[0] == 200


async def test_not_all_of_very_many_are_told(client_of, native, billing):
    wish = {"topics": ["orders"], "target_id": billing["target_id"]}
    for letters in islice(product(*((letter, letter.upper()) for letter in "billing")), SHOWN + 1):
        if "".join(letters) not in ("billing", "BILLING"):
            await native("POST", "subscriptions", name="".join(letters), **wish)
    _, message = await answers_to(await client_of(DIH), "BILLING")
    assert message.endswith(", …")
    assert billing["id"] not in message


async def test_what_belongs_to_others_is_not_there(yard, client_of, billing):
    stranger = await client_of(DIH, await yard.stranger_key())
    assert await answers_to(stranger, billing["id"]) == (404, f"there is no subscription '{billing['id']}'")
