"""eventhos' management API over real HTTP, against a hub in a process of its own: its calls, its rows, its quirks.

Beside each other stand what eventhos' clients see below ``/eventhos`` and what everybody else sees under ``/v1``.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from eventyard.cli.demo.child import Child

JSON = {"Content-Type": "application/json"}
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
UPDATED = (201, {"code": 200001, "message": "success"})

SYSTEM_ROW = [
    "id",
    "class",
    "identifier",
    "name",
    "type",
    "description",
    "deleted",
    "created_at",
    "updated_at",
    "client_id",
]
EVENT_ROW = ["id", "system_id", "identifier", "name", "operation", "description", "deleted", "created_at", "updated_at"]
CONTRACT_ROW = [
    "id", "action_id", "event_id", "identifier", "name", "active", "order", "deleted", "created_at", "updated_at",
    "mail_recipients_on_error",
]  # fmt: skip
CONTRACT_LISTED = [
    "id", "name", "active", "order", "eventId", "actionId", "producerName", "consumerName", "eventIdentifier",
    "actionIdentifier", "mailRecipientsOnError",
]  # fmt: skip
ACTION_CONTENT = {
    "id", "identifier", "name", "httpConfiguration", "operation", "description", "deleted", "created_at", "updated_at",
    "reply_to", "security",
}  # fmt: skip


class Client:
    """A client of eventhos, and one of the hub's own API."""

    def __init__(self, hub: Child) -> None:
        self.eventhos = httpx.Client(
            base_url=f"{hub.url}/eventhos", headers={"Authorization": f"BEARER {hub.key}"}, timeout=60
        )
        self.v1 = httpx.Client(base_url=f"{hub.url}/v1", headers={"Authorization": f"Bearer {hub.key}"}, timeout=60)

    def send(self, method: str, path: str, body: str | dict[str, Any] | None = None) -> tuple[int, Any]:
        """A call of eventhos' API: the status and the JSON of the answer. A text is sent as it is."""
        content = None if body is None else body if isinstance(body, str) else json.dumps(body)
        answer = self.eventhos.request(method, path, headers=JSON if content else {}, content=content)
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["access-control-allow-origin"] == "*"
        return answer.status_code, answer.json()

    def items(self, path: str) -> list[dict[str, Any]]:
        """The items of a list."""
        status, body = self.send("GET", path)
        assert (status, body["code"], body["message"]) == (200, 200000, "success")
        content = body["content"]
        assert list(content) == ["items", "pageIndex", "itemsPerPage", "totalItems", "totalPages"]
        items: list[dict[str, Any]] = content["items"]
        return items

    def made(self, path: str, name: str, body: dict[str, Any]) -> int:
        """What was made: its id."""
        status, answer = self.send("POST", path, body)
        assert (status, answer["code"], list(answer["content"])) == (201, 200001, [name]), answer
        number: int = answer["content"][name]
        return number

    def refused(self, method: str, path: str, body: Any = None) -> tuple[int, int, str]:
        """How a call is refused."""
        status, answer = self.send(method, path, body)
        assert list(answer)[:3] == ["message", "code", "errorUUID"], answer
        return status, answer["code"], answer["message"]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    folder: Path = tmp_path_factory.mktemp("eventhos")
    with Child(folder / "data", "127.0.0.1:0") as hub:
        client = Client(hub)
        with client.eventhos, client.v1:
            yield client


def system(client: Client, identifier: str, **fields: Any) -> int:
    body = {"systemClass": "hybrid", "identifier": identifier, "name": identifier, "type": "API", "description": "d"}
    status, answer = client.send("POST", "/system", body | fields)
    assert status == 201, answer
    number: int = answer["content"]["systemId"]
    return number


def test_it_is_there(client: Client) -> None:
    for path in ("", "/"):
        answer = httpx.get(f"{client.eventhos.base_url}".rstrip("/") + path)
        assert (answer.status_code, answer.text) == (200, "Ok")
    assert client.eventhos.get("/nowhere").status_code == 404


def test_a_browser_may_ask_for_everything(client: Client) -> None:
    for path in ("/event", "/event/send", "/auth/token"):
        asked = {"Origin": "https://ui.example", "Access-Control-Request-Method": "PUT"}
        asked["Access-Control-Request-Headers"] = "authorization,content-type"
        answer = client.eventhos.options(path, headers=asked)
        assert (answer.status_code, answer.content) == (204, b"")
        assert answer.headers["access-control-allow-origin"] == "*"
        assert answer.headers["access-control-allow-headers"] == "authorization,content-type"
        assert {"GET", "POST", "PUT", "DELETE"} <= set(answer.headers["access-control-allow-methods"].split(","))


