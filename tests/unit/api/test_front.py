"""Which request goes where, and what becomes of one that fails on the way."""

import asyncio
import io
import json
import threading

import httpx
import pytest

from eventyard.api.front import Front
from eventyard.api.health import Health
from eventyard.api.hot import Hot
from eventyard.api.http import Answer
from eventyard.gateways.sse import Sse
from eventyard.model.access import Scope
from eventyard.telemetry.log import make_log
from eventyard.testing.fakes import settle
from eventyard.testing.hub import memory_hub

HOT = ["/in/none", "/v1/events/dispatch", "/v1/events/batch"]


class Native:
    """In the place of FastAPI: says which requests came to it."""

    def __init__(self):
        self.built = 0
        self.broken = False
        self.thread = None
        self.may_go_on = threading.Event()
        self.may_go_on.set()
        self.asked = []

    def __call__(self):
        self.built += 1
        self.thread = threading.get_ident()
        assert self.may_go_on.wait(10)
        if self.broken:
            raise ImportError("no FastAPI")

        async def app(scope, receive, send):
            self.asked.append((scope["method"], scope["path"]))
            await Answer(200, b'"native"').send(send)

        return app


class Desk:
    """A front whose native application is the one above, a client of it, and what it logs."""

    def __init__(self, yard, stream, *, bench=False, ready=lambda: None):
        self.stream = stream
        self.native = Native()
        streams = Sse(yard.hub.streams, yard.security)
        hot = Hot(yard.hub, yard.security, bench=bench)
        self.dialect = Native()
        self.front = Front(hot, Health(yard.hub.metrics, ready), self.native, streams, {"/eventhos": self.dialect})
        transport = httpx.ASGITransport(self.front)
        self.client = httpx.AsyncClient(transport=transport, base_url="http://hub.example", headers=yard.headers())

    async def logged(self, event):
        """The facts of the one line logged of that name."""
        await settle()
        lines = [json.loads(line) for line in self.stream.getvalue().splitlines()]
        [line] = [line for line in lines if line["event"] == event]
        return line


@pytest.fixture
async def desk_of():
    """Makes desks at a hub in memory."""
    stream = io.BytesIO()
    async with memory_hub(log=make_log("info", "json", stream)) as yard:
        desks = []

        def make(**options):
            desks.append(Desk(yard, stream, **options))
            return desks[-1]

        yield make
        for desk in desks:
            await desk.client.aclose()


@pytest.fixture
def desk(desk_of):
    return desk_of()


# Which way


@pytest.mark.parametrize("path", HOT)
async def test_what_events_come_in_by_is_answered_without_fastapi(desk, path):
    answer = await desk.client.post(path, content=b"[]")
    assert answer.status_code in (200, 404, 422)
    assert desk.native.built == 0


@pytest.mark.parametrize(
    "path", ["/", "/v1", "/v1/sources", "/v1/events", "/v1/events/dispatch/", "/v1/events/batches", "/in", "/docs"]
)
async def test_everything_else_goes_to_fastapi_which_is_built_once(desk, path):
    for _ in range(2):
        assert (await desk.client.get(path)).text == '"native"'
    assert desk.native.asked == [("GET", path)] * 2
    assert desk.native.built == 1


async def test_fastapi_is_built_once_in_a_thread_for_all_who_wait_for_it(desk):
    answers = await asyncio.gather(*(desk.client.get("/docs") for _ in range(5)))
    assert [answer.text for answer in answers] == ['"native"'] * 5
    assert desk.native.built == 1
    assert desk.native.thread != threading.get_ident()


async def test_who_asked_first_may_go_away(desk):
    desk.native.may_go_on.clear()
    first, second = [asyncio.create_task(desk.client.get("/docs")) for _ in range(2)]
    await settle()
    first.cancel()
    await settle()
    desk.native.may_go_on.set()
    assert first.cancelled()
    assert (await second).text == '"native"'
    assert desk.native.built == 1


async def test_what_could_not_be_built_is_tried_again(desk):
    desk.native.broken = True
    with pytest.raises(ImportError):
        await desk.client.get("/docs")
    desk.native.broken = False
    assert (await desk.client.get("/docs")).text == '"native"'
    assert desk.native.built == 2


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("path", ["/livez", "/readyz", "/metrics"])
async def test_supervisors_are_answered_without_fastapi(desk, method, path):
    answer = await desk.client.request(method, path, headers={"authorization": ""})
    assert answer.status_code == 200
    assert desk.native.built == 0


async def test_nothing_else_can_be_done_to_what_supervisors_ask(desk):
    assert (await desk.client.post("/readyz")).text == '"native"'


async def test_a_hub_that_stops_says_so_to_supervisors_and_is_alive(desk_of):
    desk = desk_of(ready=lambda: "stopping")
    answer = await desk.client.get("/readyz")
    assert (answer.status_code, answer.text) == (503, "stopping\n")
    assert (await desk.client.get("/livez")).status_code == 200


async def test_the_yardstick_of_the_benchmarks_is_served_to_benchmarks_only(desk_of):
    plain, bench = desk_of(), desk_of(bench=True)
    assert (await plain.client.post("/v1/empty", content=b"{}")).text == '"native"'
    answer = await bench.client.post("/v1/empty", content=b"{}", headers={"authorization": ""})
    assert (answer.status_code, answer.content) == (202, b"")
    assert bench.native.built == 0


