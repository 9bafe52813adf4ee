"""What is judged before a body comes. What becomes of whole requests is told in test_front.py and test_ingest.py."""

import base64
import gzip
import json

import pytest
from msgspec.structs import replace

from eventyard.api.hot import Hot
from eventyard.api.http import Head
from eventyard.api.problems import status_of
from eventyard.model.access import Scope
from eventyard.model.errors import HubError, Invalid, TooLarge
from eventyard.model.ids import EntryId
from eventyard.pipeline.keys import digest_of


@pytest.fixture
def hot(yard):
    return Hot(yard.hub, yard.security, bench=False)


@pytest.fixture
async def door(client):
    """The path of a source."""
    return f"/in/{(await client.post('/v1/sources', json={'name': 'shop'})).json()['id']}"


@pytest.fixture
def make_user(yard):
    """Makes a user who may publish."""

    async def make(name, password):
        admin = yard.security.bearer(yard.key)
        await yard.hub.identity.users.create(admin, name=name, password=password, scopes=[Scope.EVENTS_PUBLISH])

    return make


def head(path, *headers, method="POST"):
    return Head(method, path, b"", headers)


def key(yard, text=None):
    return b"authorization", yard.headers(text)["authorization"].encode()


def length(bytes_):
    return b"content-length", b"%d" % bytes_


CLOUD_EVENTS = b"content-type", b"Application/CloudEvents-Batch+json; charset=utf-8"


@pytest.mark.parametrize("path", ["/in/", "/in/x", "/in/x/y", "/v1/events/dispatch", "/v1/events/batch"])
def test_these_are_hot(hot, path):
    assert hot.takes(path)


@pytest.mark.parametrize("path", ["/", "/in", "/v1/events", "/v1/events/batch/", "//in/x", "/v1/empty"])
def test_and_no_others(hot, path):
    assert not hot.takes(path)


def test_the_yardstick_is_hot_where_there_is_one(yard):
    assert Hot(yard.hub, yard.security, bench=True).takes("/v1/empty")


async def test_the_yardstick_asks_for_nothing(yard):
    hot = Hot(yard.hub, yard.security, bench=True)
    call = hot.open(head("/v1/empty"))
    call.body.take(b"anything")
    assert (await hot.answer(call)).status == 202


async def test_the_body_of_a_call_is_what_the_call_is_about(yard, hot, door):
    call = hot.open(head(door))
    call.body.take(b'{"a":')
    call.body.take(b"1}")
    told = json.loads((await hot.answer(call)).body)
    assert (await yard.store.detail(EntryId(told["entry_id"]))).event.data == b'{"a":1}'


@pytest.mark.parametrize(
    ("path", "headers", "code"),
    [
        ("/in/nowhere", [length(1 << 30)], "not_found"),
        ("/v1/events/batch", [length(1 << 30)], "unauthenticated"),
        ("/v1/events/dispatch", [(b"x", b"y" * 40_000)], "headers_too_large"),
    ],
)
def test_what_costs_least_is_judged_first(hot, path, headers, code):
    with pytest.raises(HubError) as refused:
        hot.open(head(path, *headers))
    assert refused.value.code == code


@pytest.mark.parametrize("headers", [[], [CLOUD_EVENTS]])
def test_a_batch_may_be_longer_than_an_event(yard, hot, door, headers):
    limits = yard.hub.limits
    for path, most in (
        (door, limits.batch_bytes if headers else limits.body_bytes),
        ("/v1/events/dispatch", limits.batch_bytes if headers else limits.body_bytes),
        ("/v1/events/batch", limits.batch_bytes),
    ):
        hot.open(head(path, key(yard), length(most), *headers))
        with pytest.raises(TooLarge):
            hot.open(head(path, key(yard), length(most + 1), *headers))


async def test_a_packed_batch_is_answered_as_any(yard, hot):
    packed = (b"content-encoding", b"gzip"), (b"content-type", b"application/json")
    call = hot.open(head("/v1/events/batch", key(yard), *packed))
    assert call.body.swells
    call.body.take(gzip.compress(b'[{"source": "nowhere"}]'))
    [line] = json.loads((await hot.answer(call)).body)
    assert (line["status"], line["code"]) == (404, "not_found")


async def test_who_is_shut_out_after_the_head_came_is_not_let_in_with_the_body(yard, hot):
    text = await yard.key_for(Scope.EVENTS_PUBLISH)
    call = hot.open(head("/v1/events/dispatch", key(yard, text)))
    call.body.take(b'{"source": "nowhere", "payload": {}}')
    record = yard.hub.catalog.key(digest_of(text))
    await yard.hub.catalog.save(replace(record, revoked_at=yard.hub.clock()))
    with pytest.raises(HubError) as refused:
        await hot.answer(call)
    assert refused.value.code == "unauthenticated"


