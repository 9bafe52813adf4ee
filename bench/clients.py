"""Clients of AMQP 0-9-1 and of STOMP over WebSocket, the same for the hub and for RabbitMQ, and as lean as can be.

What comes before the load (logging in, declaring, subscribing) is done step by step on a blocking socket. From there on
bytes are made beforehand, and what is delivered is only counted (``counting.py``). The last twenty bytes of a body are
the time at which its message should have been sent, in nanoseconds of this process.
"""

import os
import socket
from base64 import b64encode
from collections.abc import Mapping, Sequence
from struct import Struct as Layout
from typing import Any, Protocol, TypeVar

from pamqp import commands
from pamqp.base import Frame
from pamqp.frame import marshal, unmarshal
from pamqp.header import ContentHeader, ProtocolHeader

from bench.counting import Counter

BODY = 1024
STAMP = 20
PATIENCE = 60.0
"""Seconds that an answer may take."""

_F = TypeVar("_F", bound=Frame)

_PADDING = b"x" * (BODY - STAMP)
_FRAME = Layout(">BHI")
_TAGGED = Layout(">HHQB")
_ACK_FRAME = Layout(">BHIHHQBB")
_DELIVER = (60 << 16) + 60
_ACK = (60, 80)


class Ends(Protocol):
    """One connection of a load."""

    socket: socket.socket
    counter: Counter
    confirmed: int

    def message(self, stamp: int, key: str) -> bytes:
        """The bytes that publish a message."""

    def stamp(self, buffer: bytearray, end: int) -> int:
        """The stamp of the delivery that ends there."""

    def settle(self) -> bytes:
        """The bytes that acknowledge what was delivered, if that is wanted now."""

    def close(self) -> None:
        """Leave in order, so that nothing stays behind."""