async def test_what_is_no_request_is_let_be(desk):
    await desk.front({"type": "lifespan"}, None, None)


# What fails


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "OPTIONS"])
@pytest.mark.parametrize("path", HOT)
async def test_events_are_posted(desk, method, path):
    answer = await desk.client.request(method, path)
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert answer.json()["code"] == "method_not_allowed"
    assert desk.native.built == 0


@pytest.mark.parametrize("path", HOT)
async def test_headers_have_a_size(desk, path):
    answer = await desk.client.post(path, headers={"x-long": "x" * (32 << 10)})
    assert (answer.status_code, answer.json()["code"]) == (431, "headers_too_large")


@pytest.mark.parametrize("path", [path for path in HOT if not path.startswith("/in/")])
async def test_a_body_has_a_size(desk, path):
    answer = await desk.client.post(path, headers={"content-length": str((16 << 20) + 1)}, content=b"")
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")


async def test_nobody_makes_us_read_a_body_without_a_key(desk):
    answer = await desk.client.post(
        "/v1/events/dispatch", content=b"x" * (2 << 20), headers={"authorization": "Bearer eyk_wrong"}
    )
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
    assert answer.headers["www-authenticate"] == 'Bearer realm="eventyard"'


async def test_a_key_that_calls_too_often_is_told_when_to_come_back():
    async with memory_hub() as yard:
        key = await yard.key_for(Scope.EVENTS_PUBLISH, rate_limit=1)
        transport = httpx.ASGITransport(yard.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://hub", headers=yard.headers(key)) as client:
            first, second = [await client.post("/v1/events/batch", content=b"[]") for _ in range(2)]
    assert (first.status_code, second.status_code) == (200, 429)
    assert second.headers["retry-after"] == "1"


@pytest.mark.parametrize("path", HOT)
async def test_a_problem_bears_the_request_id_of_the_client(desk, path):
    answer = await desk.client.get(path, headers={"x-request-id": "mine-1"})
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-request-id"] == answer.json()["request_id"] == "mine-1"


async def test_a_problem_has_a_request_id_of_its_own_where_the_clients_is_unfit_for_a_log(desk):
    first, second = [await desk.client.get("/in/x", headers={"x-request-id": 'a "b"'}) for _ in range(2)]
    ids = {answer.json()["request_id"] for answer in (first, second)}
    assert len(ids) == 2
    assert not any('"' in found for found in ids)


async def test_a_refusal_is_counted_and_logged(desk):
    answer = await desk.client.post("/in/none", content=b"{}")
    line = await desk.logged("rejected")
    assert (line["code"], line["path"]) == ("not_found", "/in/none")
    assert line["request_id"] == answer.json()["request_id"]
    exposition = (await desk.client.get("/metrics")).text
    assert 'eventyard_events_rejected_total{code="not_found"} 1.0' in exposition


async def test_what_nobody_foresaw_is_500_tells_nothing_and_is_logged_under_the_request_id(desk, yard):
    async def receive():
        raise RuntimeError("the secret is s3cret")

    sent = []

    async def send(message):
        sent.append(message)

    scope = {
        "type": "http", "method": "POST", "path": "/v1/events/dispatch", "query_string": b"",
        "headers": [(b"x-request-id", b"mine-2"), (b"authorization", f"Bearer {yard.key}".encode())],
    }  # fmt: skip
    await desk.front(scope, receive, send)
    start, body = sent
    assert start["status"] == 500
    told = json.loads(body["body"])
    assert (told["code"], told["request_id"]) == ("internal", "mine-2")
    assert b"s3cret" not in body["body"]
    line = await desk.logged("internal")
    assert (line["level"], line["request_id"], line["path"]) == ("error", "mine-2", "/v1/events/dispatch")
    assert "the secret is s3cret" in line["error"]


async def test_at_a_url_of_no_source_nothing_of_the_body_is_read(yard):
    async def receive():
        raise AssertionError("the body was read")

    sent = []

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/in/nope", "headers": [], "query_string": b""}
    await yard.app(scope, receive, send)
    assert sent[0]["status"] == 404


@pytest.mark.parametrize("path", ["/eventhos", "/eventhos/", "/eventhos/event/1"])
async def test_what_is_below_the_path_of_a_dialect_is_for_that_alone(yard, path):
    desk = Desk(yard, None)
    for _ in range(2):
        assert (await desk.client.get(path)).status_code == 200
    assert (desk.dialect.built, desk.dialect.asked) == (1, [("GET", path)] * 2)
    assert desk.native.built == 0
    await desk.client.get("/eventhosts")
    assert desk.native.asked == [("GET", "/eventhosts")]


async def test_what_is_asked_of_the_whole_server_goes_to_fastapi_too(desk):
    told = []

    async def send(message):
        told.append(message)

    scope = {"type": "http", "method": "OPTIONS", "path": "", "query_string": b"", "headers": [], "client": None}
    await desk.front(scope, None, send)
    assert desk.native.asked == [("OPTIONS", "")]
    assert told[0]["status"] == 200
