"""Fifteen weaknesses found in eventhos 1.0.1, and what a hub does there instead: live, one by one, over real HTTP.

Each hub is a process of its own, set up through eventhos' API alone; what the original has no field for is set under
``/v1``. Actions lead to a receiver on loopback.
"""

import asyncio
import base64
import json
import signal
import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from eventyard.wire.signatures import sign_webhook
from tests.mailserver import mail_server
from tests.serving import Hub

LIMIT_S = 120
PASSWORD = "correct horse battery staple"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

Answering = Callable[[web.Request], Awaitable[web.Response]]
Refusal = tuple[int, int]
"""Status and code."""


async def fine(_: web.Request) -> web.Response:
    return web.json_response({"done": True})


class Receiver:
    """Where actions lead: keeps what it was asked, and answers as it is told."""

    def __init__(self) -> None:
        self.answer: Answering = fine
        self.asked: list[tuple[str, Any, dict[str, str]]] = []
        """Path with query, body, and headers by lower-case name."""

    async def open(self) -> web.AppRunner:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._take)
        runner = web.AppRunner(app, handler_cancellation=True)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.url = "http://{}:{}".format(*runner.addresses[0][:2])
        return runner

    @property
    def bodies(self) -> list[Any]:
        return [body for _, body, _ in self.asked]

    async def _take(self, request: web.Request) -> web.Response:
        body = await request.read()
        headers = {name.lower(): value for name, value in request.headers.items()}
        is_json = request.content_type == "application/json"
        self.asked.append((request.path_qs, json.loads(body) if is_json else body.decode(), headers))
        return await self.answer(request)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    made = Receiver()
    runner = await made.open()
    yield made
    await runner.cleanup()


