"""Monitoring rules, by a whole hub, a real mail server and receivers: who is told, how often, and what is done."""

import asyncio
import json
import signal
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.interop.test_mail import OPS, Answering, metric, send, settings, shop, stop, subscribe
from tests.mailserver import mail_server
from tests.serving import Hub, Receiver

ALL = {"all_subscriptions": True, "mail_to": [OPS]}


class Listening(Receiver):
    """A receiver that takes everything, and keeps it."""

    def __init__(self) -> None:
        self.taken: asyncio.Queue[tuple[Mapping[str, str], Any]] = asyncio.Queue()

        async def answer(headers: Mapping[str, str], body: bytes) -> int:
            await self.taken.put((headers, json.loads(body)))
            return 200

        super().__init__(answer)


def an_hour_later(data: Path) -> None:
    """Have an hour gone by while the hub was not there: everything in the journal is that much older."""
    with sqlite3.connect(data / "journal.db") as journal:
        journal.execute("UPDATE entries SET created_at = created_at - 3600000")
        journal.execute("UPDATE spans SET first_at = first_at - 3600000, last_at = last_at - 3600000")
    journal.close()


async def test_a_thousand_failures_at_once_are_two_mails_and_two_events(tmp_path: Path) -> None:
    async with mail_server() as server, Answering(400) as broken, Listening() as pager:
        async with Hub(tmp_path, **settings(server.port)) as hub:
            source = await shop(hub)
            await hub.post("/v1/targets", name="pager", type="webhook", settings={"url": pager.url})
            await hub.post("/v1/rules", name="failures", target_id="pager", interval_ms=30_000, **ALL)
            await subscribe(hub, source, "made later", broken.url)
            await send(hub, source, 1_000)
            assert broken.count == 1_000
            headers, told = await pager.taken.get()
            await server.arrived(1)
            await stop(hub)
        async with Hub(tmp_path, **settings(server.port)) as hub:
            _, rest = await pager.taken.get()
    assert headers["webhook-signature"].startswith("v1,")
    assert (told["count"], told["first"][0]["name"]) == (1, "made later")
    assert (rest["count"], len(rest["first"])) == (999, 5)
    assert [taken.message["Subject"] for taken in server.taken] == ["failures: 1 entry", "failures: 999 entries"]
    assert {taken.to for taken in server.taken} == {(OPS,)}


async def test_a_rule_pauses_a_subscription_and_discards_what_failed(tmp_path: Path) -> None:
    async with Answering(400) as broken, Answering(200) as healthy, Hub(tmp_path, **settings(9)) as hub:
        source = await shop(hub)
        await subscribe(hub, source, "broken", broken.url)
        await subscribe(hub, source, "healthy", healthy.url)
        await hub.post("/v1/rules", name="fuse", all_subscriptions=True, act="pause", discard=True)
        await send(hub, source, 1)
        while {one["name"]: one["mode"] for one in await hub.get("/v1/subscriptions")}["broken"] != "paused":
            pass
        while not await metric(hub, 'eventyard_rules_acted_total{act="discard",rule="fuse"}'):
            pass
        [entry] = await hub.entries(kind="subscription", name="broken")
        history = (await hub.get(f"/v1/events/{entry['entry_id']}"))["history"]
        assert (history[-1]["status"], history[-1]["comment"]) == ("discarded", "discarded by rule 'fuse'")
        await hub.session.post("/v1/events/batch", json=[{"source": source, "data": {}}])
        while healthy.count < 2:
            await hub.get("/v1/stats")
        assert broken.count == 1


async def test_a_run_that_nobody_claims_is_told_of_once_and_a_hub_that_is_killed_knows_that(tmp_path: Path) -> None:
    async with mail_server() as server:
        async with Hub(tmp_path, **settings(server.port)) as hub:
            source = await shop(hub)
            await hub.post("/v1/jobs", name="press")
            await hub.post("/v1/subscriptions", source_id=source, target_id="press", name="press")
            rule = await hub.post("/v1/rules", name="slow", statuses=["pending"], stuck_ms=60_000, **ALL)
            await hub.session.post("/v1/events/batch", json=[{"source": source, "data": {}}] * 3)
            tried = await hub.post(f"/v1/rules/{rule['id']}/test")
            assert (tried["matched"], tried["complete"]) == (0, True)
            await stop(hub)
        assert server.taken == []
        an_hour_later(tmp_path)
        async with Hub(tmp_path, **settings(server.port)) as hub:
            await server.arrived(1)
            tried = await hub.post(f"/v1/rules/{rule['id']}/test")
            assert (tried["matched"], len(tried["newest"])) == (3, 3)
            hub.signal(signal.SIGKILL)
            await hub.ended()
        async with Hub(tmp_path, **settings(server.port)) as hub:
            await hub.session.post("/v1/events/batch", json=[{"source": source, "data": {}}])
            await stop(hub)
    [taken] = server.taken
    assert taken.message["Subject"] == "slow: 1 entry"
    assert "Pending for longer than 1 min" in taken.text
    assert "press" in taken.text


async def test_a_deleted_subscription_is_spoken_of_and_no_name_becomes_a_header_or_markup(tmp_path: Path) -> None:
    name = "x</pre><script>\u3000Bcc: other@example.com\u3000<b>"
    async with mail_server() as server, Answering(400) as broken, Hub(tmp_path, **settings(server.port)) as hub:
        source = await shop(hub)
        await hub.post("/v1/targets", name="t", type="webhook", settings={"url": broken.url}, retry={"max_attempts": 1})
        made = await hub.post("/v1/subscriptions", source_id=source, target_id="t", name=name)
        await hub.post("/v1/rules", name=name, **ALL)
        await send(hub, source, 1)
        await server.arrived(1)
        await hub.call("DELETE", f"/v1/subscriptions/{made['id']}")
        await stop(hub)
    [taken] = server.taken
    assert taken.to == (OPS,)
    assert taken.message["Bcc"] is None
    assert "\nBcc" not in taken.text
    assert "<script>" not in taken.html
