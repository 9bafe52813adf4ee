"""A connection of AMQP without a client library: pamqp writes frames and reads the answers, a test does the rest."""

import socket
import struct
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from typing import Any

from pamqp import frame
from pamqp.commands import Channel, Connection

from tests.interop.broker import LOGIN
from tests.serving import KEY
from tests.wire.amqp_client import CAPABLE, method

GREETING = b"AMQP\0\0\x09\x01"


class Wire:
    """A connection whose bytes a test writes itself."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=20)
        self._unread = b""

    def close(self) -> None:
        self._socket.close()

    def cut(self) -> None:
        """Leave as a process does that is killed."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._socket.close()

    def send(self, *frames: bytes) -> None:
        self._socket.sendall(b"".join(frames))

    @property
    def name(self) -> str:
        """What the other side calls this one."""
        host, port = self._socket.getsockname()
        return f"{host}:{port}"

    def pour(self, data: bytes, most: int) -> None:
        """Send it again and again, and read nothing, until the other side takes no more of it, or so many octets."""
        self._socket.settimeout(1)
        with suppress(TimeoutError):
            for _ in range(most // len(data)):
                self._socket.sendall(data)

    def next(self) -> tuple[int, Any]:
        """The next frame, and its channel."""
        while True:
            length, channel, read = frame.unmarshal(self._unread) if self._unread else (0, 0, None)
            if length:
                self._unread = self._unread[length:]
                return channel, read
            self._unread += self._more()

    def _more(self) -> bytes:
        received = self._socket.recv(65_536)
        if not received:
            raise EOFError
        return received

    def rest(self) -> bytes:
        """All there is until the other side ends."""
        found = self._unread
        while received := self._socket.recv(65_536):
            found += received
        return found

    def until(self, *kinds: type) -> tuple[int, Any]:
        """The next frame of these kinds, whatever comes before."""
        while True:
            channel, read = self.next()
            if isinstance(read, kinds):
                return channel, read

    def log_in(
        self, key: str = KEY, vhost: str = "/", channel_max: int = 2_047, frame_max: int = 131_072, heartbeat: int = 0
    ) -> None:
        self.send(GREETING, method(0, Connection.StartOk(CAPABLE, "PLAIN", f"\0{LOGIN}\0{key}")))
        self.send(method(0, Connection.TuneOk(channel_max, frame_max, heartbeat)), method(0, Connection.Open(vhost)))


@contextmanager
def connected(port: int, channels: int = 1, **how: Any) -> Iterator[Wire]:
    """A connection that is open, with channels."""
    with closing(Wire(port)) as wire:
        wire.log_in(**how)
        wire.until(Connection.OpenOk)
        for number in range(1, channels + 1):
            wire.send(method(number, Channel.Open()))
            wire.until(Channel.OpenOk)
        yield wire