class Amqp:
    """A connection with one channel: the publisher's, or a consumer's with a queue of its own."""

    head = 7

    def __init__(self, port: int, login: str, passcode: str) -> None:
        self.socket = _connected(port)
        self.counter = Counter(self._measure, self.head)
        self.confirmed = 0
        self._single: set[int] = set()
        self._data = b""
        self._settled = 0
        self._acks_after = 0
        self._makes: dict[str, tuple[bytes, bytes]] = {}
        self._exchange = ""
        self._persistent = False
        self.socket.sendall(ProtocolHeader().marshal())
        self._expect(commands.Connection.Start)
        capabilities: Any = {"capabilities": {"publisher_confirms": True, "basic.nack": True}}
        self._tell(commands.Connection.StartOk(capabilities, "PLAIN", f"\0{login}\0{passcode}", "en_US"), 0)
        tune = self._expect(commands.Connection.Tune)
        self._tell(commands.Connection.TuneOk(tune.channel_max, tune.frame_max, 0), 0)
        self._tell(commands.Connection.Open("/"), 0)
        self._expect(commands.Connection.OpenOk)
        self._call(commands.Channel.Open(), commands.Channel.OpenOk)

    def _tell(self, method: Frame, channel: int = 1) -> None:
        self.socket.sendall(marshal(method, channel))

    def _expect(self, kind: type[_F]) -> _F:
        """The next method. Raises ``RuntimeError`` if it is another than expected."""
        while len(self._data) < 7 or len(self._data) < _FRAME.unpack_from(self._data)[2] + 8:
            more = self.socket.recv(65_536)
            if not more:
                raise RuntimeError(f"the broker hung up instead of {kind.name}")
            self._data += more
        consumed, _, method = unmarshal(self._data)
        self._data = self._data[consumed:]
        if not isinstance(method, kind):
            raise RuntimeError(f"expected {kind.name}, got {method!r}")
        return method

    def _call(self, method: Frame, answer: type[_F]) -> _F:
        self._tell(method)
        return self._expect(answer)

    def publishes(self, exchange: str, *, persistent: bool) -> None:
        """Be the publisher; with confirms, if what it publishes is to last."""
        self._exchange, self._persistent = exchange, persistent
        if persistent:
            self._call(commands.Confirm.Select(), commands.Confirm.SelectOk)

    def declare(self, exchange: str, kind: str) -> None:
        """Declare an exchange that goes with its last binding."""
        method = commands.Exchange.Declare(exchange=exchange, exchange_type=kind, auto_delete=True)
        self._call(method, commands.Exchange.DeclareOk)

    def consumes(self, exchange: str, keys: Sequence[str], *, queue: str = "", acks_after: int = 0) -> None:
        """Be a consumer; with a ``queue`` name of a durable queue, else of a transient one.

        With ``acks_after`` the broker has twice so many messages unacknowledged at most.
        """
        lasting = bool(queue)
        method = commands.Queue.Declare(queue=queue, durable=lasting, exclusive=not lasting, auto_delete=True)
        queue = self._call(method, commands.Queue.DeclareOk).queue or ""
        for start in range(0, len(keys), 500):
            some = keys[start : start + 500]
            binds = [commands.Queue.Bind(queue=queue, exchange=exchange, routing_key=key) for key in some]
            self.socket.sendall(b"".join([marshal(bind, 1) for bind in binds]))
            for _ in some:
                self._expect(commands.Queue.BindOk)
        self._consume(queue, acks_after, {})

    def replays(self, exchange: str, key: str) -> None:
        """Be a consumer of all that an exchange was ever sent."""
        queue = self._call(commands.Queue.Declare(exclusive=True), commands.Queue.DeclareOk).queue or ""
        self._call(commands.Queue.Bind(queue=queue, exchange=exchange, routing_key=key), commands.Queue.BindOk)
        self._consume(queue, 0, {"x-stream-offset": "first"})

    def _consume(self, queue: str, acks_after: int, arguments: Mapping[str, str]) -> None:
        self._acks_after = acks_after
        if acks_after:
            self._call(commands.Basic.Qos(prefetch_count=2 * acks_after), commands.Basic.QosOk)
        consume = commands.Basic.Consume(queue=queue, no_ack=not acks_after, arguments=dict(arguments))
        self._call(consume, commands.Basic.ConsumeOk)
        self.counter.partial, self._data = self._data, b""

    def message(self, stamp: int, key: str) -> bytes:
        """See :class:`Ends`."""
        made = self._makes.get(key)
        if made is None:
            properties = commands.Basic.Properties(
                content_type="application/octet-stream", delivery_mode=2 if self._persistent else 1
            )
            publish = marshal(commands.Basic.Publish(exchange=self._exchange, routing_key=key), 1)
            header = marshal(ContentHeader(0, BODY, properties), 1)
            made = self._makes[key] = publish + header + _FRAME.pack(3, 1, BODY) + _PADDING, b"\xce"
        return b"%b%020d%b" % (made[0], stamp, made[1])

    def stamp(self, buffer: bytearray, end: int) -> int:
        """See :class:`Ends`."""
        return int(buffer[end - STAMP - 1 : end - 1])

    def settle(self) -> bytes:
        """See :class:`Ends`."""
        count = self.counter.count
        if not self._acks_after or count - self._settled < self._acks_after:
            return b""
        self._settled = count
        return _ACK_FRAME.pack(1, 1, 13, *_ACK, count, 1, 0xCE)

    def close(self) -> None:
        """See :class:`Ends`."""
        self.socket.settimeout(PATIENCE)
        self.socket.sendall(self.settle() + marshal(commands.Connection.Close(200, "", 0, 0), 0))
        _hang_up(self.socket, marshal(commands.Connection.CloseOk(), 0))

    def _measure(self, buffer: bytearray, at: int, end: int) -> int:
        if end - at < 12:
            return 0
        size: int = _FRAME.unpack_from(buffer, at)[2] + 8
        if at + size > end:
            return 0
        if buffer[at] == 1 and int.from_bytes(buffer[at + 7 : at + 11], "big") == _DELIVER:
            return self._with_content(buffer, at, end, size)
        if buffer[at] == 1:
            self._on_method(buffer, at)
        return -size

    @staticmethod
    def _with_content(buffer: bytearray, start: int, end: int, size: int) -> int:
        """The length of a delivery with its header and its body, which is in one frame."""
        at = start + size
        for _ in range(2):
            if end - at < 7:
                return 0
            at += _FRAME.unpack_from(buffer, at)[2] + 8
        return at - start if at <= end else 0

    def _on_method(self, buffer: bytearray, at: int) -> None:
        class_id, method_id, tag, multiple = _TAGGED.unpack_from(buffer, at + 7)
        if (class_id, method_id) != _ACK:
            raise RuntimeError(f"the broker sent method {class_id}.{method_id} amid the load")
        single, low = self._single, self.confirmed - len(self._single)
        if multiple:
            low = max(low, tag)
            single.difference_update([one for one in single if one <= low])
        else:
            single.add(tag)
        while low + 1 in single:
            low += 1
            single.remove(low)
        self.confirmed = low + len(single)


