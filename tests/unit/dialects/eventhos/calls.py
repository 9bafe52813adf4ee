"""Calls that tests of the management routes make over and over."""

SYSTEM = {"systemClass": "hybrid", "identifier": "shop", "name": "Shop", "type": "ERP", "description": "sells"}
EVENT = {"identifier": "order_new", "name": "New order", "operation": "new", "description": "ordered"}


async def made(client, path, key, **body):
    """POST, and the id of what was made."""
    answer = await client.post(path, json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()["content"][key]


async def system(client, **fields):
    return await made(client, "/system", "systemId", **SYSTEM | fields)


async def event(client, system_id, **fields):
    return await made(client, "/event", "eventId", **EVENT | {"system_id": system_id} | fields)


async def items(client, path, **query):
    """The items of a list."""
    answer = await client.get(path, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()["content"]["items"]


def faults(answer):
    """Status, code and the fields at fault of a refusal."""
    body = answer.json()
    return answer.status_code, body["code"], [fault["field"] for fault in body.get("errors", [])]
