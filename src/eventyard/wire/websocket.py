"""The server's side of a WebSocket (RFC 6455): bytes in, events out, and the bytes of what is said.

The handshake and what the client sends are read by the sans-I/O layer of ``websockets``, fragments, masks, limits and
all. What the hub sends is encoded here by hand: a server's frame is a few bytes and the payload, without a mask, so one
payload in its frame can be written to a thousand sockets. Nothing is ever compressed, and nothing sent in fragments.

Which paths and origins are let in, who the client is, and what the messages mean is the gateway's to know.
"""

import struct
from collections.abc import Collection, Mapping, Sequence
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct
from websockets.datastructures import Headers
from websockets.frames import CloseCode, Frame, Opcode
from websockets.http11 import Request, Response
from websockets.protocol import State
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol

from eventyard.model.errors import CODES, HubError, TooMany

REASON_BYTES: Final = 123
"""Bytes of UTF-8 that the reason of a close may have (RFC 6455, 5.5)."""

_TEXT, _BINARY, _PING = 0x81, 0x82, 0x89  # opcodes, with the bit that says that the frame is a whole message
_MEDIUM = struct.Struct("!BBH").pack
_LONG = struct.Struct("!BBQ").pack


class Upgrade(Struct, frozen=True):
    """A client asks for a WebSocket: :meth:`WebSocket.accept` or :meth:`WebSocket.refuse` it.

    Header names are in lower case; of a header that came several times, the values are joined with commas.
    ``subprotocol`` is the one that will be spoken, or ``None`` if the client offered none that is known.
    """

    path: str
    query: str
    headers: Mapping[str, str]
    subprotocol: str | None

    def comes_from(self, origins: Collection[str]) -> bool:
        """Whether the page behind this may be there: from one of these origins, or from the hub's own host.

        A program that is no browser names no origin, and may. ``*`` among the origins stands for every one.
        """
        origin = self.headers.get("origin")
        return origin is None or not {"*", origin}.isdisjoint(origins) or self._is_own(origin)

    def _is_own(self, origin: str) -> bool:
        try:
            host = urlsplit(origin).netloc.lower()
        except ValueError:
            return False
        return host != "" and host == self.headers.get("host", "").lower()


class Message(Struct, frozen=True):
    """A whole message; ``text`` says as what it was sent. Text is valid UTF-8."""

    data: bytes
    text: bool


class Closed(Struct, frozen=True):
    """It is over, and nothing follows. ``code`` is what was said by who closed it first, or 1006 if nobody did."""

    code: int
    reason: str


Event = Upgrade | Message | Closed


