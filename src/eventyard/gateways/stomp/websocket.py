"""STOMP over WebSocket, on the HTTP port: which paths and pages are let in, and STOMP frames in WebSocket messages.

uvicorn reads the request of a client, and hands its connection over here when that asks for a WebSocket. Each frame is
one message to the client, of the type that the client sends: text, until it has sent a binary one.

Pages of every origin may connect, unless the setting ``streams.origins`` names some. A page proves itself with what it
knows, in CONNECT, and there are no cookies here. Only what a browser might send by itself, an ``Authorization`` header,
does not count from a page that is neither the hub's own nor of an origin in the settings.
"""

import asyncio
import struct
from collections.abc import Collection, Sequence
from http import HTTPStatus

from websockets.frames import CloseCode

from eventyard.gateways.stomp.conversation import Conversation, Gateway
from eventyard.gateways.stomp.login import told
from eventyard.gateways.stomp.messages import Tail
from eventyard.gateways.stomp.socket import AT_ONCE, StompSocket
from eventyard.gateways.stomp.turn import Every
from eventyard.model.access import Principal
from eventyard.model.errors import Forbidden, HubError, NotFound
from eventyard.wire.stomp.negotiation import SUBPROTOCOLS
from eventyard.wire.websocket import Closed, Event, Message, Upgrade, WebSocket, is_text, message, message_head

PATHS = frozenset({"/", "/ws", "/stomp", "/stomp/websocket"})
"""Where clients of RabbitMQ, of Spring and of this hub look for STOMP."""

GREETING_BYTES = 64 * 1024
"""Size of a message from a client that is not known yet."""

PING_S = 25.0
"""Seconds between two pings, which keep proxies from taking the connection for dead, and us from doing so wrongly."""

UNANSWERED = 2
"""Pings in a row after which a client that sent nothing at all is given up."""

_STATUS = {"not_found": 404, "forbidden": 403, "unauthenticated": 401, "too_many": 429}
_CODES = {
    "frame_too_large": CloseCode.MESSAGE_TOO_BIG,
    "shutting_down": CloseCode.GOING_AWAY,
}
_BY_FAMILY = {
    "unauthenticated": CloseCode.POLICY_VIOLATION,
    "forbidden": CloseCode.POLICY_VIOLATION,
    "not_found": CloseCode.POLICY_VIOLATION,
    "conflict": CloseCode.POLICY_VIOLATION,
    "too_many": CloseCode.TRY_AGAIN_LATER,
    "unavailable": CloseCode.TRY_AGAIN_LATER,
}

_MEDIUM = struct.Struct("!BBH").pack
_TEXT, _BINARY = 0x81, 0x82


