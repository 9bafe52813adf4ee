import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest
from aiohttp import web

from eventyard.model.outcome import Result
from eventyard.targets.client import Client
from eventyard.targets.oauth2 import FAILED_S, LIFETIME_S, UNPROVEN_S, Grant, NoToken, Tokens
from eventyard.targets.resolver import GuardedResolver, look_up
from eventyard.testing.builders import NOW
from eventyard.wire.masking import Masker

SECRET = 's3cret&"/'


class Login:
    """A token endpoint of the test's own, which counts what it gives, and a clock that the test moves."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.asked: list[dict[str, str]] = []
        self.answer: Callable[[int], web.Response] = lambda n: web.json_response({"access_token": f"token-{n}"})
        self.knocked = asyncio.Event()
        self.gate = asyncio.Event()
        self.gate.set()
        self.url = ""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        assert request.content_type == "application/x-www-form-urlencoded"
        self.asked.append({name: str(value) for name, value in (await request.post()).items()})
        self.knocked.set()
        await self.gate.wait()
        return self.answer(len(self.asked))

    def grant(self, **fields: Any) -> Grant:
        return Grant(**({"url": self.url, "client_id": "hub", "client_secret": SECRET} | fields))


@pytest.fixture
async def login() -> AsyncIterator[Login]:
    login = Login()
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", login.handle)
    runner = web.AppRunner(application, handler_cancellation=True, shutdown_timeout=0.01)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0]
    login.url = f"http://{host}:{port}/oauth2/token"
    yield login
    await runner.cleanup()


@pytest.fixture
async def tokens(login: Login) -> AsyncIterator[Tokens]:
    async with AsyncExitStack() as stack:
        client = Client(GuardedResolver(look_up, allow_private=True))
        stack.callback(client.close)
        tokens = Tokens(client, lambda: login.now, allow_private=True)
        stack.callback(tokens.close)
        yield tokens


async def failing(tokens: Tokens, grant: Grant) -> tuple[Result, str]:
    with pytest.raises(NoToken) as failed:
        await tokens.get(grant, NOW)
    outcome = failed.value.outcome
    return outcome.result, outcome.error or ""


async def test_a_token_is_asked_for_with_a_form_as_eventhos_does(login: Login, tokens: Tokens) -> None:
    token = await tokens.get(login.grant(scope="orders bills"), NOW)
    assert (token.text, token.body) == ("token-1", {"access_token": "token-1"})
    assert token.headers["content-type"] == "application/json; charset=utf-8"
    assert login.asked == [
        {
            "grant_type": "client_credentials",
            "client_id": "hub",
            "client_secret": SECRET,
            "response_type": "token",
            "scope": "orders bills",
        }
    ]


@pytest.mark.parametrize(
    ("expires_in", "used_s"),
    [(3600, 3570), ("3600", 3570), (40, 20), (None, LIFETIME_S - 30), ("soon", LIFETIME_S - 30), (10**12, 86_370)],
)
async def test_a_token_is_used_until_shortly_before_it_ends(
    expires_in: Any, used_s: float, login: Login, tokens: Tokens
) -> None:
    login.answer = lambda n: web.json_response({"access_token": f"token-{n}", "expires_in": expires_in})
    await tokens.get(login.grant(), NOW)
    login.now += used_s - 0.1
    assert (await tokens.get(login.grant(), NOW)).text == "token-1"
    login.now += 0.1
    assert (await tokens.get(login.grant(), NOW)).text == "token-2"


async def test_those_who_want_a_token_at_once_wait_for_the_same_answer(login: Login, tokens: Tokens) -> None:
    login.gate.clear()
    waiting = [asyncio.create_task(tokens.get(login.grant(), NOW)) for _ in range(20)]
    await login.knocked.wait()
    waiting[0].cancel()
    login.gate.set()
    assert {(await task).text for task in waiting[1:]} == {"token-1"}
    assert len(login.asked) == 1


async def test_who_asks_with_something_else_gets_something_else(login: Login, tokens: Tokens) -> None:
    grants = [login.grant(), login.grant(client_id="other"), login.grant(client_secret="x"), login.grant(scope="y")]
    assert len({(await tokens.get(grant, NOW)).text for grant in grants}) == 4


async def test_a_failure_is_remembered_for_a_moment(login: Login, tokens: Tokens) -> None:
    login.answer = lambda n: web.json_response({"error": "invalid_client"}, status=401)
    why = (Result.FAILED, "no access token; the token endpoint answered 401 (invalid_client)")
    assert await failing(tokens, login.grant()) == why
    assert Masker(["*token", "*secret"]).text(why[1]) == why[1]  # a mail says it, too
    login.now += FAILED_S - 0.1
    assert await failing(tokens, login.grant()) == why
    assert len(login.asked) == 1
    login.answer = lambda n: web.json_response({"access_token": "token"})
    login.now += 0.1
    assert (await tokens.get(login.grant(), NOW)).text == "token"


async def test_a_token_endpoint_that_asks_for_patience_is_given_it(login: Login, tokens: Tokens) -> None:
    login.answer = lambda n: web.Response(status=503, headers={"retry-after": "20"})
    assert (await failing(tokens, login.grant()))[0] is Result.THROTTLED
    login.now += 19
    await failing(tokens, login.grant())
    assert len(login.asked) == 1


@pytest.mark.parametrize(
    ("status", "body", "why"),
    [
        (200, "token=abc", "the token endpoint answered with something else than a JSON object"),
        (200, "[]", "the token endpoint answered with something else than a JSON object"),
        (200, '{"a": "' + "x" * 70_000 + '"}', "the token endpoint answered with something else than a JSON object"),
        (410, "", "the token endpoint answered 410"),
        (302, "", "the token endpoint answered 302"),
        (400, f'{{"error": "e", "error_description": {SECRET!r}}}'.replace("'", '"').replace('&"', '&\\"'),
         "the token endpoint answered 400 (e: ***)"),
    ],
)  # fmt: skip
async def test_an_answer_without_a_token_is_a_failure_that_tells_no_secret(
    status: int, body: str, why: str, login: Login, tokens: Tokens
) -> None:
    login.answer = lambda n: web.Response(status=status, text=body)
    assert await failing(tokens, login.grant()) == (Result.FAILED, f"no access token; {why}")


async def test_nobody_there_and_nowhere_to_go_are_told_apart(login: Login, tokens: Tokens) -> None:
    result, why = await failing(tokens, login.grant(url="http://127.0.0.1:1/"))
    assert result is Result.UNREACHABLE
    assert why.startswith("no access token; no connection to 127.0.0.1:1")
    assert await failing(tokens, login.grant(url="http://2130706433/")) == (
        Result.REFUSED,
        "no access token; not asked for: 2130706433 is a number, not a host; "
        "write an IPv4 address as four plain decimal numbers",
    )


async def test_a_token_that_was_taken_before_and_is_refused_now_is_replaced(login: Login, tokens: Tokens) -> None:
    first = await tokens.get(login.grant(), NOW)
    first.proven = True
    assert tokens.refused(login.grant(), first)
    second = await tokens.get(login.grant(), NOW)
    assert second.text == "token-2"
    # Another delivery comes back with the first one; there is a better one to try, and that stays.
    assert tokens.refused(login.grant(), first)
    assert await tokens.get(login.grant(), NOW) is second


async def test_a_token_that_nobody_has_taken_yet_is_not_replaced_at_once(login: Login, tokens: Tokens) -> None:
    token = await tokens.get(login.grant(), NOW)
    login.now += UNPROVEN_S - 0.1
    assert not tokens.refused(login.grant(), token)
    login.now += 0.1
    assert tokens.refused(login.grant(), token)
    assert (await tokens.get(login.grant(), NOW)).text == "token-2"


async def test_everything_named_like_a_token_is_a_secret(login: Login, tokens: Tokens) -> None:
    body = {"access_token": "a", "refresh_token": "b", "token_type": "Bearer", "data": [{"idToken": "c", "kind": "d"}]}
    login.answer = lambda n: web.json_response(body)
    assert set((await tokens.get(login.grant(), NOW)).secrets()) == {"a", "b", "c"}


async def test_tokens_that_have_ended_are_forgotten_when_there_are_many(
    login: Login, tokens: Tokens, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("eventyard.targets.oauth2.KEPT", 2)
    for n in range(3):
        await tokens.get(login.grant(client_id=str(n)), NOW)
    login.now += LIFETIME_S
    await tokens.get(login.grant(client_id="new"), NOW)
    assert [grant.client_id for grant in tokens._kept] == ["new"]
