"""Answers that become events, live: with their cause, once, and never in a circle."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from tests.serving import Hub

LIMIT_S = 60


class Api:
    """A server that answers each path as it was told to, and keeps what it was asked."""

    def __init__(self) -> None:
        self.answers: dict[str, web.Response] = {}
        self.asked: list[tuple[str, Any]] = []
        self.url = ""

    async def open(self) -> web.AppRunner:
        app = web.Application()
        app.router.add_route("*", "/{name}", self._answer)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.url = "http://{}:{}".format(*runner.addresses[0][:2])
        return runner

    async def _answer(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        self.asked.append((name, json.loads(await request.read() or b"null")))
        return self.answers.get(name) or web.json_response({"from": name})


class Shop:
    """A hub whose sources drive requests to an API."""

    def __init__(self, hub: Hub, api: Api) -> None:
        self.hub = hub
        self.api = api
        self.sources: dict[str, str] = {}

    async def source(self, name: str, **fields: Any) -> None:
        self.sources[name] = (await self.hub.post("/v1/sources", name=name, **fields))["id"]

    async def drives(self, source: str, name: str, reply_to: str) -> None:
        settings = {"url": f"{self.api.url}/{name}", "reply_to": reply_to}
        await self.hub.post("/v1/targets", name=name, type="request", settings=settings)
        await self.hub.post("/v1/subscriptions", source_id=self.sources[source], target_id=name, name=name)

    async def send(self, source: str, **data: Any) -> str:
        sent = await self.hub.post(f"/in/{self.sources[source]}", **data)
        await self.hub.settled()
        return str(sent["event_id"])

    async def events(self, source: str) -> list[dict[str, Any]]:
        found = await self.hub.entries(kind="publication", name=source)
        return [(await self.hub.get(f"/v1/events/{entry['entry_id']}"))["event"] for entry in reversed(found)]

    async def delivery(self, name: str) -> dict[str, Any]:
        [entry] = await self.hub.entries(kind="subscription", name=name)
        detail: dict[str, Any] = await self.hub.get(f"/v1/events/{entry['entry_id']}")
        return detail


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    api = Api()
    async with asyncio.timeout(LIMIT_S), Hub(tmp_path) as hub:
        runner = await api.open()
        yield Shop(hub, api)
        await runner.cleanup()


async def test_an_answer_drives_what_its_source_drives_and_the_cause_can_be_followed(shop: Shop) -> None:
    for name in ("orders", "bills", "mails"):
        await shop.source(name)
    await shop.drives("orders", "write-bill", "bills")
    await shop.drives("bills", "send-mail", "mails")
    order = await shop.send("orders", number=7)
    [bill] = await shop.events("bills")
    [mail] = await shop.events("mails")
    assert (bill["data"], mail["data"]) == ({"from": "write-bill"}, {"from": "send-mail"})
    assert shop.api.asked == [("write-bill", {"number": 7}), ("send-mail", {"from": "write-bill"})]
    causes = [(event["extensions"]["causeid"], event["extensions"]["causedepth"]) for event in (bill, mail)]
    assert causes == [(order, "1"), (bill["id"], "2")]
    assert len(mail["extensions"]["causepath"].split(".")) == 3
    made = await shop.delivery("write-bill")
    assert str(made["entry_id"]) == bill["extensions"]["causeentry"]
    assert made["history"][-1]["comment"].endswith("of source 'bills'")


async def test_a_circle_ends_where_it_would_close(shop: Shop) -> None:
    for name in ("ping", "pong"):
        await shop.source(name)
    await shop.drives("ping", "to-pong", "pong")
    await shop.drives("pong", "to-ping", "ping")
    await shop.send("ping")
    assert (len(await shop.events("ping")), len(await shop.events("pong"))) == (1, 1)
    last = await shop.delivery("to-ping")
    assert last["status"] == "complete"
    assert last["history"][-1]["comment"].endswith("that would go in a circle, as an event of this source led to it")
    assert "reply_refused" in (shop.hub.data / "log").read_text()


@pytest.mark.parametrize(
    ("answer", "data", "content_type"),
    [
        ({"status": 204}, {"data": {}}, "application/json"),
        ({"body": b"a;b", "content_type": "text/csv"}, {"data_base64": "YTti"}, "text/csv"),
        ({"body": b'["%s"]' % (b"x" * 100_000), "content_type": "text/json"}, {"data": ["x" * 100_000]}, "text/json"),
    ],
)
async def test_an_answer_is_taken_whole_and_as_what_it_says_it_is(
    shop: Shop, answer: dict[str, Any], data: dict[str, Any], content_type: str
) -> None:
    shop.api.answers["ask"] = web.Response(**answer)
    for name in ("questions", "answers"):
        await shop.source(name)
    await shop.drives("questions", "ask", "answers")
    await shop.send("questions")
    [event] = await shop.events("answers")
    assert event["datacontenttype"].partition(";")[0] == content_type
    assert event | data == event


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ({"body": b"x" * (1 << 20)}, "it was not read to its end"),
        ({"text": "{", "content_type": "application/json"}, "not JSON"),
        ({"text": "[]", "content_type": "application/json"}, "object"),
    ],
)
async def test_an_answer_that_its_source_does_not_take_is_said_in_the_history(
    shop: Shop, answer: dict[str, Any], why: str
) -> None:
    shop.api.answers["ask"] = web.Response(**answer)
    await shop.source("questions")
    await shop.source("answers", schema={"type": "object"})
    await shop.drives("questions", "ask", "answers")
    await shop.send("questions")
    assert await shop.events("answers") == []
    delivery = await shop.delivery("ask")
    assert delivery["status"] == "complete"
    assert "the answer became no event of source 'answers'" in delivery["history"][-1]["comment"]
    assert why in delivery["history"][-1]["comment"]


async def test_a_target_may_not_name_a_source_that_is_not_there(shop: Shop) -> None:
    settings = {"url": shop.api.url, "reply_to": "nobody"}
    body = {"name": "ask", "type": "request", "settings": settings}
    async with shop.hub.session.post("/v1/targets", json=body) as answer:
        problem = await answer.json()
    assert (answer.status, problem["code"], problem["pointer"]) == (422, "invalid_settings", "/settings/reply_to")
