import gzip
import io
import json

import httpx
import pytest

from eventyard.dialects.eventhos.answers import EventhosError
from eventyard.dialects.eventhos.door import Door
from eventyard.model.errors import TooLarge, TooMany
from eventyard.telemetry.log import make_log
from eventyard.testing.hub import memory_hub
from tests.unit.dialects.eventhos.calls import faults

CORS = "access-control-allow-origin"


class Inner:
    """In the place of the routes: answers what came to it, or raises."""

    def __init__(self, error=None, late=False):
        self.error, self.late = error, late

    async def __call__(self, scope, receive, send):
        if self.error is not None and not self.late:
            raise self.error
        body = (await receive())["body"] if scope["method"] not in ("GET", "HEAD") else b""
        told = [
            scope["method"],
            scope["path"],
            body.decode(),
            dict(scope["headers"]).get(b"content-type", b"").decode(),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": []})
        if self.error is not None:
            raise self.error
        await send({"type": "http.response.body", "body": json.dumps(told).encode()})


async def read(headers, receive):
    if dict(headers).get(b"x-size") == b"large":
        raise TooLarge("body_too_large", "the body is beyond 10 bytes")
    body = (await receive())["body"]
    return gzip.decompress(body) if dict(headers).get(b"content-encoding") == b"gzip" else body


@pytest.fixture
def client_of(yard):
    def make(inner, hub=yard.hub, **options):
        transport = httpx.ASGITransport(Door(inner, hub, read), **options)
        return httpx.AsyncClient(transport=transport, base_url="http://hub.example")

    return make


@pytest.fixture
def client(client_of):
    return client_of(Inner())


@pytest.mark.parametrize("path", ["/eventhos/event", "/eventhos/event/send", "/eventhos/nowhere"])
async def test_a_page_may_do_whatever_it_asks_for_beforehand(client, path):
    asked = {"origin": "https://ui.example", "access-control-request-headers": "authorization", "x": "y"}
    answer = await client.options(path, headers=asked)
    assert (answer.status_code, answer.content, answer.headers[CORS]) == (204, b"", "*")
    assert answer.headers["access-control-allow-headers"] == "authorization"


async def test_every_answer_can_be_read_from_everywhere(client, client_of):
    assert (await client.get("/eventhos/event")).headers[CORS] == "*"
    refused = await client_of(Inner(EventhosError(404, 400002, "Action does not exist"))).get("/eventhos/action/1")
    assert refused.headers[CORS] == "*"
    assert faults(refused) == (404, 400002, [])


async def test_a_path_may_end_with_a_slash_and_head_is_answered_as_get(client):
    assert (await client.get("/eventhos/event/")).json()[:2] == ["GET", "/eventhos/event"]
    assert (await client.head("/eventhos")).status_code == 200


@pytest.mark.parametrize(
    ("media", "body", "json_"),
    [
        ("application/json", b'{"a": 1}', '{"a": 1}'),
        ("application/problem+json; charset=utf-8", b"[1]", "[1]"),
        ("", b'{"a": 1}', '{"a": 1}'),
        ("text/plain", b"", "{}"),
        ("application/x-www-form-urlencoded", b"a=1&b=x+y", '{"a":"1","b":"x y"}'),
    ],
)
async def test_the_routes_are_given_json(client, media, body, json_):
    headers = {"content-type": media} if media else {}
    told = (await client.post("/eventhos/event", content=body, headers=headers)).json()
    assert told[2:] == [json_, "application/json"]


async def test_a_compressed_body_is_read_and_not_said_to_be_compressed_any_more(client):
    headers = {"content-type": "application/json", "content-encoding": "gzip"}
    told = (await client.put("/eventhos/event/1", content=gzip.compress(b"{}"), headers=headers)).json()
    assert told[2:] == ["{}", "application/json"]


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({"content-type": "application/json"}, b"{", 400),
        ({"content-type": "application/json"}, b'"\xff"', 400),
        ({"content-type": "application/json"}, b"[" * 65 + b"]" * 65, 413),
        ({"content-type": "text/xml"}, b"<a/>", 415),
        ({"content-type": "application/json", "x-size": "large"}, b"{}", 413),
    ],
)
async def test_what_cannot_be_read_is_refused_in_the_envelope(client, headers, body, status):
    answer = await client.post("/eventhos/event", content=body, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (status, 500000)
    assert answer.json().keys() == {"message", "code", "errorUUID"}
    assert answer.headers[CORS] == "*"


async def test_what_goes_wrong_tells_nothing_of_itself_and_the_log_knows_it(client_of):
    written = io.BytesIO()
    async with memory_hub(log=make_log("error", stream=written)) as yard:
        client = client_of(Inner(ValueError("SELECT secret")), yard.hub)
        answer = await client.get("/eventhos/event")
    assert faults(answer) == (500, 500000, [])
    assert "secret" not in answer.text
    assert answer.json()["errorUUID"] in written.getvalue().decode()
    assert b"SELECT secret" in written.getvalue()


async def test_headers_of_a_refusal_go_with_it(client_of):
    answer = await client_of(Inner(TooMany("slowly", retry_after=3))).get("/eventhos/event")
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "3")


async def test_what_goes_wrong_after_the_answer_began_is_for_the_server(client_of):
    with pytest.raises(ValueError, match="late"):
        await client_of(Inner(ValueError("late"), late=True)).get("/eventhos/event")


async def test_what_is_no_request_is_left_alone(yard):
    await Door(Inner(ValueError("never")), yard.hub, read)({"type": "lifespan"}, None, None)
