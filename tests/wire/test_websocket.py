"""WebSocket as bytes, with the client's half of another implementation as the peer, and with bytes of no meaning."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.uri import parse_uri

from eventyard.wire.websocket import Closed, Event, Message, Upgrade, WebSocket, is_text, message

BOUND = 300
MESSAGES = st.lists(st.tuples(st.binary(max_size=BOUND), st.lists(st.integers(0), max_size=3)), max_size=5)


def peers() -> tuple[ClientProtocol, WebSocket]:
    client, server = ClientProtocol(parse_uri("ws://hub/ws"), max_size=None), WebSocket(BOUND)
    client.send_request(client.connect())
    (upgrade,) = server.receive(b"".join(client.data_to_send()))
    assert isinstance(upgrade, Upgrade)
    client.receive_data(server.accept())
    client.events_received()
    return client, server


def cut(data: bytes, at: list[int]) -> list[bytes]:
    places = sorted({0, len(data), *(place % (len(data) + 1) for place in at)})
    return [data[a:b] for a, b in pairwise(places)] or [b""]


def say(client: ClientProtocol, data: bytes, at: list[int]) -> None:
    """One message, in fragments."""
    first, *rest = cut(data, at)
    (client.send_text if is_text(data) else client.send_binary)(first, fin=not rest)
    for i, piece in enumerate(rest, 1):
        client.send_continuation(piece, fin=i == len(rest))


@given(MESSAGES, st.lists(st.integers(0), max_size=8))
def test_what_a_client_says_is_heard_wherever_it_is_cut(said: list[tuple[bytes, list[int]]], at: list[int]) -> None:
    client, server = peers()
    for data, fragments in said:
        say(client, data, fragments)
    client.send_close(1000, "done")
    heard: list[Event] = []
    for piece in cut(b"".join(client.data_to_send()), at):
        heard += server.receive(piece)
    assert heard == [*(Message(data, is_text(data)) for data, _ in said), Closed(1000, "done")]


@given(st.lists(st.binary(max_size=70_000), max_size=3), st.booleans())
def test_what_the_hub_says_is_heard(said: list[bytes], text: bool) -> None:
    client, server = peers()
    client.receive_data(b"".join(message(data, text=text) for data in said) + server.ping() + server.close(1001, "bye"))
    *messages, ping, close = client.events_received()
    assert [event.data for event in messages if isinstance(event, Frame)] == said
    assert isinstance(ping, Frame)
    assert ping.opcode is Opcode.PING
    assert isinstance(close, Frame)
    assert client.close_rcvd is not None
    assert (client.close_rcvd.code, client.close_rcvd.reason) == (1001, "bye")
    heard = server.receive(b"".join(client.data_to_send()))
    assert heard == [Closed(1001, "bye")]


PIECES = st.sampled_from(
    [
        *(b"\x81\x80\0\0\0\0", b"\x01\x81\0\0\0\0a", b"\x80\x81\0\0\0\0b", b"\x00\x80\0\0\0\0", b"\x81\xff"),
        *(b"\x88\x82\0\0\0\0\x03\xe8", b"\x88\x80\0\0\0\0", b"\x89\x84\0\0\0\0ping", b"\x8a\x80\0\0\0\0"),
        b"\x82\xfe\x01\x00\0\0\0\0",
    ]
)


@given(st.lists(PIECES | st.binary(max_size=6), max_size=20).map(b"".join), st.lists(st.integers(0), max_size=8))
def test_any_bytes_give_messages_or_an_end(data: bytes, at: list[int]) -> None:
    def heard(pieces: list[bytes]) -> tuple[list[Event], bytes, bool]:
        _, server = peers()
        events: list[Event] = []
        for piece in pieces:
            events += server.receive(piece)
        return events, server.to_send(), server.finished

    whole = heard([data])
    assert heard(cut(data, at)) == whole
    events, _, finished = whole
    assert [isinstance(event, Closed) for event in events] == [False] * (len(events) - finished) + [True] * finished
    assert all(len(event.data) <= BOUND for event in events if isinstance(event, Message))


@given(st.binary(max_size=60) | st.sampled_from([b"GET / HTTP/1.1\r\n", b"GET / HTTP/1.1\r\n\r\n", b"\r\n\r\n"]))
def test_any_bytes_for_a_request_give_an_answer_or_none(data: bytes) -> None:
    server = WebSocket(BOUND)
    assert server.receive(data) == []
    assert server.to_send()[:9] in {b"", b"HTTP/1.1 "}
    assert server.end() == [Closed(1006, "")]


@pytest.mark.parametrize("path", ["/", "/ws", "/stomp", "/stomp/websocket"])
def test_the_path_is_told(path: str) -> None:
    client, server = ClientProtocol(parse_uri(f"ws://hub{path}")), WebSocket(BOUND)
    client.send_request(client.connect())
    (upgrade,) = server.receive(b"".join(client.data_to_send()))
    assert isinstance(upgrade, Upgrade)
    assert (upgrade.path, upgrade.query) == (path, "")
