"""DIH's and CIH's calls that carry data, on a running hub: a day of loads, published, consumed, and asked for again."""

import asyncio
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from eventyard.cli.demo.child import Child
from tests.seeds.planted import SETTINGS, Client
from tests.serving import Hub, Receiver

DIH, CIH = "/dih-console/api/v1", "/cih/dih-console/api/v1"
TABLES = {"orders": [{"id": "1", "city": "Zürich"}, {"id": "2", "city": "Genève"}], "lines": [{"order": "1"}]}
HEADERS = {"content-type": "application/json;charset=utf-8", "accept-charset": "charset=utf-8"}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with (
        Child(tmp_path_factory.mktemp("data") / "data", "127.0.0.1:0", SETTINGS) as child,
        Client(child.url) as client,
    ):
        set_up(client.http)
        yield client


def set_up(http: httpx.Client) -> None:
    """The publication ``orders``, whose subscription ``billing`` a job serves, as it comes and when it is asked."""
    for name, change in (("billing", {}), ("ledger", {"mode": "paused"})):
        job = http.post("/v1/jobs", json={"name": f"job of {name}"}).json()
        http.post("/v1/topics", json={"name": "orders"})
        if name == "billing":
            http.post("/v1/sources", json={"name": "orders", "topic": "orders"})
        wish = {"name": name, "topics": ["orders"], "target_id": job["id"], **change}
        assert http.post("/v1/subscriptions", json=wish).status_code == 201


def told(client: Client, path: str, body: Any = None, **headers: str) -> tuple[int, dict[str, Any]]:
    answer = client.http.post(path, json={} if body is None else body, headers={**HEADERS, **headers})
    return answer.status_code, answer.json()


def emptied(client: Client) -> None:
    for name in ("billing", "ledger"):
        while told(client, f"{CIH}/consume/{name}")[0] == 200:
            pass


@pytest.mark.parametrize("api", [DIH, CIH])
def test_tables_are_published_and_consumed_once_and_reconsumed(client: Client, api: str) -> None:
    emptied(client)
    status, published = told(client, f"{api}/publish/orders", TABLES)
    assert (status, published["responseCode"], published["rowsAccepted"]) == (200, "SUCCESS", 3)
    for name in ("billing", "ledger"):
        status, consumed = told(client, f"{api}/consume/{name}", {"aggregated": "false"})
        assert (status, consumed["rowsProcessed"], {table: consumed[table] for table in TABLES}) == (200, 3, TABLES)
        assert client.http.get(f"{api}/event/{consumed['eventId']}").json()["eventStatus"] == "Complete"
        assert told(client, f"{api}/consume/{name}")[1]["responseCode"] == "FAILURE"
        again = {"requestType": "RECONSUME", "eventId": str(consumed["eventId"])}
        assert told(client, f"{api}/consume/{name}", again)[1]["orders"] == TABLES["orders"]
    [event] = client.search({"eventId": published["eventId"]})
    assert event["descendantsEventState"] == "FINAL"
    assert Counter(child["eventStatusName"] for child in event["childEvents"]) == {"Complete": 2, "Reprocessed": 2}


@pytest.mark.parametrize("api", [DIH, CIH])
def test_a_publication_is_started_and_its_job_runs(client: Client, api: str) -> None:
    emptied(client)
    status, started = told(client, f"{api}/publication/start", {"publicationName": "orders", "runDisabled": "false"})
    assert (status, started["responseCode"]) == (200, "SUCCESS")
    assert str(started["eventId"]) in started["message"]
    runs = client.http.post("/v1/jobs/job of billing/runs/claim", json={"worker": "w", "limit": 9}).json()
    assert [run["event"]["data"] for run in runs] == [{}]
    assert told(client, f"{api}/consume/billing")[0] == 409
    done = client.http.post(f"/v1/job-runs/{runs[0]['id']}/complete", json={"attempt": runs[0]["attempt"]})
    assert done.status_code == 204


@pytest.mark.parametrize("api", [DIH, CIH])
def test_all_that_waits_is_consumed_as_one_event_that_its_members_refer_to(client: Client, api: str) -> None:
    emptied(client)
    for number in range(5):
        assert told(client, f"{api}/publish/orders", {"orders": [{"id": number}]})[0] == 200
    for name in ("billing", "ledger"):
        status, bundle = told(client, f"{api}/consume/{name}", {"aggregated": "true"})
        assert (status, bundle["totalRows"], bundle["orders"]) == (200, 5, [{"id": number} for number in range(5)])
        entry = client.http.get(f"/v1/events/{bundle['aggregatedEventId']}").json()
        assert (entry["kind"], entry["status"]) == ("aggregated_subscription", "complete")
        newest = client.http.get("/v1/events", params={"kind": "subscription", "name": name, "limit": 5}).json()
        for member in newest:
            *_, last = client.http.get(f"/v1/events/{member['entry_id']}").json()["history"]
            assert (last["status"], last["comment"]) == ("complete", f"reflected by event {bundle['eventId']}")
        again = {"requestType": "RECONSUME", "eventId": bundle["eventId"]}
        assert told(client, f"{api}/consume/{name}", again)[1]["orders"] == bundle["orders"]