class StompWebSocket(StompSocket):
    """One connection."""

    def __init__(self, gateway: Gateway, origins: Collection[str]) -> None:
        super().__init__(gateway)
        self._origins = origins
        self._trusted = frozenset(origins) - {"*"}
        self._wire = WebSocket(GREETING_BYTES, SUBPROTOCOLS)
        self._text = True
        self._ping: Every | None = None
        self._proving: asyncio.Task[None] | None = None
        self._heard = 0
        self._heard_before = 0
        self._unanswered = 0

    def connection_lost(self, exc: Exception | None) -> None:
        """The client has gone, in whichever way."""
        if self._ping is not None:
            self._ping.stop()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Bytes from the client: the request first."""
        self._heard += 1
        for event in self._wire.receive(data):
            self._take(event)
        self._answer()

    def _answer(self) -> None:
        answers = self._wire.to_send()
        if answers:
            self.put(answers)
        if self._wire.finished:
            self.flush()
            self.transport.close()

    def _take(self, event: Event) -> None:
        conversation = self.conversation
        match event:
            case Upgrade():
                self._upgrade(event)
            case Message() if conversation is not None:
                self._text = self._text and event.text
                conversation.receive(event.data)
            case Closed() if conversation is not None:
                conversation.lost()

    # Coming

    def _upgrade(self, upgrade: Upgrade) -> None:
        try:
            who = self._let_in(upgrade)
        except HubError as error:
            self._refuse(error)
            return
        if who is None and self._shows_credentials(upgrade):
            self.pause_reading()
            self._proving = self.loop.create_task(self._by_password(upgrade))
        else:
            self._accept(upgrade, who)

    def _let_in(self, upgrade: Upgrade) -> Principal | None:
        """Who that is; ``None`` if it does not say so yet, or if there is a password to be proven."""
        if upgrade.path not in PATHS:
            raise NotFound("not_found", f"there is no WebSocket at {upgrade.path}", hint="STOMP is spoken at /ws")
        if not upgrade.comes_from(self._origins):
            raise Forbidden("forbidden", f"pages of {upgrade.headers['origin']} may not connect")
        if not self._shows_credentials(upgrade):
            return None
        with told(self.gateway.streams, self.peer):
            return self.gateway.credentials.known(upgrade.headers, self.host)

    def _shows_credentials(self, upgrade: Upgrade) -> bool:
        return "authorization" in upgrade.headers and upgrade.comes_from(self._trusted)

    async def _by_password(self, upgrade: Upgrade) -> None:
        try:
            with told(self.gateway.streams, self.peer):
                who = await self.gateway.credentials.authenticate(upgrade.headers, self.host)
        except HubError as error:
            self._refuse(error)
        else:
            self._accept(upgrade, who)
        self._answer()
        self.resume_reading()

    def _refuse(self, error: HubError) -> None:
        self.put(self._wire.refuse(_STATUS.get(error.family, HTTPStatus.BAD_REQUEST), error))

    def _accept(self, upgrade: Upgrade, who: Principal | None) -> None:
        if self.transport.is_closing():
            return  # it went away while its password was proven
        self.put(self._wire.accept())
        self.host = self.gateway.credentials.source_of(upgrade.headers, self.host)
        self.conversation = Conversation(self.gateway, self, who=who, name=upgrade.headers.get("user-agent", ""))
        self._ping = Every(self.loop, PING_S, self._send_ping)

    def admit(self, message_bytes: int) -> None:
        """The client is known, and may send messages of that size."""
        self._wire.admit(message_bytes)

    def _send_ping(self) -> None:
        silent = self._heard == self._heard_before and self.conversation is not None and not self.conversation.busy
        self._unanswered = self._unanswered + 1 if silent else 0
        self._heard_before = self._heard
        if self._unanswered > UNANSWERED:
            self.abort("no ping was answered")
        else:
            self.put(self._wire.ping())

    # Writing

    def send(self, frame: bytes) -> None:
        """Send a whole frame of STOMP; an empty one is nothing."""
        if frame:
            self.put(message(frame, text=self._text and is_text(frame)))

    def deliver(self, heads: Sequence[bytes], tails: Sequence[Tail]) -> None:
        """Send MESSAGEs. This runs for each delivery: what would be calls elsewhere is written out here."""
        parts, sent, as_text = self.parts, self.size, self._text
        if not parts:
            self.gateway.turn.add(self)
        for head, tail in zip(heads, tails, strict=True):
            data = tail.data
            size = len(head) + len(data)
            text = as_text and tail.text
            if 126 <= size < 65_536:
                parts += (_MEDIUM(_TEXT if text else _BINARY, 126, size), head, data)
            else:
                parts += (message_head(size, text=text), head, data)
            sent += size
        self.size = sent
        if sent > AT_ONCE:
            self.flush()

    # The end

    def say_goodbye(self, error: HubError | None) -> None:
        """Close as WebSockets do, and our half of the connection, too; the client closes the other."""
        code = CloseCode.NORMAL_CLOSURE
        if error is not None:
            code = _CODES.get(error.code) or _BY_FAMILY.get(error.family, CloseCode.PROTOCOL_ERROR)
        self._close(code, "" if error is None else error.message)
        super().say_goodbye(error)

    def abort(self, why: str) -> None:
        """Nobody seems to be there: say so, and close at once."""
        self._close(CloseCode.PROTOCOL_ERROR, why)
        self.transport.close()
        self.loop.call_later(1.0, self.transport.abort)

    def _close(self, code: int, reason: str) -> None:
        if self._ping is not None:
            self._ping.stop()
        closing = self._wire.close(code, reason)
        if closing:
            self.put(closing)
            self.flush()
