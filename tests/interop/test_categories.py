"""Two departments and one who looks around, on the streams of one hub: each is given what bears a category of theirs.

Pay slips are for personnel; orders are for all, but personnel publishes some of them, too.
"""

import http.client
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any
from urllib.parse import quote, urlsplit

import pika
import pytest
from pika.adapters.blocking_connection import BlockingChannel
from pika.exceptions import ChannelClosedByBroker, ConnectionClosedByBroker
from websockets.sync.client import connect

from eventyard.wire.stomp.frames import Frame, FrameLimits, FrameReader, encode
from tests.interop.broker import Broker, broker

WAIT_S = 20
SLIPS, ORDERS = [1, 4], [2, 3]
"""Numbers of what was published: into ``pay``; and into ``orders``, where 3 is from personnel."""


class Yard:
    """A project with what the two departments have, and a key for each."""

    def __init__(self, hub: Broker, name: str) -> None:
        self.hub = hub
        self.url = f"http://127.0.0.1:{hub.port_of('http')}"
        self.project = hub.post("/v1/projects", name=name)["id"]
        for application, words in (("desk", []), ("hr", ["personnel"]), ("shop", [])):
            self.post("/v1/applications", name=application, categories=words)
        self.pay = self.post("/v1/topics", name="pay", categories=["personnel"])["id"]
        self.orders = self.post("/v1/topics", name="orders")["id"]
        for application, topic in (("hr", "pay"), ("hr", "orders"), ("shop", "orders")):
            self.post("/v1/sources", name=f"{application}-{topic}", application=application, topic=topic)
        self.personnel = self.key("personnel")
        self.sales = self.key("sales")
        for number, source in enumerate(("hr-pay", "shop-orders", "hr-orders", "hr-pay"), 1):
            self.publish(source, number)

    def post(self, path: str, **body: Any) -> Any:
        return self.hub.post(path, project_id=self.project, **body)

    def key(self, *categories: str) -> str:
        scopes = ["events:read", "events:publish", "catalog:read", "catalog:write"]
        return str(self.post("/v1/keys", name=" ".join(categories), scopes=scopes, categories=list(categories))["key"])

    def publish(self, source: str, number: int) -> None:
        self.post("/v1/events/dispatch", source=source, payload={"n": number})

    def entries(self, **query: Any) -> list[dict[str, Any]]:
        return self.hub.entries(project_id=self.project, **query)


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    with broker(tmp_path_factory.mktemp("hub") / "data") as one:
        yield one


@pytest.fixture
def yard(hub: Broker, request: pytest.FixtureRequest) -> Yard:
    return Yard(hub, request.node.name)


# Over each protocol: what an exchange gives from its beginning on, or what the client is told instead

Told = list[int] | str


def over_amqp(yard: Yard, key: str, exchange: str, number: int) -> Told:
    with pika.BlockingConnection(pika.URLParameters(yard.hub.url(key))) as connection:
        channel = connection.channel()
        queue = str(channel.queue_declare("", exclusive=True).method.queue)
        try:
            channel.queue_bind(queue, exchange, "#")
        except ChannelClosedByBroker as closed:
            return f"{closed.reply_code} {closed.reply_text}"
        offset = {"x-stream-offset": "first"}
        return [json.loads(body)["data"]["n"] for _, _, body in taken(channel, queue, number, offset)]


def taken(channel: BlockingChannel, queue: str, number: int, arguments: dict[str, str] | None = None) -> list[tuple]:  # type: ignore[type-arg]
    found = []
    for one in channel.consume(queue, inactivity_timeout=WAIT_S, auto_ack=True, arguments=arguments):
        assert one[0] is not None, f"only {found}"
        found.append(one)
        if len(found) == number:
            break
    channel.cancel()
    return found


def over_stomp(yard: Yard, key: str, exchange: str, number: int) -> Told:
    with connect(yard.url.replace("http", "ws", 1) + "/ws", subprotocols=["v12.stomp"]) as socket:  # type: ignore[list-item]
        reader = FrameReader(FrameLimits())

        def frames() -> Iterator[Frame]:
            while True:
                received = socket.recv(timeout=WAIT_S)
                yield from reader.feed(received.encode() if isinstance(received, str) else received)

        coming = frames()
        socket.send(encode(Frame("CONNECT", {"accept-version": "1.2", "host": "/", "passcode": key})).decode())
        assert next(coming).command == "CONNECTED"
        headers = {"id": "1", "destination": f"/exchange/{exchange}/#", "x-stream-offset": "first"}
        socket.send(encode(Frame("SUBSCRIBE", headers)).decode())
        found: list[int] = []
        for frame in coming:
            if frame.command == "ERROR":
                return f"{frame.headers['code']} {frame.body.decode()}"
            found.append(json.loads(frame.body)["data"]["n"])
            if len(found) == number:
                break
        return found


