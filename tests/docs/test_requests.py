"""The examples of the page on requests send what it says."""

import json
import re
from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import Any, NamedTuple

import pytest

from eventyard.model.event import Received
from eventyard.model.ids import EntryId
from eventyard.model.outcome import Result
from eventyard.pipeline.settings import check_settings
from eventyard.ports import Delivery, Egress
from eventyard.targets import request as module
from eventyard.targets.answers import Answer
from eventyard.targets.destinations import Destination
from eventyard.targets.request import RequestTarget
from eventyard.testing import builders
from eventyard.testing.builders import NOW
from tests.house.tree import ROOT

PAGE = (ROOT / "docs/requests.md").read_text()
BLOCK = re.compile(r"^```(\w+)\n(.*?)\n```$", re.M | re.S)
TOKEN = {"access_token": "the-token", "expires_in": 3600, "scope": "bills"}


class Asked(NamedTuple):
    """A request that was sent."""

    method: str
    to: Destination
    headers: Mapping[str, str]
    body: bytes


class Client:
    """Says yes to everything, and knows what it was asked."""

    def __init__(self, *_: Any) -> None:
        self.asked: list[Asked] = []

    async def ask(
        self, method: str, to: Destination, headers: Mapping[str, str], body: bytes, timeout_ms: int, *, most: int
    ) -> Answer:
        """Answer with a token, whatever was asked."""
        self.asked.append(Asked(method, to, headers, body))
        answer, said = Answer(), json.dumps(TOKEN).encode()
        answer.feed(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(said) + said)
        return answer

    def close(self) -> None:
        """Nothing was opened."""


def examples() -> tuple[str, list[tuple[str, str, str]]]:
    """The event of the page, and its examples: settings, the kind of what comes of them, and what comes of them."""
    blocks = BLOCK.findall(PAGE)
    pairs = zip(blocks[1::2], blocks[2::2], strict=True)
    return blocks[0][1], [(settings, kind, made) for (_, settings), (kind, made) in pairs]


EVENT, EXAMPLES = examples()


@pytest.mark.parametrize(("settings", "kind", "made"), EXAMPLES, ids=range(len(EXAMPLES)))
async def test_an_example_sends_what_the_page_says(
    settings: str, kind: str, made: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = Client()
    monkeypatch.setattr(module, "Client", lambda _: client)
    plain, _ = check_settings(RequestTarget.settings, json.loads(settings))
    received = Received(
        "POST", "https://hub.example/eventhos/event/send?shop=basel", {"shop": "basel"}, {"x-request-id": "5f1c"}
    )
    event = builders.event(EVENT.encode(), request=received)
    target = builders.target(type="request", settings=plain)
    delivery = Delivery(EntryId(2), EntryId(1), "s", 1, event, target, {"client_secret": ("s3cret",)}, NOW)
    async with AsyncExitStack() as stack:
        request = RequestTarget(Egress())
        request.check(plain)
        await request.start(stack)
        outcome = await request.send(delivery)
    if kind == "text":
        assert (outcome.result, outcome.error, client.asked) == (Result.REFUSED, made, [])
        return
    asked = client.asked[-1]
    head, _, body = made.partition("\n\n")
    line, *fields = head.splitlines()
    headers = {"host": asked.to.authority, **asked.headers}
    assert f"{asked.method} {asked.to.path}" == line
    assert {name: headers[name] for name, _, _ in map(split, fields)} == {
        name: value for name, _, value in map(split, fields)
    }
    if body.startswith("{"):
        assert json.loads(asked.body) == json.loads(body)
    else:
        assert asked.body == body.encode()


def split(field: str) -> tuple[str, str, str]:
    """A header's name and value."""
    return field.partition(": ")


def test_the_page_shows_every_setting_that_is_no_secret() -> None:
    assert not [s.name for s in RequestTarget.settings if f'"{s.name}"' not in PAGE and f"`{s.name}`" not in PAGE]
