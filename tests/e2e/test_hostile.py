"""A hub among people who mean it harm, or do not know what they do: bytes on a socket, and everybody at once."""

import asyncio
import gzip
import json
import re
import socket
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from urllib.parse import urlsplit

import httpx
import pytest

from eventyard.cli.demo.child import Child

AT_ONCE = 50


@pytest.fixture
def source(admin: httpx.Client, request: pytest.FixtureRequest) -> str:
    """The id of a source of the test's own."""
    made = admin.post("/v1/event-sources", json={"name": request.node.name, "project_id": "default"})
    assert made.status_code == 201
    return str(made.json()["id"])


@pytest.fixture
def well(live: Child, admin: httpx.Client) -> Iterator[None]:
    """The hub is as well after the test as before, and nothing went wrong on its side."""
    yield
    assert admin.get("/readyz").status_code == 200
    assert '"event":"internal"' not in live.log.read_text()


def connect(hub: Child) -> socket.socket:
    address = urlsplit(hub.url)
    return socket.create_connection((address.hostname, address.port), timeout=30)


def exchange(hub: Child, request: bytes) -> bytes:
    """Everything the hub says to these bytes until it closes the connection."""
    with connect(hub) as wire:
        wire.sendall(request)
        parts = []
        while part := wire.recv(65_536):
            parts.append(part)
        return b"".join(parts)


def statuses(answer: bytes) -> list[int]:
    return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3}) ", answer)]


def post(source: str, body: bytes, *headers: bytes) -> bytes:
    lines = [b"POST /in/%s HTTP/1.1" % source.encode(), b"Host: hub", *headers, b"", body]
    return b"\r\n".join(lines)


CLOSE = b"Connection: close"


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"0\r\n\r\n", [b"Content-Length: 2", b"Transfer-Encoding: chunked"]),
        (b"{}x", [b"Content-Length: 2", b"Content-Length: 3"]),
        (b"{}", [b"Content-Length: -2"]),
        (b"{}", [b"Content-Length: 99999999999999999999999999"]),
        (b"zz\r\n{\r\n", [b"Transfer-Encoding: chunked"]),
        (b"{}", [b"X-Folded: a", b" b", b"Content-Length: 2"]),
    ],
)
def test_a_request_whose_end_is_in_doubt_is_refused_and_hung_up_on(
    live: Child, well: None, source: str, body: bytes, headers: list[bytes]
) -> None:
    assert statuses(exchange(live, post(source, body, *headers))) == [400]


def test_a_body_in_chunks_is_put_together(live: Child, well: None, source: str) -> None:
    chunks = b"1\r\n{\r\n1\r\n}\r\n0\r\n\r\n"
    assert statuses(exchange(live, post(source, chunks, CLOSE, b"Transfer-Encoding: chunked"))) == [202]


def test_requests_in_one_go_are_answered_one_by_one(live: Child, well: None, source: str) -> None:
    one = post(source, b"{}", b"Content-Length: 2")
    last = post(source, b"{", CLOSE, b"Content-Length: 1")
    assert statuses(exchange(live, one + one + last)) == [202, 202, 400]


def test_half_requests_keep_nobody_from_being_answered(
    live: Child, well: None, admin: httpx.Client, source: str
) -> None:
    with ExitStack() as stack:
        for _ in range(200):
            stack.enter_context(connect(live)).sendall(post(source, b"{", b"Content-Length: 1000"))
        assert admin.post(f"/in/{source}", json={}).status_code == 202
    assert len(admin.get("/v1/events", params={"kind": "publication"} | named(admin, source)).json()) == 1


def named(admin: httpx.Client, source: str) -> dict[str, str]:
    return {"name": admin.get(f"/v1/event-sources/{source}").json()["name"]}


