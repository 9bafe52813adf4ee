"""Every way in which a channel or a connection is refused: the code, the text and the method blamed, as bytes have it.

pamqp writes the frames and reads the answers; nothing of a client library stands between, so a row can break rules
that libraries keep.
"""

from collections.abc import Iterator
from contextlib import closing

import pytest
from pamqp.commands import Basic, Channel, Confirm, Connection, Exchange, Queue, Tx
from pamqp.header import ContentHeader

from tests.interop.broker import Broker, broker
from tests.interop.wire import GREETING, Wire, connected
from tests.serving import KEY
from tests.wire.amqp_client import content, method, publish


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    with broker(tmp_path_factory.mktemp("hub") / "data") as yard:
        yield yard


def goodbye(wire: Wire) -> tuple[str, int, str, tuple[int, int]]:
    """How the other side closed the channel or the connection."""
    number, read = wire.until(Channel.Close, Connection.Close)
    level = "channel" if isinstance(read, Channel.Close) else "connection"
    assert (number == 0) == (level == "connection")
    return level, read.reply_code, read.reply_text, (read.class_id, read.method_id)


ROWS = [
    (method(1, Queue.Declare(queue="amq.mine")), "channel", 403, "queue name 'amq.mine'", (50, 10)),
    (method(1, Exchange.Declare(exchange="amq.mine")), "channel", 403, "exchange name 'amq.mine'", (40, 10)),
    (method(1, Exchange.Declare(exchange="", passive=True)), "channel", 403, "default exchange", (40, 10)),
    (method(1, Exchange.Delete(exchange="amq.topic")), "channel", 403, "'amq.topic'", (40, 20)),
    (method(1, Queue.Bind(queue="there", exchange="")), "channel", 403, "default exchange", (50, 20)),
    (method(1, Queue.Declare(queue="none", passive=True)), "channel", 404, "no queue 'none'", (50, 10)),
    (method(1, Exchange.Declare(exchange="none", passive=True)), "channel", 404, "no exchange 'none'", (40, 10)),
    (method(1, Queue.Bind(queue="none", exchange="amq.topic")), "channel", 404, "no queue 'none'", (50, 20)),
    (method(1, Queue.Bind(queue="there", exchange="none")), "channel", 404, "no exchange 'none'", (50, 20)),
    (method(1, Queue.Purge(queue="none")), "channel", 404, "no queue 'none'", (50, 30)),
    (method(1, Basic.Consume(queue="none")), "channel", 404, "no queue 'none'", (60, 20)),
    (method(1, Basic.Get(queue="none")), "channel", 404, "no queue 'none'", (60, 70)),
    (publish(1, b"x", exchange="none"), "channel", 404, "no exchange 'none'", (60, 40)),
    (method(1, Queue.Declare(queue="locked")), "channel", 405, "locked queue 'locked'", (50, 10)),
    (method(1, Basic.Consume(queue="locked")), "channel", 405, "locked queue 'locked'", (60, 20)),
    (method(1, Queue.Delete(queue="locked")), "channel", 405, "locked queue 'locked'", (50, 40)),
    (
        method(1, Queue.Declare(queue="there", durable=True)), "channel", 406,
        "inequivalent arg 'durable' for queue 'there': received 'true' but current is 'false'", (50, 10),
    ),
    (
        method(1, Exchange.Declare(exchange="amq.topic", exchange_type="fanout", durable=True)), "channel", 406,
        "inequivalent arg 'type' for exchange 'amq.topic': received 'fanout' but current is 'topic'", (40, 10),
    ),
    (
        method(1, Exchange.Declare(exchange="odd", exchange_type="odd")), "channel", 406,
        "unknown exchange type 'odd'", (40, 10),
    ),
    (method(1, Basic.Ack(99)), "channel", 406, "unknown delivery tag 99", (60, 80)),
    (method(1, Queue.Delete(queue="filled", if_empty=True)), "channel", 406, "queue 'filled' not empty", (50, 40)),
    (
        method(1, Tx.Select()) + method(1, Confirm.Select()), "channel", 406,
        "cannot switch from tx to confirm mode", (85, 10),
    ),
    (method(1, Tx.Commit()), "channel", 406, "channel is not transactional", (90, 20)),
    (
        method(1, Basic.Publish(0, "", "k")) + method(1, ContentHeader(0, 1 << 40, Basic.Properties())),
        "channel", 406, "message size 1099511627776 is larger than configured max size", (60, 40),
    ),
    (b"\x01\0\1\0\0\0\4\0\x32\0\x0a\x00", "connection", 501, "", (0, 0)),
    (b"\x05\0\1\0\0\0\0\xce", "connection", 501, "", (0, 0)),
    (b"\x01\0\1\0\2\0\1", "connection", 501, "131073 octets", (0, 0)),
    (b"\x01\0\1\0\0\0\5\0\x32\0\x0a\x00\xce", "connection", 502, "", (50, 10)),
    (method(1, Basic.GetEmpty()), "connection", 503, "", (60, 72)),
    (method(9, Queue.Declare(queue="q")), "connection", 504, "expected 'channel.open'", (50, 10)),
    (method(1, Channel.Open()), "connection", 504, "second 'channel.open' seen", (20, 10)),
    (content(1, b"x"), "connection", 505, "expected method frame", (0, 0)),
    (method(1, Basic.Publish()) + method(1, Basic.Qos()), "connection", 505, "expected content header", (60, 40)),
    (
        method(1, Basic.Consume(queue="there", consumer_tag="t")) * 2, "connection", 530,
        "attempt to reuse consumer tag 't'", (60, 20),
    ),
    (publish(1, b"x").replace(b"\x01k\0", b"\x01k\2", 1), "connection", 540, "immediate=true", (60, 40)),
    (method(1, Basic.Qos(prefetch_size=1)), "connection", 540, "prefetch_size!=0", (60, 10)),
    (method(1, Basic.Consume(queue="amq.rabbitmq.reply-to")), "channel", 406, "reply consumer", (60, 20)),
    (
        method(1, Basic.Publish(0, "", "k")) + content(1, b"x", Basic.Properties(reply_to="amq.rabbitmq.reply-to")),
        "channel", 406, "fast reply consumer does not exist", (60, 40),
    ),
    (
        method(1, Basic.Publish(0, "", "k")) + content(1, b"x", Basic.Properties(headers={"CC": ["a"]})),
        "connection", 540, "the headers CC and BCC", (60, 40),
    ),
    (method(1, Channel.Flow(False)), "connection", 540, "active=false", (20, 20)),
    (method(1, Basic.Recover(False)), "connection", 540, "requeue=false", (60, 110)),
    (b"\1\0\1\0\0\0\4\0\x1e\0\x0a\xce", "connection", 540, "", (0, 0)),
]  # fmt: skip


