"""What clients of RabbitMQ take for granted, asked for by pika: exchanges, queues, acknowledgements, transactions."""

import ssl
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pika
import pytest
from pika.adapters.blocking_connection import BlockingChannel
from pika.credentials import ExternalCredentials
from pika.exceptions import (
    AMQPConnectionError,
    ChannelClosedByBroker,
    NackError,
    ProbableAuthenticationError,
    UnroutableError,
)

from tests.interop.broker import Broker, broker
from tests.interop.certificates import Authority
from tests.serving import KEY

WAIT_S = 20


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    with broker(tmp_path_factory.mktemp("hub") / "data") as yard:
        yield yard


@pytest.fixture
def connection(hub: Broker) -> Iterator[pika.BlockingConnection]:
    with pika.BlockingConnection(pika.URLParameters(hub.url())) as one:
        yield one


@pytest.fixture
def channel(connection: pika.BlockingConnection) -> BlockingChannel:
    return connection.channel()


def queue(channel: BlockingChannel, **arguments: Any) -> str:
    """A private queue."""
    return str(channel.queue_declare("", exclusive=True, arguments=arguments).method.queue)


def taken(channel: BlockingChannel, name: str, number: int) -> list[str]:
    """The next messages of a queue, acknowledged."""
    found = []
    for method, _, body in channel.consume(name, inactivity_timeout=WAIT_S):
        assert method is not None, f"only {found}"
        channel.basic_ack(method.delivery_tag)
        found.append(body.decode())
        if len(found) == number:
            break
    channel.cancel()
    return found


def send(channel: BlockingChannel, exchange: str, *messages: tuple[str, str], **properties: Any) -> None:
    for key, body in messages:
        channel.basic_publish(exchange, key, body.encode(), pika.BasicProperties(**properties))


# Exchanges


def test_direct_fanout_and_topic_exchanges_choose_by_key(channel: BlockingChannel) -> None:
    for kind, bound, given in [
        ("direct", "a.b", ["a.b"]),
        ("fanout", "ignored", ["a.b", "a.c.d", ""]),
        ("topic", "a.#", ["a.b", "a.c.d"]),
        ("topic", "*.b", ["a.b"]),
    ]:
        channel.exchange_declare(f"it.{kind}", kind)
        name = queue(channel)
        channel.queue_bind(name, f"it.{kind}", bound)
        send(channel, f"it.{kind}", *((key, key) for key in ("a.b", "a.c.d", "")))
        assert taken(channel, name, len(given)) == given


def test_a_headers_exchange_chooses_by_all_or_any_header(channel: BlockingChannel) -> None:
    both, either = queue(channel), queue(channel)
    channel.queue_bind(both, "amq.headers", "", {"x-match": "all", "kind": "car", "wheels": 4})
    channel.queue_bind(either, "amq.match", "", {"x-match": "any", "kind": "car", "wheels": 4})
    for exchange in ("amq.headers", "amq.match"):
        send(channel, exchange, ("", "truck"), headers={"kind": "truck", "wheels": 4})
        send(channel, exchange, ("", "car"), headers={"kind": "car", "wheels": 4, "doors": 2})
    assert taken(channel, both, 1) == ["car"]
    assert taken(channel, either, 2) == ["truck", "car"]


def test_exchanges_feed_exchanges_and_what_reaches_nobody_goes_to_the_alternate(channel: BlockingChannel) -> None:
    channel.exchange_declare("it.lost", "fanout")
    channel.exchange_declare("it.front", "direct", arguments={"alternate-exchange": "it.lost"})
    channel.exchange_declare("it.back", "topic")
    channel.exchange_bind("it.back", "it.front", "known.key")
    found, lost = queue(channel), queue(channel)
    channel.queue_bind(found, "it.back", "known.*")
    channel.queue_bind(lost, "it.lost", "")
    send(channel, "it.front", ("known.key", "1"), ("unknown.key", "2"))
    assert (taken(channel, found, 1), taken(channel, lost, 1)) == (["1"], ["2"])
    channel.exchange_unbind("it.back", "it.front", "known.key")
    send(channel, "it.front", ("known.key", "3"))
    assert taken(channel, lost, 1) == ["3"]


# Acknowledgements


def test_prefetch_bounds_each_consumer_and_global_prefetch_all_of_a_channel(channel: BlockingChannel) -> None:
    one, other = queue(channel), queue(channel)
    for name in (one, other):
        send(channel, "", *((name, str(number)) for number in range(9)))
    got: list[tuple[str, int]] = []

    def keep(_: Any, method: Any, __: Any, ___: bytes) -> None:
        got.append((method.consumer_tag, method.delivery_tag))

    def settled(number: int) -> list[str]:
        while len(got) < number:
            channel.connection.process_data_events(WAIT_S)
        channel.basic_qos(prefetch_count=0)  # whatever else was on its way has come before the answer
        return sorted(tag for tag, _ in got)

    channel.basic_qos(prefetch_count=2)
    channel.basic_consume(one, keep, consumer_tag="one")
    channel.basic_qos(prefetch_count=3)
    channel.basic_consume(other, keep, consumer_tag="other")
    assert settled(5) == ["one"] * 2 + ["other"] * 3
    channel.basic_qos(prefetch_count=6, global_qos=True)
    channel.basic_ack(0, multiple=True)
    del got[:]
    assert settled(5) == ["one"] * 2 + ["other"] * 3
    channel.basic_qos(prefetch_count=4, global_qos=True)
    channel.basic_ack(0, multiple=True)
    del got[:]
    assert len(settled(4)) == 4


