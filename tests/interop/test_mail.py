"""Mail on error, by a whole hub and a real mail server: who is told, how often, what of; and nobody waits for it."""

import json
import re
import signal
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.mailserver import PASSWORD, USER, contexts, mail_server, silent_server
from tests.serving import Hub, Receiver

OPS = "ops@example.com"


def settings(port: int, **more: str) -> dict[str, str]:
    """Those of a hub whose mail server is at that port."""
    smtp = {"HOST": "127.0.0.1", "PORT": str(port), "SENDER": "Hub <hub@example.org>", "SECURITY": "none"}
    chosen = {f"EVENTYARD_SMTP__{name}": value for name, value in smtp.items()}
    return {"EVENTYARD_TARGETS__ALLOW_PRIVATE": "true", **chosen, **more}


class Answering(Receiver):
    """A receiver that answers every request with one status, and counts them."""

    def __init__(self, status: int) -> None:
        self.count = 0

        async def answer(headers: Mapping[str, str], body: bytes) -> int:
            self.count += 1
            return status

        super().__init__(answer)


async def subscribe(hub: Hub, source: str, name: str, url: str, **fields: Any) -> None:
    """A subscription to that source, and a webhook of the same name that is tried once."""
    await hub.post("/v1/targets", name=name, type="webhook", settings={"url": url}, retry={"max_attempts": 1})
    await hub.post("/v1/subscriptions", source_id=source, target_id=name, name=name, **fields)


async def shop(hub: Hub) -> str:
    """The id of a source."""
    source = await hub.post("/v1/sources", name="shop", scheme="none")
    return str(source["id"])


async def send(hub: Hub, source: str, count: int, **data: Any) -> None:
    """So many events, acknowledged, and their deliveries ended."""
    lines = b"\n".join(json.dumps({"source": source, "data": {"number": n, **data}}).encode() for n in range(count))
    headers = {"content-type": "application/x-ndjson"}
    async with hub.session.post("/v1/events/batch", data=lines, headers=headers) as answer:
        assert answer.status == 200, await answer.text()
    await hub.settled()


async def stop(hub: Hub) -> None:
    hub.signal(signal.SIGTERM)
    assert await hub.ended() == 0


async def metric(hub: Hub, name: str) -> float:
    async with hub.session.get("/metrics") as answer:
        found = re.search(rf"^{re.escape(name)} (\S+)$", await answer.text(), re.M)
    return float(found[1]) if found else 0


async def test_a_thousand_failures_at_once_are_two_mails_without_secrets(tmp_path: Path) -> None:
    tls = contexts(tmp_path)
    async with mail_server(starttls=tls["server"], login=True) as server, Answering(400) as receiver:
        protected = {
            "EVENTYARD_SMTP__SECURITY": "starttls", "EVENTYARD_SMTP__CA": str(tmp_path / "authority.pem"),
            "EVENTYARD_SMTP__USER": USER, "EVENTYARD_SMTP__PASSWORD": PASSWORD,
            "EVENTYARD_MAIL__ALIAS": "test",
        }  # fmt: skip
        async with Hub(tmp_path / "hub", **settings(server.port, **protected)) as hub:
            source = await shop(hub)
            await subscribe(hub, source, "crm", receiver.url, title="Order to CRM", mail_to=[OPS])
            await send(hub, source, 1_000, card={"Client-Secret": "s3cr3t"})
            await server.arrived(1)
            await stop(hub)
    first, second = server.taken
    assert {taken.to for taken in server.taken} == {(OPS,)}
    assert {(taken.sender, taken.encrypted, taken.user) for taken in server.taken} == {("hub@example.org", True, USER)}
    assert first.message["Subject"] == "[test] Delivery failed: Order to CRM (default)"
    assert second.message["Subject"] == "[test] 999 deliveries failed: Order to CRM (default)"
    assert receiver.count == 1_000
    for taken in server.taken:
        assert '"Client-Secret": "****"' in taken.text
        assert "s3cr3t" not in taken.message.as_string() + taken.text + taken.html


async def test_nobody_waits_for_a_mail_server_that_hangs(tmp_path: Path) -> None:
    async with (
        silent_server() as (port, called),
        Answering(400) as broken,
        Answering(200) as healthy,
        Hub(tmp_path, **settings(port)) as hub,
    ):
        source = await shop(hub)
        await subscribe(hub, source, "broken", broken.url, mail_to=[OPS])
        await subscribe(hub, source, "healthy", healthy.url)
        await send(hub, source, 1)
        await called.wait()
        await send(hub, source, 200)
        assert (broken.count, healthy.count) == (201, 201)
        assert await metric(hub, "eventyard_mails_waiting") == 1
        assert await metric(hub, 'eventyard_mails_total{result="sent"}') == 0


