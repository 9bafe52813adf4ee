"""Bytes that no client sends: whatever they are, the hub answers everybody else, and keeps to its bounds."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pamqp.commands import Basic, Channel, Confirm, Connection, Exchange, Queue, Tx

from tests.interop.broker import LOGIN, Broker, broker
from tests.interop.wire import GREETING, Wire, connected
from tests.serving import KEY
from tests.wire.amqp_client import CAPABLE, content, method, publish

OPENING = b"".join(
    [
        GREETING,
        method(0, Connection.StartOk(CAPABLE, "PLAIN", f"\0{LOGIN}\0{KEY}")),
        method(0, Connection.TuneOk(2_047, 131_072, 0)),
        method(0, Connection.Open("/")),
    ]
)
SESSION = OPENING + b"".join(
    [
        method(1, Channel.Open()),
        method(1, Exchange.Declare(exchange="it.bytes", exchange_type="topic")),
        method(1, Queue.Declare(queue="it.bytes")),
        method(1, Queue.Bind(queue="it.bytes", exchange="it.bytes", routing_key="#")),
        method(1, Confirm.Select()),
        publish(1, b"x" * 300, "it.bytes"),
        method(1, Basic.Publish(0, "it.bytes", "k", True)) + content(1, b"y", Basic.Properties(headers={"a": [1]})),
        method(1, Basic.Consume(queue="it.bytes", consumer_tag="t", arguments={"x-stream-offset": "first"})),
        method(1, Basic.Recover(True)),
        method(1, Basic.Ack(0, True)),
        method(2, Channel.Open()),
        method(2, Tx.Select()),
        publish(2, b"z", "it.bytes"),
        method(2, Tx.Commit()),
        method(1, Queue.Delete(queue="it.bytes")),
        method(0, Connection.Close(200, "", 0, 0)),
    ]
)


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    with broker(tmp_path_factory.mktemp("hub") / "data") as yard:
        yield yard
        log = (yard.data / "log").read_text()
        assert '"level":"error"' not in log, log


def answers(hub: Broker) -> None:
    """The hub lets a client in and does what it asks."""
    with connected(hub.port) as wire:
        wire.send(method(1, Queue.Declare(exclusive=True)))
        wire.until(Queue.DeclareOk)


def sent(hub: Broker, data: bytes) -> None:
    """Say that and hear nothing; the hub may have ended the connection before."""
    with closing(socket.create_connection(("127.0.0.1", hub.port))) as client, suppress(ConnectionError):
        client.sendall(data)
        client.shutdown(socket.SHUT_WR)
        while client.recv(65_536):
            pass


at_any_place = st.lists(st.tuples(st.integers(8, len(SESSION) - 1), st.integers(0, 255)), min_size=1, max_size=8)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=at_any_place)
def test_a_session_with_wrong_bytes_ends_or_goes_on_and_harms_nobody(
    hub: Broker, changes: list[tuple[int, int]]
) -> None:
    data = bytearray(SESSION)
    for place, octet in changes:
        data[place] = octet
    sent(hub, bytes(data))


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(start=st.sampled_from([b"", GREETING, OPENING]), noise=st.binary(max_size=400))
def test_noise_is_heard_out_and_ended(hub: Broker, start: bytes, noise: bytes) -> None:
    sent(hub, start + noise)


def test_a_crowd_that_never_finishes_its_greeting_keeps_nobody_out(hub: Broker) -> None:
    with ExitStack() as crowd:
        for number in range(300):
            client = crowd.enter_context(closing(Wire(hub.port)))
            client.send(OPENING[: number % len(OPENING)])
        answers(hub)


def test_a_connection_with_all_channels_and_many_queues_is_served(hub: Broker) -> None:
    with connected(hub.port, channels=2_047) as wire:
        for number in range(2_000):
            wire.send(
                method(number % 2_047 + 1, Queue.Declare(queue=f"it.many.{number}", exclusive=True, nowait=True)),
                method(1, Queue.Bind(queue=f"it.many.{number}", exchange="amq.topic", routing_key="#", nowait=True)),
            )
        wire.send(method(1, Confirm.Select()), publish(1, b"to all", "amq.topic"))
        wire.until(Basic.Ack)
        answers(hub)


def test_who_asks_and_never_reads_is_heard_no_further_and_costs_no_more(hub: Broker) -> None:
    asked = method(1, Basic.Publish(0, "amq.direct", "nobody", True)) + content(1, b"x" * 500_000)
    with connected(hub.port) as wire:
        before = hub.resident_bytes()
        wire.pour(asked, most=400_000_000)
        assert hub.resident_bytes() - before < 150_000_000
        answers(hub)


def test_what_is_returned_over_and_over_is_returned_as_fast_as_it_is_read(hub: Broker) -> None:
    with connected(hub.port) as wire:
        wire.send(method(1, Queue.Declare(queue="it.over", exclusive=True)), publish(1, b"x" * 500_000, key="it.over"))
        wire.send(method(1, Basic.Consume(queue="it.over")))
        wire.until(Basic.Deliver)
        before = hub.resident_bytes()
        wire.pour(method(1, Basic.Recover(True)) * 1_000, most=400_000)
        assert hub.resident_bytes() - before < 150_000_000
        answers(hub)