@pytest.mark.parametrize("path", ["/in/{source}", "/v1/events/dispatch", "/v1/events/batch", "/v1/projects"])
def test_a_small_body_that_swells_is_refused(well: None, admin: httpx.Client, source: str, path: str) -> None:
    bomb = gzip.compress(bytes(64 << 20))
    assert len(bomb) < 1 << 17
    headers = {"content-encoding": "gzip", "content-type": "application/json"}
    answer = admin.post(path.format(source=source), content=bomb, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")


@pytest.mark.parametrize(
    "path",
    [
        "/in/", "/in//", "/in/..", "/in/%2e%2e", "/in/%2e%2e%2fv1%2fkeys", "//in/{source}", "/in/{source}/",
        "/in/{source}%00", "/in/%ff%fe", "/in/" + "x" * 5000, "/v1/event-sources/%00", "/v1/event-sources/%0d%0aA:%20b",
        "/v1//sources", "/V1/sources", "/docs/assets/%2e%2e/%2e%2e/docs.py", "/v1/events/9999999999999999999",
    ],
)  # fmt: skip
def test_a_path_that_leads_nowhere_is_said_to(live: Child, well: None, source: str, path: str) -> None:
    method = b"POST" if "/in/" in path else b"GET"
    target = path.format(source=source).encode()
    authorization = b"Authorization: Bearer " + live.key.encode()
    lines = [method + b" " + target + b" HTTP/1.1", b"Host: hub", authorization, CLOSE, b"Content-Length: 0", b"", b""]
    answer = exchange(live, b"\r\n".join(lines))
    assert statuses(answer) == [404]
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"\r\nA: b" not in head
    assert json.loads(body)["code"] == "not_found"


@pytest.mark.parametrize("path", ["/v1/event-sources", "/openapi.json", "/docs", "/livez"])
def test_a_head_has_no_body(live: Child, well: None, path: str) -> None:
    authorization = b"Authorization: Bearer " + live.key.encode()
    asked = b"\r\n".join([b"HEAD " + path.encode() + b" HTTP/1.1", b"Host: hub", authorization, CLOSE, b"", b""])
    answer = exchange(live, asked)
    assert statuses(answer) == [200]
    assert answer.endswith(b"\r\n\r\n")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/event-sources", {}),
        ("/v1/topics", {}),
        ("/v1/jobs", {}),
        ("/v1/targets", {"type": "webhook", "settings": {"url": "https://receiver.example/hook"}}),
        ("/v1/applications", {}),
        ("/v1/projects", {}),
    ],
)
async def test_of_many_who_take_a_name_at_once_one_has_it(live: Child, path: str, body: dict[str, object]) -> None:
    body = {"name": f"wanted by all at {path}", **body}
    if path != "/v1/projects":
        body["project_id"] = "default"
    async with at_once(live) as client:
        answers = await asyncio.gather(*(client.post(path, json=body) for _ in range(AT_ONCE)))
    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: AT_ONCE - 1}


async def test_what_is_sent_many_times_at_once_under_one_key_is_one_event(live: Child, source: str) -> None:
    key = {"idempotency-key": "the same for all"}
    async with at_once(live) as client:
        sent = (client.post(f"/in/{source}", json={"order": 1}, headers=key) for _ in range(AT_ONCE))
        answers = await asyncio.gather(*sent)
        [entry] = (await client.get("/v1/events", params={"event_id": answers[0].json()["event_id"]})).json()
    assert {(answer.status_code, answer.json()["entry_id"]) for answer in answers} == {(202, entry["entry_id"])}
    assert Counter(answer.headers.get("idempotency-replayed") for answer in answers) == {None: 1, "true": AT_ONCE - 1}


async def test_of_many_who_end_a_run_at_once_one_did(live: Child, source: str) -> None:
    async with at_once(live) as client:
        job = (await client.post("/v1/jobs", json={"name": source, "project_id": "default"})).json()
        subscribed = {"target_type": "job", "target_id": job["id"]}
        assert (await client.post(f"/v1/event-sources/{source}/subscribe", json=subscribed)).status_code == 201
        assert (await client.post(f"/in/{source}", json={})).json()["dispatched"] == 1
        claims = [client.post(f"/v1/jobs/{job['id']}/runs/claim", json={"worker": str(n)}) for n in range(AT_ONCE)]
        [run] = [run for answer in await asyncio.gather(*claims) for run in answer.json()]
        said = [
            ("complete", {"attempt": 1}) if n % 2 else ("fail", {"attempt": 1, "error": "no", "retry": False})
            for n in range(AT_ONCE)
        ]
        ends = [client.post(f"/v1/job-runs/{run['id']}/{verb}", json=body) for verb, body in said]
        answers = await asyncio.gather(*ends)
        detail = (await client.get(f"/v1/events/{run['id']}")).json()
    assert Counter(answer.status_code for answer in answers) == {204: 1, 409: AT_ONCE - 1}
    assert len(detail["attempts"]) == 1


def at_once(hub: Child) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=hub.url, headers={"authorization": f"Bearer {hub.key}"}, timeout=60)