def test_nobody_gets_in_without_a_token(client: Client) -> None:
    for method, path in [("GET", "/event"), ("POST", "/system"), ("PUT", "/action/1"), ("DELETE", "/contract/1")]:
        url = f"{client.eventhos.base_url}".rstrip("/") + path
        answer = httpx.request(method, url)
        assert (answer.status_code, answer.json()["code"]) == (403, 403002)
        assert answer.json()["message"] == "Subject not authorized; no jwt token was send"
        answer = httpx.request(method, url, headers={"Authorization": "BEARER nonsense"})
        assert (answer.status_code, answer.json()["code"]) == (401, 400001)
    key = client.v1.headers["authorization"].partition(" ")[2]
    assert httpx.get(f"{client.eventhos.base_url}event", params={"access_token": key}).status_code == 200


def test_the_way_from_a_system_to_a_contract_and_back(client: Client) -> None:
    status, answer = client.send(
        "POST", "/system",
        '{"systemClass": "producer", "identifier": "store", "name": "Store", "type": "ERP", "description": "sells"}',
    )  # fmt: skip
    producer = answer["content"]["systemId"]
    assert (status, answer) == (
        201, {"code": 20001, "message": "New system created", "content": {"systemId": producer}},
    )  # fmt: skip
    consumer = system(client, "biller", systemClass="consumer")
    row = client.send("GET", f"/system/{producer}")[1]["content"]
    assert list(row) == SYSTEM_ROW
    assert row | {"class": "producer", "identifier": "store", "type": "ERP", "deleted": 0, "client_id": None} == row
    assert MOMENT.fullmatch(row["created_at"])

    event = client.made(
        "/event", "eventId",
        {"system_id": producer, "identifier": "one", "name": "One", "operation": "new", "description": "first"},
    )  # fmt: skip
    (row,) = client.items(f"/event?systemId={producer}")
    assert list(row) == EVENT_ROW
    assert row | {"id": event, "system_id": producer, "name": "One", "operation": "new", "deleted": 0} == row
    assert re.fullmatch(r"one-[A-Za-z0-9_-]{10}", row["identifier"])
    assert client.send("GET", f"/system/{producer}/events")[1]["content"] == [row]

    action = client.made(
        "/action", "actionId",
        {
            "system_id": consumer, "identifier": "bill", "name": "Bill", "operation": "new", "description": "bills",
            "url": "http://127.0.0.1:9/${.body.id}", "method": "post", "securityType": 0,
            "headers": [{"key": "x-id", "value": "${.body.id}"}], "queryUrlParams": [],
            "body": [{"key": "id", "value": "${.body.id}"}], "rawBody": None, "reply_to": None,
        },
    )  # fmt: skip
    content = client.send("GET", f"/action/{action}")[1]["content"]
    assert set(content) == ACTION_CONTENT
    assert content["httpConfiguration"] == {
        "url": "http://127.0.0.1:9/${.body.id}", "method": "post", "headers": {"x-id": "${.body.id}"},
        "data": {"id": "${.body.id}"}, "params": {}, "rawFunctionBody": None,
    }  # fmt: skip
    assert (content["deleted"], content["reply_to"]) == (False, None)
    assert content["security"] == {"type": "custom", "httpConfiguration": {}}
    (row,) = client.items("/action?wordSearch=biller")
    assert (row["id"], row["system_name"], row["http_configuration"]) == (action, "biller", "****")

    contract = client.made(
        "/contract", "actionId",
        {"eventId": event, "actionId": action, "name": "C", "identifier": "c", "order": 0, "mailRecipientsOnError": ""},
    )  # fmt: skip
    (row,) = client.items("/contract?wordSearch=store")
    assert list(row) == CONTRACT_LISTED
    assert (row["id"], row["active"], row["producerName"], row["consumerName"]) == (contract, 1, "Store", "biller")
    (row,) = client.send("GET", f"/contract/event/{event}")[1]["content"]
    assert list(row) == CONTRACT_ROW
    assert client.send("GET", f"/contract/event/{event}/action/{action}")[1]["content"] == [row]

    body: dict[str, Any] = {
        "name": "D",
        "active": False,
        "order": 1,
        "mailRecipientsOnError": "a@x.example,b@y.example",
    }
    assert client.send("PUT", f"/contract/{contract}", body) == UPDATED
    assert client.send("PUT", "/contract/order", {"orders": [{"contractId": contract, "order": 2}]}) == UPDATED
    (row,) = client.send("GET", f"/contract/event/{event}")[1]["content"]
    assert (row["name"], row["active"], row["order"]) == ("D", 0, 2)
    assert row["mail_recipients_on_error"] == "a@x.example,b@y.example"

    assert client.refused("DELETE", f"/event/{event}") == (400, 400207, "Event has active contracts")
    assert client.refused("DELETE", f"/action/{action}") == (404, 400003, "Action has active contracts")
    assert client.refused("DELETE", f"/system/{producer}") == (400, 400302, "System has conflicting events")
    assert client.refused("DELETE", f"/system/{consumer}") == (400, 400303, "System has conflicting actions")
    for path in (f"/contract/{contract}", f"/event/{event}", f"/action/{action}", f"/system/{producer}"):
        assert client.send("DELETE", path) == UPDATED
    assert client.send("GET", f"/contract/event/{event}")[1]["content"] == []
    assert client.refused("GET", f"/action/{action}") == (404, 400002, "Action does not exist")
    assert client.send("GET", f"/system/{producer}") == (200, {"code": 200000, "message": "success"})


