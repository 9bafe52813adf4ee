import asyncio
import json
import socket
import ssl
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from standardwebhooks import Webhook, WebhookVerificationError

from eventyard.model.errors import Invalid
from eventyard.model.ids import EntryId
from eventyard.model.outcome import Outcome, Result
from eventyard.ports import Delivery, Egress
from eventyard.targets.answers import BODY_KEPT
from eventyard.targets.webhook import WebhookTarget, render
from eventyard.testing import builders
from eventyard.testing.builders import NOW
from tests.unit.targets.certificates import certificate
from tests.unit.targets.receiver import Receiver, say

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
NEWER = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"


async def started(stack: AsyncExitStack, **options: Any) -> WebhookTarget:
    webhook = WebhookTarget(**({"egress": Egress(allow_private=True)} | options))
    await webhook.start(stack)
    return webhook


def delivery(
    url: str = "https://shop.example/hook",
    *,
    attempt: int = 1,
    entry_id: int = 7,
    timeout_ms: int = 5_000,
    secrets: dict[str, tuple[str, ...]] | None = None,
    now: int = NOW,
    event: dict[str, Any] | None = None,
    **settings: Any,
) -> Delivery:
    target = builders.target(settings={"url": url, **settings}, timeout_ms=timeout_ms)
    fact = builders.event(**(event or {}))
    return Delivery(EntryId(entry_id), EntryId(6), "subscription-1", attempt, fact, target, secrets or {}, now)


async def test_a_delivered_event_arrives_as_it_came_with_its_attributes_in_headers(
    receiver: Receiver, stack: AsyncExitStack
) -> None:
    webhook = await started(stack)
    outcome = await webhook.send(delivery(receiver.url, secrets={"secret": (SECRET,)}))
    assert (outcome.result, outcome.status_code, outcome.response_body) == (Result.DELIVERED, 200, b"thanks")
    assert outcome.response_headers["content-type"] == "text/plain; charset=utf-8"
    [(request, body)] = receiver.got
    assert (request.method, request.path, body) == ("POST", "/hook", b'{"order": 1}')
    assert request.headers["content-type"] == "application/json"
    assert request.headers["ce-id"] == "event-1"
    assert request.headers["ce-type"] == "order.created"
    assert request.headers["eventyard-attempt"] == "1"
    assert request.headers["webhook-timestamp"] == "1767323045"
    assert "accept-encoding" not in request.headers


async def test_the_standard_webhooks_library_takes_our_signature(receiver: Receiver, stack: AsyncExitStack) -> None:
    webhook, clock = await started(stack), present()
    for style in ("cloudevents-binary", "cloudevents-structured", "plain"):
        await webhook.send(delivery(receiver.url, secrets={"secret": (SECRET,)}, now=clock, format=style))
        request, body = receiver.got[-1]
        Webhook(SECRET).verify(body, dict(request.headers))
        with pytest.raises(WebhookVerificationError):
            Webhook(SECRET).verify(body + b" ", dict(request.headers))


def present() -> int:
    """The present, which the library compares with."""
    return time.time_ns() // 1_000_000


def test_while_a_secret_is_rotated_both_sign() -> None:
    headers, body = render(delivery(secrets={"secret": (NEWER, SECRET)}, now=present()))
    assert len(headers["webhook-signature"].split(" ")) == 2
    Webhook(SECRET).verify(body, headers)
    Webhook(NEWER).verify(body, headers)


def test_a_target_without_a_secret_is_sent_no_signature() -> None:
    headers, _ = render(delivery())
    assert "webhook-signature" not in headers


def test_a_structured_request_holds_everything_in_one_document() -> None:
    headers, body = render(delivery(format="cloudevents-structured"))
    assert headers["content-type"] == "application/cloudevents+json"
    assert json.loads(body)["data"] == {"order": 1}
    assert not [name for name in headers if name.startswith("ce-")]


def test_a_plain_request_holds_the_data_alone() -> None:
    headers, body = render(delivery(format="plain", event={"data": b"a,b", "content_type": "text/csv"}))
    assert (headers["content-type"], body) == ("text/csv", b"a,b")
    assert set(headers) == {"content-type", "user-agent", "webhook-id", "webhook-timestamp", "eventyard-attempt"}


def test_custom_headers_and_the_secret_authorization_are_sent_and_never_replace_ours() -> None:
    wanted = {"X-Team": "fulfilment", "User-Agent": "mine", "Webhook-Id": "forged"}
    headers, _ = render(delivery(headers=wanted, secrets={"authorization": ("Bearer abc",)}))
    assert headers["x-team"] == "fulfilment"
    assert headers["authorization"] == "Bearer abc"
    assert headers["webhook-id"].startswith("msg_")


