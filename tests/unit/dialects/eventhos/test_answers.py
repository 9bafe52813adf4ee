"""eventhos' envelopes as responses, and a route that answers errors by them."""

import json
from types import SimpleNamespace

import httpx
import pytest
from fastapi import APIRouter, FastAPI, HTTPException
from pydantic import BaseModel

from eventyard.dialects.eventhos.answers import EventhosError, EventhosRoute, ok
from eventyard.model.errors import NotFound


class Body(BaseModel):
    name: str


class Lines(list):
    def error(self, event, **fields):
        self.append((event, fields))


@pytest.fixture
def lines():
    return Lines()


@pytest.fixture
def client(lines):
    router = APIRouter(route_class=EventhosRoute)
    thrown = {
        "ours": NotFound("not_found", "nothing here"),
        "theirs": EventhosError(404, 404201, "Client or user not found"),
        "framework": HTTPException(418, "a teapot"),
        "nobodys": RuntimeError("the password is 1234"),
    }

    @router.get("/good")
    async def good():
        return ok(200001, {"id": 1}, status=201)

    @router.get("/raise/{what}")
    async def bad(what: str):
        raise thrown[what]

    @router.post("/body")
    async def body(body: Body):
        return ok(200000)

    app = FastAPI()
    app.state.hub = SimpleNamespace(log=lines)
    app.include_router(router)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://hub")


async def test_a_success_has_its_status_and_content(client):
    answer = await client.get("/good")
    assert (answer.status_code, answer.json()) == (201, {"code": 200001, "message": "success", "content": {"id": 1}})
    assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("what", "status", "code", "message"),
    [
        ("ours", 404, 404000, "nothing here"),
        ("theirs", 404, 404201, "Client or user not found"),
        ("framework", 418, 500000, "a teapot"),
        ("nobodys", 500, 500000, "something went wrong on our side"),
    ],
)
async def test_whatever_is_raised_leaves_in_the_envelope(client, what, status, code, message):
    answer = await client.get(f"/raise/{what}")
    assert answer.status_code == status
    assert answer.json().keys() == {"message", "code", "errorUUID"}
    assert (answer.json()["code"], answer.json()["message"]) == (code, message)


async def test_what_nobody_expected_is_found_in_the_log_by_its_uuid(client, lines):
    answer = await client.get("/raise/nobodys")
    ((event, fields),) = lines
    assert event == "internal"
    assert fields["request_id"] == answer.json()["errorUUID"]
    assert "the password is 1234" in fields["error"]


async def test_what_is_refused_on_purpose_is_no_line_in_the_log(client, lines):
    await client.get("/raise/ours")
    assert not lines


async def test_a_wrong_field_is_named_and_its_value_is_not_repeated(client):
    answer = await client.post("/body", json={"name": {"secret": "hunter2"}})
    assert (answer.status_code, answer.json()["code"]) == (400, 400001)
    assert answer.json()["errors"] == [{"field": "name", "message": "Input should be a valid string"}]
    assert "hunter2" not in json.dumps(answer.json())


async def test_a_body_that_is_missing_is_a_fault_of_the_body(client):
    answer = await client.post("/body")
    assert answer.json()["errors"] == [{"field": "body", "message": "Field required"}]
