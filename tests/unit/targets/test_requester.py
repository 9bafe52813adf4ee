import asyncio
import json
from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import Any

import pytest
from aiohttp import web

from eventyard.model.ids import EntryId
from eventyard.model.outcome import Result, Sent
from eventyard.ports import Delivery, Egress
from eventyard.targets.answers import BODY_KEPT
from eventyard.targets.functions.pool import FunctionError, Functions, NotRun
from eventyard.targets.headers import USER_AGENT
from eventyard.targets.request import RequestTarget
from eventyard.testing import builders
from eventyard.testing.builders import NOW
from tests.unit.targets.receiver import Receiver, say

EVENT = b'{"id": 7, "customer": {"name": "Ada"}, "lines": [{"sku": "a", "price": 2.5}, {"sku": "b", "price": 1}]}'


class Doubling(Functions):
    """Knows three functions."""

    def __init__(self) -> None:
        super().__init__()
        self.why_not = None

    async def call(self, source: str, context: Mapping[str, Any], *, timeout_ms: int | None = None) -> Any:
        if source == "throw":
            raise FunctionError("ReferenceError: x is not defined", 1, 7)
        if source == "absent":
            raise NotRun("no process can be had")
        received = context["httpRequest"]
        return {"double": received["body"]["id"] * 2, "told": [*received], "token": context["oauthResponse"]}


async def started(stack: AsyncExitStack) -> RequestTarget:
    request = RequestTarget(Egress(allow_private=True), functions=Doubling())
    await request.start(stack)
    return request


def delivery(
    url: str,
    *,
    data: bytes = EVENT,
    event: Mapping[str, Any] | None = None,
    secrets: Mapping[str, tuple[str, ...]] | None = None,
    timeout_ms: int = 5_000,
    attempt: int = 1,
    **settings: Any,
) -> Delivery:
    target = builders.target(type="request", settings={"url": url, **settings}, timeout_ms=timeout_ms)
    fact = builders.event(data, **(event or {}))
    return Delivery(EntryId(7), EntryId(6), "subscription-1", attempt, fact, target, secrets or {}, NOW)


async def test_a_request_is_made_of_the_event(receiver: Receiver, stack: AsyncExitStack) -> None:
    request = await started(stack)
    made = delivery(
        f"{receiver.url}/${{.body.id}}",
        method="put",
        headers={"X-Name": "${.body.customer.name}"},
        query={"of": "${.body.lines[*].sku}"},
        body={"order": "${.body.id}", "skus": [{"sku": "${.body.lines[1].sku}"}], "none": "${.body.none}"},
    )
    outcome = await request.send(made)
    [(got, body)] = receiver.got
    assert (got.method, got.path_qs) == ("PUT", "/hook/7?of=a")
    assert json.loads(body) == {"order": 7, "skus": [{"sku": "b"}]}
    assert (outcome.result, outcome.status_code, outcome.response_body) == (Result.DELIVERED, 200, b"thanks")
    headers = {name.lower(): value for name, value in got.headers.items()}
    assert headers.pop("host") in receiver.url
    assert headers.pop("content-length") == str(len(body))
    assert headers == {
        "user-agent": USER_AGENT,
        "content-type": "application/json",
        "x-name": "Ada",
        "eventyard-delivery": "msg_0470a245ed05c7db_7",
        "eventyard-attempt": "1",
        "eventhosstartdate": "2026-01-02T03:04:05.678Z",
    }
    assert outcome.sent == Sent("PUT", f"{receiver.url}/7?of=a", headers, body)


async def test_without_templates_the_event_goes_on_as_it_came(receiver: Receiver, stack: AsyncExitStack) -> None:
    request = await started(stack)
    await request.send(delivery(receiver.url, data=b"a,b\n", event={"content_type": "text/csv"}))
    await request.send(
        delivery(receiver.url, data=b'{"a": "x y"}', headers={"content-type": "application/x-www-form-urlencoded"})
    )
    await request.send(delivery(receiver.url, method="GET"))
    assert [(got.headers.get("content-type"), body) for got, body in receiver.got] == [
        ("text/csv", b"a,b\n"),
        ("application/x-www-form-urlencoded", b"a=x+y"),
        (None, b""),
    ]


async def test_a_get_has_a_body_if_one_is_made(receiver: Receiver, stack: AsyncExitStack) -> None:
    await (await started(stack)).send(delivery(receiver.url, method="GET", body={"id": "${.body.id}"}))
    assert receiver.got[0][1] == b'{"id":7}'