class Shop:
    """A system with a client, set up by eventhos' calls, and its log."""

    def __init__(self, hub: Hub, receiver: Receiver) -> None:
        self.hub = hub
        self.receiver = receiver
        self.system = 0
        self.client = 0
        self.asks: dict[str, str] = {}
        self.key = ""

    async def call(self, method: str, path: str, body: Any = None, **query: Any) -> tuple[int, Any]:
        """A call of an administrator: status and JSON."""
        headers = {"authorization": self.hub.session.headers["authorization"].replace("Bearer", "BEARER")}
        url = f"/eventhos{path}"
        async with self.hub.session.request(method, url, json=body, params=query, headers=headers) as answer:
            return answer.status, await answer.json()

    async def done(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        """The content of a success."""
        status, answer = await self.call(method, path, body, **query)
        assert status in (200, 201), answer
        return answer.get("content")

    async def refused(self, method: str, path: str, body: Any = None, **query: Any) -> Refusal:
        status, answer = await self.call(method, path, body, **query)
        assert answer.keys() >= {"message", "code", "errorUUID"}, answer
        return status, answer["code"]

    async def open(self) -> "Shop":
        body = {"identifier": "shop", "name": "shop", "description": "", "roles": []}
        made = await self.done("POST", "/auth/client", body)
        self.asks = {
            "grant_type": "client_credentials", "client_id": made["clientId"], "client_secret": made["clientSecret"],
        }  # fmt: skip
        self.client = (await self.done("GET", "/auth/client"))["items"][0]["id"]
        system = {"systemClass": "hybrid", "identifier": "shop", "name": "Shop", "clientId": self.client}
        self.system = (await self.done("POST", "/system", system))["systemId"]
        self.key = (await self.done("POST", "/auth/token", self.asks))["jwt_token"]
        return self

    async def event(self, name: str) -> tuple[int, str]:
        """A new event: its id and its identifier."""
        made = await self.done("POST", "/event", {"system_id": self.system, "identifier": name, "name": name})
        rows = (await self.done("GET", f"/system/{self.system}/events")) or []
        return made["eventId"], next(row["identifier"] for row in rows if row["id"] == made["eventId"])

    async def action(self, name: str, **fields: Any) -> int:
        """A new action, which posts the event's body to the receiver unless told otherwise."""
        body = {
            "system_id": self.system, "identifier": name, "name": name, "url": f"{self.receiver.url}/{name}",
            "method": "post", "headers": [], "queryUrlParams": [], "body": [], "securityType": 0,
        }  # fmt: skip
        made: int = (await self.done("POST", "/action", body | fields))["actionId"]
        return made

    async def contract(self, event: int, action: int, name: str, **fields: Any) -> int:
        """A new contract."""
        body = {"eventId": event, "actionId": action, "identifier": name, "name": name, "order": 0}
        made: int = (await self.done("POST", "/contract", body | {"mailRecipientsOnError": ""} | fields))["actionId"]
        return made

    async def line(self, name: str, **action: Any) -> str:
        """An event with a contract and an action of the same name; the event's identifier."""
        event, identifier = await self.event(name)
        await self.contract(event, await self.action(name, **action), name)
        return identifier

    async def send(self, event: str, body: Any = None, key: str | None = None, **headers: str) -> Refusal:
        """Send an event as its producer."""
        query, headers = {"event-identifier": event}, {"access-key": key or self.key, "authorization": "", **headers}
        data = {} if body is None else body
        async with self.hub.session.post("/eventhos/event/send", json=data, params=query, headers=headers) as answer:
            return answer.status, (await answer.json())["code"]

    async def sent(self, event: str, body: Any = None) -> list[str | None]:
        """The states of a sent event's contracts, once all is over."""
        assert await self.send(event, body) == (200, 200000)
        await self.hub.settled()
        states: list[str | None] = (await self.received(order="desc"))[0]["state"]
        return states

    async def received(self, **query: Any) -> list[dict[str, Any]]:
        """The log."""
        content = await self.done("GET", "/event/received", itemsPerPage="1000", **query)
        items: list[dict[str, Any]] = content["items"]
        assert content["totalItems"] == len(items)
        return items

    async def executions(self, number: int | None = None) -> list[dict[str, Any]]:
        """The executed contracts of a received event, or else of the last one."""
        number = number or (await self.received(order="desc"))[0]["id"]
        detail = await self.done("GET", f"/event/received/{number}")
        found: list[dict[str, Any]] = detail["executedEventContracts"]
        return found

    async def execution(self, detail: int | None = None) -> dict[str, Any]:
        """One executed contract by itself, or else the only one of the last event."""
        if detail is None:
            [only] = await self.executions()
            detail = only["detailId"]
        found: dict[str, Any] = await self.done("GET", f"/event/received/execution-detail/{detail}")
        return found


@asynccontextmanager
async def opened(data: Path, receiver: Receiver, **settings: str) -> AsyncIterator[Shop]:
    async with asyncio.timeout(LIMIT_S), Hub(data, **settings) as hub:
        yield await Shop(hub, receiver).open()


@pytest.fixture
async def shop(tmp_path: Path, receiver: Receiver) -> AsyncIterator[Shop]:
    async with opened(tmp_path / "data", receiver, EVENTYARD_BOOTSTRAP_PASSWORD=PASSWORD) as made:
        yield made


async def test_1_a_crash_loses_nothing_that_was_acknowledged(tmp_path: Path, receiver: Receiver) -> None:
    held = asyncio.Event()

    async def hold(_: web.Request) -> web.Response:
        await held.wait()
        return web.json_response({})

    receiver.answer = hold
    async with asyncio.timeout(LIMIT_S):
        async with Hub(tmp_path) as hub:
            shop = await Shop(hub, receiver).open()
            event = await shop.line("orders")
            ends = await asyncio.gather(*(shop.send(event, {"number": number}) for number in range(20)))
            assert ends == [(200, 200000)] * 20
            hub.signal(signal.SIGKILL)
            await hub.ended()
        held.set()
        async with Hub(tmp_path) as hub:
            shop.hub = hub
            await hub.settled()
            log = await shop.received()
            assert [row["state"] for row in log] == [["processed"]] * 20
            assert {body["number"] for body in receiver.bodies} == set(range(20))
            assert len(await shop.executions(log[0]["id"])) == 1


async def test_2_any_failure_leaves_a_trace_and_can_be_retried(shop: Shop, receiver: Receiver) -> None:
    numbers = await shop.line(
        "numbers", headers=[{"key": "x-count", "value": 7}, {"key": "x-id", "value": "${.body.id}"}]
    )
    assert await shop.sent(numbers, {"id": 12}) == ["processed"]
    assert (receiver.asked[0][2]["x-count"], receiver.asked[0][2]["x-id"]) == ("7", "12")

    event, strict = await shop.event("strict")
    action = await shop.action("strict", rawBody={"id": "${.body.id}"}, missing="error")
    contract = await shop.contract(event, action, "strict")
    assert await shop.sent(strict, {}) == ["error"]
    detail = await shop.execution()
    assert detail["response"]["status"] == "ERR_BAD_REQUEST"
    assert ".body.id" in detail["response"]["statusText"]
    assert receiver.bodies == [{"id": 12}], "nothing was sent"

    await shop.done("PUT", f"/action/{action}", {"rawBody": {"id": 1}})
    retry = {"receivedEventId": detail["received_event_id"], "contractDetailId": detail["contract_exc_detail_id"]}
    query = {"event-identifier": strict, "contract-id": str(contract), "access-key": shop.key}
    assert (await shop.call("POST", "/event/send/contract", retry, **query))[0] == 200
    assert receiver.bodies[1:] == [{"id": 1}]


async def test_3_retries_are_made_by_a_policy_and_a_manual_one_is_tied_to_what_it_repeats(
    shop: Shop, receiver: Receiver
) -> None:
    failing = 2

    async def recover(_: web.Request) -> web.Response:
        nonlocal failing
        failing -= 1
        return web.json_response({}, status=500 if failing >= 0 else 200)

    receiver.answer = recover
    event, identifier = await shop.event("orders")
    contract = await shop.contract(event, await shop.action("bill"), "bill")
    [subscription] = await shop.hub.get("/v1/subscriptions")
    policy = {"schedule_ms": [10, 10]}
    await shop.hub.call("PATCH", f"/v1/subscriptions/{subscription['id']}", {"retry": policy})
    assert await shop.sent(identifier) == ["processed"]
    assert len(receiver.asked) == 3

    once = {"schedule_ms": None, "max_attempts": 1}
    await shop.hub.call("PATCH", f"/v1/subscriptions/{subscription['id']}", {"retry": once})
    failing = 2
    assert await shop.sent(identifier) == ["error"]
    number = (await shop.received(order="desc"))[0]["id"]
    query = {"event-identifier": identifier, "contract-id": str(contract), "access-key": shop.key}
    for state in ("error", "processed"):
        last = (await shop.executions(number))[-1]
        retry = {"receivedEventId": number, "contractDetailId": last["detailId"]}
        assert (await shop.call("POST", "/event/send/contract", retry, **query))[1]["code"] == 20000
        assert await shop.refused("POST", "/event/send/contract", retry, **query) == (400, 400206)
        assert (await shop.executions(number))[-1]["state"] == state
    assert [one["attempts"] for one in await shop.executions(number)] == [1, 1, 0]
    assert len(await shop.received()) == 2, "no new event was made of it"


def spent(hub: Hub) -> int:
    """The processor time of a hub so far, in ticks of the system."""
    fields = Path(f"/proc/{hub.pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


async def test_4_a_long_lived_token_costs_no_more_than_a_short_one(shop: Shop) -> None:
    _, event = await shop.event("orders")
    wish, path = {"identifier": "shop"}, f"/auth/client/{shop.client}/long-live"

    async def cost(key: str) -> int:
        before = spent(shop.hub)
        for number in range(300):
            assert await shop.send(event, {"number": number}, key) == (203, 200310)
        return spent(shop.hub) - before

    short = min([await cost(shop.key) for _ in range(2)])
    long = min([await cost((await shop.done("PUT", path, wish))["access_token"]) for _ in range(2)])
    assert long < 3 * short, "a slow hash for each event would be 25 times as much"


async def test_5_all_of_a_long_lived_token_counts(shop: Shop) -> None:
    _, event = await shop.event("orders")
    path = f"/auth/client/{shop.client}/long-live"
    token = (await shop.done("PUT", path, {"identifier": "shop"}))["access_token"]
    assert await shop.send(event, key=token) == (203, 200310)
    changed = [token[:at] + ("x" if token[at] != "x" else "y") + token[at + 1 :] for at in range(len(token))]
    for wrong in (*changed, token[:-1], token + "x", token * 2, token.swapcase()):
        assert await shop.send(event, key=wrong) == (401, 401201), wrong


async def test_6_a_function_runs_outside_of_the_server_and_not_forever(tmp_path: Path, receiver: Receiver) -> None:
    async with opened(tmp_path, receiver, EVENTYARD_FUNCTIONS__TIMEOUT_MS="3000") as shop:
        forever = await shop.line("forever", rawFunctionBody="while (true) {}")
        orders = await shop.line("orders")
        assert await shop.send(forever) == (200, 200000)
        for number in range(50):
            assert await shop.send(orders, {"number": number}) == (200, 200000)
        await shop.hub.settled()
        entries = await shop.hub.entries(kind="subscription")
        ended = {
            name: [e["completed_at"] for e in entries if e["name"].startswith(name)] for name in ("orders", "forever")
        }
        assert max(ended["orders"]) < ended["forever"][0], "nobody waited for it"
        assert [row["state"] for row in await shop.received()] == [["error"]] + [["processed"]] * 50

        looking = "return {found: ['process', 'require', 'fetch', 'Deno', 'std', 'os'].filter(n => n in globalThis)}"
        assert await shop.sent(await shop.line("looking", rawFunctionBody=looking)) == ["processed"]
        assert receiver.bodies[-1] == {"found": []}


async def test_7_what_a_function_fails_with_is_not_sent_and_not_a_success(shop: Shop, receiver: Receiver) -> None:
    for name, function in {
        "throws": "throw new Error('no coupon')",
        "text": "return 'a text'",
        "nothing": "const a = 1;",
        "deep": "const f = () => f(); return f();",
    }.items():
        assert await shop.sent(await shop.line(name, rawFunctionBody=function)) == ["error"], name
        assert (await shop.execution())["response"]["status"] == "ERR_BAD_REQUEST"
    assert receiver.asked == []
    [throws, *_] = await shop.received()
    [one] = await shop.executions(throws["id"])
    assert "no coupon" in (await shop.execution(one["detailId"]))["response"]["statusText"]
    good = await shop.line("good", rawFunctionBody="return {twice: eventContext.httpRequest.body.n * 2}")
    assert await shop.sent(good, {"n": 21}) == ["processed"]
    assert receiver.bodies == [{"twice": 42}]


async def test_8_templates_are_filled_in_everywhere_and_missing_ones_by_choice(shop: Shop, receiver: Receiver) -> None:
    event = await shop.line(
        "everywhere",
        url=f"{shop.receiver.url}/${{.body.a}}/x?k=${{.body.b}}&l=${{.body.a}}-${{.body.b}}",
        queryUrlParams=[{"key": "q", "value": "${.body.a}+${.body.b}"}],
        headers=[{"key": "x-both", "value": "${.body.a}/${.body.b}"}],
        rawBody={
            "both": "${.body.a}-${.body.b}",
            "list": ["${.body.n}", {"deep": ["${.body.t}"]}],
            "gone": "${.body.nowhere}",
            "within": "[${.body.nowhere}]",
        },
    )
    assert await shop.sent(event, {"a": "x", "b": "yy", "n": 7, "t": True}) == ["processed"]
    [(path, body, headers)] = receiver.asked
    assert path == "/x/x?k=yy&l=x-yy&q=x%2Byy"
    assert headers["x-both"] == "x/yy"
    assert body == {"both": "x-yy", "list": [7, {"deep": [True]}], "within": "[]"}

    null = await shop.line("null", rawBody={"gone": "${.body.nowhere}"}, missing="null")
    assert await shop.sent(null) == ["processed"]
    assert receiver.bodies[-1] == {"gone": None}
    strict = await shop.line("strict", rawBody={"gone": "${.body.nowhere}"}, missing="error")
    assert await shop.sent(strict) == ["error"]
    assert len(receiver.asked) == 2


async def test_9_a_failure_without_recipients_ends_no_logging_and_no_mail(tmp_path: Path, receiver: Receiver) -> None:
    async def fail(_: web.Request) -> web.Response:
        return web.json_response({"access_token": "t0p-secret"}, status=500)

    receiver.answer = fail
    async with mail_server() as mails:
        settings = {
            "EVENTYARD_SMTP__HOST": mails.host, "EVENTYARD_SMTP__PORT": str(mails.port),
            "EVENTYARD_SMTP__SECURITY": "none", "EVENTYARD_SMTP__SENDER": "hub@example.com",
            "EVENTYARD_LOG__LEVEL": "info",
        }  # fmt: skip
        async with opened(tmp_path, receiver, **settings) as shop:
            event, silent = await shop.event("silent")
            await shop.contract(event, await shop.action("silent"), "silent", mailRecipientsOnError=None)
            assert await shop.sent(silent) == ["error"]
            logged = (tmp_path / "log").stat().st_size
            event, loud = await shop.event("loud")
            await shop.contract(
                event, await shop.action("loud"), "loud", mailRecipientsOnError="a@x.example,b@x.example"
            )
            assert await shop.sent(loud, {"password": "hunter2"}) == ["error"]
            [mail] = await mails.arrived(1)
            assert set(mail.to) == {"a@x.example", "b@x.example"}
            for secret in ("hunter2", "t0p-secret"):
                assert secret not in mail.text + mail.html
            assert await shop.sent(silent) == ["error"]
            assert (tmp_path / "log").stat().st_size > logged, "the log goes on"


async def test_10_nobody_locks_an_administrator_out(shop: Shop) -> None:
    async def login(password: str, address: str) -> tuple[int, int, str | None]:
        connector = aiohttp.TCPConnector(local_addr=(address, 0))
        body = {"username": "admin", "password": password}
        async with (
            aiohttp.ClientSession(shop.hub.url, connector=connector) as session,
            session.post("/eventhos/auth/login", json=body) as answer,
        ):
            return answer.status, (await answer.json())["code"], answer.headers.get("retry-after")

    for at in range(5):
        assert await login(f"guess {at}", "127.0.0.66") == (401, 401001, None)
    status, code, wait = await login("guess", "127.0.0.66")
    assert (status, code) == (401, 401003)
    assert wait is not None
    assert int(wait) >= 1
    for _ in range(3):
        assert (await login(PASSWORD, "127.0.0.1"))[:2] == (201, 200000)
        for at in range(3):
            assert (await login(f"typo {at}", "127.0.0.1"))[:2] == (401, 401001)


async def test_11_a_start_drops_nobody(tmp_path: Path, receiver: Receiver) -> None:
    settings = {"EVENTYARD_BOOTSTRAP_PASSWORD": PASSWORD}
    async with opened(tmp_path, receiver, **settings) as shop:
        event = await shop.line("orders")
        role = (await shop.done("GET", "/auth/role?basic=true"))[0]
        ada = {"username": "ada", "password": "lovelace", "name": "Ada", "roles": [role]}
        await shop.done("POST", "/auth/user", ada)
        before = [await shop.done("GET", f"/auth/{noun}") for noun in ("user", "client", "role", "resource")]
        login = {"username": "ada", "password": "lovelace"}
        token = (await shop.done("POST", "/auth/login", login))["jwt_token"]
        assert await shop.send(event) == (200, 200000)
    async with asyncio.timeout(LIMIT_S), Hub(tmp_path, **settings) as hub:
        shop.hub = hub
        assert [await shop.done("GET", f"/auth/{noun}") for noun in ("user", "client", "role", "resource")] == before
        assert await shop.send(event) == (200, 200000), "with the token from before"
        headers = {"authorization": f"BEARER {token}"}
        async with hub.session.get("/eventhos/auth/user/profile/me", headers=headers) as answer:
            assert (await answer.json())["content"]["username"] == "ada"
        await shop.done("POST", "/auth/login", login)
        await shop.done("POST", "/auth/token", shop.asks)


async def test_12_the_log_filters_before_it_pages_and_tells_no_sql(shop: Shop) -> None:
    _, rare = await shop.event("rare")
    _, common = await shop.event("common")
    await shop.send(rare, {"n": 0})
    for number in range(12):
        await shop.send(common, {"n": number})
    page = await shop.done("GET", "/event/received", eventIdentifierSearch=rare, itemsPerPage="5", order="desc")
    assert (len(page["items"]), page["totalItems"], page["totalPages"]) == (1, 1, 1)
    page = await shop.done("GET", "/event/received", eventIdentifierSearch=common, itemsPerPage="5", pageIndex="2")
    assert (len(page["items"]), page["totalItems"], page["totalPages"]) == (2, 12, 3)
    for kind in ("producer", "consumer"):
        system = {"systemClass": kind, "identifier": kind, "name": kind}
        await shop.done("POST", "/system", system)
    page = await shop.done("GET", "/system", systemClass="producer", itemsPerPage="1000")
    assert page["totalItems"] == len(page["items"])
    assert {row["class"] for row in page["items"]} == {"producer", "hybrid"}

    for path in ("/event/received/999999", "/event/received/execution-detail/999999", "/action/999999"):
        assert (await shop.refused("GET", path))[0] == 404
    for column in ("id;drop table", "(select 1)", "password_hash", "nope"):
        for path in ("/system", "/event", "/action", "/contract", "/event/received", "/auth/user", "/auth/client"):
            assert (await shop.call("GET", path, activeSort=column))[0] == 200
    twice = {"systemClass": "producer", "identifier": "producer", "name": "again"}
    for odd in (twice, {"system_id": 999999, "identifier": "x", "name": "x"}, {"eventId": "x' or 1=1"}):
        for path in ("/system", "/event", "/action", "/contract", "/auth/user", "/auth/client"):
            _, answer = await shop.call("POST", path, odd)
            said = json.dumps(answer).lower()
            assert not any(word in said for word in ("insert", "constraint", "sqlite", "sqlalchemy", "traceback")), said


def on_disk(data: Path) -> bytes:
    """All that a hub has written."""
    return b"".join(file.read_bytes() for file in data.iterdir() if file.is_file())


async def test_13_secrets_are_neither_stored_in_clear_nor_shown(tmp_path: Path, receiver: Receiver) -> None:
    async def deny(request: web.Request) -> web.Response:
        return web.json_response({"error": "invalid_client"}, status=401)

    receiver.answer = deny
    security = {
        "securityType": 1, "securityUrl": f"{receiver.url}/token", "clientId": "me", "clientSecret": "t0p-Secret!",
    }  # fmt: skip
    async with opened(tmp_path, receiver) as shop:
        event, identifier = await shop.event("orders")
        action = await shop.action("guarded", **security)
        await shop.contract(event, action, "guarded")
        assert await shop.sent(identifier) == ["error"]
        assert "t0p-Secret" in receiver.asked[0][1].replace("%21", "!"), "whom it is for did get it"
        [received] = await shop.received()
        told = [
            await shop.execution(),
            await shop.done("GET", f"/event/received/{received['id']}"),
            await shop.done("GET", f"/action/{action}"),
            await shop.done("GET", "/action"),
            await shop.hub.get("/v1/targets"),
            [await shop.hub.get(f"/v1/events/{entry['entry_id']}") for entry in await shop.hub.entries()],
        ]
        assert await shop.refused("GET", f"/auth/client/{shop.client}/secret") == (403, 403101)
    kept = on_disk(tmp_path)
    for secret in ("t0p-Secret", shop.key, shop.asks["client_secret"]):
        assert secret not in json.dumps(told)
        assert secret.encode() not in kept

    with sqlite3.connect(tmp_path / "journal.db") as journal:
        [(number, record)] = journal.execute("select rowid, record from targets").fetchall()
        box = json.loads(record)["secrets"]["client_secret"][0]["box"]
        raw = bytearray(base64.b64decode(box))
        raw[-20] ^= 1
        changed = record.replace(box, base64.b64encode(raw).decode())
        journal.execute("update targets set record = ? where rowid = ?", (changed, number))
    journal.close()
    asked = len(receiver.asked)
    async with asyncio.timeout(LIMIT_S), Hub(tmp_path) as hub:
        shop.hub = hub
        assert await shop.sent(identifier) == ["error"]
        assert len(receiver.asked) == asked, "what was tampered with is not used"
        assert "cannot be decrypted" in (await shop.execution())["response"]["statusText"]


async def test_14_order_stops_on_an_error_if_asked_and_replies_end(shop: Shop, receiver: Receiver) -> None:
    async def answer(request: web.Request) -> web.Response:
        return web.json_response({"from": request.path}, status=500 if request.path == "/first" else 200)

    receiver.answer = answer
    event, identifier = await shop.event("ordered")
    first = await shop.contract(event, await shop.action("first"), "first", order=1, stopOnError=True)
    await shop.contract(event, await shop.action("second"), "second", order=2)
    assert await shop.sent(identifier) == ["error", "error"]
    assert [path for path, _, _ in receiver.asked] == ["/first"]
    await shop.done("PUT", f"/contract/{first}", {"stopOnError": False})
    assert sorted(map(str, await shop.sent(identifier))) == ["error", "processed"]

    one, two = await shop.event("one"), await shop.event("two")
    await shop.contract(one[0], await shop.action("ping", reply_to=two[1]), "ping")
    await shop.contract(two[0], await shop.action("pong", reply_to=one[1]), "pong")
    assert await shop.send(one[1]) == (200, 200000)
    await shop.hub.settled()
    looped = [row["eventName"] for row in await shop.received() if row["eventName"] in ("one", "two")]
    assert looped == ["one", "two"], "the second answer would have gone in a circle"


async def test_14_what_is_sent_and_received_is_guarded(tmp_path: Path, receiver: Receiver) -> None:
    async def redirect(request: web.Request) -> web.Response:
        if request.path == "/moved":
            raise web.HTTPFound("/elsewhere")
        return web.json_response({})

    receiver.answer = redirect
    async with opened(tmp_path / "open", receiver) as shop:
        event = await shop.line("moved")
        assert await shop.sent(event) == ["error"]
        assert [path for path, _, _ in receiver.asked] == ["/moved"], "no redirect is followed"

        key = {"idempotency-key": "order-1"}
        assert await shop.send(event, {"n": 1}, **key) == await shop.send(event, {"n": 1}, **key) == (200, 200000)
        assert (await shop.send(event, {"n": 2}, **key))[0] == 422
        assert len(await shop.received()) == 2

        [source] = await shop.hub.get("/v1/sources")
        schema = {"type": "object", "required": ["id"]}
        await shop.hub.call("PATCH", f"/v1/sources/{source['id']}", {"schema": schema})
        assert await shop.send(event, {"n": 1}) == (400, 400001)
        assert await shop.send(event, {"id": 1}) == (200, 200000)

        target = {"url": f"{receiver.url}/signed", "secret": SECRET}
        await shop.hub.post("/v1/targets", name="signed", type="webhook", settings=target)
        await shop.hub.post("/v1/subscriptions", source_id=source["id"], target_id="signed", name="signed")
        assert sorted(map(str, await shop.sent(event, {"id": 2}))) == ["error", "processed"]
        signed = next(headers for path, _, headers in receiver.asked if path == "/signed")
        assert signed["webhook-signature"].startswith("v1,")

        made = await shop.hub.post("/v1/sources", name="verified", scheme="standard-webhooks", secret=SECRET)
        at, body = str(int(time.time())), b"{}"
        headers = {"webhook-id": "msg_1", "webhook-timestamp": at, "content-type": "application/json"}
        for signature, status in ((sign_webhook(SECRET, "msg_1", at, body), 202), ("v1,AAAA", 401)):
            proof = headers | {"webhook-signature": signature}
            async with shop.hub.session.post(f"/in/{made['id']}", data=body, headers=proof) as answer:
                assert answer.status == status

        limited = await shop.hub.post("/v1/keys", name="limited", scopes=["catalog:read"], rate_limit=1)
        headers = {"authorization": f"BEARER {limited['key']}"}
        statuses = []
        for _ in range(3):
            async with shop.hub.session.get("/eventhos/event", headers=headers) as answer:
                statuses.append((answer.status, "retry-after" in answer.headers))
        assert statuses[0] == (200, False)
        assert (429, True) in statuses

    async with opened(tmp_path / "shut", receiver, EVENTYARD_TARGETS__ALLOW_PRIVATE="false") as shop:
        body = {"system_id": shop.system, "identifier": "inner", "name": "inner", "url": "http://127.0.0.1:1/"}
        assert await shop.refused("POST", "/action", body) == (400, 400001)
        asked = len(receiver.asked)
        inner = await shop.line("named", url=receiver.url.replace("127.0.0.1", "localhost") + "/named")
        assert await shop.sent(inner) == ["error"]
        assert len(receiver.asked) == asked, "an address within is not reached by its name either"


async def test_14_what_happens_is_measured_described_and_can_be_moved(shop: Shop, receiver: Receiver) -> None:
    async def fail(_: web.Request) -> web.Response:
        return web.json_response({}, status=500)

    receiver.answer = fail
    assert await shop.sent(await shop.line("orders")) == ["error"]
    async with shop.hub.session.get("/metrics") as answer:
        assert "eventyard_" in await answer.text()
    async with shop.hub.session.get("/eventhos/openapi.json") as answer:
        assert (await answer.json())["openapi"].startswith("3.1")
    [dead] = await shop.hub.entries(kind="subscription", status="error")
    receiver.answer = fine
    retried = await shop.hub.call("POST", "/v1/deliveries/retry", {"filter": {"status": "error"}, "dry_run": False})
    assert retried["changed"] == 1
    await shop.hub.settled()
    assert (await shop.hub.get(f"/v1/events/{dead['entry_id']}"))["status"] == "complete"


async def test_15_nothing_is_made_of_nothing(shop: Shop) -> None:
    for path, body, fields in (
        ("/event", {"system_id": shop.system}, ["identifier", "name"]),
        ("/system", {}, ["systemClass", "identifier", "name"]),
        ("/action", {"system_id": shop.system}, ["identifier", "name", "url"]),
        ("/contract", {}, ["eventId", "actionId", "identifier", "name"]),
        ("/auth/client", {}, ["identifier", "name", "roles"]),
        ("/auth/user", {"username": 7}, ["password", "name", "roles"]),
        ("/auth/role", {"identifier": "x", "allowedObject": {"event": [{"id": 0}]}}, ["allowedObject.event.0.id"]),
        (
            "/system",
            {"systemClass": "x" * 50, "identifier": "\n", "name": "x" * 46},
            ["systemClass", "identifier", "name"],
        ),
        ("/event", {"system_id": 999999, "identifier": "x", "name": "x"}, ["system_id"]),
    ):
        status, answer = await shop.call("POST", path, body)
        assert (status, answer["code"]) == (400, 400001), path
        assert [fault["field"] for fault in answer["errors"]] == fields
    rows = await shop.done("GET", "/system", itemsPerPage="1000")
    assert not [row for row in rows["items"] if "undefined" in row["identifier"]]
