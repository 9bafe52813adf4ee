"""One STOMP client, whatever it came over: bytes in, commands done one after the other, bytes out, and time.

What a command asks for is done before the next frame is read; while that takes a commit, the socket is not read
either, so a client is slowed to what can be done for it. What it sends is the exception (``sender.py``); every other
command waits until what was sent before it is on disk. After an ERROR it is over, unless the client goes on.
"""

import asyncio
import secrets
from collections.abc import Coroutine
from typing import Any, Protocol

from msgspec import Struct

from eventyard import __version__
from eventyard.gateways.credentials import Credentials
from eventyard.gateways.stomp.login import known, proven, told
from eventyard.gateways.stomp.sender import Result, Sender
from eventyard.gateways.stomp.subscriptions import Outlet, Subscriptions
from eventyard.gateways.stomp.turn import Every, Turn
from eventyard.model.access import Principal
from eventyard.model.errors import HubError, NotFound, Unauthenticated, Unavailable
from eventyard.pipeline.streams.feed import Message
from eventyard.pipeline.streams.link import Link
from eventyard.pipeline.streams.streams import Streams
from eventyard.telemetry.log import Log
from eventyard.wire.stomp.commands import (
    Ack,
    Command,
    Commit,
    Connect,
    Disconnect,
    Nack,
    Renew,
    Send,
    Subscribe,
    Unsubscribe,
)
from eventyard.wire.stomp.frames import HEARTBEAT, FrameLimits, FrameReader
from eventyard.wire.stomp.session import Session, SessionLimits, State

LOGIN_S = 10.0
"""Seconds for a client to introduce itself."""

SILENCES = 2
"""Times that a client may leave out the sign of life that it promised, before it is given up."""

_EARLIER = 0.45
"""Part of an interval between two looks whether a sign of life is due, so that two of them are within it."""

Work = Coroutine[Any, Any, None]


class Gateway(Struct, frozen=True):
    """What all conversations of a hub share."""

    streams: Streams
    credentials: Credentials
    turn: Turn
    log: Log


class Socket(Outlet, Protocol):
    """What a conversation is held over."""

    peer: str
    host: str
    """The address in it."""
    sent: int
    """How often something was written."""

    def pause_reading(self) -> None:
        """Take no more bytes from the client for now."""

    def resume_reading(self) -> None:
        """Take bytes again."""

    def admit(self, message_bytes: int) -> None:
        """The client is known, and may send messages of that size."""

    def finish(self, error: HubError | None) -> None:
        """All is said, with an error last if there was one: close, once that is sent."""

    def abort(self, why: str) -> None:
        """Nobody is there: close at once."""


