from contextlib import AsyncExitStack
from typing import Any

import pytest

from eventyard.model.errors import Invalid
from eventyard.model.ids import EntryId
from eventyard.model.outcome import Result
from eventyard.pipeline.settings import check_settings
from eventyard.ports import Delivery, Egress
from eventyard.targets import request as module
from eventyard.targets.functions.pool import Functions
from eventyard.targets.request import RequestTarget
from eventyard.testing import builders
from eventyard.testing.builders import NOW
from tests.unit.targets.receiver import Receiver

URL = "https://billing.example/bills/${.body.id}"
OAUTH2 = {"url": "https://login.example/token", "client_id": "hub"}


def refused(settings: dict[str, Any], target: RequestTarget | None = None) -> Invalid:
    with pytest.raises(Invalid) as error:
        plain, _ = check_settings(RequestTarget.settings, {"url": URL, **settings})
        (target or RequestTarget()).check(plain)
    assert error.value.code == "invalid_settings"
    return error.value


def test_what_eventhos_can_say_can_be_said() -> None:
    settings = {
        "url": URL,
        "method": "PROPPATCH",
        "headers": {"Authorization": "Bearer ${.oauthResponse.body.access_token}", "Content-Type": "text/xml", "n": 5},
        "query": {"a[]": "${.query.k}", "yes": True},
        "body": {"nested": [{"all": ["${.body}"]}], "n": 5, "none": None},
        "missing": "null",
        "oauth2": OAUTH2,
        "client_secret": "s3cret",
        "reply_to": "bill-written",
    }
    plain, secrets = check_settings(RequestTarget.settings, settings)
    RequestTarget().check(plain)
    assert secrets == {"client_secret": "s3cret"}
    assert plain == {name: value for name, value in settings.items() if name != "client_secret"}


def test_a_url_is_enough() -> None:
    plain, _ = check_settings(RequestTarget.settings, {"url": "${.body.callback}"})
    RequestTarget().check(plain)
    assert plain == {"url": "${.body.callback}", "method": "POST", "missing": "drop"}


@pytest.mark.parametrize(
    ("settings", "pointer", "message"),
    [
        ({"url": "http://127.0.0.1/${.body.id}"}, "/settings/url", "127.0.0.1 is a loopback address"),
        ({"url": "https://user:pass@shop.example/"}, "/settings/url", "a user and password do not belong in it"),
        ({"url": "https://shop.example/#${.body.id}"}, "/settings/url", "a fragment is never sent"),
        ({"url": "https://shop.example/a b"}, "/settings/url", "does not fit"),
        ({"method": "CONNECT"}, "/settings/method", "does not fit"),
        ({"method": "GET /"}, "/settings/method", "does not fit"),
        ({"headers": {"a b": "c"}}, "/settings/headers", "does not fit"),
        ({"headers": {"a": ["c"]}}, "/settings/headers/a", "does not fit"),
        ({"headers": {"Transfer-Encoding": "chunked"}}, "/settings/headers/Transfer-Encoding", "cannot be set here"),
        ({"missing": "undefined"}, "/settings/missing", "does not fit"),
        ({"body": {"a": "${.body.id"}}, "/settings/body/a", "not closed"),
        ({"mapping": "$sum("}, "/settings/mapping", "Unexpected end of expression"),
        ({"oauth2": {"url": "https://login.example/token"}}, "/settings/oauth2", "does not fit"),
        ({"oauth2": {**OAUTH2, "url": "http://10.0.0.1/"}}, "/settings/oauth2/url", "10.0.0.1 is a private address"),
        ({"oauth2": {**OAUTH2, "client_secret": "x"}}, "/settings/oauth2", "does not fit"),
    ],
)
def test_mistakes_are_found_when_the_target_is_written(settings: Any, pointer: str, message: str) -> None:
    error = refused(settings)
    assert (error.pointer or "").startswith(pointer)
    assert message in error.message


def test_a_function_needs_somebody_who_runs_it() -> None:
    without = RequestTarget(functions=Functions(why_not="no JavaScript interpreter is installed"))
    error = refused({"function": "return {};"}, without)
    assert (error.pointer, error.hint) == ("/settings/function", "write a mapping in its place")
    assert error.message == "function: this hub runs none: no JavaScript interpreter is installed"


async def test_a_function_that_cannot_be_compiled_is_refused_when_it_is_written(stack: AsyncExitStack) -> None:
    target = RequestTarget()
    await target.start(stack)
    await target.examine({"url": URL})
    await target.examine({"url": URL, "function": "while (true) {}"})
    with pytest.raises(Invalid) as caught:
        await target.examine({"url": URL, "function": "return {\n  order: ,\n}"})
    assert (caught.value.code, caught.value.pointer) == ("invalid_settings", "/settings/function")
    assert caught.value.message == "function: line 2, column 10: SyntaxError: unexpected token in expression: ','"


async def test_a_function_that_nobody_can_examine_is_taken(
    stack: AsyncExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = RequestTarget()
    await target.start(stack)
    monkeypatch.setattr("sys.executable", "/nowhere/python")
    await target.examine({"url": URL, "function": "return {"})


async def test_settings_are_compiled_once_for_a_target_and_again_when_it_changes(
    receiver: Receiver, stack: AsyncExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled = []
    read = module.read_recipe
    monkeypatch.setattr(module, "read_recipe", lambda settings: compiled.append(settings) or read(settings))
    monkeypatch.setattr(module, "RECIPES_KEPT", 2)
    request = RequestTarget(Egress(allow_private=True))
    await request.start(stack)
    targets = [builders.target(name, settings={"url": f"{receiver.url}/{name}"}) for name in ("a", "a", "b", "c")]
    for target in (targets[0], targets[0], targets[1], targets[1], *targets[2:]):
        delivery = Delivery(EntryId(2), EntryId(1), "s", 1, builders.event(), target, {}, NOW)
        assert (await request.send(delivery)).result is Result.DELIVERED
    assert [settings["url"].rpartition("/")[2] for settings in compiled] == ["a", "a", "b", "c"]
    assert len(request._recipes) == 1


def test_the_client_secret_goes_to_who_gives_tokens_and_the_token_to_the_receiver() -> None:
    told = {setting.name: setting.sent_to for setting in RequestTarget.settings if setting.secret}
    assert told == {"client_secret": ("oauth2/url", "url"), "authorization": ("url",)}
