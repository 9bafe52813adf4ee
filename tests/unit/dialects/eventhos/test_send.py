"""``POST /eventhos/event/send``, as the connection and as ASGI hand it over."""

import gzip
import json

import httpx
import pytest

from eventyard.api.hot import Hot
from eventyard.api.http import Head
from eventyard.dialects.eventhos.options import Options
from eventyard.dialects.eventhos.send import PATH, Send, asked
from eventyard.dialects.eventhos.senders import Senders
from eventyard.model.errors import TooLarge
from eventyard.model.journal import Query
from eventyard.model.lifecycle import Kind
from tests.unit.dialects.eventhos.sending import shop


@pytest.fixture
async def sold(yard):
    return await shop(yard)


def hot_of(yard, public_url=None, **options):
    """The hot paths of a hub with that of eventhos."""
    send = Send(yard.hub, Senders(yard.hub, "default"), Options(**options), public_url)
    return Hot(yard.hub, yard.security, bench=False, spoken=[send])


@pytest.fixture
def hot(yard):
    return hot_of(yard)


async def ask(hot, query, body=b"", **headers):
    """The answer as status, JSON and headers."""
    raw = [(name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in headers.items()]
    head = Head("POST", PATH, query.encode(), raw)
    try:
        call = hot.open(head)
        call.body.take(body)
        answer = await hot.answer(call)
    except Exception as error:
        answer = hot.refuse(error, head)
    assert (b"access-control-allow-origin", b"*") in answer.headers
    assert answer.content_type == "application/json"
    return answer.status, json.loads(answer.body), dict(answer.headers)


async def said(hot, query, body=b"", **headers):
    """Status, code and message."""
    status, told, _ = await ask(hot, query, body, **headers)
    return status, told["code"], told["message"]


ME = "event-identifier=sold-x1"
NO_CONTRACTS = (203, 200310, "Success, but no contracts exists for this event")


async def published(yard):
    """The events that were received, oldest first."""
    page = await yard.store.find(
        Query(projects=(yard.project.number,), kinds=(Kind.PUBLICATION,), name="sold-x1", ascending=True)
    )
    return [(await yard.store.detail(entry.id)).event for entry in page.entries]


async def test_an_event_with_a_contract_is_received(hot, sold):
    await sold.contract()
    status, told, _ = await ask(hot, ME, b'{"id": 1}', access_key=sold.key)
    assert (status, told) == (200, {"code": 200000, "message": "success"})


async def test_the_code_of_a_received_event_may_be_the_originals(yard, sold):
    await sold.contract()
    assert await said(hot_of(yard, success_code=20000), ME, b"{}", access_key=sold.key) == (200, 20000, "success")


async def test_an_event_without_contracts_is_received_too(yard, hot, sold):
    assert await said(hot, ME, b'{"id": 1}', access_key=sold.key) == NO_CONTRACTS
    (event,) = await published(yard)
    assert event.data == b'{"id": 1}'


async def test_a_contract_whose_action_is_switched_off_is_a_contract(hot, sold):
    await sold.contract(enabled=False)
    assert await said(hot, ME, b"{}", access_key=sold.key) == (200, 200000, "success")


async def test_the_key_may_be_in_the_query_and_is_looked_for_there_first(hot, sold):
    assert await said(hot, f"{ME}&access-key={sold.key}") == NO_CONTRACTS
    assert await said(hot, f"{ME}&access-key={sold.key}", access_key="nonsense") == NO_CONTRACTS
    assert (await said(hot, f"{ME}&access-key=nonsense", access_key=sold.key))[:2] == (401, 401202)


async def test_unless_an_operator_wants_no_keys_in_urls(yard, sold):
    strict = hot_of(yard, access_key_in_query=False)
    assert (await said(strict, f"{ME}&access-key={sold.key}"))[:2] == (400, 400201)
    assert await said(strict, f"{ME}&access-key=nonsense", access_key=sold.key) == NO_CONTRACTS


@pytest.mark.parametrize(
    ("query", "key", "status", "code"),
    [
        ("", "token", 400, 400201),
        (ME, None, 400, 400201),
        ("event-identifier=nothing", "token", 400, 400202),
        (ME, "token", 401, 401202),
    ],
)
async def test_who_has_no_business_here_is_told_by_a_code_and_an_id(hot, sold, query, key, status, code):
    answered, told, _ = await ask(hot, query, b"{}", **({} if key is None else {"access_key": key}))
    assert (answered, told["code"]) == (status, code)
    assert told.keys() == {"message", "code", "errorUUID"}


async def test_a_refusal_is_counted(yard, hot, sold):
    await ask(hot, ME, b"{}", access_key="nonsense")
    assert yard.hub.metrics.rejected.labels("401202")._value.get() == 1


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        (b"", b"{}"),
        (b'{"a": 1.50}', b'{"a": 1.50}'),
        (b"[1, 2]", b"[1, 2]"),
        (b' \r\n\t{"a":1} ', b' \r\n\t{"a":1} '),
    ],
)
async def test_a_json_body_is_kept_byte_for_byte_and_none_is_an_empty_object(yard, hot, sold, body, kept):
    assert await said(hot, ME, body, access_key=sold.key, content_type="application/json") == NO_CONTRACTS
    (event,) = await published(yard)
    assert (event.data, event.content_type, event.type, event.routing_key) == (
        kept, "application/json", "sold-x1", "sold-x1",
    )  # fmt: skip