class Conversation:
    """One client, from its first byte to its end."""

    def __init__(self, gateway: Gateway, socket: Socket, *, who: Principal | None = None, name: str = "") -> None:
        """``who`` is who the client proved to be before it spoke STOMP, ``name`` what it calls itself."""
        limits = gateway.streams.limits
        self.heard = 0
        """How often bytes came in."""
        self.over = False
        self._failed = False
        """It is over for something that the client was told: nothing more of what it asked for is done."""
        self._gateway = gateway
        self._streams = gateway.streams
        self._socket = socket
        self._who = who
        self._name = name
        self._loop = asyncio.get_running_loop()
        self._session = Session(
            f"session-{secrets.token_urlsafe(16)}", SessionLimits(), server=f"Eventyard/{__version__}"
        )
        self._reader = FrameReader(FrameLimits(frame_bytes=limits.message_bytes))
        self._link: Link | None = None
        self._sender: Sender | None = None
        self._subscriptions: Subscriptions | None = None
        self._work: asyncio.Task[None] | None = None
        self._patience = self._loop.call_later(LOGIN_S, self._lose_patience)
        self._clocks: list[Every] = []
        self._beaten = 0
        self._heard_before = 0
        self._silences = 0

    @property
    def busy(self) -> bool:
        """Whether nothing is read, because something is being done."""
        return self._work is not None

    # What comes in

    def receive(self, data: bytes) -> None:
        """Take bytes from the client."""
        self.heard += 1
        if self.over:
            return
        if self._work is not None:
            self._reader.feed(data)
        else:
            self._drive(data)

    def pause(self) -> None:
        """The client does not take what it is sent."""
        if self._link is not None:
            self._link.pause()

    def resume(self) -> None:
        """It does again."""
        if self._link is not None and not self.over:
            self._link.resume()

    def too_slow(self) -> None:
        """It has taken nothing for too long: tell it, in case it ever comes to read that, and end."""
        if self._link is not None and not self.over:
            self._streams.too_slow(self._link)
        self.fail(Unavailable("too_slow", "the connection took nothing for too long while messages waited for it"))

    def lost(self) -> None:
        """The client has gone, in whichever way."""
        self._session.leave()
        self._end()

    # One thing after the other

    def _drive(self, data: bytes = b"") -> None:
        """Do what the client asked for, until it takes time or there is nothing more."""
        frames = self._reader.feed(data)
        while self._work is None and not self.over:
            receipt = None
            try:
                frame = next(frames, None)
                if frame is None:
                    return
                receipt = frame.headers.get("receipt")
                command = self._session.receive(frame)
                if command is None:
                    return
                work = self._do(command)
            except HubError as error:
                self.fail(error, receipt)
            else:
                if work is not None:
                    self._socket.pause_reading()
                    self._work = self._loop.create_task(self._await(work, command, receipt))

    async def _await(self, work: Work, command: Command, receipt: str | None) -> None:
        try:
            await work
        except HubError as error:
            self.fail(error, receipt)
        except Exception as error:  # a bug must not leave the client waiting
            self._broken(error, type(command).__name__, receipt)
        finally:
            self._work = None
        if not self.over:
            self._drive()
            if self._work is None:
                self._socket.resume_reading()

    def _do(self, command: Command) -> Work | None:
        """Do what a command asks for; what takes longer is returned, to be awaited. Raises ``HubError``."""
        match command:
            case Send():
                sender = self._sending()
                sender.put(command)
                return sender.done() if sender.crowded else None
            case Connect():
                return self._come_in(command)
        if self._sender is not None and self._sender.busy:
            return self._after_sent(command)
        return self._do_now(command)

    async def _after_sent(self, command: Command) -> None:
        await self._sending().done()
        if self._failed:
            return
        work = self._do_now(command)
        if work is not None:
            await work

    def _do_now(self, command: Command) -> Work | None:
        match command:
            case Ack() | Nack():
                self._subscribed().settle(command)
            case Subscribe():
                return self._subscribe(command)
            case Unsubscribe():
                return self._unsubscribe(command)
            case Commit():
                return self._commit(command)
            case Disconnect():
                return self._disconnect(command)
            case Renew():
                self._linked().renew(self._gateway.credentials.bearer(command.token))
        # The session has kept in mind what belongs to a transaction: there is nothing more to do than to say so.
        self._acknowledge(command)
        return None

    def _acknowledge(self, command: Command) -> None:
        """Send the receipt that the client wants, if it does."""
        if command.receipt is not None:
            self._socket.send(self._session.receipt(command.receipt))

    def fail(self, error: HubError, receipt: str | None = None) -> None:
        """Tell the client what went wrong, and end, unless it goes on after this."""
        if self.over:
            return
        self._socket.send(self._session.refuse(error, receipt))
        if self._session.state is State.CLOSED:
            self._failed = True
            self._end()
            self._socket.finish(error)

    def _broken(self, error: Exception, at: str, receipt: str | None = None) -> None:
        """Something went wrong that is our fault."""
        self._gateway.log.error("stream_failed", protocol="stomp", peer=self._socket.peer, at=at, error=repr(error))
        self.fail(HubError("internal", "something went wrong here; the hub's log has the details"), receipt)

    # Commands

    def _come_in(self, command: Connect) -> Work | None:
        who = self._who
        if command.passcode or who is None:
            with told(self._streams, self._socket.peer, command.login):
                who = known(command, self._gateway.credentials, self._socket.host)
        if who is None:
            return self._by_password(command)
        self._connect(command, who)
        return None

    async def _by_password(self, command: Connect) -> None:
        with told(self._streams, self._socket.peer, command.login):
            who = await proven(command, self._gateway.credentials, self._socket.host)
        if not self.over:
            self._connect(command, who)

    def _connect(self, command: Connect, who: Principal) -> None:
        self._link = link = self._let_in(who, command.host)
        self._subscriptions = Subscriptions(
            link, self._session, self._socket, self._streams.unacked(), self._exchange_name
        )
        self._sender = Sender(
            link,
            reply_queue=self._subscriptions.reply_queue,
            goes_on_after=self._session.goes_on_after,
            tell=self._sent,
            broken=self._broken,
        )
        self._patience.cancel()
        self._reader.admit()
        self._socket.admit(self._streams.limits.message_bytes)
        self._socket.send(self._session.accept())
        self._keep_time()

    def _let_in(self, who: Principal, host: str | None) -> Link:
        """Into the project that the client names as its host; most name a machine, which says nothing."""
        for project in (host, None):
            try:
                return self._streams.connect(
                    who,
                    protocol="stomp",
                    peer=self._socket.peer,
                    name=self._name,
                    end=self.fail,
                    project=project,
                )
            except NotFound:
                if project is None:
                    raise
        raise AssertionError

    async def _subscribe(self, command: Subscribe) -> None:
        if self.over:
            return
        try:
            await self._subscribed().add(command, lambda: self._acknowledge(command))
        except HubError:
            self._session.forget(command.tag)
            raise

    async def _unsubscribe(self, command: Unsubscribe) -> None:
        await self._subscribed().remove(command)
        self._acknowledge(command)

    async def _commit(self, command: Commit) -> None:
        subscriptions = self._subscribed()
        settled = [action for action in command.actions if not isinstance(action, Send)]
        for action in settled:
            subscriptions.check(action)
        await self._sending().together([action for action in command.actions if isinstance(action, Send)])
        for action in settled:
            subscriptions.settle(action)
        self._acknowledge(command)

    async def _disconnect(self, command: Disconnect) -> None:
        await self._close_link()
        self._acknowledge(command)
        if not self.over:
            self._session.leave()
            self._end()
            self._socket.finish(None)

    def _sent(self, send: Send, result: Result) -> None:
        """A message is on disk, or it is not and never will be."""
        if isinstance(result, HubError):
            self.fail(result, send.receipt)
        elif result is not None:
            self._acknowledge(send)

    def _exchange_name(self, message: Message) -> str:
        return self._streams.exchanges.name_of(message.exchange)

    # What there is once the client is known

    def _linked(self) -> Link:
        assert self._link is not None
        return self._link

    def _sending(self) -> Sender:
        assert self._sender is not None
        return self._sender

    def _subscribed(self) -> Subscriptions:
        assert self._subscriptions is not None
        return self._subscriptions

    # The end

    def _end(self) -> None:
        """Nothing more is said. What the client holds goes back, and what it sent before is still committed."""
        if self.over:
            return
        self.over = True
        self._patience.cancel()
        for clock in self._clocks:
            clock.stop()
        if self._link is not None:
            self._link.pause()
            self._streams.queues.spawn(self._leave())

    async def _leave(self) -> None:
        await self._sending().stop()
        if self._work is not None:
            await asyncio.wait([self._work])
        await self._close_link()

    async def _close_link(self) -> None:
        link, self._link = self._link, None
        if link is not None:
            await link.close(self._subscribed().held())

    # Time

    def _lose_patience(self) -> None:
        self.fail(Unauthenticated("unauthenticated", f"no CONNECT came within {LOGIN_S:g} s"))

    def _keep_time(self) -> None:
        """Send and expect signs of life, as both sides have promised."""
        sends, expects = self._session.sends_every_ms / 1000, self._session.expects_every_ms / 1000
        if sends:
            self._clocks.append(Every(self._loop, sends * _EARLIER, self._beat))
        if expects:
            self._clocks.append(Every(self._loop, expects, self._listen))

    def _beat(self) -> None:
        if self._socket.sent == self._beaten:
            self._socket.send(HEARTBEAT)
            self._beaten += 1
        else:
            self._beaten = self._socket.sent

    def _listen(self) -> None:
        self._silences = 0 if self.heard != self._heard_before or self.busy else self._silences + 1
        self._heard_before = self.heard
        if self._silences >= SILENCES:
            self._session.leave()
            self._end()
            self._socket.abort("no sign of life came for too long")
