from eventyard.dialects.informatica.profiles import DIH

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


async def test_what_belongs_to_others_is_not_there(yard, client_of, billing):
    stranger = await client_of(DIH, await yard.stranger_key())
    assert await answers_to(stranger, billing["id"]) == (404, f"there is no subscription '{billing['id']}'")