async def test_a_call_that_is_judged_again_counts_once(yard, hot):
    text = await yard.key_for(Scope.EVENTS_PUBLISH, rate_limit=1)
    call = hot.open(head("/v1/events/batch", key(yard, text)))
    call.body.take(b"[]")
    await yard.key_for(Scope.EVENTS_READ)
    assert (await hot.answer(call)).status == 200
    with pytest.raises(HubError) as refused:
        hot.open(head("/v1/events/batch", key(yard, text)))
    assert refused.value.code == "rate_limited"


async def test_a_call_counts_against_the_rate_of_its_key_before_its_body_comes(yard, hot):
    text = await yard.key_for(Scope.EVENTS_PUBLISH, rate_limit=1)
    hot.open(head("/v1/events/batch", key(yard, text)))
    with pytest.raises(HubError) as refused:
        hot.open(head("/v1/events/batch", key(yard, text)))
    assert refused.value.code == "rate_limited"


def test_a_refusal_is_a_problem_document_under_the_clients_id(hot):
    answer = hot.refuse(RuntimeError("s3cret"), head("/in/x", (b"x-request-id", b"mine")))
    assert (answer.status, answer.content_type) == (500, "application/problem+json")
    assert b'"request_id":"mine"' in answer.body
    assert b"s3cret" not in answer.body


def test_what_never_became_a_request_is_told_so_under_an_id_that_the_log_has(yard, hot, monkeypatch):
    lines = []
    monkeypatch.setattr(yard.hub.log, "info", lambda event, **facts: lines.append((event, facts)), raising=False)
    answer = hot.refuse_unread(Invalid("invalid_http", "no HTTP"), "192.0.2.7")
    request_id = json.loads(answer.body)["request_id"]
    assert answer.status == 400
    assert lines == [
        ("refused", {"request_id": request_id, "peer": "192.0.2.7", "code": "invalid_http", "detail": "no HTTP"})
    ]


class Parrot:
    """A dialect's path, which says back what it was told."""

    path = "/parrot/say"

    def open(self, query, headers):
        if query == b"silent":
            raise LookupError("no word")

        async def say(body):
            return 203, b'"' + query + b" " + headers["tone"].encode() + b" " + body + b'"', ((b"feathers", b"green"),)

        return say

    def refuse(self, error):
        return 418, f'"{error}"'.encode(), ()


@pytest.fixture
def parrot(yard):
    return Hot(yard.hub, yard.security, bench=False, spoken=[Parrot()])


def test_a_dialects_path_is_hot_for_post_alone(parrot, hot):
    assert parrot.takes("/parrot/say")
    assert parrot.takes("/parrot/say", "POST")
    assert not parrot.takes("/parrot/say", "OPTIONS")
    assert not hot.takes("/parrot/say")
    assert parrot.takes("/in/x", "GET")


async def test_a_dialect_answers_on_its_path_in_its_own_words(parrot):
    call = parrot.open(Head("POST", "/parrot/say", b"a=1", [(b"tone", b"low")]))
    call.body.take(b"hello")
    answer = await parrot.answer(call)
    assert (answer.status, answer.content_type, answer.body) == (203, "application/json", b'"a=1 low hello"')
    assert answer.headers == ((b"feathers", b"green"),)


def test_a_dialect_refuses_on_its_path_in_its_own_words(parrot):
    for refused, error in (
        (Head("POST", "/parrot/say", b"silent", []), LookupError),
        (head("/parrot/say", length(1 << 30), (b"tone", b"low")), TooLarge),
        (head("/parrot/say", (b"x", b"y" * 40_000)), TooLarge),
    ):
        with pytest.raises(error) as raised:
            parrot.open(refused)
        answer = parrot.refuse(raised.value, refused)
        assert (answer.status, answer.content_type) == (418, "application/json")


async def test_a_password_that_was_never_proven_is_proven_when_the_body_is_there(yard, hot, make_user):
    await make_user("ada", "correct horse")
    for password, status in (("correct horse", 404), ("wrong", 401)):
        pair = base64.b64encode(f"ada:{password}".encode())
        call = hot.open(head("/v1/events/dispatch", (b"authorization", b"Basic " + pair)))
        call.body.take(b'{"source": "nowhere", "payload": {}}')
        with pytest.raises(HubError) as refused:
            await hot.answer(call)
        assert status_of(refused.value) == status


async def test_wrong_passwords_are_counted_by_the_address_at_the_other_end(yard, hot, make_user):
    await make_user("ada", "correct horse")
    codes = []
    for number in range(6):
        pair = base64.b64encode(f"ada:wrong {number}".encode())
        guess = Head("POST", "/v1/events/dispatch", b"", [(b"authorization", b"Basic " + pair)], "198.51.100.7")
        with pytest.raises(HubError) as refused:
            await hot.answer(hot.open(guess))
        codes.append(refused.value.code)
    assert codes == ["unauthenticated"] * 5 + ["locked_out"]
    right = base64.b64encode(b"ada:correct horse")
    assert hot.open(head("/v1/events/dispatch", (b"authorization", b"Basic " + right)))
