"""STOMP over WebSocket: who is let in where, frames in messages, and closes that say why."""

import asyncio
import base64
import json
import struct
from typing import Any

import pytest

from eventyard.gateways.stomp.websocket import PING_S, StompWebSocket
from eventyard.testing.hub import Yard
from eventyard.wire.stomp.frames import Frame, encode
from tests.unit.gateways.stomp.around import Wire, gateway, settled, turn

GET = "GET {} HTTP/1.1\r\nHost: hub.test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
KEY = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
ANY = ["*"]
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


class Browser:
    """A client of WebSocket that masks with zeros."""

    def __init__(self, yard: Yard, path: str = "/ws", origins: list[str] = ANY, **headers: str) -> None:
        self.yard = yard
        self.wire = Wire()
        self.socket = StompWebSocket(gateway(yard), origins)
        self.wire.protocol = self.socket
        self.socket.connection_made(self.wire)
        lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
        self.socket.data_received((GET.format(path) + KEY + lines + "\r\n").encode())
        self._read = 0

    async def answer(self) -> tuple[int, str, dict[str, Any]]:
        """Status, head and JSON of the answer to the request."""
        await self.wire.until(lambda: b"\r\n\r\n" in self.wire.written)
        head, _, body = bytes(self.wire.written).partition(b"\r\n\r\n")
        self._read = len(head) + 4
        return int(head.split(b" ")[1]), head.decode(), json.loads(body) if body else {}

    def send(self, payload: bytes, opcode: int = TEXT) -> None:
        size = len(payload)
        length = bytes((0x80 | size,)) if size < 126 else b"\xfe" + struct.pack("!H", size)
        self.socket.data_received(bytes((0x80 | opcode,)) + length + bytes(4) + payload)

    def say(self, command: str, body: bytes = b"", opcode: int = TEXT, **headers: str) -> None:
        self.send(encode(Frame(command, {k.replace("_", "-"): v for k, v in headers.items()}, body)), opcode)

    async def hear(self) -> tuple[int, bytes]:
        """The next message: its opcode and payload."""
        await self.wire.until(lambda: len(self.wire.written) > self._read)
        data, at = bytes(self.wire.written), self._read
        size, start = data[at + 1], at + 2
        if size == 126:
            size, start = struct.unpack_from("!H", data, at + 2)[0], at + 4
        elif size == 127:
            size, start = struct.unpack_from("!Q", data, at + 2)[0], at + 10
        self._read = start + size
        return data[at] & 15, data[start : start + size]

    async def login(self, **headers: str) -> bytes:
        await self.answer()
        self.say("CONNECT", accept_version="1.2", **headers)
        return (await self.hear())[1]

    async def closed(self) -> tuple[int, str]:
        """The code and reason of the close that comes next."""
        opcode, payload = await self.hear()
        assert opcode == CLOSE, payload
        return struct.unpack("!H", payload[:2])[0], payload[2:].decode()


def basic(login: str, passcode: str) -> str:
    return "Basic " + base64.b64encode(f"{login}:{passcode}".encode()).decode()


@pytest.mark.parametrize("path", ["/ws", "/", "/stomp", "/stomp/websocket", "/ws?token=x"])
async def test_stomp_is_spoken_where_clients_look_for_it(yard: Yard, path: str) -> None:
    browser = Browser(yard, path, Sec_WebSocket_Protocol="v10.stomp, v12.stomp")
    status, head, _ = await browser.answer()
    assert status == 101
    assert "Sec-WebSocket-Protocol: v12.stomp" in head


async def test_and_nowhere_else(yard: Yard) -> None:
    status, _, problem = await Browser(yard, "/v1/events").answer()
    assert (status, problem["code"]) == (404, "not_found")


async def test_a_page_of_another_origin_is_let_in_unless_the_settings_name_some(yard: Yard) -> None:
    assert (await Browser(yard, Origin="https://elsewhere.test").answer())[0] == 101
    named = ["https://app.test"]
    status, _, problem = await Browser(yard, origins=named, Origin="https://elsewhere.test").answer()
    assert (status, problem["code"]) == (403, "forbidden")
    assert (await Browser(yard, origins=named, Origin="https://app.test").answer())[0] == 101
    assert (await Browser(yard, origins=named, Origin="https://hub.test").answer())[0] == 101
    assert (await Browser(yard, origins=named).answer())[0] == 101


@pytest.mark.parametrize("scheme", ["bearer", "basic"])
async def test_who_proved_itself_in_the_request_need_not_in_connect(yard: Yard, scheme: str) -> None:
    browser = Browser(yard, Authorization=f"Bearer {yard.key}" if scheme == "bearer" else basic("any", yard.key))
    assert (await browser.login()).startswith(b"CONNECTED\n")


async def test_who_proves_itself_wrongly_is_not_let_in(yard: Yard) -> None:
    status, head, problem = await Browser(yard, Authorization="Bearer wrong").answer()
    assert (status, problem["code"]) == (401, "unauthenticated")
    assert "WWW-Authenticate: Bearer" in head


async def test_what_a_browser_may_send_by_itself_does_not_count_from_a_page_of_another_origin(yard: Yard) -> None:
    proof = {"Authorization": basic("any", yard.key)}
    page = Browser(yard, Origin="https://elsewhere.test", **proof)
    assert b"\ncode:unauthenticated\n" in await page.login()
    named = Browser(yard, origins=["*", "https://app.test"], Origin="https://app.test", **proof)
    assert (await named.login()).startswith(b"CONNECTED\n")