async def test_a_head_is_answered_without_a_body(receiver: Receiver, stack: AsyncExitStack) -> None:
    outcome = await (await started(stack)).send(delivery(receiver.url, method="HEAD"))
    assert (outcome.result, outcome.response_body) == (Result.DELIVERED, b"")


async def test_a_later_attempt_can_be_told_from_the_first(receiver: Receiver, stack: AsyncExitStack) -> None:
    request = await started(stack)
    for attempt in (1, 2):
        await request.send(delivery(receiver.url, attempt=attempt))
    first, second = (got.headers for got, _ in receiver.got)
    assert first["eventyard-delivery"] == second["eventyard-delivery"]
    assert (first["eventyard-attempt"], second["eventyard-attempt"]) == ("1", "2")


async def test_a_mapping_makes_the_body(receiver: Receiver, stack: AsyncExitStack) -> None:
    request = await started(stack)
    mapping = "{'order': body.id, 'total': $sum(body.lines.price), 'at': $now()}"
    await request.send(delivery(receiver.url, mapping=mapping))
    assert json.loads(receiver.got[0][1]) == {"order": 7, "total": 3.5, "at": "2026-01-02T03:04:05.678Z"}


@pytest.mark.parametrize(
    ("missing", "body", "error"),
    [
        ("drop", b"", None),
        ("null", b"null", None),
        ("error", None, "not sent: mapping: it makes nothing of this event"),
    ],
)
async def test_a_mapping_may_make_nothing(
    missing: str, body: bytes | None, error: str | None, receiver: Receiver, stack: AsyncExitStack
) -> None:
    outcome = await (await started(stack)).send(delivery(receiver.url, mapping="body.none", missing=missing))
    assert outcome.error == error
    assert [sent for _, sent in receiver.got] == ([] if body is None else [body])


async def test_a_function_makes_the_body(receiver: Receiver, stack: AsyncExitStack) -> None:
    await (await started(stack)).send(delivery(receiver.url, function="double"))
    told = ["method", "headers", "query", "url", "body"]
    assert json.loads(receiver.got[0][1]) == {"double": 14, "told": told, "token": None}


async def test_a_function_is_javascript(receiver: Receiver, stack: AsyncExitStack) -> None:
    request = RequestTarget(Egress(allow_private=True))
    await request.start(stack)
    function = "const { id, lines } = eventContext.httpRequest.body;\nreturn { id, skus: lines.map(line => line.sku) };"
    assert (await request.send(delivery(receiver.url, function=function))).result is Result.DELIVERED
    assert [json.loads(body) for _, body in receiver.got] == [{"id": 7, "skus": ["a", "b"]}]
    outcome = await request.send(delivery(receiver.url, function="const order = eventContext.httpRequest;\norder.x.y"))
    assert (outcome.result, outcome.sent) == (Result.REFUSED, None)
    error = "not sent: function: line 2, column 1: TypeError: cannot read property 'y' of undefined"
    assert (outcome.error, len(receiver.got)) == (error, 1)


@pytest.mark.parametrize(
    ("settings", "error"),
    [
        ({"body": {"a": "${.body.none}"}, "missing": "error"}, "not sent: there is nothing at ${.body.none}"),
        ({"mapping": "$error('no customer')"}, "not sent: mapping: D3137: no customer"),
        ({"mapping": "($f := function($x){1 + $f($x)}; $f(1))"}, "not sent: mapping: D1011: Stack overflow."),
        ({"function": "throw"}, "not sent: function: line 1, column 7: ReferenceError: x is not defined"),
        ({"body": ["${.body}"], "headers": {"content-type": "application/x-www-form-urlencoded"}},
         "not sent: a form can only be made of an object"),
        ({"url": "http://127.0.0.1/${.body.up}/x"},
         "not sent: a value in the URL's path would lead to another directory"),
        ({"url": "${.body.none}"}, "not sent: it must be an http or https URL with a host"),
        ({"headers": {"x-a": "\ud800"}}, "not sent: "),
        ({"body": "${.body.id"}, "not sent: body: the template at character 1 is not closed"),
    ],
)  # fmt: skip
async def test_what_cannot_be_made_is_not_sent(
    settings: Mapping[str, Any], error: str, receiver: Receiver, stack: AsyncExitStack
) -> None:
    outcome = await (await started(stack)).send(
        delivery(data=b'{"id": 7, "up": ".."}', **{"url": receiver.url, **settings})
    )
    assert (outcome.result, outcome.sent) == (Result.REFUSED, None)
    assert (outcome.error or "").startswith(error)
    assert receiver.got == []


