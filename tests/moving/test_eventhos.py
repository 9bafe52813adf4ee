"""Moving over from a real database of eventhos, with ``eventyard import eventhos`` as anybody would run it."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from msgspec.structs import replace

from eventyard.app import JOURNAL_FILE, init, now_ms, open_hub
from eventyard.cli.moving import database as reading
from eventyard.cli.moving.database import address_of, opened
from eventyard.cli.moving.draft import id_of
from eventyard.cli.moving.move import Asked, Log, Report, move
from eventyard.config import Settings
from eventyard.model.access import Scope
from eventyard.model.catalog import Application, Project, Source, Subscription, Target, Topic
from eventyard.model.errors import Unauthenticated
from eventyard.model.ids import EntryId
from eventyard.model.journal import Entry, HistoryLine, Query
from eventyard.model.lifecycle import Descendants, Kind, Status, Trigger
from eventyard.model.outcome import Result
from eventyard.pipeline.hub import Hub
from eventyard.stores.sql.store import SqliteStore
from eventyard.telemetry.log import make_log
from tests.moving import original
from tests.moving.mariadb import PASSWORD, USER, MariaDb
from tests.moving.original import BILL, BOOK, CRYPTO_KEY, CUSTOMER, INVOICE, JWT_SECRET, NOTIFY, ORDER, SCORE
from tests.serving import Hub as Serving
from tests.unit.cli.stub import Ended, run

pytestmark = pytest.mark.needs("MariaDB")

ALL = Asked(CRYPTO_KEY, JWT_SECRET, with_log=True, apply=True)
NOON = 1_709_287_200_000
"""When the first event of the log was received: 2024-03-01T10:00:00Z."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MariaDb]:
    with MariaDb(tmp_path_factory.mktemp("mariadb")) as running:
        original.make(running)
        yield running


@pytest.fixture
async def data(tmp_path: Path) -> Path:
    """The data directory of an empty hub."""
    await init(Settings(data=tmp_path / "hub"))
    return tmp_path / "hub"


def url(server: MariaDb, database: str = "eventhos") -> str:
    return f"mysql://{USER}:{quote(PASSWORD, safe='')}@127.0.0.1:{server.port}/{database}"


@contextmanager
def unseen(total: int) -> Iterator[Callable[[int], None]]:
    yield lambda number: None


async def moved(server: MariaDb, data: Path, asked: Asked = ALL, database: str = "eventhos", **how: Any) -> Report:
    with opened(address_of(url(server, database))) as there:
        return await move(Settings(data=data), there, asked, how.get("progress", unseen))


@asynccontextmanager
async def hub_of(data: Path) -> AsyncIterator[Hub]:
    async with open_hub(Settings(data=data), make_log("error")) as hub:
        yield hub


def imported(server: MariaDb, data: Path, *options: str, database: str = "eventhos") -> Ended:
    return run("import", "eventhos", "--from", url(server, database), "--data", str(data), *options)


def whole(data: Path) -> bytes:
    return (data / JOURNAL_FILE).read_bytes()


def test_a_plan_tells_what_would_move_and_changes_nothing(server: MariaDb, data: Path) -> None:
    before = whole(data)
    ended = imported(server, data, "--crypto-key", CRYPTO_KEY, "--with-log", "--json")
    assert ended.status == 0, ended.err
    told = json.loads(ended.out)
    assert not told["applied"]
    assert {kind: counts["make"] for kind, counts in told["counts"].items()} == {
        "role": 1, "user": 2, "system": 3, "client": 4, "event": 3, "action": 4, "contract": 5,
    }  # fmt: skip
    why = {(step["kind"], step["name"]): step["why"] for step in told["steps"] if step["verb"] == "leave"}
    assert why.pop(("action", "nowhere-EEEEEEEEEE")).startswith("url: ")
    assert why.pop(("contract", "contract-6")) == "its action 'nowhere-EEEEEEEEEE' does not move"
    assert set(why.values()) == {"deleted in eventhos"}
    assert {note["name"] for note in told["notes"]} == {"crm", "contract-7"}
    assert told["log"] == {"events": 5, "executions": 6, "here": 0}
    assert whole(data) == before