def test_what_is_refused_comes_back_marked_or_is_gone(channel: BlockingChannel) -> None:
    name = queue(channel)
    send(channel, "", *((name, str(number)) for number in range(5)))
    tags = [channel.basic_get(name)[0].delivery_tag for _ in range(4)]
    channel.basic_reject(tags[0], requeue=False)
    channel.basic_nack(tags[2], multiple=True, requeue=True)
    seen = [channel.basic_get(name) for _ in range(3)]
    assert [(method.redelivered, body) for method, _, body in seen] == [(True, b"1"), (True, b"2"), (False, b"4")]
    channel.basic_recover(requeue=True)
    again = [channel.basic_get(name) for _ in range(4)]
    assert [(method.redelivered, body) for method, _, body in again] == [
        (True, b"1"), (True, b"2"), (True, b"3"), (True, b"4"),
    ]  # fmt: skip
    channel.basic_ack(again[-1][0].delivery_tag, multiple=True)
    assert channel.basic_get(name) == (None, None, None)


def test_an_unroutable_mandatory_message_is_returned_before_it_is_confirmed(channel: BlockingChannel) -> None:
    channel.confirm_delivery()
    with pytest.raises(UnroutableError) as refused:
        channel.basic_publish("amq.direct", "nowhere", b"lost", mandatory=True)
    (returned,) = refused.value.messages
    assert (returned.method.reply_code, returned.method.reply_text) == (312, "NO_ROUTE")
    assert (returned.method.exchange, returned.method.routing_key, returned.body) == ("amq.direct", "nowhere", b"lost")
    channel.basic_publish("amq.direct", "nowhere", b"unasked for")


def test_a_transaction_happens_as_a_whole_or_not_at_all(channel: BlockingChannel) -> None:
    name = queue(channel)
    send(channel, "", (name, "before"))
    channel.tx_select()
    send(channel, "", (name, "dropped"))
    channel.basic_ack(channel.basic_get(name)[0].delivery_tag)
    channel.tx_rollback()
    send(channel, "", (name, "kept"))
    channel.basic_ack(1)
    assert channel.basic_get(name) == (None, None, None)
    channel.tx_commit()
    method, _, body = channel.basic_get(name)
    assert (body, method.redelivered, method.message_count) == (b"kept", False, 0)


# What queues do by themselves


def test_messages_die_of_age_of_refusal_and_of_crowding_and_tell_of_it(channel: BlockingChannel) -> None:
    grave = queue(channel)
    channel.queue_bind(grave, "amq.direct", "dead")
    burial = {"x-dead-letter-exchange": "amq.direct", "x-dead-letter-routing-key": "dead"}
    short = queue(channel, **burial, **{"x-max-length": 1})
    brief = queue(channel, **burial, **{"x-message-ttl": 1})
    plain = queue(channel, **burial)
    send(channel, "", (short, "1"), (short, "2"))
    send(channel, "", (plain, "3"))
    channel.basic_reject(channel.basic_get(plain)[0].delivery_tag, requeue=False)
    buried = {}
    for _ in range(2):
        _, properties, body = next(channel.consume(grave, auto_ack=True, inactivity_timeout=WAIT_S))
        buried[body] = properties.headers
    send(channel, "", (brief, "4"))
    send(channel, "", (plain, "5"), expiration="1")
    for _ in range(2):
        _, properties, body = next(channel.consume(grave, auto_ack=True, inactivity_timeout=WAIT_S))
        buried[body] = properties.headers
    reasons = {b"1": (short, "maxlen"), b"3": (plain, "rejected"), b"4": (brief, "expired"), b"5": (plain, "expired")}
    assert {body: (h["x-death"][0]["queue"], h["x-death"][0]["reason"]) for body, h in buried.items()} == reasons
    assert buried[b"3"]["x-first-death-reason"] == "rejected"
    death = buried[b"1"]["x-death"][0]
    assert (death["count"], death["exchange"], death["routing-keys"]) == (1, "", [short])
    channel.cancel()
    assert channel.basic_get(short)[2] == b"2"


def test_a_full_queue_that_refuses_says_so_to_the_publisher(channel: BlockingChannel) -> None:
    name = queue(channel, **{"x-max-length": 2, "x-overflow": "reject-publish"})
    channel.confirm_delivery()
    send(channel, "", (name, "1"), (name, "2"))
    with pytest.raises(NackError):
        send(channel, "", (name, "3"))
    assert taken(channel, name, 2) == ["1", "2"]


