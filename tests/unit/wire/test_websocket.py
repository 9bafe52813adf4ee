import json

import pytest
from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.http11 import Response
from websockets.typing import Origin, Subprotocol
from websockets.uri import parse_uri

from eventyard.model.errors import Forbidden, HubError, NotFound, TooMany, Unauthenticated
from eventyard.wire.websocket import Closed, Message, Upgrade, WebSocket, is_text, message, message_head

STOMP = ("v12.stomp", "v11.stomp", "v10.stomp")
REQUEST = (
    b"GET /ws?a=b HTTP/1.1\r\nHost: hub.example\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
)


def client(subprotocols: tuple[str, ...] = (), origin: str | None = None) -> ClientProtocol:
    return ClientProtocol(
        parse_uri("ws://hub.example/ws?a=b"),
        origin=None if origin is None else Origin(origin),
        subprotocols=[Subprotocol(name) for name in subprotocols] or None,
    )


def asked(peer: ClientProtocol, server: WebSocket) -> Upgrade:
    peer.send_request(peer.connect())
    (upgrade,) = server.receive(b"".join(peer.data_to_send()))
    assert isinstance(upgrade, Upgrade)
    return upgrade


def opened(message_bytes: int = 100) -> tuple[ClientProtocol, WebSocket]:
    peer, server = client(), WebSocket(message_bytes, STOMP)
    asked(peer, server)
    peer.receive_data(server.accept())
    assert [type(event) for event in peer.events_received()] == [Response]
    return peer, server


def said(peer: ClientProtocol) -> bytes:
    return b"".join(peer.data_to_send())


def test_a_client_asks_and_is_accepted() -> None:
    peer, server = client(("mqtt", "v10.stomp", "v12.stomp")), WebSocket(100, STOMP)
    upgrade = asked(peer, server)
    assert (upgrade.path, upgrade.query, upgrade.headers["host"]) == ("/ws", "a=b", "hub.example")
    assert upgrade.subprotocol == "v12.stomp"
    peer.receive_data(server.accept())
    (response,) = peer.events_received()
    assert isinstance(response, Response)
    assert response.status_code == 101
    assert peer.subprotocol == "v12.stomp"
    assert not server.finished


@pytest.mark.parametrize("offered", [(), ("mqtt",)])
def test_no_subprotocol_is_made_up(offered: tuple[str, ...]) -> None:
    server = WebSocket(100, STOMP)
    assert asked(client(offered), server).subprotocol is None
    assert b"sec-websocket-protocol" not in server.accept().lower()


def test_nothing_is_compressed() -> None:
    server = WebSocket(100)
    server.receive(REQUEST + b"Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n")
    answer = server.accept()
    assert b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" in answer
    assert b"extensions" not in answer.lower()


@pytest.mark.parametrize(
    ("status", "error", "header"),
    [
        (403, Forbidden("forbidden", "not from this page"), b""),
        (404, NotFound("not_found", "nothing here"), b""),
        (401, Unauthenticated("unauthenticated", "who are you"), b'\r\nWWW-Authenticate: Bearer realm="eventyard"\r\n'),
        (429, TooMany("slowly", retry_after=7), b"\r\nRetry-After: 7\r\n"),
    ],
)
def test_a_refusal_is_a_full_answer(status: int, error: HubError, header: bytes) -> None:
    peer, server = client(), WebSocket(100)
    asked(peer, server)
    answer = server.refuse(status, error)
    assert header in answer
    assert server.finished
    peer.receive_data(answer)
    peer.receive_eof()
    (response,) = peer.events_received()
    assert isinstance(response, Response)
    assert response.status_code == status
    assert json.loads(response.body or b"") == {
        "type": f"/docs/errors#{error.code}",
        "title": json.loads(response.body or b"")["title"],
        "status": status,
        "detail": error.message,
        "code": error.code,
    }


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"GET /ws HTTP/1.1\r\nHost: a\r\n\r\n", b"426"),
        (REQUEST.replace(b"GET", b"PUT") + b"\r\n", b"405"),
        (REQUEST.replace(b"Version: 13", b"Version: 8") + b"\r\n", b"400"),
        (b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\n\r\n", b"414"),
        (REQUEST + b"a: b\r\n" * 200 + b"\r\n", b"431"),
    ],
)
def test_what_does_not_ask_for_a_websocket_is_answered_at_once(request_: bytes, status: bytes) -> None:
    server = WebSocket(100)
    assert server.receive(request_) == []
    assert server.to_send().startswith(b"HTTP/1.1 " + status)
    assert server.finished
    assert server.accept() == server.refuse(404, NotFound("not_found", "")) == b""


def test_what_is_no_http_is_not_answered() -> None:
    server = WebSocket(100)
    assert server.receive(b"CONNECT\n\n\0\r\n\r\n") == []
    assert server.to_send() == b""
    assert server.finished


@pytest.mark.parametrize("early", [b"\x81\x80abcd", b"\x88\x80abcd", b"\x89\x80abcd", b"\xff\xff"])
def test_who_speaks_before_the_answer_gets_none(early: bytes) -> None:
    server = WebSocket(100)
    assert isinstance(server.receive(REQUEST + b"\r\n" + early)[0], Upgrade)
    assert server.accept() == server.to_send() == b""
    assert server.finished