def test_consumers_who_aggregate_at_once_never_get_the_same_data(client: Client) -> None:
    emptied(client)
    for number in range(60):
        assert told(client, f"{DIH}/publish/orders", {"orders": [{"id": number}]})[0] == 200
    for name in ("billing", "ledger"):
        asked = {"aggregated": True, "batchSize": 9}
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(told, [client] * 12, [f"{DIH}/consume/{name}"] * 12, [asked] * 12))
        given = [row["id"] for status, answer in answers if status == 200 for row in answer["orders"]]
        assert sorted(given) == list(range(60))


def test_the_same_load_sent_twice_under_one_key_is_one_event(client: Client) -> None:
    emptied(client)
    answers = [told(client, f"{DIH}/publish/orders", TABLES, **{"idempotency-key": "load-1"}) for _ in range(3)]
    assert len({str(answer) for answer in answers}) == 1
    assert told(client, f"{DIH}/consume/billing")[0] == 200
    assert told(client, f"{DIH}/consume/billing")[0] == 409


def test_consumers_who_ask_at_once_never_get_the_same_data(client: Client) -> None:
    emptied(client)
    for number in range(60):
        assert told(client, f"{DIH}/publish/orders", {"orders": [{"id": number}]})[0] == 200
    for name in ("billing", "ledger"):
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(told, [client] * 70, [f"{CIH}/consume/{name}"] * 70))
        given = [row["id"] for status, answer in answers if status == 200 for row in answer["orders"]]
        assert sorted(given) == list(range(60))


async def test_what_waits_outlives_a_kill_and_is_given_after_the_restart(tmp_path: Path) -> None:
    async with Hub(tmp_path / "data") as hub:
        await hub.post("/v1/jobs", name="load")
        await hub.post("/v1/sources", name="orders")
        await hub.post("/v1/subscriptions", name="billing", topics=["orders"], target_id="load")
        for number in range(3):
            await hub.post(f"{DIH}/publish/orders", orders=[{"id": number}])
        assert (await hub.post(f"{DIH}/consume/billing"))["orders"] == [{"id": 0}]
    async with Hub(tmp_path / "data") as hub:
        given = [(await hub.post(f"{DIH}/consume/billing"))["orders"] for _ in range(2)]
        assert given == [[{"id": 1}], [{"id": 2}]]
        async with hub.session.post(f"{DIH}/consume/billing") as nothing:
            assert nothing.status == 409


@pytest.mark.parametrize("asked", [{}, {"aggregated": True, "batchSize": 3}], ids=["single", "aggregated"])
async def test_whatever_was_answered_before_a_kill_is_never_given_again(tmp_path: Path, asked: Any) -> None:
    """Consumers that drain as fast as they can when the hub is killed: what they got is Complete, the rest comes."""
    got: list[int] = []
    killed: list[bool] = []

    async def drain(hub: Hub) -> None:
        while True:
            async with hub.session.post(f"{DIH}/consume/billing", json=asked) as answer:
                if answer.status != 200:
                    return
                got.extend(row["id"] for row in (await answer.json())["orders"])
                if len(got) >= 40 and not killed:
                    killed.append(True)
                    hub.signal(9)

    async with Hub(tmp_path / "data") as hub:
        await hub.post("/v1/jobs", name="load")
        await hub.post("/v1/sources", name="orders")
        await hub.post("/v1/subscriptions", name="billing", topics=["orders"], target_id="load")
        await asyncio.gather(*(hub.post(f"{DIH}/publish/orders", orders=[{"id": number}]) for number in range(120)))
        await asyncio.gather(*(drain(hub) for _ in range(6)), return_exceptions=True)
    before = len(got)
    async with Hub(tmp_path / "data") as hub:
        await asyncio.gather(*(drain(hub) for _ in range(6)))
        lost = {entry["status"] for entry in await hub.entries(kind="subscription")}
    assert before >= 40
    assert len(got) == len(set(got))
    assert lost == {"complete"}


async def test_who_wants_to_be_told_is_told_of_a_burst_and_after_a_restart_of_what_still_waits(tmp_path: Path) -> None:
    told: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def take(headers: Mapping[str, str], body: bytes) -> int:
        assert headers["ce-type"] == "eventyard.subscription.ready"
        await told.put(json.loads(body))
        return 204

    async with Receiver(take) as bell:
        async with Hub(tmp_path / "data") as hub:
            await hub.post("/v1/jobs", name="load")
            await hub.post("/v1/sources", name="orders")
            await hub.post("/v1/targets", name="bell", type="webhook", settings={"url": bell.url})
            await hub.post("/v1/subscriptions", name="billing", topics=["orders"], target_id="load", notify="bell")
            sent = [hub.post(f"{CIH}/publish/orders", orders=[{"id": number}]) for number in range(5)]
            events = sorted([(await one)["eventId"] for one in sent])
            first = await told.get()
            seen = first
            while seen["count"] < 5:
                seen = await told.get()
            assert (first["entry_id"], seen["publication_ids"]) == (events[0] + 1, events)
            await hub.post(f"{CIH}/consume/billing", publicationEventId=str(events[0]))
        async with Hub(tmp_path / "data") as hub:
            again = await told.get()
            assert (again["subscription_name"], again["count"]) == ("billing", 4)
            assert (again["entry_id"], again["publication_ids"]) == (events[1] + 1, events[1:])
            for _ in range(4):
                await hub.post(f"{CIH}/consume/billing")
        async with Hub(tmp_path / "data") as hub:
            await hub.post(f"{CIH}/publish/orders", orders=[{"id": 5}])
            assert (await told.get())["count"] == 1