async def test_a_mail_server_that_is_gone_is_no_concern_of_deliveries(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    async with Answering(400) as broken, Hub(tmp_path, **settings(port)) as hub:
        source = await shop(hub)
        await subscribe(hub, source, "broken", broken.url, mail_to=[OPS])
        await send(hub, source, 20)
        assert broken.count == 20
        while not await metric(hub, 'eventyard_mails_total{result="postponed"}'):
            pass
        await stop(hub)
    said = [json.loads(line)["event"] for line in (tmp_path / "log").read_text().splitlines()]
    assert said.count("mail_postponed") == 1
    assert said.count("mail_failed") == 2


async def test_a_greylisted_mail_is_taken_in_the_end(tmp_path: Path) -> None:
    async with mail_server() as server, Answering(400) as broken:
        server.replies = {OPS: "450 4.2.0 greylisted"}
        async with Hub(tmp_path, **settings(server.port)) as hub:
            source = await shop(hub)
            await subscribe(hub, source, "broken", broken.url, mail_to=["dev@example.com", OPS])
            await send(hub, source, 1)
            while not await metric(hub, 'eventyard_mails_total{result="postponed"}'):
                pass
            server.replies.clear()
            await stop(hub)
    assert [taken.to for taken in server.taken] == [("dev@example.com",), (OPS,)]
    assert len({taken.message["Message-ID"] for taken in server.taken}) == 1


async def test_where_nobody_is_to_know_nobody_is_told(tmp_path: Path) -> None:
    async with mail_server() as server, Answering(400) as broken, Hub(tmp_path, **settings(server.port)) as hub:
        source = await shop(hub)
        await subscribe(hub, source, "broken", broken.url)
        await send(hub, source, 3)
        await stop(hub)
    assert (server.taken, server.tried) == ([], 0)


async def test_who_is_always_to_know_is_told_of_every_way_in_which_a_delivery_ends(tmp_path: Path) -> None:
    async with mail_server() as server, Answering(410) as gone:
        everybody = {"EVENTYARD_MAIL__DEFAULT_RECIPIENTS": json.dumps([OPS])}
        async with Hub(tmp_path, **settings(server.port, **everybody)) as hub:
            source = await shop(hub)
            await subscribe(hub, source, "gone", gone.url)
            await hub.post("/v1/jobs", name="book")
            await hub.post("/v1/subscriptions", source_id=source, target_id="book", name="book")
            await hub.session.post("/v1/events/batch", json=[{"source": source, "data": {}}])
            [run] = await hub.post("/v1/jobs/book/runs/claim", worker="w", limit=1, wait_ms=30_000)
            await hub.post(f"/v1/job-runs/{run['id']}/fail", attempt=1, error="no paper", retry=False)
            await server.arrived(2)
    said = {taken.message["Subject"]: taken.text for taken in server.taken}
    assert said.keys() == {"Delivery failed: gone (default)", "Delivery failed: book (default)"}
    assert "the target answered 410 Gone and was disabled" in said["Delivery failed: gone (default)"]
    assert "no paper" in said["Delivery failed: book (default)"]


async def test_a_retry_in_between_is_no_failure_yet(tmp_path: Path) -> None:
    async with mail_server() as server, Answering(400) as broken, Hub(tmp_path, **settings(server.port)) as hub:
        source = await shop(hub)
        retry = {"schedule_ms": None, "max_attempts": 3, "first_ms": 0}
        await hub.post("/v1/targets", name="t", type="webhook", settings={"url": broken.url}, retry=retry)
        await hub.post("/v1/subscriptions", source_id=source, target_id="t", name="t", mail_to=[OPS])
        await send(hub, source, 1)
        await stop(hub)
    [taken] = server.taken
    assert broken.count == 3
    assert re.search(r"Attempts: +3\n", taken.text)


async def test_a_name_cannot_become_a_header_or_markup(tmp_path: Path) -> None:
    name = "x</pre><script>\u2028Bcc: other@example.com\x85<b>"
    async with mail_server() as server, Answering(400) as broken, Hub(tmp_path, **settings(server.port)) as hub:
        source = await shop(hub)
        await subscribe(hub, source, "broken", broken.url, title=name, mail_to=[OPS])
        await send(hub, source, 1)
        await stop(hub)
    [taken] = server.taken
    assert taken.to == (OPS,)
    assert taken.message["Bcc"] is None
    assert taken.message["Subject"] == "Delivery failed: x</pre><script> Bcc: other@example.com <b> (default)"
    assert "<script>" not in taken.html
