"""A client of AMQP at the other end of a transport that exists in memory only, and a loop whose timers are its own."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from pamqp import frame
from pamqp.base import Frame as Method
from pamqp.commands import Basic, Channel, Connection, Queue

from eventyard.gateways.amqp.connection import AmqpConnection
from eventyard.testing.hub import Yard
from eventyard.wire.amqp.frames import PROTOCOL_HEADER
from tests.wire.amqp_client import CAPABLE, content, method

PATIENCE = 10_000
"""Turns of the loop after which nothing more will come."""


class Wire(asyncio.Transport):
    """Keeps what is written."""

    def __init__(self, **extra: Any) -> None:
        super().__init__()
        self.written = b""
        self.unsent = 0
        self.reading = True
        self.closed = False
        self.aborted = False
        self._extra = {"peername": ("127.0.0.1", 5), **extra}

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self._extra.get(name, default)

    def write(self, data: Any) -> None:
        assert not self.closed
        self.written += data

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True

    def get_write_buffer_size(self) -> int:
        return self.unsent

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        self.aborted = self.closed = True


class Timer:
    """Rings when a test wants it to."""

    def __init__(self, seconds: float, ring: Callable[[], None]) -> None:
        self.seconds = seconds
        self.ring = ring
        self.cancelled = False

    def cancel(self) -> None:
        self.cancelled = True


class Loop:
    """The running loop, with its own time."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self.create_task = loop.create_task
        self.call_soon = loop.call_soon
        self.now = 0.0
        self.timers: list[Timer] = []

    def time(self) -> float:
        return self.now

    def call_later(self, seconds: float, ring: Callable[[], None]) -> Timer:
        self.timers.append(Timer(seconds, ring))
        return self.timers[-1]

    def ring(self, name: str) -> None:
        """Let the newest timer for something go off, unless it was cancelled."""
        timer = [one for one in self.timers if one.ring.__name__ == name][-1]
        assert not timer.cancelled
        self.now += timer.seconds
        timer.ring()

    def waits_for(self, name: str) -> bool:
        return any(one.ring.__name__ == name and not one.cancelled for one in self.timers)


class Client:
    """A client that writes its own frames."""

    def __init__(self, yard: Yard, **extra: Any) -> None:
        self.yard = yard
        self.loop = Loop()
        self.connection = AmqpConnection(yard.hub.streams, yard.security, yard.hub.log)
        self.connection._loop = self.loop  # type: ignore[assignment]
        self.wire = Wire(**extra)
        self.connection.connection_made(self.wire)
        self._read = 0

    def send(self, *frames: bytes) -> None:
        self.connection.data_received(b"".join(frames))

    def say(self, *methods: Method, on: int = 1) -> None:
        self.send(*(method(on, one) for one in methods))

    def publish(
        self, body: bytes, key: str, exchange: str = "", on: int = 1, mandatory: bool = False, **how: Any
    ) -> None:
        publish = Basic.Publish(0, exchange, key, mandatory)
        self.send(method(on, publish), content(on, body, Basic.Properties(**how)))

    async def next(self) -> tuple[int, Any]:
        """The next frame, and its channel."""
        for _ in range(PATIENCE):
            if len(self.wire.written) > self._read:
                length, channel, read = frame.unmarshal(self.wire.written[self._read :])
                self._read += length
                return channel, read
            await asyncio.sleep(0)
        raise AssertionError("nothing more comes")

    async def hear(self, *kinds: type) -> Any:
        """The next frame, which is one of these."""
        _, read = await self.next()
        assert isinstance(read, kinds), read
        return read

    async def quiet(self) -> None:
        """Wait until everything under way is done; nothing was said to that."""
        for _ in range(100):
            await asyncio.sleep(0)
        assert self.wire.written[self._read :] == b""

    async def log_in(self, key: str | None = None, vhost: str = "/", capable: Any = CAPABLE, beat: int = 0) -> Any:
        """Introduce oneself; what the hub says to that."""
        self.send(PROTOCOL_HEADER, method(0, Connection.StartOk(capable, "PLAIN", f"\0me\0{key or self.yard.key}")))
        await self.hear(Connection.Start)
        answer = await self.hear(Connection.Tune, Connection.Close)
        if isinstance(answer, Connection.Close):
            return answer
        self.send(method(0, Connection.TuneOk(2_047, 131_072, beat)), method(0, Connection.Open(vhost)))
        return await self.hear(Connection.OpenOk, Connection.Close)

    async def open(self, channels: int = 1, **how: Any) -> "Client":
        assert isinstance(await self.log_in(**how), Connection.OpenOk)
        for number in range(1, channels + 1):
            self.say(Channel.Open(), on=number)
            await self.hear(Channel.OpenOk)
        return self

    async def queue(self, name: str = "", arguments: Mapping[str, Any] | None = None, **how: Any) -> str:
        self.say(Queue.Declare(queue=name, arguments=dict(arguments or {}), **how))
        return str((await self.hear(Queue.DeclareOk)).queue)

    async def delivery(self) -> tuple[Any, Any, bytes]:
        """The method, the properties and the body of the next content."""
        announced = await self.hear(Basic.Deliver, Basic.GetOk, Basic.Return)
        _, header = await self.next()
        body = b""
        while len(body) < header.body_size:
            body += (await self.next())[1].value
        return announced, header.properties, body

    async def refusal(self) -> tuple[int, str, int, int]:
        """Code, text, class and method of the goodbye that comes next."""
        closed = await self.hear(Channel.Close, Connection.Close)
        return closed.reply_code, closed.reply_text, closed.class_id, closed.method_id

    def leave(self) -> None:
        """Go without a word."""
        if not self.wire.closed:
            self.wire.closed = True
        self.connection.connection_lost(None)
