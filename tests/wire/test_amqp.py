"""AMQP 0-9-1 as bytes: however they are split they say the same, and whatever they are they end in objects or a 5xx."""

import random
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pamqp.commands import Basic, Channel, Confirm, Connection, Exchange, Queue
from pika import spec
from pika.frame import Body, Header, Heartbeat, Method, ProtocolHeader

from eventyard.wire.amqp import connection
from eventyard.wire.amqp.errors import AmqpError, ReplyCode
from eventyard.wire.amqp.events import Command, Event, Login, Open, Publish
from eventyard.wire.amqp.fields import MALFORMED, FieldValue, Timestamp, read_table, table
from eventyard.wire.amqp.frames import HEARTBEAT, PROTOCOL_HEADER, FrameReader
from eventyard.wire.amqp.handshake import Limits
from eventyard.wire.amqp.properties import Properties, decode_properties, encode_properties
from eventyard.wire.amqp.states import State
from tests.wire.amqp_client import START_OK, TUNE_OK, happened, method, names, publish, running

SESSION = b"".join(
    [
        PROTOCOL_HEADER,
        method(0, START_OK),
        method(0, TUNE_OK),
        method(0, Connection.Open("/")),
        method(1, Channel.Open()),
        method(2, Channel.Open()),
        HEARTBEAT,
        method(1, Confirm.Select()),
        method(2, Exchange.Declare(exchange="e", exchange_type="topic", arguments={"alternate-exchange": "a"})),
        publish(1, b"a" * 500, part=200),
        method(2, Queue.Declare(queue="q", durable=True, arguments={"x-max-length": 5})),
        publish(1, b""),
        method(2, Basic.Consume(queue="q", consumer_tag="c")),
        publish(2, b"b"),
        method(2, Basic.Ack(1, True)),
        method(1, Channel.Close(200, "", 0, 0)),
        method(0, Connection.Close(200, "bye", 0, 0)),
    ]
)


def answered(served: connection.Connection, data: bytes) -> list[Event]:
    """What comes of these bytes when everything is agreed to."""
    found = happened(served, data)
    last = found[-1] if found else None
    if isinstance(last, Login):
        served.accept_login()
        found += answered(served, b"")
    elif isinstance(last, Open):
        served.accept_open()
        found += answered(served, b"")
    return found


def record(event: Event) -> tuple[str, object]:
    """An event by what it says: pamqp's methods are not compared by their arguments."""
    if isinstance(event, Command):
        return event.method.name, (event.channel, dict(event.method))
    return type(event).__name__, event


WHOLE = [record(event) for event in answered(connection.Connection(), SESSION)]


@given(st.lists(st.integers(0, len(SESSION)), max_size=12))
@example(list(range(len(SESSION))))
def test_any_split_of_a_session_is_the_same_session(cuts: list[int]) -> None:
    served = connection.Connection()
    edges = [0, *sorted(cuts), len(SESSION)]
    found = [event for a, b in pairwise(edges) for event in answered(served, SESSION[a:b])]
    assert [record(event) for event in found] == WHOLE
    assert served.state is State.LEAVING


def test_a_session_is_what_was_sent() -> None:
    assert [name for name, _ in WHOLE] == [
        "Login", "Open", "ChannelOpened", "ChannelOpened", "Confirm.Select", "Exchange.Declare", "Publish",
        "Queue.Declare",
        "Publish", "Basic.Consume", "Publish", "Basic.Ack", "ChannelClosing", "Closing",
    ]  # fmt: skip