def test_who_leaves_before_the_answer_is_gone() -> None:
    server = WebSocket(100)
    asked(client(), server)
    assert server.end() == [Closed(1006, "")]
    assert server.accept() == b""


@pytest.mark.parametrize(
    ("origin", "allowed", "welcome"),
    [
        (None, [], True),
        ("https://hub.example", [], True),
        ("https://HUB.example", [], True),
        ("https://other.example", [], False),
        ("https://other.example", ["https://other.example"], True),
        ("https://other.example", ["*"], True),
        ("http://[", [], False),
        ("null", [], False),
    ],
)
def test_a_page_must_be_of_the_hub_or_be_allowed(origin: str | None, allowed: list[str], welcome: bool) -> None:
    assert asked(client(origin=origin), WebSocket(100)).comes_from(allowed) is welcome


def test_messages_come_as_text_or_binary() -> None:
    peer, server = opened()
    peer.send_text("gr\N{LATIN SMALL LETTER U WITH DIAERESIS}n".encode())
    peer.send_binary(b"\xff")
    assert server.receive(said(peer)) == [Message(b"gr\xc3\xbcn", True), Message(b"\xff", False)]


def test_a_message_in_fragments_is_one_message_and_a_ping_between_is_answered() -> None:
    peer, server = opened()
    peer.send_text("\N{LATIN SMALL LETTER U WITH DIAERESIS}".encode()[:1], fin=False)
    peer.send_ping(b"there?")
    peer.send_continuation(b"\xbc", fin=False)
    peer.send_continuation(b"", fin=True)
    assert server.receive(said(peer)) == [Message(b"\xc3\xbc", True)]
    assert server.to_send() == b"\x8a\x06there?"


def test_a_pong_means_nothing() -> None:
    peer, server = opened()
    peer.receive_data(server.ping(b"x"))
    assert server.receive(said(peer)) == []


@pytest.mark.parametrize("text", [True, False])
@pytest.mark.parametrize("size", [0, 125, 126, 65_535, 65_536])
def test_what_the_hub_says_is_understood(size: int, text: bool) -> None:
    peer, _ = opened()
    payload = b"x" * size
    peer.receive_data(message(payload, text=text))
    (frame,) = peer.events_received()
    assert isinstance(frame, Frame)
    assert (frame.data, frame.opcode == Opcode.TEXT) == (payload, text)
    assert message(payload, text=text) == message_head(size, text=text) + payload


def test_the_client_closes() -> None:
    peer, server = opened()
    peer.send_close(1001, "page left")
    peer_said = said(peer)
    assert server.receive(peer_said) == [Closed(1001, "page left")]
    assert server.to_send() == b"\x88\x0b\x03\xe9page left"
    assert server.finished
    assert server.receive(b"more") == server.end() == []
    assert server.close() == b""


def test_the_hub_closes() -> None:
    peer, server = opened()
    peer.receive_data(server.close(1008, "access ended " + "\N{LATIN SMALL LETTER U WITH DIAERESIS}" * 100))
    assert peer.close_rcvd is not None
    assert len(peer.close_rcvd.reason.encode()) == 123
    assert not server.finished
    assert server.receive(said(peer)) == [Closed(1008, peer.close_rcvd.reason)]
    assert server.to_send() == b""
    assert server.finished


def test_a_client_that_is_gone_did_not_close() -> None:
    _, server = opened()
    assert server.end() == [Closed(1006, "")]
    assert server.end() == []


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (b"\x81\x02hi", 1002),
        (b"\x83\x80abcd", 1002),
        (b"\xc1\x80abcd", 1002),
        (b"\x80\x80abcd", 1002),
        (b"\x81\x81\0\0\0\0\xff", 1007),
        (b"\x81\xfe\0\x7f\0\0\0\0", 1009),
        (b"\x01\xe4\0\0\0\0" + b"x" * 100 + b"\x80\x81\0\0\0\0x", 1009),
    ],
)
def test_what_is_no_websocket_ends_it_with_a_code(sent: bytes, code: int) -> None:
    _, server = opened()
    events = server.receive(sent)
    assert [event.code for event in events if isinstance(event, Closed)] == [code]
    assert server.to_send()[:4][2:] == code.to_bytes(2, "big")
    assert server.finished


def test_what_follows_broken_text_is_not_heard() -> None:
    _, server = opened()
    events = server.receive(b"\x81\x81\0\0\0\0\xff" + b"\x82\x81\0\0\0\0a")
    assert [type(event) for event in events] == [Closed]


def test_fragments_without_end_are_bounded() -> None:
    peer, server = opened()
    peer.send_text(b"x" * 60, fin=False)
    assert server.receive(said(peer)) == []
    peer.writes.append(Frame(Opcode.CONT, b"x" * 60, False).serialize(mask=True))
    (closed,) = server.receive(said(peer))
    assert isinstance(closed, Closed)
    assert closed.code == 1009


def test_a_client_that_is_known_may_send_more() -> None:
    peer, server = opened()
    server.admit(1_000)
    peer.send_text(b"x" * 1_000)
    assert server.receive(said(peer)) == [Message(b"x" * 1_000, text=True)]
    peer.send_text(b"x" * 1_001)
    (closed,) = server.receive(said(peer))
    assert isinstance(closed, Closed)
    assert closed.code == 1009


def test_text_is_utf_8() -> None:
    assert is_text(b"plain")
    assert is_text(b"gr\xc3\xbcn")
    assert not is_text(b"\xff")