class Stomp:
    """A WebSocket that speaks STOMP 1.2: the publisher's, or that of one subscription. Sends frames of text."""

    head = 4

    def __init__(self, port: int, login: str, passcode: str) -> None:
        self.socket = _connected(port)
        self.counter = Counter(self._measure, self.head)
        self.confirmed = 0
        self._data = b""
        self._destination = ""
        self._makes: dict[str, tuple[bytes, bytes]] = {}
        key = b64encode(os.urandom(16)).decode()
        self.socket.sendall(
            f"GET /ws HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Protocol: v12.stomp\r\n\r\n".encode()
        )
        while b"\r\n\r\n" not in self._data:
            self._more()
        answer, self._data = self._data.split(b"\r\n\r\n", 1)
        if b" 101 " not in answer[:20]:
            raise RuntimeError(f"no WebSocket: {answer.decode()}")
        self._tell(f"CONNECT\naccept-version:1.2\nhost:/\nlogin:{login}\npasscode:{passcode}\nheart-beat:0,0\n\n\0")
        self._expect(b"CONNECTED")

    def _more(self) -> None:
        more = self.socket.recv(65_536)
        if not more:
            raise RuntimeError(f"the broker hung up after {self._data!r}")
        self._data += more

    def _tell(self, frame: str) -> None:
        self.socket.sendall(_masked(frame.encode()))

    def _expect(self, command: bytes) -> None:
        while True:
            if len(self._data) >= 4:
                start, size = _payload(self._data, 0)
                if len(self._data) >= start + size:
                    break
            self._more()
        frame, self._data = self._data[start : start + size], self._data[start + size :]
        if not frame.startswith(command):
            raise RuntimeError(f"expected {command.decode()}, got {frame!r}")

    def publishes(self, destination: str) -> None:
        """Be the publisher. The routing key is put behind the destination."""
        self._destination = destination

    def subscribes(self, destination: str, headers: Mapping[str, str] = {}) -> None:
        """Be a subscriber that acknowledges nothing."""
        more = "".join(f"{name}:{value}\n" for name, value in headers.items())
        self._tell(f"SUBSCRIBE\nid:0\ndestination:{destination}\nack:auto\nreceipt:r\n{more}\n\0")
        self._expect(b"RECEIPT")
        self.counter.partial, self._data = self._data, b""

    def message(self, stamp: int, key: str) -> bytes:
        """See :class:`Ends`."""
        made = self._makes.get(key)
        if made is None:
            head = f"SEND\ndestination:{self._destination}{key}\ncontent-length:{BODY}\n\n".encode()
            whole = _masked(head + _PADDING + b"0" * STAMP + b"\0")
            made = self._makes[key] = whole[: -STAMP - 1], b"\0"
        return b"%b%020d%b" % (made[0], stamp, made[1])

    def stamp(self, buffer: bytearray, end: int) -> int:
        """See :class:`Ends`. Behind the body's zero there may be line feeds."""
        zero = buffer.rindex(b"\0", 0, end)
        return int(buffer[zero - STAMP : zero])

    def settle(self) -> bytes:
        """See :class:`Ends`."""
        return b""

    def close(self) -> None:
        """See :class:`Ends`."""
        self.socket.settimeout(PATIENCE)
        self._tell("DISCONNECT\nreceipt:bye\n\n\0")
        _hang_up(self.socket, b"RECEIPT")

    def _measure(self, buffer: bytearray, at: int, end: int) -> int:
        if end - at < 4:
            return 0
        start, size = _payload(buffer, at)
        whole = start + size - at
        if at + whole > end:
            return 0
        if buffer[start : start + 8] == b"MESSAGE\n":
            return whole
        if buffer[start : start + 5] == b"ERROR":
            raise RuntimeError(f"the broker sent {bytes(buffer[start : at + whole])!r} amid the load")
        return -whole


def _connected(port: int) -> socket.socket:
    one = socket.create_connection(("127.0.0.1", port), PATIENCE)
    one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return one


def _hang_up(one: socket.socket, answer: bytes) -> None:
    """Wait for the broker's last word."""
    said = b""
    while answer not in said:
        more = one.recv(65_536)
        if not more:
            break
        said += more
    one.close()


def _payload(data: bytes | bytearray, at: int) -> tuple[int, int]:
    """Where the payload of a frame from a server begins, and how long it is."""
    size = data[at + 1]
    if size < 126:
        return at + 2, size
    if size == 126:
        return at + 4, int.from_bytes(data[at + 2 : at + 4], "big")
    return at + 10, int.from_bytes(data[at + 2 : at + 10], "big")


def _masked(payload: bytes) -> bytes:
    """A frame of text from a client, whose mask is four zeros: such bytes are masked and unmasked as they are."""
    size = len(payload)
    head = bytes((0x81, 0x80 | size)) if size < 126 else b"\x81\xfe" + size.to_bytes(2, "big")
    return head + bytes(4) + payload
