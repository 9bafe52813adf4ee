"""Operators see who is connected and what waits, end what must end, and learn of nothing that is another's."""

import pytest

from eventyard.model.access import Scope
from eventyard.model.errors import HubError
from eventyard.model.event import Event
from eventyard.model.streams import ExchangeSettings, ExchangeType
from eventyard.pipeline.streams.consumer import Consumer, Credit
from eventyard.pipeline.streams.outgoing import Outgoing

NOW = "2026-01-02T03:04:05.678Z"


class Client:
    """A client of the streams, and why it was ended."""

    def __init__(self, yard, key=None, **more):
        self.ended: list[HubError] = []
        self.held = []
        self.link = yard.hub.streams.connect(
            yard.hub.keys.by_key(key or yard.key), protocol="amqp", peer="192.0.2.7:5", name="tester",
            end=self.ended.append, **more,
        )  # fmt: skip

    async def publish(self, exchange, *keys):
        await self.link.publish([Outgoing(exchange, Event(f"e-{key}", "/t", "t", 0, b"{}", key)) for key in keys])

    async def consume(self, queue, prefetch):
        consumer = Consumer(
            "tag", lambda messages, helds, count: self.held.extend(helds),
            cancelled=lambda one, error: None, no_ack=False, credits=[Credit(prefetch)],
        )  # fmt: skip
        await self.link.consume(queue, consumer)


@pytest.fixture
async def other(yard):
    one = Client(yard, channels=lambda: 3)
    yield one
    await one.link.close()


async def test_a_connection_is_shown_with_what_it_has_and_did(yard, client, other):
    queue = await other.link.declare_queue("work")
    await other.publish("", "work", "work", "elsewhere")
    await other.consume(queue, 1)
    [shown] = (await client.get("/v1/connections")).json()
    assert shown == {
        "id": other.link.number,
        "project_id": yard.project.id,
        "protocol": "amqp",
        "peer": "192.0.2.7:5",
        "name": "tester",
        "caller": "bootstrap",
        "key_id": other.link.who.key_id,
        "since": NOW,
        "channels": 3,
        "consumers": 1,
        "unacked": 1,
        "paused": False,
        "delivered": 1,
        "published": 3,
    }
    assert (await client.get(f"/v1/connections/{shown['id']}")).json() == shown
    other.link.pause()
    assert (await client.get(f"/v1/connections/{shown['id']}")).json()["paused"] is True


async def test_a_client_that_is_disconnected_is_told_why_and_once(client, other, refused):
    path = f"/v1/connections/{other.link.number}"
    for _ in range(2):
        assert (await client.delete(path, params={"reason": "it is late"})).status_code == 204
    assert [(error.code, error.message) for error in other.ended] == [
        ("disconnected", "this connection was ended by bootstrap: it is late")
    ]
    await other.link.close()
    assert refused(await client.delete(path)) == (404, "not_found", None)


async def test_a_queue_is_shown_with_what_waits_in_it_and_what_it_is_given(yard, client, other):
    await other.link.declare_exchange("orders", ExchangeSettings())
    queue = await other.link.declare_queue(
        "eu", durable=True, arguments={"x-max-length": 5, "x-message-ttl": 60_000, "x-mine": "kept"}
    )
    await other.link.bind(queue, "orders", "*.eu")
    await other.publish("orders", "1.eu", "2.eu", "3.us")
    await other.consume(queue, 1)
    [shown] = (await client.get("/v1/queues")).json()
    assert shown == {
        "id": queue.id,
        "project_id": yard.project.id,
        "name": "eu",
        "durable": True,
        "auto_delete": False,
        "exclusive": False,
        "ready": 1,
        "unacked": 1,
        "consumers": 1,
        "lag": 2,
        "bindings": [
            {"exchange": "", "key": "eu", "arguments": {}},
            {"exchange": "orders", "key": "*.eu", "arguments": {}},
        ],
        "options": {
            "expires_ms": None,
            "ttl_ms": 60_000,
            "max_length": 5,
            "max_bytes": None,
            "max_priority": None,
            "overflow": "drop-head",
            "dead_letter_exchange": None,
            "dead_letter_key": None,
            "single_active": False,
            "arguments": {"x-max-length": 5, "x-message-ttl": 60_000, "x-mine": "kept"},
        },
        "key_id": other.link.who.key_id,
        "categories": None,
        "created_at": NOW,
    }
    assert (await client.get(f"/v1/queues/{queue.id}")).json() == shown