def test_what_another_library_sends_is_understood() -> None:
    """pika's own codec, not pamqp's."""
    served = connection.Connection()
    start = spec.Connection.StartOk({"product": "pika"}, "PLAIN", b"\0alice\0secret", "en_US")
    properties = spec.BasicProperties(content_type="text/plain", headers={"n": 1, "deep": {"list": [True, "a"]}})
    sent: list[bytes] = [
        ProtocolHeader().marshal(),
        Method(0, start).marshal(),
        Method(0, spec.Connection.TuneOk(0, 131_072, 600)).marshal(),
        Method(0, spec.Connection.Open("/")).marshal(),
        Heartbeat().marshal(),
        Method(1, spec.Channel.Open()).marshal(),
        Method(1, spec.Basic.Publish(0, "e", "größe", True)).marshal(),
        Header(1, 3, properties).marshal(),
        Body(1, b"abc").marshal(),
    ]
    *_, published = answered(served, b"".join(sent))
    assert isinstance(published, Publish)
    assert (published.exchange, published.routing_key, published.body) == ("e", "größe", b"abc")
    assert decode_properties(published.properties) == Properties(
        content_type="text/plain", headers={"n": 1, "deep": {"list": [True, "a"]}}
    )
    assert served.tuning.heartbeat == 600


@given(st.binary(max_size=200), st.sampled_from(["new", "running"]))
@example(b"GET / HTTP/1.1\r\n\r\n", "new")
@example(PROTOCOL_HEADER * 2, "new")
def test_any_bytes_are_events_or_a_reply_code(data: bytes, start: str) -> None:
    served = connection.Connection() if start == "new" else running()
    answered(served, data)
    goodbyes = [name for name in names(served) if name in {"Connection.Close", "ProtocolHeader"}]
    assert len(goodbyes) == (served.state in {State.CLOSING, State.CLOSED})


@given(st.randoms(use_true_random=False), st.integers(0, len(SESSION) - 1), st.integers(1, 8))
def test_a_damaged_session_ends_in_events_or_a_reply_code(chance: random.Random, place: int, octets: int) -> None:
    damaged = SESSION[:place] + chance.randbytes(octets) + SESSION[place + octets :]
    served = connection.Connection()
    answered(served, damaged)
    names(served)
    assert served.state in State


@given(st.binary(max_size=300))
def test_any_bytes_are_properties_or_a_syntax_error(octets: bytes) -> None:
    try:
        properties = decode_properties(octets)
    except AmqpError as error:
        assert error.code is ReplyCode.SYNTAX_ERROR
    else:
        assert repr(decode_properties(encode_properties(properties))) == repr(properties)


FIELDS = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False)
    | st.text(max_size=20)
    | st.binary(max_size=20).map(bytearray)
    | st.integers(0, 2**64 - 1).map(Timestamp)
    | st.decimals(-(10**5), 10**5, places=3),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=20), inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(st.text(max_size=60), FIELDS, max_size=6))
def test_any_table_survives(fields: dict[str, FieldValue]) -> None:
    octets = table(fields)
    assert read_table(octets + b"more", 0) == (fields, len(octets))


@given(st.binary(max_size=300))
def test_any_bytes_are_a_table_or_malformed(octets: bytes) -> None:
    try:
        _, end = read_table(octets, 0)
    except MALFORMED:
        return
    assert end <= len(octets)


@pytest.mark.parametrize("piece", [1, 2, 7, 4_096])
def test_a_reader_holds_one_frame_at_most_however_it_is_fed(piece: int) -> None:
    reader = FrameReader(131_072)
    stream = publish(1, bytes(131_000)) * 2
    for at in range(0, len(stream), piece):
        reader.feed(stream[at : at + piece])
        while reader.next_frame() is not None:
            pass
        assert reader.held <= 131_072 + 8
    assert reader.held == 0


def test_a_client_that_never_finishes_a_message_is_held_to_a_bound() -> None:
    served = running(channels=20, limits=Limits(body=10_000, gathering=50_000))
    for channel in range(1, 21):
        happened(served, publish(channel, bytes(9_999), part=3_000)[:-1_000])
    held = sum(channel.held for channel in served.channels.values())
    assert held <= 50_000
    assert served.state is State.CLOSING