class WebSocket:
    """One connection, from the first byte of the request. Nothing here raises for what a client sends.

    ``message_bytes`` bounds a message, and what is kept of one. After :meth:`receive` and :meth:`end` send what
    :meth:`to_send` gives (pongs, closes, refusals), and close the connection once it is :attr:`finished`.
    """

    def __init__(self, message_bytes: int, subprotocols: Sequence[str] = ()) -> None:
        ours = [Subprotocol(name) for name in subprotocols]
        self._protocol = ServerProtocol(subprotocols=ours, select_subprotocol=_first_of_ours, max_size=message_bytes)
        self._answer: Response | None = None
        self._fragments = bytearray()
        self._text = False
        self._told = False
        self.finished = False
        """Whether all is said: the connection is to be closed when :meth:`to_send` has left."""

    def receive(self, data: bytes) -> list[Event]:
        """Take bytes; what they mean."""
        if self.finished:
            return []
        self._protocol.receive_data(data)
        return self._events()

    def end(self) -> list[Event]:
        """The client has closed its side, or is gone."""
        if self.finished:
            events: list[Event] = []
        else:
            self._protocol.receive_eof()
            events = self._events()
        self._over(events)
        self.finished = True
        return events

    def to_send(self) -> bytes:
        """What is to be sent beside the answers of the other methods; each byte is given once."""
        writes = self._protocol.data_to_send()
        self.finished = self.finished or b"" in writes
        return b"".join(writes)

    def accept(self) -> bytes:
        """101: the client may speak now. Nothing, if it is gone already."""
        if self._answer is None or self.finished:
            return b""
        self._protocol.send_response(self._answer)
        return self.to_send()

    def admit(self, message_bytes: int) -> None:
        """The client is known: its messages may have so many bytes from now on."""
        self._protocol.max_message_size = message_bytes

    def refuse(self, status: int, error: HubError) -> bytes:
        """A full HTTP answer instead of a WebSocket, as the API would give it. Nothing, if the client is gone."""
        if self._answer is None or self.finished:
            return b""
        payload = msgspec.json.encode(
            {
                "type": f"/docs/errors#{error.code}",
                "title": CODES[error.code],
                "status": status,
                "detail": error.message,
                "code": error.code,
            }
        )
        headers = Headers({"Content-Type": "application/problem+json", "Content-Length": str(len(payload))})
        headers["Connection"] = "close"
        if status == HTTPStatus.UNAUTHORIZED:
            headers["WWW-Authenticate"] = 'Bearer realm="eventyard"'
        if isinstance(error, TooMany):
            headers["Retry-After"] = str(error.retry_after)
        self._protocol.send_response(Response(status, HTTPStatus(status).phrase, headers, payload))
        return self.to_send()

    def ping(self, payload: bytes = b"") -> bytes:
        """A ping of at most 125 bytes; the pong shows itself only by being received."""
        return _head(_PING, len(payload)) + payload

    def close(self, code: int = CloseCode.NORMAL_CLOSURE, reason: str = "") -> bytes:
        """The hub closes: nothing may be sent after this. The client answers, and then it is :class:`Closed`."""
        if self._protocol.state is not State.OPEN:
            return b""
        self._protocol.send_close(code, reason.encode()[:REASON_BYTES].decode(errors="ignore"))
        return self.to_send()

    def _events(self) -> list[Event]:
        events: list[Event] = []
        for received in self._protocol.events_received():
            if isinstance(received, Request):
                self._ask(received, events)
            elif self._protocol.state is State.CONNECTING:
                self._hang_up()
            elif isinstance(received, Frame) and not self._told:
                self._take(received, events)
        if self._protocol.parser_exc is not None:
            if self._protocol.state is State.CONNECTING:
                self._hang_up()
            self._over(events)
        return events

    def _ask(self, request: Request, events: list[Event]) -> None:
        """What is no proper request for a WebSocket is refused at once, in the words of ``websockets``."""
        answer = self._protocol.accept(request)
        if answer.status_code != HTTPStatus.SWITCHING_PROTOCOLS:
            self._protocol.send_response(answer)
            return
        self._answer = answer
        path, _, query = request.path.partition("?")
        headers = {name.lower(): ", ".join(request.headers.get_all(name)) for name in request.headers}
        events.append(Upgrade(path, query, headers, self._protocol.subprotocol))

    def _hang_up(self) -> None:
        """The client spoke before it was answered (RFC 6455, 4.1), or went: nobody is there to be answered."""
        self._protocol.data_to_send()
        self.finished = True

    def _take(self, frame: Frame, events: list[Event]) -> None:
        if frame.opcode is Opcode.CLOSE:
            self._over(events)
        elif frame.opcode is Opcode.TEXT or frame.opcode is Opcode.BINARY:
            self._text = frame.opcode is Opcode.TEXT
            if frame.fin:
                self._deliver(bytes(frame.data), events)
            else:
                self._fragments += frame.data
        elif frame.opcode is Opcode.CONT:
            self._fragments += frame.data
            if frame.fin:
                data, self._fragments = bytes(self._fragments), bytearray()
                self._deliver(data, events)

    def _deliver(self, data: bytes, events: list[Event]) -> None:
        if self._text and not is_text(data):
            self._protocol.fail(CloseCode.INVALID_DATA, "text that is not UTF-8")
            self._over(events)
        else:
            events.append(Message(data, self._text))

    def _over(self, events: list[Event]) -> None:
        """Tell once that it is over, and by whom."""
        if self._told:
            return
        self._told = True
        protocol = self._protocol
        close = protocol.close_rcvd if protocol.close_rcvd_then_sent else protocol.close_sent
        events.append(Closed(CloseCode.ABNORMAL_CLOSURE, "") if close is None else Closed(close.code, close.reason))


def is_text(data: bytes) -> bool:
    """Whether these bytes may go as text: whether they are UTF-8."""
    if data.isascii():
        return True
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def message(payload: bytes, *, text: bool) -> bytes:
    """A message to the client in one frame."""
    return message_head(len(payload), text=text) + payload


def message_head(size: int, *, text: bool) -> bytes:
    """What stands before a message of so many bytes (RFC 6455, 5.2), for payloads that are put together of parts."""
    return _head(_TEXT if text else _BINARY, size)


def _first_of_ours(protocol: ServerProtocol, offered: Sequence[Subprotocol]) -> Subprotocol | None:
    """A client that offers only others is let in without, and may go by itself."""
    return next((name for name in protocol.available_subprotocols or () if name in offered), None)


def _head(first: int, size: int) -> bytes:
    if size < 126:
        return bytes((first, size))
    return _MEDIUM(first, 126, size) if size < 65_536 else _LONG(first, 127, size)
