import gzip
import json

import pytest

from eventyard.model.access import Scope
from eventyard.model.errors import Unavailable


def code(answer):
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-request-id"] == answer.json()["request_id"]
    return answer.status_code, answer.json()["code"]


@pytest.mark.parametrize("path", ["/v1/projects", "/v1/no-such-thing", "/v1"])
async def test_nobody_learns_anything_without_a_key(client_of, path):
    nobody = await client_of(None)
    answer = await nobody.get(path)
    assert code(answer) == (401, "unauthenticated")
    assert answer.headers["www-authenticate"] == 'Bearer realm="eventyard"'


async def test_nobody_makes_us_read_a_body_without_a_key(client_of):
    nobody = await client_of(None)
    assert code(await nobody.post("/v1/projects", content=b"x" * (2 << 20))) == (401, "unauthenticated")


async def test_a_body_beyond_the_limit_is_refused(client):
    assert code(await client.post("/v1/projects", content=b" " * (1 << 20) + b"{}")) == (413, "body_too_large")


async def test_json_beyond_the_depth_is_refused(client):
    deep = b'{"name": ' + b"[" * 100 + b"]" * 100 + b"}"
    assert code(await client.post("/v1/projects", content=deep)) == (413, "body_too_deep")


async def test_headers_beyond_the_limit_are_refused(client):
    assert code(await client.get("/v1/projects", headers={"x-long": "x" * 40_000})) == (431, "headers_too_large")


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"nope",
        b'{"name": NaN}',
        b'{"name": "\\ud800"}',
        b'{"name": "\xff"}',
        b"1e999",
        '{"a": 1}'.encode("utf-16"),
    ],
)
async def test_what_is_not_json_is_refused_before_anybody_trusts_it(client, body):
    answer = await client.post("/v1/projects", content=body, headers={"content-type": "application/json"})
    assert code(answer) == (400, "invalid_json")


@pytest.mark.parametrize("media", ["application/x-www-form-urlencoded", "text/plain", "application/xml", "nonsense"])
async def test_a_body_that_does_not_say_it_is_json_is_refused(client, media):
    answer = await client.post("/v1/projects", content=b'{"name": "a"}', headers={"content-type": media})
    assert code(answer) == (415, "unsupported_media_type")


@pytest.mark.parametrize(
    "headers",
    [{}, {"content-type": "application/json; charset=utf-8"}, {"content-type": "application/merge-patch+json"}],
)
async def test_json_goes_by_its_several_names_or_none(client, headers):
    answer = await client.post("/v1/projects", content=b'{"name": "a"}', headers=headers)
    assert answer.status_code == 201


async def test_a_body_may_be_compressed(client):
    headers = {"content-type": "application/json", "content-encoding": "gzip"}
    answer = await client.post("/v1/projects", content=gzip.compress(b'{"name": "a"}'), headers=headers)
    assert answer.status_code == 201
    answer = await client.post("/v1/projects", content=b"{}", headers={"content-encoding": "br"})
    assert code(answer) == (415, "unsupported_encoding")


async def test_the_request_id_comes_back(client):
    answer = await client.get("/v1/projects", headers={"x-request-id": "mine-1"})
    assert answer.headers["x-request-id"] == "mine-1"
    assert len((await client.get("/v1/projects")).headers["x-request-id"]) == 36


async def test_a_rate_limit_says_when_to_come_back(yard, client_of):
    slow = await client_of(await yard.key_for(Scope.ADMIN, rate_limit=1))
    await slow.get("/v1/projects")
    answer = await slow.get("/v1/projects")
    assert code(answer) == (429, "rate_limited")
    assert answer.headers["retry-after"] == "1"


class Recorder:
    def __init__(self):
        self.lines = []

    def __getattr__(self, level):
        return lambda event, **facts: self.lines.append((level, event, facts))


async def test_a_refusal_is_logged_under_the_request_id(yard, client, monkeypatch):
    log = Recorder()
    monkeypatch.setattr(yard.hub.log, "info", log.info, raising=False)
    answer = await client.get("/v1/sources/nosuch")
    [(level, event, facts)] = log.lines
    assert (level, event) == ("info", "refused")
    assert facts == {
        "request_id": answer.json()["request_id"], "path": "/v1/sources/nosuch", "code": "not_found",
        "detail": answer.json()["detail"],
    }  # fmt: skip


async def test_a_fault_of_ours_is_logged_under_the_request_id_and_not_told(yard, client, monkeypatch):
    log = Recorder()
    monkeypatch.setattr(yard.hub.log, "error", log.error, raising=False)

    async def broken(*args, **kwargs):
        raise RuntimeError("a secret")

    monkeypatch.setattr(yard.hub.projects, "create", broken)
    answer = await client.post("/v1/projects", json={"name": "a"}, headers={"x-request-id": "r-7"})
    assert code(answer) == (500, "internal")
    assert "a secret" not in answer.text
    [(level, event, facts)] = log.lines
    assert (level, event, facts["request_id"], facts["error"]) == (
        "error",
        "internal",
        "r-7",
        "RuntimeError('a secret')",
    )


async def test_a_full_disk_is_told_as_such(yard, client, monkeypatch):
    async def full(*args):
        raise Unavailable("store_full", "the disk is full")

    monkeypatch.setattr(yard.store, "change", full)
    assert code(await client.post("/v1/projects", json={"name": "a"})) == (507, "store_full")


async def test_a_post_sent_again_with_its_key_makes_nothing_twice(client):
    headers = {"idempotency-key": "k-1"}
    first = await client.post("/v1/projects", json={"name": "a"}, headers=headers)
    again = await client.post("/v1/projects", json={"name": "a"}, headers={**headers, "x-request-id": "second"})
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.content == again.content
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert again.headers["x-request-id"] == "second"
    assert again.headers["content-type"] == "application/json"
    assert len((await client.get("/v1/projects")).json()) == 2


async def test_a_key_is_for_one_body_one_path_and_one_caller(yard, client, client_of):
    headers = {"idempotency-key": "k-1"}
    await client.post("/v1/topics", json={"name": "a"}, headers=headers)
    other_body = await client.post("/v1/topics", json={"name": "b"}, headers=headers)
    assert code(other_body) == (422, "idempotency_mismatch")
    other_path = await client.post("/v1/applications", json={"name": "b"}, headers=headers)
    assert other_path.status_code == 201
    other = await client_of(await yard.key_for(Scope.ADMIN))
    assert (await other.post("/v1/topics", json={"name": "b"}, headers=headers)).status_code == 201


async def test_the_text_of_a_key_is_not_kept_for_a_second_time(client):
    headers = {"idempotency-key": "k-1"}
    body = {"name": "a", "scopes": ["admin"]}
    first, second = [(await client.post("/v1/keys", json=body, headers=headers)).json() for _ in range(2)]
    assert first["key"] != second["key"]


@pytest.mark.parametrize("key", ["", "x" * 256])
async def test_an_idempotency_key_has_bounds(client, key):
    answer = await client.post("/v1/projects", json={"name": "a"}, headers={"idempotency-key": key})
    assert code(answer) == (400, "invalid_parameter")
    assert json.loads(answer.content)["pointer"] == "Idempotency-Key"


@pytest.mark.parametrize("path", ["/v1/projects", "/v1/no-such-thing", "/openapi.json", "/docs", "/docs/errors"])
async def test_what_can_be_read_can_be_asked_for_without_its_body(client, path):
    got, asked = await client.get(path), await client.head(path)
    assert (asked.status_code, asked.headers["content-type"]) == (got.status_code, got.headers["content-type"])