@pytest.fixture(scope="module")
def furnished(hub: Broker) -> Iterator[Broker]:
    """The hub with the queues that the rows speak of."""
    with connected(hub.port) as owner:
        for queue, exclusive in (("there", False), ("filled", False), ("locked", True)):
            owner.send(method(1, Queue.Declare(queue=queue, exclusive=exclusive)))
            owner.until(Queue.DeclareOk)
        owner.send(method(1, Confirm.Select()), publish(1, b"x", key="filled"))
        owner.until(Basic.Ack)
        yield hub


@pytest.mark.parametrize(("sent", "level", "code", "text", "blamed"), ROWS)
def test_a_refusal_names_its_code_its_reason_and_the_method(
    furnished: Broker, sent: bytes, level: str, code: int, text: str, blamed: tuple[int, int]
) -> None:
    with connected(furnished.port) as wire:
        wire.send(sent)
        found = goodbye(wire)
        assert (found[0], found[1], found[3]) == (level, code, blamed)
        assert text in found[2]
        if level == "channel":
            wire.send(method(1, Channel.CloseOk()), method(1, Channel.Open()))
            wire.until(Channel.OpenOk)


def test_after_its_goodbye_the_hub_hears_nothing_but_the_answer(hub: Broker) -> None:
    with connected(hub.port) as wire:
        wire.send(method(1, Channel.Open()), method(1, Queue.Declare(queue="unheard")))
        assert goodbye(wire)[1] == 504
        wire.send(method(1, Queue.Declare(queue="unheard")), method(0, Connection.CloseOk()))
        assert wire.rest() == b""
    with connected(hub.port) as wire:
        wire.send(method(1, Queue.Declare(queue="unheard", passive=True)))
        assert goodbye(wire)[1] == 404


def test_another_protocol_is_answered_with_ours(hub: Broker) -> None:
    with closing(Wire(hub.port)) as wire:
        wire.send(b"GET / HTTP/1.1\r\n\r\n")
        assert wire.rest() == GREETING


@pytest.mark.parametrize(
    ("key", "vhost", "code", "text"),
    [
        ("eyk_wrong", "/", 403, "ACCESS_REFUSED - Login was refused using authentication mechanism PLAIN"),
        (KEY, "elsewhere", 530, "NOT_ALLOWED - vhost elsewhere not found"),
    ],
)
def test_who_may_not_come_in_is_told_so(hub: Broker, key: str, vhost: str, code: int, text: str) -> None:
    with closing(Wire(hub.port)) as wire:
        wire.log_in(key, vhost)
        assert goodbye(wire)[:2] == ("connection", code)


def test_who_cannot_be_told_is_cut_off(hub: Broker) -> None:
    with closing(Wire(hub.port)) as wire:
        wire.send(GREETING, method(0, Connection.StartOk({}, "PLAIN", "\0x\0wrong")))
        wire.until(Connection.Start)
        assert wire.rest() == b""


def test_bounds_that_were_agreed_on_hold(hub: Broker) -> None:
    with closing(Wire(hub.port)) as wire:
        wire.log_in(frame_max=1 << 20)
        assert goodbye(wire)[:2] == ("connection", 530)
    with connected(hub.port, channel_max=2, channels=2) as wire:
        wire.send(method(3, Channel.Open()))
        assert goodbye(wire) == (
            "connection", 530, "NOT_ALLOWED - number of channels opened has reached the negotiated channel_max (2)",
            (20, 10),
        )  # fmt: skip
    with connected(hub.port, frame_max=4_096) as wire:
        wire.send(publish(1, b"x" * 5_000))
        assert goodbye(wire)[:2] == ("connection", 501)


def test_a_stranger_is_told_of_anothers_exchange_what_is_told_of_none(hub: Broker) -> None:
    project = hub.call("GET", "/v1/projects")[0]["id"]
    other = hub.post("/v1/projects", name="other")["id"]
    stranger = hub.post("/v1/keys", name="stranger", scopes=["events:read"], project_id=other)["key"]
    application = hub.call("GET", "/v1/applications", project_id=project)[0]["id"]
    with connected(hub.port, key=stranger) as wire:
        for name in (f"project.{project}", f"application.{application}", "project.never", "application.never"):
            wire.send(method(1, Exchange.Declare(exchange=name, passive=True)))
            assert goodbye(wire) == ("channel", 404, f"NOT_FOUND - no exchange '{name}'", (40, 10))
            wire.send(method(1, Channel.CloseOk()), method(1, Channel.Open()))
        wire.send(method(1, Exchange.Declare(exchange="mine")))
        assert goodbye(wire)[:2] == ("channel", 403)