def test_nothing_is_made_of_nothing(client: Client) -> None:
    for path, fields in [
        ("/event", ["system_id", "identifier", "name"]),
        ("/system", ["systemClass", "identifier", "name"]),
        ("/action", ["system_id", "identifier", "name", "url"]),
        ("/contract", ["eventId", "actionId", "identifier", "name"]),
    ]:
        for body in ("{}", None):
            status, answer = client.send("POST", path, body)
            assert (status, answer["code"]) == (400, 400001)
            assert [fault["field"] for fault in answer["errors"]] == fields
    assert client.refused("POST", "/event", '{"system_id": ')[:2] == (400, 500000)


def test_what_is_not_there_is_missing_and_never_an_error_of_ours(client: Client) -> None:
    for path in ("/event/999999", "/system/999999", "/contract/999999"):
        assert client.refused("PUT", path, {"name": "x"})[:2] == (404, 404000)
        assert client.refused("DELETE", path)[:2] == (404, 404000)
    assert client.refused("PUT", "/action/999999", {"name": "x"})[:2] == (404, 400002)
    unknown = {"systemClass": "producer", "identifier": "z", "name": "z", "clientId": 9999}
    assert client.refused("POST", "/system", unknown) == (404, 400301, "The client with id 9999 does not exist.")


