"""stomp.py, over TCP and over WebSocket, against a hub as anybody runs it: the data events row by row, and the rest.

stomp.py works in threads; what it is told is waited for in a queue.
"""

import asyncio
import json
import queue
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
import stomp
from stomp.adapter.ws import WSStompConnection

from tests.serving import KEY, Hub

pytestmark = pytest.mark.asyncio(loop_scope="module")
PATIENCE_S = 30
ENTITY = "0199f3c2-7b1e-7c55-a0c9-3d5b8f1e2a44"


@pytest.fixture(scope="module", params=["tcp", "websocket"])
def transport(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def hub(transport: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Hub]:
    """The hub that all share who come by one transport."""
    async with Hub(tmp_path_factory.mktemp("hub"), EVENTYARD_STOMP="127.0.0.1:0") as hub:
        yield hub


@pytest.fixture
def connect(hub: Hub, transport: str) -> Iterator[Callable[..., "Client"]]:
    made: list[Client] = []

    def connect(passcode: str = KEY, **more: Any) -> Client:
        made.append(Client(hub, transport, passcode, **more))
        return made[-1]

    yield connect
    for client in made:
        client.leave()


class Client(stomp.ConnectionListener):  # type: ignore[misc]
    """One connection of stomp.py, and all it is told."""

    def __init__(self, hub: Hub, transport: str, passcode: str, *, login: str = "any", **more: Any) -> None:
        self._told: queue.Queue[tuple[str, Any]] = queue.Queue()
        self._refused = False
        if transport == "tcp":
            where = urlsplit(hub.urls["stomp"])
            self.connection = stomp.Connection12([(where.hostname, where.port)], **more)
        else:
            where = urlsplit(hub.url)
            self.connection = WSStompConnection([(where.hostname, where.port)], ws_path="/ws", **more)
        self.connection.set_listener("client", self)
        with suppress(stomp.exception.ConnectFailedException):  # which the ERROR tells of, too
            self.connection.connect(login, passcode, wait=True)

    def on_message(self, frame: Any) -> None:
        self._told.put(("message", frame))

    def on_receipt(self, frame: Any) -> None:
        self._told.put(("receipt", frame.headers["receipt-id"]))

    def on_error(self, frame: Any) -> None:
        self._refused = True
        self._told.put(("error", frame))

    def on_disconnected(self) -> None:
        self._told.put(("disconnected", None))

    def hear(self, kind: str = "message") -> Any:
        """What it is told next, of this kind."""
        heard, what = self._told.get(timeout=PATIENCE_S)
        assert heard == kind, (heard, what)
        return what

    def nothing_more(self) -> None:
        """Nothing was told until now, as a receipt that is asked for now comes next."""
        self.connection.send("/topic/nobody.listens", "", receipt="now")
        assert self.hear("receipt") == "now"

    def subscribe(self, destination: str, id: str = "1", ack: str = "auto", **headers: str) -> None:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.connection.subscribe(destination, id, ack, headers={**named, "receipt": f"sub-{id}"})
        assert self.hear("receipt") == f"sub-{id}"

    def send(self, destination: str, body: str, **headers: str) -> None:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.connection.send(destination, body, headers={**named, "receipt": "sent"})
        assert self.hear("receipt") == "sent"

    def error(self) -> tuple[str, str]:
        """The code and the words of the ERROR that comes next."""
        frame = self.hear("error")
        return frame.headers["code"], frame.body

    def leave(self) -> None:
        """Say goodbye, unless an ERROR came: after it the hub closes by itself, at a moment nobody here knows."""
        if self.connection.is_connected() and not self._refused:
            self.connection.disconnect(receipt="bye")


class Cars:
    """The project and the application of the tests, and what is told of their entities and products."""

    def __init__(self, hub: Hub, project: str, application: str) -> None:
        self.hub = hub
        self.project = project
        self.application = application

    async def tell(self, event: str, entity: str = ENTITY, kind: str = "vehicles") -> None:
        await self.hub.post(f"/v1/projects/{self.project}/entities/{kind}/{entity}/{event}", id=entity)

    async def tell_of_application(self, event: str) -> None:
        await self.hub.post(f"/v1/applications/{self.application}/entities/vehicle-groups/{ENTITY}/{event}", id=ENTITY)

    async def product(self, family: str, state: str) -> None:
        body = {"state": state, "projectId": self.project, "version": "1.0", "reason": "a test"}
        await self.hub.post(f"/v1/applications/{self.application}/{family}", **body)


@pytest_asyncio.fixture(loop_scope="module")
async def cars(hub: Hub) -> Cars:
    [project], [application] = await hub.get("/v1/projects"), await hub.get("/v1/applications")
    return Cars(hub, project["id"], application["id"])


Connect = Callable[..., Client]


@pytest.mark.parametrize("slash", ["", "/"])
async def test_entity_events_of_a_project(cars: Cars, connect: Connect, slash: str) -> None:
    client = await asyncio.to_thread(connect)
    for id, pattern in (
        ("one", f"vehicles.{ENTITY}.update"),
        ("all", "#"),
        ("some", "vehicles.*.*"),
        ("no", "users.#"),
    ):
        await asyncio.to_thread(client.subscribe, f"{slash}exchange/project.{cars.project}/{pattern}", id)
    for event in ("create", "update", "delete"):
        await cars.tell(event)
    seen = [await asyncio.to_thread(client.hear) for _ in range(7)]
    events = [(frame.headers["subscription"], json.loads(frame.body)["data"]["event"]) for frame in seen]
    assert sorted(events) == [
        ("all", "create"), ("all", "delete"), ("all", "update"), ("one", "update"), ("some", "create"),
        ("some", "delete"), ("some", "update"),
    ]  # fmt: skip
    frame = seen[0]
    assert frame.headers["content-type"] == "application/cloudevents+json"
    assert frame.headers["destination"] == f"/exchange/project.{cars.project}/vehicles.{ENTITY}.create"
    document = json.loads(frame.body)
    assert document["sequence"] == f"{int(frame.headers['x-stream-offset']):018d}"
    assert document["data"]["project"] == {"_relType": "projects", "id": cars.project}
    await asyncio.to_thread(client.nothing_more)


@pytest.mark.parametrize(
    ("family", "states"),
    [
        ("activation", ["activated", "updated", "deactivated", "activated", "terminated"]),
        ("provisioning", ["started", "failed", "started", "finished"]),
        ("subscription", ["created", "active", "inactive", "active", "suspended", "terminated"]),
    ],
)
async def test_entity_and_product_events_of_an_application(
    cars: Cars, connect: Connect, family: str, states: list[str]
) -> None:
    client = await asyncio.to_thread(connect)
    exchange = f"/exchange/application.{cars.application}"
    await asyncio.to_thread(client.subscribe, f"{exchange}/product.{family}.*", "products")
    await asyncio.to_thread(client.subscribe, f"{exchange}/*.*.create", "entities")
    await cars.tell_of_application("create")
    assert (await asyncio.to_thread(client.hear)).headers["subscription"] == "entities"
    for state in states:
        await cars.product(family, state)
        frame = await asyncio.to_thread(client.hear)
        assert frame.headers["destination"] == f"{exchange}/product.{family}.{state}"
        assert json.loads(frame.body)["data"]["state"] == state


async def test_cloudevents_in_binary_mode(cars: Cars, connect: Connect) -> None:
    client = await asyncio.to_thread(connect)
    destination = f"/exchange/project.{cars.project}/#"
    await asyncio.to_thread(client.subscribe, destination, x_cloudevents="binary")
    await cars.tell("create")
    frame = await asyncio.to_thread(client.hear)
    assert frame.headers["ce-type"] == "entity.vehicles.create"
    assert json.loads(frame.body)["entity"]["id"] == ENTITY


async def test_a_queue_is_shared_and_what_is_not_acknowledged_comes_again(connect: Connect) -> None:
    def play() -> None:
        sender, worker = connect(), connect()
        worker.subscribe("/queue/work", ack="client-individual", prefetch_count="2")
        for number in range(4):
            sender.send("/queue/work", str(number), persistent="true", mine="yes")
        first, second = worker.hear(), worker.hear()
        assert (first.body, second.body, first.headers["mine"], first.headers["persistent"]) == (
            "0",
            "1",
            "yes",
            "true",
        )
        worker.nothing_more()
        worker.connection.nack(first.headers["ack"])
        again = worker.hear()
        assert (again.body, again.headers["redelivered"]) == ("0", "true")
        worker.connection.ack(again.headers["ack"])
        third = worker.hear()
        worker.connection.ack(third.headers["ack"])
        assert (third.body, worker.hear().body) == ("2", "3")
        worker.leave()
        other = connect()
        other.subscribe("/queue/work", ack="client")
        left = [other.hear(), other.hear()]
        assert [(frame.body, frame.headers["redelivered"]) for frame in left] == [("1", "true"), ("3", "true")]
        other.connection.ack(left[-1].headers["ack"])
        other.leave()
        last = connect()
        last.subscribe("/queue/work")
        last.nothing_more()

    await asyncio.to_thread(play)


async def test_replay_is_joined_to_what_comes_without_gap_or_duplicate_under_load(cars: Cars, connect: Connect) -> None:
    async def load(begin: int) -> None:
        for number in range(begin, 2_000, 4):
            await cars.tell("update", str(number), "lorries")

    loading = [asyncio.create_task(load(begin)) for begin in range(4)]
    clients = []
    for _ in range(3):
        client = await asyncio.to_thread(connect)
        destination = f"/exchange/project.{cars.project}/lorries.*.update"
        await asyncio.to_thread(client.subscribe, destination, x_stream_offset="first")
        clients.append(client)
    await asyncio.gather(*loading)
    for client in clients:
        frames = [await asyncio.to_thread(client.hear) for _ in range(2_000)]
        offsets = [int(frame.headers["x-stream-offset"]) for frame in frames]
        assert offsets == sorted(set(offsets))
        keys = {frame.headers["destination"].rpartition("/")[2] for frame in frames}
        assert keys == {f"lorries.{number}.update" for number in range(2_000)}
        await asyncio.to_thread(client.nothing_more)


async def test_a_durable_subscription_begins_in_the_past_once_and_then_goes_on(cars: Cars, connect: Connect) -> None:
    wish = {"durable": "true", "auto_delete": "false", "x_stream_offset": "first"}
    destination = f"/exchange/project.{cars.project}/trams.#"
    await cars.tell("create", kind="trams")
    client = await asyncio.to_thread(connect)
    await asyncio.to_thread(client.subscribe, destination, "trams", "client", **wish)
    frame = await asyncio.to_thread(client.hear)
    assert frame.headers["destination"].endswith(".create")
    client.connection.ack(frame.headers["ack"])
    await asyncio.to_thread(client.leave)
    await cars.tell("update", kind="trams")
    again = await asyncio.to_thread(connect)
    await asyncio.to_thread(again.subscribe, destination, "trams", "client", **wish)
    assert (await asyncio.to_thread(again.hear)).headers["destination"].endswith(".update")


async def test_what_comes_while_a_durable_subscriber_is_away_waits_for_it(cars: Cars, connect: Connect) -> None:
    durable = {"durable": "true", "auto_delete": "false"}
    destination = f"/exchange/project.{cars.project}/#"
    client = await asyncio.to_thread(connect)
    await asyncio.to_thread(client.subscribe, destination, "missed", "client", **durable)
    await cars.tell("create")
    client.connection.ack((await asyncio.to_thread(client.hear)).headers["ack"])
    await asyncio.to_thread(client.leave)
    await cars.tell("update")
    again = await asyncio.to_thread(connect)
    await asyncio.to_thread(again.connection.subscribe, destination, "missed", "client", headers={"durable": "true"})
    assert json.loads((await asyncio.to_thread(again.hear)).body)["data"]["event"] == "update"
    await asyncio.to_thread(again.nothing_more)


async def test_a_transaction(connect: Connect) -> None:
    def play() -> None:
        client, reader = connect(), connect()
        reader.subscribe("/topic/a")
        for end in (client.connection.abort, client.connection.commit):
            transaction = client.connection.begin()
            client.connection.send("/topic/a", end.__name__, transaction=transaction)
            end(transaction)
        assert reader.hear().body == "commit"

    await asyncio.to_thread(play)


async def test_a_wrong_login_is_told_so(connect: Connect) -> None:
    client = await asyncio.to_thread(connect, "wrong", login="me")
    code, words = await asyncio.to_thread(client.error)
    assert (code, words.splitlines()[0]) == (
        "unauthenticated", "Access refused for user 'me': the user name or password is not right",
    )  # fmt: skip
    assert await asyncio.to_thread(client.hear, "disconnected") is None


async def test_a_revoked_key_ends_the_connection_with_the_reason(hub: Hub, connect: Connect) -> None:
    key = await hub.post("/v1/keys", name="short", scopes=["events:read"])
    client = await asyncio.to_thread(connect, key["key"])
    await asyncio.to_thread(client.subscribe, "/topic/a")
    await hub.call("DELETE", f"/v1/keys/{key['id']}")
    assert (await asyncio.to_thread(client.error))[0] == "access_ended"
    assert await asyncio.to_thread(client.hear, "disconnected") is None


async def test_a_foreign_exchange_is_one_that_is_not_there(hub: Hub, cars: Cars, connect: Connect) -> None:
    other = await hub.post("/v1/projects", name="other")
    key = await hub.post("/v1/keys", name="bound", scopes=["events:read"], project_id=other["id"])
    for exchange in (f"project.{cars.project}", "project.nothing", f"application.{cars.application}"):
        client = await asyncio.to_thread(connect, key["key"])
        await asyncio.to_thread(client.connection.subscribe, f"/exchange/{exchange}/#", "1")
        assert await asyncio.to_thread(client.error) == ("not_found", f"no exchange {exchange!r}")


async def test_signs_of_life_go_both_ways(connect: Connect) -> None:
    def play() -> None:
        client = connect(heartbeats=(1000, 1000))
        beats: queue.Queue[None] = queue.Queue()
        client.on_heartbeat = lambda: beats.put(None)
        for _ in range(3):
            beats.get(timeout=PATIENCE_S)
        client.nothing_more()

    await asyncio.to_thread(play)