def test_a_queue_nobody_uses_goes_and_so_does_one_whose_last_consumer_left(
    hub: Broker, connection: pika.BlockingConnection
) -> None:
    channel = connection.channel()
    channel.queue_declare("it.brief", arguments={"x-expires": 1})
    channel.queue_declare("it.auto", auto_delete=True)
    channel.basic_cancel(channel.basic_consume("it.auto", print))
    for name in ("it.brief", "it.auto"):
        there = True
        while there:
            with pika.BlockingConnection(pika.URLParameters(hub.url())) as other:
                try:
                    other.channel().queue_declare(name, passive=True)
                except ChannelClosedByBroker as closed:
                    assert closed.reply_code == 404
                    there = False


def test_one_consumer_at_a_time_is_active_and_the_next_takes_over(channel: BlockingChannel) -> None:
    name = queue(channel, **{"x-single-active-consumer": True})
    got: list[tuple[str, bytes]] = []

    def keep(tag: str, _: Any, __: Any, ___: Any, body: bytes) -> None:
        got.append((tag, body))

    def until(number: int) -> list[tuple[str, bytes]]:
        while len(got) < number:
            channel.connection.process_data_events(WAIT_S)
        return got

    for tag in ("first", "second"):
        channel.basic_consume(name, partial(keep, tag), auto_ack=True, consumer_tag=tag)
    send(channel, "", (name, "1"), (name, "2"))
    assert until(2) == [("first", b"1"), ("first", b"2")]
    channel.basic_cancel("first")
    send(channel, "", (name, "3"))
    assert until(3)[2] == ("second", b"3")


def test_a_consumer_is_told_when_its_queue_is_deleted(hub: Broker, channel: BlockingChannel) -> None:
    channel.queue_declare("it.doomed")
    told: list[str] = []
    channel.add_on_cancel_callback(lambda frame: told.append(frame.method.consumer_tag))
    channel.basic_consume("it.doomed", print, consumer_tag="reader")
    with pika.BlockingConnection(pika.URLParameters(hub.url())) as other:
        assert other.channel().queue_delete("it.doomed").method.message_count == 0
    while not told:
        channel.connection.process_data_events(WAIT_S)
    assert told == ["reader"]


# What outlives the hub


def test_a_durable_queue_outlives_a_hub_that_dies_with_what_was_not_acknowledged(hub: Broker) -> None:
    with pytest.raises(AMQPConnectionError), pika.BlockingConnection(pika.URLParameters(hub.url())) as before:
        channel = before.channel()
        channel.queue_declare("it.durable", durable=True)
        channel.queue_bind("it.durable", "amq.topic", "kept.#")
        channel.confirm_delivery()
        send(channel, "amq.topic", *((f"kept.{number}", str(number)) for number in range(5)), delivery_mode=2)
        given = [channel.basic_get("it.durable")[0].delivery_tag for _ in range(3)]
        channel.basic_ack(given[0])
        hub.kill()
    hub.start()
    with pika.BlockingConnection(pika.URLParameters(hub.url())) as after:
        channel = after.channel()
        found = taken(channel, "it.durable", channel.queue_declare("it.durable", passive=True).method.message_count)
        assert found[-4:] == ["1", "2", "3", "4"]
        assert found in (["0", "1", "2", "3", "4"], ["1", "2", "3", "4"])


# TLS


def test_a_certificate_that_bears_the_id_of_a_key_is_as_good_as_the_key(tmp_path: Path) -> None:
    authority, other = Authority(tmp_path), Authority(tmp_path, "another")
    settings = {
        "EVENTYARD_AMQPS": "127.0.0.1:0",
        "EVENTYARD_TLS__CERTIFICATE": str(authority.certify("hub")),
        "EVENTYARD_TLS__CLIENT_CA": str(authority.file),
    }

    def parameters(hub: Broker, certificate: Path | None, credentials: Any) -> pika.ConnectionParameters:
        context = ssl.create_default_context(cafile=str(authority.file))
        if certificate is not None:
            context.load_cert_chain(certificate)
        return pika.ConnectionParameters(
            "127.0.0.1", hub.port_of("amqps"), ssl_options=pika.SSLOptions(context), credentials=credentials
        )

    with broker(tmp_path / "data", **settings) as hub:
        key = hub.post("/v1/keys", name="certified", scopes=["events:read"])
        certified, unknown = authority.certify(key["id"]), authority.certify("unknown")
        with pika.BlockingConnection(parameters(hub, certified, ExternalCredentials())) as connection:
            channel = connection.channel()
            assert queue(channel)
            with pytest.raises(ChannelClosedByBroker) as refused:
                channel.exchange_declare("not.for.readers")
            assert refused.value.reply_code == 403
        with pika.BlockingConnection(parameters(hub, None, pika.PlainCredentials("key", KEY))) as connection:
            assert connection.channel()
        with pytest.raises(ProbableAuthenticationError):
            pika.BlockingConnection(parameters(hub, unknown, ExternalCredentials()))
        with pytest.raises(AMQPConnectionError):
            pika.BlockingConnection(parameters(hub, other.certify(key["id"]), ExternalCredentials()))