def test_a_plan_without_the_key_names_what_needs_it(server: MariaDb, data: Path) -> None:
    told = json.loads(imported(server, data, "--json").out)
    needing = {step["kind"] for step in told["steps"] if step["why"] == "it is encrypted: needs --crypto-key"}
    assert needing == {"client", "action"}
    assert told["counts"]["event"]["make"] == 3


async def test_systems_events_actions_and_contracts_come_as_they_were(server: MariaDb, data: Path) -> None:
    await moved(server, data)
    async with hub_of(data) as hub:
        catalog = hub.catalog
        systems = {one.name: one for one in catalog.all(Application)}
        events = {one.name: one for one in catalog.all(Source) if one.scheme == "access-key"}
        actions = {one.name: one for one in catalog.all(Target)}
        contracts = {one.name: one for one in catalog.all(Subscription)}
    crm = systems["crm-0a1b2c3d4e"]
    assert (crm.title, crm.description, crm.labels) == ("CRM", "Customers, ñandúes", {"class": "hybrid", "type": "CRM"})
    assert (crm.created_at, crm.updated_at) == (original.CREATED_MS, original.UPDATED_MS)
    assert events.keys() == {ORDER, CUSTOMER, INVOICE}
    assert events[CUSTOMER].application_id == crm.id
    assert actions.keys() == {BOOK, NOTIFY, SCORE, BILL}
    assert actions[BOOK].settings["url"] == "https://billing.example/orders/${.body.id}"
    assert actions[NOTIFY].settings["body"]["deep"] == {"text": "Hello ${.body.name}"}
    assert "httpRequest.body.lines.length" in actions[SCORE].settings["function"]
    assert actions[BILL].settings["reply_to"] == INVOICE
    assert actions[BILL].settings["oauth2"] == {
        "url": "https://login.example/token",
        "client_id": "eventhos-at-billing",
    }
    assert contracts.keys() == {f"contract-{n}" for n in (1, 2, 3, 4, 7)}
    assert contracts["contract-2"].mail_to == ("ops@shop.example", "ana@shop.example")
    assert [contracts[f"contract-{n}"].order for n in (1, 2, 3)] == [0, 1, 1]
    assert [contracts[f"contract-{n}"].mode.value for n in (1, 4)] == ["enabled", "disabled"]
    secret = actions[BILL].secrets["client_secret"]
    assert original.TARGET_SECRET not in str(secret)


async def test_users_and_clients_come_in_as_before(server: MariaDb, data: Path) -> None:
    await moved(server, data)
    async with hub_of(data) as hub:
        identity = hub.identity
        ana = await identity.logins.user("ana", original.ANA_PASSWORD, "127.0.0.1")
        admin = await identity.logins.user("admin", original.ADMIN_PASSWORD, "127.0.0.1")
        with pytest.raises(Unauthenticated):
            await identity.logins.user("ana", original.ADMIN_PASSWORD, "127.0.0.1")
        assert ana.title == "Ana García"
        assert identity.rights.permissions(ana) == {"event:select", "contract:select", "stock:count"}
        assert Scope.ADMIN in identity.rights.principal(admin).scopes
        orders, crm = (identity.clients.known_as(one) for one in (original.ORDERS_ID, original.CRM_ID))
        assert orders is not None and crm is not None
        assert identity.clients.proves(orders, original.ORDERS_SECRET)
        assert not identity.clients.proves(orders, original.CRM_SECRET)
        assert identity.clients.of(id_of("system", "crm-0a1b2c3d4e")) == crm
        legacy = identity.clients.known_as(original.LEGACY_ID)
        assert legacy is not None and legacy.revoked_at == original.UPDATED_MS


async def test_a_long_lived_token_goes_on_being_good_and_no_other(server: MariaDb, data: Path) -> None:
    await moved(server, data)
    async with hub_of(data) as hub:
        verify = hub.identity.tokens.verify
        proven = verify(original.CRM_TOKEN)
        assert proven.client is not None and proven.client.name == "crm" and proven.long_lived
        others = [
            original.long_lived_token(original.ORDERS_ID, "orders"),
            original.long_lived_token(original.LEGACY_ID, "legacy"),
            original.long_lived_token(original.CRM_ID, "crm", issued_at=4_000_000_000),
            original.CRM_TOKEN[:-4] + "AAAA",
        ]
        for token in others:
            with pytest.raises(Unauthenticated):
                verify(token)