@pytest.mark.parametrize(
    "body",
    [b'{"a": }', b"{", b"[1,]", b"null", b"1", b'"text"', b"true", b"name=value", b" ", b"\xff{}", b'{"a":"\xff"}'],
)
async def test_what_is_no_object_and_no_array_is_refused(yard, hot, sold, body):
    assert (await said(hot, ME, body, access_key=sold.key))[:2] == (400, 500000)
    assert not await published(yard)


async def test_a_body_nested_too_deep_is_refused(hot, sold):
    assert (await said(hot, ME, b"[" * 10_000, access_key=sold.key))[:2] == (413, 500000)


async def test_a_body_that_is_too_large_is_refused(yard, hot, sold):
    limit = yard.hub.limits.body_bytes
    assert (await said(hot, ME, b'"' * (limit + 1), access_key=sold.key))[:2] == (413, 500000)
    assert (await said(hot, ME, access_key=sold.key, content_length=str(limit + 1)))[:2] == (413, 500000)


async def test_a_form_is_an_object(yard, hot, sold):
    form = "application/x-www-form-urlencoded; charset=utf-8"
    assert await said(hot, ME, b"name=Morpheush&tags[]=a&tags[]=b", access_key=sold.key, content_type=form) == (
        NO_CONTRACTS
    )
    (event,) = await published(yard)
    assert json.loads(event.data) == {"name": "Morpheush", "tags": ["a", "b"]}


async def test_a_body_may_come_as_gzip(yard, hot, sold):
    assert await said(hot, ME, gzip.compress(b'{"a":1}'), access_key=sold.key, content_encoding="gzip") == NO_CONTRACTS
    (event,) = await published(yard)
    assert event.data == b'{"a":1}'


async def test_the_request_is_on_record_without_credentials(yard, hot, sold):
    await ask(
        hot, f"{ME}&access-key={sold.key}&page=1%202&access_token=t", b"{}",
        host="hub.example", access_key="k", authorization="a", cookie="c", proxy_authorization="p", x_trace="7",
    )  # fmt: skip
    (event,) = await published(yard)
    assert event.request.method == "POST"
    assert event.request.url == "http://hub.example/eventhos/event/send?event-identifier=sold-x1&page=1+2"
    assert event.request.query == {"event-identifier": "sold-x1", "page": "1 2"}
    assert event.request.headers == {"host": "hub.example", "x-trace": "7"}


async def test_the_url_on_record_is_how_clients_reach_the_hub(yard, sold):
    await ask(hot_of(yard, "https://events.example/"), ME, b"{}", host="10.0.0.1", access_key=sold.key)
    (event,) = await published(yard)
    assert event.request.url == "https://events.example/eventhos/event/send?event-identifier=sold-x1"


async def test_the_same_idempotency_key_gets_the_same_answer_and_makes_one_event(yard, hot, sold):
    await sold.contract()
    first = await ask(hot, ME, b'{"a":1}', access_key=sold.key, idempotency_key="k")
    again = await ask(hot, ME, b'{"a":1}', access_key=sold.key, idempotency_key="k")
    assert again[:2] == first[:2] == (200, {"code": 200000, "message": "success"})
    assert (b"idempotency-replayed" in first[2], b"idempotency-replayed" in again[2]) == (False, True)
    assert len(await published(yard)) == 1
    other = await ask(hot, ME, b'{"a":2}', access_key=sold.key, idempotency_key="k")
    assert (other[0], other[1]["code"]) == (422, 500000)
    assert (await said(hot, ME, b"{}", access_key=sold.key, idempotency_key="k" * 256))[:2] == (400, 400001)


async def test_an_event_may_have_to_match_a_schema(yard, hot, sold):
    schema = {"type": "object", "required": ["price"]}
    await sold.another_event("priced-x2", schema=schema)
    status, told, _ = await ask(hot, "event-identifier=priced-x2", b"{}", access_key=sold.key)
    assert (status, told["code"]) == (400, 400001)
    assert told["errors"]


async def test_what_nobody_expected_tells_nothing_of_itself(yard, hot, sold, monkeypatch):
    def broken(_):
        raise RuntimeError("SELECT secret")

    monkeypatch.setattr(yard.store, "append", broken)
    status, told, _ = await ask(hot, ME, b"{}", access_key=sold.key)
    assert (status, told["code"]) == (500, 500000)
    assert "SELECT" not in told["message"]


def test_of_a_parameter_that_came_twice_the_last_counts():
    given = asked(b"event-identifier=a&event-identifier=b&access-key=1&access-key=2&x=%26")
    assert (given.identifier, given.key, given.text) == ("b", "2", "event-identifier=b&x=%26")


def test_a_query_is_read_alike_whether_it_is_remembered_or_too_long_for_that():
    short, long = asked(b"event-identifier=a&access-key=k"), asked(b"event-identifier=a&access-key=" + b"k" * 5_000)
    assert (short.identifier, short.key, short.text) == ("a", "k", "event-identifier=a")
    assert (long.identifier, long.key, long.text) == ("a", "k" * 5_000, "event-identifier=a")
    assert asked(b"event-identifier=a&access-key=k") is short


async def test_a_head_is_judged_before_its_body_comes(hot, sold):
    with pytest.raises(TooLarge):
        hot.open(Head("POST", PATH, ME.encode(), [(b"access-key", sold.key.encode()), (b"x", b"y" * 40_000)]))


async def test_through_asgi_it_is_answered_alike(yard, sold):
    transport = httpx.ASGITransport(yard.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://hub.example") as client:
        answer = await client.post(f"{PATH}?{ME}", json={"a": 1}, headers={"access-key": sold.key})
        assert (answer.status_code, answer.json()["code"]) == (203, 200310)
        assert (await client.post(f"{PATH}?{ME}", json={})).json()["code"] == 400201