def over_http(yard: Yard, key: str, exchange: str, number: int) -> Told:
    with closing(http.client.HTTPConnection(urlsplit(yard.url).netloc, timeout=WAIT_S)) as connection:
        path = f"/v1/streams/{quote(exchange)}?from=first"
        connection.request("GET", path, headers={"authorization": f"Bearer {key}"})
        with closing(connection.getresponse()) as answer:
            if answer.status != http.client.OK:
                problem = json.loads(answer.read())
                return f"{answer.status} {problem['code']} {problem['detail']}"
            found: list[int] = []
            while len(found) < number:
                line = answer.readline()
                assert line, f"only {found}"
                if line.startswith(b"data: "):
                    found.append(json.loads(line[6:])["data"]["n"])
            return found


OVER = pytest.mark.parametrize("read", [over_amqp, over_stomp, over_http])
Read = Callable[[Yard, str, str, int], Told]


@OVER
def test_each_is_given_what_bears_a_category_of_theirs_from_the_beginning_on(yard: Yard, read: Read) -> None:
    assert read(yard, yard.personnel, "pay", 2) == SLIPS
    assert read(yard, yard.personnel, "orders", 2) == ORDERS
    yard.publish("hr-orders", 5)
    yard.publish("shop-orders", 6)
    assert read(yard, yard.sales, "orders", 2) == [2, 6]


@OVER
def test_who_looks_around_is_told_the_same_of_what_is_hidden_and_of_what_is_not_there(yard: Yard, read: Read) -> None:
    hidden = ["pay", f"project.{yard.project}", "amq.topic"]
    answers = {name: read(yard, yard.sales, name, 1) for name in [*hidden, "nothing"]}
    assert {str(answer).replace(repr(name), "?") for name, answer in answers.items()} == {
        str(answers["nothing"]).replace("'nothing'", "?")
    }


# One who tries everything over AMQP


def refusal(yard: Yard, key: str, attempt: Callable[[BlockingChannel], object]) -> str:
    """What closes the channel on which something is tried; empty if nothing does."""
    with pika.BlockingConnection(pika.URLParameters(yard.hub.url(key))) as connection:
        channel = connection.channel()
        channel.confirm_delivery()
        try:
            attempt(channel)
        except ChannelClosedByBroker as closed:
            return f"{closed.reply_code} {closed.reply_text}"
    return ""


def test_nothing_that_is_tried_tells_what_is_hidden_from_what_is_not_there(yard: Yard) -> None:
    def mine(channel: BlockingChannel) -> str:
        return str(channel.queue_declare("mine", durable=True).method.queue)

    with pika.BlockingConnection(pika.URLParameters(yard.hub.url(yard.personnel))) as theirs:
        theirs.channel().queue_declare("for-pay", durable=True)
        theirs.channel().queue_bind("for-pay", "pay", "#")
    attempts: dict[str, Callable[[BlockingChannel, str], object]] = {
        "publish": lambda channel, name: channel.basic_publish(name, "k", b"{}"),
        "look": lambda channel, name: channel.exchange_declare(name, passive=True),
        "bind": lambda channel, name: channel.queue_bind(mine(channel), name, "#"),
        "unbind": lambda channel, name: channel.queue_unbind(mine(channel), name, "#"),
        "pass on": lambda channel, name: channel.exchange_bind(name, "orders", "#"),
        "listen in": lambda channel, name: channel.exchange_bind("orders", name, "#"),
        "delete": lambda channel, name: channel.exchange_delete(name),
        "overflow": lambda channel, name: channel.exchange_declare(
            "leak", "topic", durable=True, arguments={"alternate-exchange": name}
        ),
        "look at a queue": lambda channel, name: channel.queue_declare(f"for-{name}", passive=True),
        "consume": lambda channel, name: channel.basic_consume(f"for-{name}", lambda *_: None),
        "fetch": lambda channel, name: channel.basic_get(f"for-{name}"),
        "purge": lambda channel, name: channel.queue_purge(f"for-{name}"),
        "delete a queue": lambda channel, name: channel.queue_delete(f"for-{name}"),
        "bind a queue": lambda channel, name: channel.queue_bind(f"for-{name}", "orders", "#"),
    }

    for what, attempt in attempts.items():
        told = {
            name: refusal(yard, yard.sales, lambda channel, name=name, attempt=attempt: attempt(channel, name)).replace(
                name, "?"
            )
            for name in ("pay", "nothing")
        }
        assert told["pay"] == told["nothing"], what
    grave = {"x-message-ttl": 0, "x-dead-letter-exchange": "pay", "x-dead-letter-routing-key": "forged"}
    assert refusal(yard, yard.sales, lambda channel: channel.queue_declare("bomb", arguments=grave)) == ""
    assert refusal(yard, yard.sales, lambda channel: channel.queue_bind("bomb", "orders", "#")) == ""
    yard.publish("shop-orders", 7)
    assert over_amqp(yard, yard.sales, "orders", 2) == [2, 7]
    assert over_amqp(yard, yard.personnel, "pay", 2) == SLIPS
    assert {entry["topic"] for entry in yard.entries(kind="publication")} == {"pay", "orders"}
    assert len(yard.entries(topic="pay")) == len(SLIPS)