async def test_retry_after_reaches_the_outcome(receiver: Receiver, stack: AsyncExitStack) -> None:
    receiver.answer = say(429, Retry_After="30")
    outcome = await (await started(stack)).send(delivery(receiver.url))
    assert (outcome.result, outcome.retry_after_ms) == (Result.THROTTLED, 30_000)


async def test_a_redirect_is_a_failure_and_not_followed(receiver: Receiver, stack: AsyncExitStack) -> None:
    receiver.answer = say(302, Location="http://169.254.169.254/latest/meta-data")
    outcome = await (await started(stack)).send(delivery(receiver.url))
    assert outcome.result is Result.FAILED
    assert outcome.error == (
        "the receiver answered 302 Found, a redirect to http://169.254.169.254/latest/meta-data; "
        "redirects are not followed: change the target's url"
    )
    assert len(receiver.got) == 1


async def test_no_more_of_an_answer_is_read_than_is_kept(receiver: Receiver, stack: AsyncExitStack) -> None:
    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b"x" * 65_536)

    receiver.answer = endless
    outcome = await (await started(stack)).send(delivery(receiver.url))
    assert (outcome.result, outcome.response_body) == (Result.DELIVERED, b"x" * BODY_KEPT)


async def test_a_receiver_that_sends_back_what_it_got_puts_no_secret_on_record(
    receiver: Receiver, stack: AsyncExitStack
) -> None:
    async def echo(request: web.Request) -> web.StreamResponse:
        authorization = request.headers["authorization"]
        token = authorization.split()[1]
        headers = {"Location": f"/login?token={token}", "X-Echo": authorization}
        return web.json_response({"authorization": authorization, "token": token}, status=302, headers=headers)

    receiver.answer = echo
    secrets = {"authorization": ("Bearer not-to-be-seen",), "secret": (SECRET,)}
    outcome = await (await started(stack)).send(delivery(receiver.url, secrets=secrets))
    assert outcome.response_body == b'{"authorization": "Bearer ***", "token": "***"}'
    assert (outcome.response_headers["x-echo"], outcome.response_headers["location"]) == (
        "Bearer ***",
        "/login?token=***",
    )
    assert outcome.error is not None
    assert "a redirect to /login?token=***;" in outcome.error


async def test_an_answer_whose_body_never_ends_was_an_answer(receiver: Receiver, stack: AsyncExitStack) -> None:
    never = asyncio.Event()

    async def stuck(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"almost")
        await never.wait()
        return response

    receiver.answer = stuck
    outcome = await (await started(stack)).send(delivery(receiver.url, timeout_ms=200))
    assert outcome.result is Result.DELIVERED


async def test_a_receiver_that_never_answers_times_out(receiver: Receiver, stack: AsyncExitStack) -> None:
    never = asyncio.Event()

    async def silent(_: web.Request) -> web.StreamResponse:
        await never.wait()
        return web.Response()

    receiver.answer = silent
    outcome = await (await started(stack)).send(delivery(receiver.url, timeout_ms=50))
    assert outcome == Outcome(Result.TIMED_OUT, error="no answer within 50 ms")


async def test_nobody_listening_is_unreachable(stack: AsyncExitStack) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    outcome = await (await started(stack)).send(delivery(f"http://127.0.0.1:{port}/"))
    assert outcome.result is Result.UNREACHABLE
    assert outcome.error is not None


async def test_a_receiver_that_hangs_up_is_unreachable(stack: AsyncExitStack) -> None:
    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    outcome = await (await started(stack)).send(delivery(f"http://127.0.0.1:{port}/"))
    assert outcome.result is Result.UNREACHABLE
    server.close()


