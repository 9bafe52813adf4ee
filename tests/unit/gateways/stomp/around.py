"""A client of STOMP at the other end of a transport that exists in memory only."""

import asyncio
from typing import Any

from eventyard.gateways.stomp.conversation import Gateway
from eventyard.gateways.stomp.socket import StompSocket
from eventyard.gateways.stomp.tcp import StompTcp
from eventyard.gateways.stomp.turn import Turn
from eventyard.testing.hub import Yard
from eventyard.wire.stomp.frames import Frame, FrameLimits, FrameReader, encode

PATIENCE_S = 10
"""What takes longer will never come."""


class Wire(asyncio.Transport):
    """Keeps what is written. ``full`` is a client that takes nothing: what is written then is felt by the writer."""

    def __init__(self) -> None:
        super().__init__()
        self.written = bytearray()
        self.writes = 0
        self.high = 0
        self.full = False
        self.reading = True
        self.ended = False
        self.closed = False
        self.aborted = False
        self.protocol: Any = None
        self._news = asyncio.Event()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return ("127.0.0.1", 5) if name == "peername" else default

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        self.high = high or 0

    def write(self, data: bytes | bytearray | memoryview) -> None:
        assert not self.closed and not self.ended
        self.written += data
        self.writes += 1
        self._news.set()
        if self.full:
            self.protocol.pause_writing()

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        self.ended = True
        self._news.set()

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True
        self._news.set()

    def abort(self) -> None:
        self.aborted = True
        self.close()

    async def until(self, fact: Any) -> None:
        """Wait until something is so of what was written."""
        async with asyncio.timeout(PATIENCE_S):
            while not fact():
                self._news.clear()
                await self._news.wait()


def gateway(yard: Yard) -> Gateway:
    return Gateway(yard.hub.streams, yard.security, Turn(asyncio.get_running_loop()), yard.hub.log)


class Client:
    """A client over TCP, or with the ``socket`` of another transport, what is STOMP of it."""

    def __init__(self, yard: Yard, socket: StompSocket | None = None) -> None:
        self.yard = yard
        self.wire = Wire()
        self.socket = socket or StompTcp(gateway(yard))
        self.wire.protocol = self.socket
        self.socket.connection_made(self.wire)
        self._reader = FrameReader(FrameLimits(greeting_bytes=1 << 24))
        self._frames: list[Frame] = []
        self._read = 0

    def say(self, command: str, body: bytes = b"", **headers: str) -> None:
        """Send a frame; ``_`` in the name of a header is ``-``."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.socket.data_received(encode(Frame(command, named, body)))

    def raw(self, data: bytes) -> None:
        self.socket.data_received(data)

    async def hear(self) -> Frame:
        """The next frame."""
        while not self._frames:
            await self.wire.until(lambda: len(self.wire.written) > self._read)
            data, self._read = bytes(self.wire.written[self._read :]), len(self.wire.written)
            self._frames += self._reader.feed(data)
        return self._frames.pop(0)

    async def login(self, key: str | None = None, version: str = "1.2", **headers: str) -> Frame:
        self.say("CONNECT", accept_version=version, passcode=key or self.yard.key, **headers)
        return await self.hear()

    async def subscribe(self, destination: str, id: str = "1", **headers: str) -> None:
        """Subscribe, and wait until that is done."""
        self.say("SUBSCRIBE", id=id, destination=destination, receipt=f"sub-{id}", **headers)
        assert await self.hear() == Frame("RECEIPT", {"receipt-id": f"sub-{id}"})

    async def send_only(self, destination: str, body: bytes = b"x", **headers: str) -> None:
        """Send a message, and let it be committed; no receipt."""
        self.say("SEND", body, destination=destination, **headers)
        conversation: Any = self.socket.conversation
        async with asyncio.timeout(PATIENCE_S):
            await conversation._sender.done()

    async def send(self, destination: str, body: bytes = b"x", **headers: str) -> None:
        """Send a message, and wait until it is on disk."""
        self.say("SEND", body, destination=destination, receipt="sent", **headers)
        kept = []
        while (frame := await self.hear()) != Frame("RECEIPT", {"receipt-id": "sent"}):
            kept.append(frame)  # a message may come before the receipt
        self._frames = kept + self._frames

    async def error(self) -> tuple[str, str]:
        """The next frame is an ERROR; its code and what it says."""
        frame = await self.hear()
        assert frame.command == "ERROR", frame
        return frame.headers["code"], frame.body.decode()

    async def leave(self) -> None:
        """Be gone, and wait until the hub has noticed."""
        self.wire.closed = True
        self.socket.connection_lost(None)
        await settled(self.yard)


async def settled(yard: Yard) -> None:
    """Let everything come to its end that was begun beside."""
    async with asyncio.timeout(PATIENCE_S):
        while tasks := list(yard.hub.streams.queues.tasks):
            await asyncio.wait(tasks)


async def turn() -> None:
    """The end of this turn of the loop, and of the next."""
    await asyncio.sleep(0)
    await asyncio.sleep(0)
