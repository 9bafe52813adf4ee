"""The page *Send Event* of eventhos' wiki, line by line. Where page and server differ, the server is followed.

| the page says | the server answers | and so do we |
|---|---|---|
| 200000 received | 20000 | 200000, or 20000 by a setting |
| 400024 event does not exist | 400202 | 400202 |
| 400004 client or user not found | 404201, HTTP 404 | 404201 |
| 400011 no short-lived token for this client | 403100 on /auth/token | 403100 |
"""

import uuid

import httpx
import pytest

from eventyard.config.sections import EventhosSettings
from eventyard.model.catalog import Target
from eventyard.testing.fakes import settle
from eventyard.testing.hub import memory_hub
from tests.unit.dialects.eventhos.sending import shop

SEND = "/eventhos/event/send"

BODY = b"""{
  "name": "Morpheush",
  "job": "Leader",
  "id": "199",
  "createdAt": "2020-02-20T11:00:28.107Z"
}"""


@pytest.fixture
async def sold(yard):
    return await shop(yard)


async def send(client, sold, body=BODY, key=None, identifier="sold-x1"):
    """The answer to an event, sent as the page says, by somebody without any other credentials."""
    params = {} if identifier is None else {"event-identifier": identifier}
    headers = {"access-key": sold.key if key is None else key, "content-type": "application/json", "authorization": ""}
    return await client.post(SEND, params=params, content=body, headers=headers)


def refusal(answer):
    """Status and code of a refusal, which has a message and an id."""
    told = answer.json()
    assert told.keys() == {"message", "code", "errorUUID"}
    assert uuid.UUID(told["errorUUID"]).version == 4
    return answer.status_code, told["code"]


async def test_200000_event_was_received_successfully(client, sold):
    await sold.contract()
    answer = await send(client, sold)
    assert (answer.status_code, answer.json()) == (200, {"code": 200000, "message": "success"})


async def test_20000_where_the_original_is_asked_for():
    async with memory_hub(eventhos=EventhosSettings(success_code=20000)) as yard:
        sold = await shop(yard)
        await sold.contract()
        async with httpx.AsyncClient(transport=httpx.ASGITransport(yard.app), base_url="http://hub.example") as client:
            answer = await send(client, sold)
        assert (answer.status_code, answer.json()) == (200, {"code": 20000, "message": "success"})


async def test_200310_success_but_no_contracts_exists_for_this_event(client, sold):
    answer = await send(client, sold)
    assert answer.status_code == 203
    assert answer.json() == {"code": 200310, "message": "Success, but no contracts exists for this event"}


async def test_401202_incorrect_token(client, sold):
    assert refusal(await send(client, sold, key="nonsense")) == (401, 401202)


async def test_401201_incorrect_token_where_there_is_a_long_lived_one(client, sold):
    token = await sold.long_token()
    assert refusal(await send(client, sold)) == (401, 401201)
    assert (await send(client, sold, key=token)).status_code == 203


async def test_400201_event_identifier_is_required(client, sold):
    assert refusal(await send(client, sold, identifier=None)) == (400, 400201)
    assert refusal(await send(client, sold, key="")) == (400, 400201)


async def test_400202_the_event_does_not_exist(client, sold):
    assert refusal(await send(client, sold, identifier="new-bomb-k736k3hiW7")) == (400, 400202)


async def test_404201_client_or_user_not_found(yard, client):
    sold = await shop(yard, client=False)
    assert refusal(await send(client, sold)) == (404, 404201)


async def test_403201_a_client_that_is_revoked(client, sold):
    await sold.revoke()
    assert refusal(await send(client, sold)) == (403, 403201)


@pytest.mark.parametrize("body", [b"{", b'{"a":}', b"name=x", b"null", b"1"])
async def test_500000_not_categorized_error(client, sold, body):
    assert refusal(await send(client, sold, body)) == (400, 500000)


@pytest.mark.parametrize("body", [BODY, b"[]", b"[1,{}]", b'{"\xc3\xa9": "\\ud83d\\ude00"}'])
async def test_any_valid_json_is_what_the_action_gets(yard, client, sold, body):
    await sold.contract()
    assert (await send(client, sold, body)).status_code == 200
    (delivery,) = await yard.webhook.arrived(1)
    assert delivery.event.data == body


async def test_the_answer_does_not_wait_for_the_action_and_the_status_is_in_the_log_after_it(yard, client, sold):
    contract = await sold.contract()
    action = yard.hub.catalog.get(Target, contract.target_id)
    yard.webhook.hold(action)
    assert (await send(client, sold)).status_code == 200
    await yard.webhook.arrived(1)
    assert await states(client) == [[None]]
    yard.webhook.let_go(action)
    await settle()
    assert await states(client) == [["processed"]]


async def states(client):
    """What the log says of each event."""
    items = (await client.get("/eventhos/event/received")).json()["content"]["items"]
    return [item["state"] for item in items]


async def test_every_call_that_the_page_names_is_there(yard):
    async with httpx.AsyncClient(transport=httpx.ASGITransport(yard.app), base_url="http://hub.example") as nobody:
        for method, path in (
            ("GET", "/event"),
            ("POST", "/event"),
            ("PUT", "/event/1"),
            ("DELETE", "/event/1"),
            ("GET", "/event/received"),
            ("GET", "/event/received/1"),
            ("GET", "/event/received/execution-detail/1"),
            ("POST", "/system"),
        ):
            answer = await nobody.request(method, f"/eventhos{path}", json={} if method in ("POST", "PUT") else None)
            assert refusal(answer) == (403, 403002), path