async def test_something_that_is_no_http_is_unreachable(stack: AsyncExitStack) -> None:
    async def mumble(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example ESMTP\r\n")
        writer.close()

    server = await asyncio.start_server(mumble, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    outcome = await (await started(stack)).send(delivery(f"http://127.0.0.1:{port}/"))
    assert outcome.result is Result.UNREACHABLE
    server.close()


async def test_a_name_that_does_not_resolve_is_unreachable(stack: AsyncExitStack) -> None:
    async def nothing(host: str) -> list[str]:
        raise OSError("Name or service not known")

    outcome = await (await started(stack, lookup=nothing)).send(delivery("http://shop.example/"))
    assert outcome.result is Result.UNREACHABLE
    assert outcome.error == "the name shop.example does not resolve: Name or service not known"


async def test_a_private_address_is_refused_before_anything_is_sent(receiver: Receiver, stack: AsyncExitStack) -> None:
    webhook = await started(stack, egress=Egress())
    outcome = await webhook.send(delivery(receiver.url))
    assert outcome.result is Result.REFUSED
    assert outcome.error == (
        "not sent: 127.0.0.1 is a loopback address, which targets may have only where targets.allow_private is set"
    )
    assert receiver.got == []


async def test_a_name_with_one_private_address_among_its_answers_is_refused(
    receiver: Receiver, stack: AsyncExitStack
) -> None:
    async def lookup(host: str) -> list[str]:
        return ["93.184.216.34", "10.0.0.5"]

    webhook = await started(stack, egress=Egress(), lookup=lookup)
    outcome = await webhook.send(delivery("http://shop.example/"))
    assert outcome.result is Result.REFUSED
    assert outcome.error == (
        "not sent: shop.example leads to 10.0.0.5, a private address, "
        "which targets may have only where targets.allow_private is set"
    )


async def test_a_name_is_asked_once_and_connected_to_where_it_was_judged(
    receiver: Receiver, stack: AsyncExitStack
) -> None:
    answers = iter([["127.0.0.1"], ["192.0.2.1"]])
    asked: list[str] = []

    async def rebinding(host: str) -> list[str]:
        asked.append(host)
        return next(answers)

    webhook = await started(stack, lookup=rebinding)
    url = receiver.url.replace("127.0.0.1", "shop.example")
    outcome = await webhook.send(delivery(url))
    assert (outcome.result, asked) == (Result.DELIVERED, ["shop.example"])
    assert receiver.got[0][0].headers["host"].startswith("shop.example:")


async def test_a_name_that_turns_private_later_is_refused_then(stack: AsyncExitStack) -> None:
    answers = iter([["192.168.1.1"]])

    async def rebinding(host: str) -> list[str]:
        return next(answers)

    webhook = await started(stack, egress=Egress(), lookup=rebinding)
    assert (await webhook.send(delivery("https://shop.example/"))).result is Result.REFUSED


async def test_tls_asks_for_the_name_and_not_for_the_address(stack: AsyncExitStack, tmp_path: Path) -> None:
    asked: list[str | None] = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate(tmp_path, "shop.example"))
    context.sni_callback = lambda _, name, __: asked.append(name)
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0, ssl=context)
    port = server.sockets[0].getsockname()[1]

    async def lookup(host: str) -> list[str]:
        return ["127.0.0.1"]

    outcome = await (await started(stack, lookup=lookup)).send(delivery(f"https://shop.example:{port}/"))
    assert asked == ["shop.example"]
    assert outcome.result is Result.UNREACHABLE
    assert outcome.error is not None
    assert "certificate verify failed" in outcome.error
    server.close()


async def test_proxies_of_the_environment_are_not_asked(
    receiver: Receiver, stack: AsyncExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1/")
    assert (await (await started(stack)).send(delivery(receiver.url))).result is Result.DELIVERED


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("ftp://shop.example/", "it must be an http or https URL with a host"),
        ("http:///hook", "it must be an http or https URL with a host"),
        ("https://user:pass@shop.example/", "a user and password do not belong in it"),
        ("https://shop.example/#top", "a fragment is never sent"),
        ("http://2130706433/", "2130706433 is a number, not a host"),
        ("http://0x7f.1/", "0x7f.1 is a number, not a host"),
        ("http://0177.0.0.1/", "0177.0.0.1 is a number, not a host"),
        ("http://127.1/", "127.1 is a number, not a host"),
        ("http://127.0.0.1/", "127.0.0.1 is a loopback address"),
        ("http://[::1]/", "::1 is a loopback address"),
        ("http://[::ffff:10.0.0.1]/", "is a private address"),
        ("http://169.254.169.254/latest", "169.254.169.254 is a link-local address"),
        ("http://[fe80::1%25eth0]/", "is a link-local address"),
    ],
)
def test_a_url_that_cannot_be_sent_to_is_refused_when_it_is_written(url: str, why: str) -> None:
    with pytest.raises(Invalid) as refused:
        WebhookTarget().check({"url": url})
    assert (refused.value.code, refused.value.pointer) == ("invalid_settings", "/settings/url")
    assert why in refused.value.message


@pytest.mark.parametrize("name", ["Host", "Connection", "Webhook-Id", "ce-type", "Content-Length", "Authorization"])
def test_headers_that_are_ours_cannot_be_set(name: str) -> None:
    with pytest.raises(Invalid) as refused:
        WebhookTarget().check({"headers": {name: "x"}})
    assert refused.value.pointer == f"/settings/headers/{name}"


def test_an_ordinary_target_passes() -> None:
    WebhookTarget().check({"url": "https://shop.example:8443/hook?a=b", "headers": {"X-Team": "fulfilment"}})
    WebhookTarget(Egress(allow_private=True)).check({"url": "http://127.0.0.1:8080/hook"})


def test_the_signing_secret_is_shown_to_nobody_and_the_other_one_to_the_receiver() -> None:
    told = {setting.name: setting.sent_to for setting in WebhookTarget.settings if setting.secret}
    assert told == {"secret": (), "authorization": ("url",)}


def test_it_must_be_started_first() -> None:
    with pytest.raises(RuntimeError):
        asyncio.run(WebhookTarget().send(delivery()))