def test_a_queue_that_two_share_is_given_what_both_may_see(yard: Yard) -> None:
    with pika.BlockingConnection(pika.URLParameters(yard.hub.url(yard.sales))) as connection:
        channel = connection.channel()
        channel.queue_declare("shared", durable=True)
        channel.queue_bind("shared", "orders", "#")
    for number, source in ((5, "hr-orders"), (6, "shop-orders"), (7, "hr-orders")):
        yard.publish(source, number)
    with pika.BlockingConnection(pika.URLParameters(yard.hub.url(yard.key("sales")))) as connection:
        found = taken(connection.channel(), "shared", 1)
        assert [json.loads(body)["data"]["n"] for _, _, body in found] == [6]
        method = connection.channel().queue_declare("shared", passive=True).method
        assert method.message_count == 0
    locked = refusal(yard, yard.key("sales", "personnel"), lambda c: c.basic_get("shared"))
    assert locked.startswith("405 RESOURCE_LOCKED")
    assert {one["name"]: one["categories"] for one in yard.hub.call("GET", "/v1/queues", project_id=yard.project)} == {
        "shared": ["sales"]
    }


# While somebody is connected


def test_what_is_sorted_anew_counts_at_once_on_a_living_connection(yard: Yard) -> None:
    with pika.BlockingConnection(pika.URLParameters(yard.hub.url(yard.sales))) as connection:
        channel = connection.channel()
        channel.queue_declare("q", exclusive=True)
        channel.queue_bind("q", "orders", "#")
        yard.publish("shop-orders", 5)
        yard.hub.call("PATCH", f"/v1/topics/{yard.orders}", {"categories": ["personnel"]})
        yard.publish("shop-orders", 6)
        assert channel.queue_declare("q", passive=True).method.message_count == 0
        yard.hub.call("PATCH", f"/v1/topics/{yard.orders}", {"categories": ["sales"]})
        yard.publish("shop-orders", 7)
        assert [json.loads(body)["data"]["n"] for _, _, body in taken(channel, "q", 1)] == [7]


def test_a_connection_ends_when_its_user_may_see_something_else(yard: Yard) -> None:
    scopes = ["events:read"]
    ada = yard.hub.post("/v1/users", name="ada", password="by-the-engine", scopes=scopes, categories=["personnel"])
    connection = pika.BlockingConnection(
        pika.ConnectionParameters(
            "127.0.0.1", yard.hub.port, yard.project, pika.PlainCredentials("ada", "by-the-engine")
        )
    )
    channel = connection.channel()
    channel.queue_declare("q", exclusive=True)
    channel.queue_bind("q", "pay", "#")
    yard.hub.call("PATCH", f"/v1/users/{ada['id']}", {"categories": ["sales"]})
    yard.publish("hr-pay", 8)
    with pytest.raises(ConnectionClosedByBroker) as ended:
        connection.process_data_events(WAIT_S)
        channel.queue_declare("q", passive=True)
    assert ended.value.reply_code == 320
    assert "other categories" in ended.value.reply_text


# And in a terminal


def test_tail_shows_what_may_be_seen(yard: Yard) -> None:
    yard.publish("hr-orders", 5)
    yard.publish("shop-orders", 6)

    def tail(exchange: str, *more: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "eventyard.cli", "tail", exchange, "--from", "first", *more],
            env={**os.environ, "EVENTYARD_URL": yard.url, "EVENTYARD_KEY": yard.sales},
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip

    seen = tail("orders", "--limit", "2")
    assert [line.rpartition("  ")[2] for line in seen.stdout.splitlines()] == ['{"n": 2}', '{"n": 6}']
    hidden, nothing = tail("pay"), tail("nothing")
    assert hidden.returncode == nothing.returncode != 0
    assert hidden.stderr.replace("pay", "?") == nothing.stderr.replace("nothing", "?")