async def test_producers_send_to_the_url_they_know_with_the_token_they_have(server: MariaDb, data: Path) -> None:
    await moved(server, data)
    async with Serving(data) as hub:
        query = {"event-identifier": CUSTOMER, "access-key": original.CRM_TOKEN}
        async with hub.session.post("/eventhos/event/send", json={"id": 1}, params=query) as answer:
            assert (answer.status, (await answer.json())["code"]) in {(200, 200000), (203, 200310)}
        wrong = {**query, "access-key": original.CRM_TOKEN[:-1]}
        async with hub.session.post("/eventhos/event/send", json={"id": 1}, params=wrong) as answer:
            assert answer.status == 401


@asynccontextmanager
async def store_of(data: Path) -> AsyncIterator[SqliteStore]:
    async with AsyncExitStack() as stack:
        store = SqliteStore(data / JOURNAL_FILE, now_ms)
        await store.start(stack)
        yield store


async def entries(store: SqliteStore, **criteria: Any) -> list[Entry]:
    """Oldest first."""
    [project] = (record.number for record in await store.load() if isinstance(record, Project))
    page = await store.find(Query(projects=(project,), ascending=True, limit=5000, **criteria))
    return list(page.entries)


async def test_the_log_is_found_by_its_own_times(server: MariaDb, data: Path) -> None:
    await moved(server, data)
    async with store_of(data) as store:
        publications = await entries(store, kinds=(Kind.PUBLICATION,))
        assert [(entry.created_at - NOON, entry.name) for entry in publications] == [
            (0, ORDER), (300_000, ORDER), (3_600_000, ORDER), (7_200_000, CUSTOMER),
            (50_400_000, "old_event-OOOOOOOOOO"),
        ]  # fmt: skip
        within = await entries(store, kinds=(Kind.PUBLICATION,), created_from=NOON + 1, created_to=NOON + 3_600_000)
        assert [entry.id for entry in within] == [entry.id for entry in publications[1:3]]
        assert [entry.descendants for entry in publications] == [
            Descendants.FINAL, Descendants.FINAL, Descendants.ERROR, Descendants.NONE, Descendants.FINAL,
        ]  # fmt: skip


async def test_what_was_executed_is_told_with_how_it_ended(server: MariaDb, data: Path) -> None:
    await moved(server, data)
    async with store_of(data) as store:
        first = (await entries(store, kinds=(Kind.PUBLICATION,)))[0]
        detail = await store.detail(first.id)
        assert detail.event is not None and detail.event.request is not None
        assert json.loads(detail.event.data) == {"id": 7, "name": "Ünï"}
        assert detail.event.request.url == f"http://eventhos.example/event/send?event-identifier={ORDER}"
        assert detail.event.request.headers == {"host": "eventhos.example", "content-type": "application/json"}
        ends = [(child.name, child.status) for child in detail.children]
        assert ends == [
            ("contract-1", Status.COMPLETE), ("contract-2", Status.REPROCESSED), ("contract-3", Status.DISCARDED),
        ]  # fmt: skip
        created, failed, refused = [(await store.detail(child.id)).attempts[0] for child in detail.children]
        assert (created.outcome.status_code, created.started_at - NOON, created.duration_ms) == (201, 1_250, 500.0)
        assert created.outcome.sent is not None
        assert created.outcome.sent.url == "https://target.example/1?from=eventhos"
        assert created.outcome.sent.headers["authorization"] == "****"
        assert (failed.outcome.result, failed.outcome.response_body) == (Result.FAILED, b"boom")
        assert (refused.outcome.result, refused.outcome.status_code) == (Result.UNREACHABLE, None)


async def test_the_log_of_what_is_deleted_comes_under_its_name(server: MariaDb, data: Path) -> None:
    await moved(server, data)
    async with store_of(data) as store:
        last = (await entries(store, kinds=(Kind.PUBLICATION,)))[-1]
        assert (last.name, last.application) == ("old_event-OOOOOOOOOO", "old")
        [child] = (await store.detail(last.id)).children
        assert (child.name, child.status) == ("contract-5", Status.COMPLETE)
        assert not [r for r in await store.load() if getattr(r, "name", "") in (last.name, "contract-5", "old")]