async def test_a_queue_is_purged_and_deleted(client, other, refused):
    queue = await other.link.declare_queue("work")
    await other.publish("", "work", "work")
    assert (await client.post(f"/v1/queues/{queue.id}/purge")).json() == {"purged": 2}
    assert (await client.get(f"/v1/queues/{queue.id}")).json()["lag"] == 0
    assert (await client.delete(f"/v1/queues/{queue.id}")).status_code == 204
    assert refused(await client.get(f"/v1/queues/{queue.id}")) == (404, "not_found", None)
    assert queue.gone


async def test_an_exclusive_queue_that_was_deleted_does_not_take_its_successor_along(yard, client, other):
    first = await other.link.declare_queue("mine", exclusive=True)
    assert (await client.get(f"/v1/queues/{first.id}")).json()["exclusive"] is True
    await client.delete(f"/v1/queues/{first.id}")
    successor = Client(yard)
    second = await successor.link.declare_queue("mine", exclusive=True)
    await other.link.close()
    assert (await client.get(f"/v1/queues/{second.id}")).status_code == 200
    await successor.link.close()


async def test_exchanges_are_topics_and_show_where_they_lead(client, other):
    await other.link.declare_exchange("all", ExchangeSettings(type=ExchangeType.FANOUT, alternate="lost"))
    queue = await other.link.declare_queue("work")
    await other.link.bind_exchange("all", "amq.topic", "a.#", {})
    await other.link.bind(queue, "amq.topic", "b", {"x-mine": 1})
    listed = {exchange["name"]: exchange for exchange in (await client.get("/v1/exchanges")).json()}
    assert listed.keys() == {"", "all", "amq.topic"}
    assert {"type": "fanout", "durable": True, "internal": False, "alternate": "lost"}.items() <= listed["all"].items()
    assert [listed[name]["bindings"] for name in ("", "all", "amq.topic")] == [1, 0, 2]
    ways = [
        {"to": "queue", "name": "work", "key": "b", "arguments": {"x-mine": 1}},
        {"to": "exchange", "name": "all", "key": "a.#", "arguments": {}},
    ]
    for name in ("amq.topic", listed["amq.topic"]["id"]):
        assert (await client.get(f"/v1/exchanges/{name}/bindings")).json() == ways
    page = await client.get("/v1/exchanges/amq.topic/bindings?limit=1")
    assert page.json() == ways[:1]
    following = page.headers["link"].partition(">")[0].lstrip("<")
    assert (await client.get(following)).json() == ways[1:]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/connections/{connection}"),
        ("DELETE", "/v1/connections/{connection}"),
        ("GET", "/v1/queues/{queue}"),
        ("DELETE", "/v1/queues/{queue}"),
        ("POST", "/v1/queues/{queue}/purge"),
        ("GET", "/v1/exchanges/{exchange}/bindings"),
    ],
)
async def test_to_look_and_to_act_each_needs_its_scope_and_strangers_find_nothing(
    yard, client_of, other, refused, method, path
):
    queue = await other.link.declare_queue("work")
    [topic] = yard.hub.inventory.exchanges(yard.hub.keys.by_key(yard.key), None)
    path = path.format(connection=other.link.number, queue=queue.id, exchange=topic.topic.id)
    wrong = Scope.CATALOG_WRITE if method == "GET" else Scope.CATALOG_READ
    weak = await client_of(await yard.key_for(wrong))
    assert refused(await weak.request(method, path))[:2] == (403, "forbidden")
    stranger = await client_of(await yard.stranger_key())
    assert refused(await stranger.request(method, path))[0] in (400, 404)
    right = Scope.CATALOG_READ if method == "GET" else Scope.CATALOG_WRITE
    able = await client_of(await yard.key_for(right))
    assert (await able.request(method, path)).status_code < 300


async def test_a_queue_shows_the_categories_of_who_declared_it_to_who_sees_as_much(yard, client, client_of, other):
    key = await yard.key_for(Scope.ADMIN, categories=("b", "a"))
    limited = Client(yard, key)
    await limited.link.declare_queue("theirs")
    await other.link.declare_queue("everybody's")
    shown = {one["name"]: one["categories"] for one in (await client.get("/v1/queues")).json()}
    assert shown == {"theirs": ["a", "b"], "everybody's": None}
    same = await client_of(key)
    assert [one["name"] for one in (await same.get("/v1/queues")).json()] == ["theirs"]
    assert [one["id"] for one in (await same.get("/v1/connections")).json()] == [limited.link.number]
    assert (await same.delete(f"/v1/connections/{other.link.number}")).status_code == 404
    await limited.link.close()