async def test_a_function_that_had_no_chance_has_another(receiver: Receiver, stack: AsyncExitStack) -> None:
    outcome = await (await started(stack)).send(delivery(receiver.url, function="absent"))
    assert (outcome.result, outcome.error) == (Result.FAILED, "not sent: function: no process can be had")


async def test_a_mapping_that_had_no_chance_has_another(
    receiver: Receiver, stack: AsyncExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.executable", "/nowhere/python")
    outcome = await (await started(stack)).send(delivery(receiver.url, mapping="body"))
    assert (outcome.result, outcome.sent) == (Result.FAILED, None)
    assert outcome.error == "not sent: mapping: the process that evaluates it does not start"


async def test_an_event_may_choose_where_to_but_not_a_place_that_is_not_allowed(
    receiver: Receiver, stack: AsyncExitStack
) -> None:
    data = json.dumps({"callback": receiver.url}).encode()
    assert (await (await started(stack)).send(delivery("${.body.callback}", data=data))).result is Result.DELIVERED
    guarded = RequestTarget(Egress())
    await guarded.start(stack)
    outcome = await guarded.send(delivery("${.body.callback}", data=data))
    assert outcome.result is Result.REFUSED
    assert outcome.error == (
        "not sent: 127.0.0.1 is a loopback address, which targets may have only where targets.allow_private is set"
    )
    assert len(receiver.got) == 1


@pytest.mark.parametrize(
    ("status", "result"),
    [
        (201, Result.DELIVERED),
        (400, Result.FAILED),
        (410, Result.FAILED),
        (503, Result.THROTTLED),
        (302, Result.FAILED),
    ],
)
async def test_success_is_2xx_and_what_is_gone_does_not_disable_the_target(
    status: int, result: Result, receiver: Receiver, stack: AsyncExitStack
) -> None:
    receiver.answer = say(status)
    outcome = await (await started(stack)).send(delivery(receiver.url))
    assert (outcome.result, outcome.status_code) == (result, status)


async def test_what_was_sent_is_on_record_when_nobody_answers(receiver: Receiver, stack: AsyncExitStack) -> None:
    outcome = await (await started(stack)).send(delivery("http://127.0.0.1:1/", body={"id": "${.body.id}"}))
    assert outcome.result is Result.UNREACHABLE
    assert outcome.sent is not None
    assert (outcome.sent.method, outcome.sent.url, outcome.sent.body) == ("POST", "http://127.0.0.1:1/", b'{"id":7}')


async def test_what_is_kept_of_a_request_is_bounded_and_holds_no_secrets(
    receiver: Receiver, stack: AsyncExitStack
) -> None:
    async def echo(request: web.Request) -> web.StreamResponse:
        return web.Response(body=await request.read())

    receiver.answer = echo
    made = delivery(
        f"{receiver.url}?api_key=plain-1&a=1",
        headers={"X-Api-Key": "plain-2", "X-Auth-Token": "${.body.id}", "Cookie": "c=d"},
        body={"fill": "x" * (BODY_KEPT - 12), "note": "s3cret"},
        secrets={"authorization": ("Bearer s3cret",)},
    )
    outcome = await (await started(stack)).send(made)
    assert receiver.got[0][0].headers["authorization"] == "Bearer s3cret"
    assert outcome.sent is not None
    assert outcome.sent.url == f"{receiver.url}?api_key=****&a=1"
    assert {name: outcome.sent.headers[name] for name in ("authorization", "x-api-key", "x-auth-token", "cookie")} == {
        "authorization": "***", "x-api-key": "***", "x-auth-token": "***", "cookie": "***",
    }  # fmt: skip
    assert len(outcome.sent.body) == BODY_KEPT
    assert b"s3" not in outcome.sent.body
    assert b"s3" not in outcome.response_body


async def test_an_answer_is_whole_where_it_becomes_an_event(receiver: Receiver, stack: AsyncExitStack) -> None:
    request, long = await started(stack), "x" * (2 * BODY_KEPT)
    receiver.answer = say(200, long)
    outcome = await request.send(delivery(receiver.url, reply_to="bill-written"))
    assert (outcome.reply, len(outcome.response_body)) == (long.encode(), BODY_KEPT)
    assert (await request.send(delivery(receiver.url))).reply is None


class Api(Receiver):
    """A token endpoint, and an API that takes one of its tokens."""

    def __init__(self) -> None:
        super().__init__()
        self.given = 0
        self.taken = "token-1"
        self.answer = self._answer

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        if request.path.endswith("/token"):
            self.given += 1
            return web.json_response({"access_token": f"token-{self.given}", "expires_in": 3600, "plan": "gold"})
        known = request.headers.get("authorization") == f"Bearer {self.taken}"
        return web.Response(status=200 if known else 401, text=request.headers.get("authorization", ""))


def login(receiver: Receiver, **settings: Any) -> dict[str, Any]:
    oauth2 = {"url": f"{receiver.url}/token", "client_id": "hub"}
    return {"oauth2": oauth2, "secrets": {"client_secret": ("s3cret",)}, **settings}


@pytest.fixture
def api(receiver: Receiver) -> Api:
    api = Api()
    api.url, api.got, receiver.answer = receiver.url, receiver.got, api.answer
    return api


async def test_a_token_is_fetched_once_and_sent_with_every_request(api: Api, stack: AsyncExitStack) -> None:
    request = await started(stack)
    outcomes = await asyncio.gather(*(request.send(delivery(api.url, **login(api))) for _ in range(10)))
    assert {outcome.result for outcome in outcomes} == {Result.DELIVERED}
    assert api.given == 1
    assert outcomes[0].sent is not None
    assert outcomes[0].sent.headers["authorization"] == "***"
    assert outcomes[0].response_body == b"Bearer ***"


async def test_the_answer_with_the_token_is_there_for_templates_and_shown_only_there(
    api: Api, stack: AsyncExitStack
) -> None:
    headers = {"X-Token": "${.oauthResponse.body.access_token}", "X-Kind": "${.oauthResponse.headers.Content-Type}"}
    body = {"plan": "${.oauthResponse.body.plan}", "token": "${.oauthResponse.body.access_token}"}
    outcome = await (await started(stack)).send(delivery(api.url, **login(api, headers=headers, body=body)))
    got, sent = api.got[-1]
    assert (got.headers["x-token"], got.headers["x-kind"]) == ("token-1", "application/json; charset=utf-8")
    assert "authorization" not in got.headers
    assert json.loads(sent) == {"plan": "gold", "token": "token-1"}
    assert outcome.sent is not None
    assert (outcome.sent.headers["x-token"], outcome.sent.body) == ("***", b'{"plan":"gold","token":"***"}')


async def test_a_token_that_is_refused_after_it_was_taken_is_replaced_once(api: Api, stack: AsyncExitStack) -> None:
    request = await started(stack)
    assert (await request.send(delivery(api.url, **login(api)))).status_code == 200
    api.taken = "token-2"
    assert (await request.send(delivery(api.url, **login(api)))).status_code == 200
    api.taken = "none"
    assert (await request.send(delivery(api.url, **login(api)))).status_code == 401
    assert api.given == 3
    assert (await request.send(delivery(api.url, **login(api)))).status_code == 401
    assert api.given == 3


async def test_without_a_token_nothing_is_sent(api: Api, stack: AsyncExitStack) -> None:
    request = await started(stack)
    wrong = login(api) | {"oauth2": {"url": "http://127.0.0.1:1/", "client_id": "hub"}}
    outcome = await request.send(delivery(api.url, **wrong))
    assert (outcome.result, outcome.sent) == (Result.UNREACHABLE, None)
    assert (outcome.error or "").startswith("no access token; no connection to 127.0.0.1:1")
    outcome = await request.send(delivery(api.url, **(login(api) | {"secrets": {}})))
    assert (outcome.result, outcome.error) == (Result.REFUSED, "not sent: oauth2 needs the setting client_secret")
    assert api.got == []


async def test_an_attempt_has_its_time_and_no_more(receiver: Receiver, stack: AsyncExitStack) -> None:
    never = asyncio.Event()

    async def silent(_: web.Request) -> web.StreamResponse:
        await never.wait()
        return web.Response()

    receiver.answer = silent
    request = await started(stack)
    outcome = await request.send(delivery(receiver.url, timeout_ms=50))
    assert (outcome.result, outcome.sent is None) == (Result.TIMED_OUT, False)
    outcome = await request.send(delivery(receiver.url, timeout_ms=50, **login(receiver)))
    assert (outcome.result, outcome.error) == (Result.TIMED_OUT, "nothing to send within 50 ms")
    loop = "($f := function($x){$f($x + 1)}; $f(0))"
    outcome = await request.send(delivery(receiver.url, timeout_ms=50, mapping=loop))
    assert (outcome.result, outcome.error) == (Result.TIMED_OUT, "nothing to send within 50 ms")
