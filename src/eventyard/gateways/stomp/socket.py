"""What TCP and WebSocket have in common: bytes kept until the end of the turn, and a client that does not take them.

A connection that takes nothing more is given nothing more: its link is paused, and what it would have been given stays
where it is, in the journal. If that goes on for too long, it is told and closed.
"""

import asyncio
from collections.abc import Sequence
from typing import cast

from eventyard.gateways.stomp.conversation import Conversation, Gateway
from eventyard.gateways.stomp.messages import Tail
from eventyard.model.errors import HubError

AT_ONCE = 64 * 1024
"""Bytes beyond which nothing waits for the end of the turn, so that a slow client is noticed before more is made."""

BEHIND = 256 * 1024
"""Bytes that a client may be behind before it is given nothing more."""

UNREAD = 4 << 20
"""Bytes of answers (it is given no messages then) that a client may leave unread while it goes on asking."""

GOODBYE_S = 3.0
"""Seconds for a client to take what was said last, and leave."""


class StompSocket(asyncio.Protocol):
    """One connection."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway
        self.conversation: Conversation | None = None
        self.peer = self.host = ""
        self.sent = 0
        self.loop = asyncio.get_running_loop()
        self.parts: list[bytes] = []
        self.size = 0
        self._stall: asyncio.TimerHandle | None = None
        self._unread = 0
        self._ended = False
        """Our half of the connection is closed."""
        self._goodbye: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client has come."""
        self.transport = cast(asyncio.Transport, transport)
        self.transport.set_write_buffer_limits(high=BEHIND)
        host, port = (*(transport.get_extra_info("peername") or ("", 0)), 0)[:2]
        self.peer, self.host = f"{host}:{port}", str(host)

    def connection_lost(self, exc: Exception | None) -> None:
        """It has gone, in whichever way."""
        self.parts.clear()
        for timer in (self._stall, self._goodbye):
            if timer is not None:
                timer.cancel()
        if self.conversation is not None:
            self.conversation.lost()

    # Reading

    def pause_reading(self) -> None:
        """Take no more bytes from the client for now."""
        if not self.transport.is_closing():
            self.transport.pause_reading()

    def resume_reading(self) -> None:
        """Take bytes again."""
        if not self.transport.is_closing():
            self.transport.resume_reading()

    def admit(self, message_bytes: int) -> None:
        """The client is known, and may send messages of that size."""

    # Writing

    def send(self, frame: bytes) -> None:
        """Send a whole frame of STOMP; an empty one is nothing."""
        if frame:
            self.put(frame)

    def deliver(self, heads: Sequence[bytes], tails: Sequence[Tail]) -> None:
        """Send MESSAGEs, each put together of two parts."""
        parts: list[bytes] = []
        for head, tail in zip(heads, tails, strict=True):
            parts += (head, tail.data)
        self.put(*parts)

    def put(self, *parts: bytes) -> None:
        """Send bytes, at the end of this turn."""
        if not self.parts:
            self.gateway.turn.add(self)
        self.parts += parts
        self.size += sum([len(part) for part in parts])
        if self.size > AT_ONCE:
            self.flush()

    def flush(self) -> None:
        """Send what was kept, in one write."""
        parts, self.parts, self.size = self.parts, [], 0
        if not parts or self._ended or self.transport.is_closing():
            return
        self.sent += 1
        data = b"".join(parts)
        behind = self._stall is not None
        self.transport.write(data)
        if behind and self.conversation is not None:
            self._unread += len(data)
            if self._unread > UNREAD:
                self.conversation.too_slow()

    def pause_writing(self) -> None:
        """The client does not take what it is sent."""
        if self.conversation is not None and self._stall is None:
            self._stall = self.loop.call_later(
                self.gateway.streams.limits.stalled_ms / 1000, self.conversation.too_slow
            )
            self.conversation.pause()

    def resume_writing(self) -> None:
        """It does again."""
        if self._stall is not None:
            self._stall.cancel()
            self._stall = None
        self._unread = 0
        if self.conversation is not None:
            self.conversation.resume()

    # The end

    def finish(self, error: HubError | None) -> None:
        """All is said: close, once that is sent and the client has had the time to read it."""
        self.flush()
        self.say_goodbye(error)
        self.resume_reading()
        if self._goodbye is None:
            self._goodbye = self.loop.call_later(GOODBYE_S, self.transport.abort)

    def say_goodbye(self, error: HubError | None) -> None:
        """Close our half: nothing follows. The client closes the other, when it has read everything."""
        if not self._ended and not self.transport.is_closing() and self.transport.can_write_eof():
            self._ended = True
            self.transport.write_eof()

    def abort(self, why: str) -> None:
        """Nobody is there: close at once."""
        self.transport.abort()