def test_lists_are_paged_sorted_and_counted_as_they_were_asked_for(client: Client) -> None:
    numbers = [system(client, f"page-{letter}", systemClass="producer") for letter in "cab"]
    first = client.send("GET", "/system?itemsPerPage=2&pageIndex=0&order=desc&activeSort=id")[1]["content"]
    assert [row["id"] for row in first["items"]] == [numbers[2], numbers[1]]
    assert (first["pageIndex"], first["itemsPerPage"]) == (0, 2)
    assert first["totalPages"] == -(-first["totalItems"] // 2)
    named = client.items("/system?itemsPerPage=100&activeSort=name&systemClass=producer")
    assert [row["name"] for row in named if row["name"].startswith("page-")] == ["page-a", "page-b", "page-c"]
    only = client.send("GET", "/system?itemsPerPage=100&systemClass=consumer")[1]["content"]
    assert only["totalItems"] == len(only["items"])
    odd = client.send("GET", "/system?itemsPerPage=-3&pageIndex=x&order=up&activeSort=id;drop")[1]["content"]
    assert (odd["pageIndex"], odd["itemsPerPage"]) == (0, 5)


def test_secrets_are_written_and_never_read(client: Client) -> None:
    consumer = system(client, "secretive")
    body = {
        "system_id": consumer, "identifier": "s", "name": "S", "url": "https://x.example/", "method": "get",
        "securityType": 1, "securityUrl": "https://id.example/token", "clientId": "me", "clientSecret": "t0p-Secret",
    }  # fmt: skip
    action = client.made("/action", "actionId", body)
    for path in (f"/action/{action}", "/action?itemsPerPage=100", f"/system/{consumer}/actions"):
        assert "t0p-Secret" not in client.eventhos.get(path).text
    security = client.send("GET", f"/action/{action}")[1]["content"]["security"]
    shown = security["httpConfiguration"]["data"].pop("client_secret")
    assert "****" in shown
    assert security == {
        "type": "oauth2_client",
        "httpConfiguration": {
            "url": "https://id.example/token",
            "method": "post",
            "data": {"client_id": "me", "grant_type": "client_credentials", "response_type": "token"},
            "headers": {"content-type": "application/x-www-form-urlencoded"},
        },
    }
    assert client.send("PUT", f"/action/{action}", body | {"clientSecret": shown}) == UPDATED
    target = next(one for one in client.v1.get("/targets").json() if one["name"].startswith("s-"))
    assert target["settings"]["client_secret"] == {"set": True}


def test_what_is_made_here_is_seen_there(client: Client) -> None:
    shop = system(client, "seen-shop", name="Seen shop")
    event = client.made("/event", "eventId", {"system_id": shop, "identifier": "seen", "name": "Seen"})
    action = client.made(
        "/action", "actionId", {"system_id": shop, "identifier": "do", "name": "Do", "url": "https://x.example/"}
    )
    client.made(
        "/contract", "actionId", {"eventId": event, "actionId": action, "identifier": "c", "name": "Seen and done"}
    )
    (application,) = [one for one in client.v1.get("/applications").json() if one["name"] == "seen-shop"]
    assert (application["title"], application["labels"]) == ("Seen shop", {"class": "hybrid", "type": "API"})
    (source,) = [one for one in client.v1.get("/sources").json() if one["title"] == "Seen"]
    assert (source["application_id"], source["scheme"]) == (application["id"], "access-key")
    (target,) = [one for one in client.v1.get("/targets").json() if one["title"] == "Do"]
    assert (target["type"], target["settings"]["url"]) == ("request", "https://x.example/")
    (subscription,) = [one for one in client.v1.get("/subscriptions").json() if one["title"] == "Seen and done"]
    assert (subscription["source_id"], subscription["target_id"]) == (source["id"], target["id"])
    assert (subscription["application_id"], subscription["order"]) == (application["id"], 0)
    assert subscription["retry"]["max_attempts"] == 1
    refused = client.v1.post(f"/../in/{source['id']}", json={})
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")


def test_what_is_made_there_is_seen_here(client: Client) -> None:
    application = client.v1.post("/applications", json={"name": "made-there"}).json()
    source = client.v1.post("/sources", json={"name": "source-there", "application": "made-there"}).json()
    target = client.v1.post(
        "/targets", json={"name": "target-there", "type": "request", "settings": {"url": "https://x.example/there"}}
    ).json()
    made = client.v1.post("/subscriptions", json={"source_id": source["id"], "target_id": target["id"]})
    assert made.status_code == 201, made.text

    row = next(one for one in client.items("/system?itemsPerPage=100") if one["identifier"] == application["name"])
    assert (row["class"], row["name"], row["type"]) == ("hybrid", "made-there", "")
    (event,) = client.items("/event?eventName=source-there")
    assert (event["system_id"], event["operation"]) == (row["id"], "")
    (action,) = client.items("/action?wordSearch=target-there")
    assert action["system_name"] == "default"
    (contract,) = client.items("/contract?wordSearch=source-there")
    assert (contract["eventId"], contract["actionId"], contract["active"]) == (event["id"], action["id"], 1)

    assert client.send("PUT", f"/event/{event['id']}", {"name": "Named here", "operation": "new"}) == UPDATED
    changed = client.v1.get(f"/sources/{source['id']}").json()
    assert (changed["name"], changed["title"], changed["labels"]) == (
        "source-there", "Named here", {"operation": "new"},
    )  # fmt: skip
    assert client.send("PUT", f"/contract/{contract['id']}", {"active": False}) == UPDATED
    assert client.v1.get(f"/subscriptions/{made.json()['id']}").json()["mode"] == "disabled"


def test_the_description_is_there_for_everybody(client: Client) -> None:
    base = f"{client.eventhos.base_url}".rstrip("/")
    document = httpx.get(f"{base}/openapi.json").json()
    assert {"/eventhos/event/send", "/eventhos/contract/order"} <= document["paths"].keys()
    page = httpx.get(f"{base}/docs")
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