async def test_nothing_of_the_log_is_delivered_again_unless_somebody_asks(server: MariaDb, data: Path) -> None:
    await moved(server, data)
    async with store_of(data) as store:
        assert await store.waiting() == []
        topics = [record.number for record in await store.load() if isinstance(record, Topic)]
        assert (await store.read(topics, EntryId(0), await store.newest(), 100)).publications == ()
        [failed] = await entries(store, kinds=(Kind.SUBSCRIPTION,), statuses=(Status.ERROR,))
        assert await store.move([failed.id], Trigger.RETRY, HistoryLine(now_ms(), Status.NEW), now_ms()) == [failed.id]
        [target] = [record for record in await store.load() if isinstance(record, Target) and record.name == BOOK]
        assert [waiting.target_number for waiting in await store.waiting()] == [target.number]


async def test_a_second_move_changes_nothing(server: MariaDb, data: Path) -> None:
    await moved(server, data)
    async with store_of(data) as store:
        records, log = await store.load(), await entries(store)
    report = await moved(server, data)
    assert {step.verb for step in report.steps} == {"keep", "leave"}
    assert report.log == Log(0, 0, 5)
    async with store_of(data) as store:
        assert await store.load() == records
        assert await entries(store) == log


async def test_what_changes_there_is_brought_again_and_what_changed_here_is_kept(server: MariaDb, data: Path) -> None:
    there = original.make(server, "changing")
    await moved(server, data, database=there)
    async with store_of(data) as store:
        [target] = [record for record in await store.load() if isinstance(record, Target) and record.name == BOOK]
        await store.save([replace(target, title="Ours", updated_at=now_ms())])
    with server.connect(there) as connection, connection.cursor() as cursor:
        cursor.execute("UPDATE `system` SET name = 'The shop' WHERE id = 1")
        cursor.execute("UPDATE contract SET `order` = 9 WHERE id = 2")
        cursor.execute("UPDATE action SET name = 'Theirs', updated_at = '2023-05-06 07:08:10' WHERE id = 1")
    report = await moved(server, data, database=there)
    changed = {(step.kind, step.name, step.why) for step in report.steps if step.verb == "change"}
    assert changed == {("system", "orders-xYz_0123-9", "title"), ("contract", "contract-2", "order")}
    assert ("action", BOOK, "changed here since") in {(step.kind, step.name, step.why) for step in report.steps}
    async with store_of(data) as store:
        titles = {getattr(record, "title", "") for record in await store.load()}
    assert {"The shop", "Ours"} <= titles


async def test_a_move_that_was_interrupted_goes_on(
    server: MariaDb, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "PAGE", 2)

    class Interrupted(Exception):
        pass

    @contextmanager
    def interrupting(total: int) -> Iterator[Callable[[int], None]]:
        def advanced(number: int) -> None:
            raise Interrupted

        yield advanced

    with pytest.raises(Interrupted):
        await moved(server, data, progress=interrupting)
    async with store_of(data) as store:
        assert len(await entries(store, kinds=(Kind.PUBLICATION,))) == 2
    report = await moved(server, data)
    assert report.log == Log(3, 2, 2)
    async with store_of(data) as store:
        names = [entry.created_at for entry in await entries(store, kinds=(Kind.PUBLICATION,))]
        assert names == sorted(set(names))
        assert len(names) == 5


async def test_a_running_hub_is_left_alone(server: MariaDb, data: Path) -> None:
    async with Serving(data):
        ended = await asyncio.to_thread(imported, server, data, "--crypto-key", CRYPTO_KEY)
    assert ended.status == 1
    assert "code: store_locked" in ended.err


def test_another_database_is_not_taken_for_one_of_eventhos(server: MariaDb, data: Path) -> None:
    ended = imported(server, data, database="mysql")
    assert ended.status == 1
    assert "this is no database of eventhos: it has no table system" in ended.err


def test_the_database_is_only_read(server: MariaDb, data: Path) -> None:
    def checksums() -> Any:
        with server.connect("eventhos") as connection, connection.cursor() as cursor:
            cursor.execute("SHOW TABLES")
            tables = ", ".join(f"`{name}`" for (name,) in cursor.fetchall())
            cursor.execute(f"CHECKSUM TABLE {tables}")
            return cursor.fetchall()

    before = checksums()
    imported(server, data, "--crypto-key", CRYPTO_KEY, "--jwt-secret", JWT_SECRET, "--with-log", "--apply")
    assert checksums() == before