async def test_what_is_no_upgrade_is_told_so(yard: Yard) -> None:
    wire = Wire()
    socket = StompWebSocket(gateway(yard), ANY)
    socket.connection_made(wire)
    socket.data_received(b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
    await turn()
    assert wire.written.startswith(b"HTTP/1.1 400 ")
    assert wire.closed


async def test_each_frame_is_a_message_of_text(yard: Yard) -> None:
    browser = Browser(yard)
    await browser.login(passcode=yard.key)
    browser.say("SUBSCRIBE", id="1", destination="/topic/a")
    for size in (5, 2_000, 100_000):
        browser.say("SEND", b"x" * min(size, 60_000), destination="/topic/a", size=str(size))
        opcode, payload = await browser.hear()
        assert (opcode, payload[:8], payload[-2:]) == (TEXT, b"MESSAGE\n", b"\0\n")
        assert b"x" * min(size, 60_000) in payload


async def test_a_frame_may_come_in_several_messages_and_several_in_one(yard: Yard) -> None:
    browser = Browser(yard)
    await browser.login(passcode=yard.key)
    browser.send(b"BEGIN\ntransaction:t\nrec")
    browser.send(b"eipt:1\n\n\0\n\nABORT\ntransaction:t\nreceipt:2\n\n\0")
    assert [(await browser.hear())[1] for _ in range(2)] == [
        b"RECEIPT\nreceipt-id:1\n\n\0\n", b"RECEIPT\nreceipt-id:2\n\n\0\n",
    ]  # fmt: skip


async def test_a_body_that_is_no_text_goes_to_a_client_of_text_as_bytes(yard: Yard) -> None:
    browser = Browser(yard)
    await browser.login(passcode=yard.key)
    browser.say("SUBSCRIBE", id="1", destination="/topic/a")
    browser.say("SEND", b"\xff\xfe", destination="/topic/a", opcode=BINARY)
    assert (await browser.hear())[0] == BINARY


async def test_a_client_that_sends_bytes_is_answered_in_bytes(yard: Yard) -> None:
    browser = Browser(yard)
    await browser.answer()
    browser.say("CONNECT", accept_version="1.2", passcode=yard.key, opcode=BINARY)
    assert (await browser.hear())[0] == BINARY
    browser.say("SUBSCRIBE", id="1", destination="/topic/a", receipt="r")
    assert (await browser.hear())[0] == BINARY
    browser.say("SEND", b"text", destination="/topic/a")
    assert (await browser.hear())[0] == BINARY


async def test_an_error_is_followed_by_a_close_that_says_the_same(yard: Yard) -> None:
    browser = Browser(yard)
    assert b"\ncode:unauthenticated\n" in await browser.login(passcode="wrong")
    code, reason = await browser.closed()
    assert (code, reason) == (1008, "the API key is not valid, and no user was named")
    assert browser.wire.ended
    browser.send(struct.pack("!H", code), CLOSE)
    assert browser.wire.closed


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        (b"SEND\nno colon\n\n\0", 1002),
        (b"NONSENSE\n\n\0", 1002),
        (b"SUBSCRIBE\nid:1\ndestination:/exchange/nothing/a\n\n\0", 1008),
        (b"SEND\ndestination:/topic/a\ncontent-length:99999999999\n\n", 1009),
    ],
)
async def test_the_code_of_the_close_tells_of_the_error(yard: Yard, frame: bytes, code: int) -> None:
    browser = Browser(yard)
    await browser.login(passcode=yard.key)
    browser.send(frame)
    assert (await browser.hear())[1].startswith(b"ERROR\n")
    assert (await browser.closed())[0] == code


async def test_a_disconnect_is_a_normal_close(yard: Yard) -> None:
    browser = Browser(yard)
    await browser.login(passcode=yard.key)
    browser.say("DISCONNECT", receipt="bye")
    assert (await browser.hear())[1] == b"RECEIPT\nreceipt-id:bye\n\n\0\n"
    assert await browser.closed() == (1000, "")


async def test_a_client_that_closes_is_gone(yard: Yard) -> None:
    browser = Browser(yard)
    await browser.login(passcode=yard.key)
    browser.send(struct.pack("!H", 1000), CLOSE)
    await turn()
    assert browser.wire.closed
    browser.socket.connection_lost(None)
    await settled(yard)
    assert not yard.hub.streams._links


async def test_a_ping_is_answered(yard: Yard) -> None:
    browser = Browser(yard)
    await browser.answer()
    browser.send(b"hello", PING)
    assert await browser.hear() == (PONG, b"hello")


async def test_a_stranger_may_not_send_much(yard: Yard) -> None:
    browser = Browser(yard)
    await browser.answer()
    browser.socket.data_received(b"\x81\xff" + struct.pack("!Q", 70_000))
    assert (await browser.closed())[0] == 1009


async def test_pings_are_sent_and_who_never_answers_is_given_up(yard: Yard) -> None:
    browser = Browser(yard)
    await browser.answer()
    socket: Any = browser.socket
    assert socket._ping._seconds == PING_S
    for _ in range(3):
        socket._ping._callback()
        assert (await browser.hear())[0] == PING
    browser.send(b"", PONG)
    for _ in range(3):
        socket._ping._callback()
        assert (await browser.hear())[0] == PING
    socket._ping._callback()
    assert await browser.closed() == (1002, "no ping was answered")
    assert browser.wire.closed
    await asyncio.sleep(0)
