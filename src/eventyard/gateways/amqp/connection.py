"""One AMQP connection on a socket: bytes in, bytes out, time, and the order in which things are done.

Events are taken from ``wire/amqp`` one by one. What one asks for is done before the next is read; while that takes a
commit, the socket is not read either, so a client is slowed to what can be done for it. What is published is the
exception (``publisher.py``). What is to be sent in one turn of the loop leaves in one write.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, cast

from eventyard.gateways.amqp.channel import AmqpChannel
from eventyard.gateways.amqp.login import prove
from eventyard.gateways.amqp.publisher import Publisher
from eventyard.gateways.amqp.replies import reply_to
from eventyard.gateways.credentials import Credentials
from eventyard.model.access import Principal
from eventyard.model.errors import HubError, NotFound, Unauthenticated, Unavailable
from eventyard.pipeline.streams.feed import Message
from eventyard.pipeline.streams.link import Link
from eventyard.pipeline.streams.streams import Streams
from eventyard.telemetry.log import Log
from eventyard.wire.amqp import events
from eventyard.wire.amqp.connection import Connection
from eventyard.wire.amqp.errors import AmqpError, ReplyCode
from eventyard.wire.amqp.frames import HEARTBEAT
from eventyard.wire.amqp.handshake import Limits, Tuning
from eventyard.wire.amqp.heartbeat import Heartbeat

VHOSTS = ("/", "amqp")
"""Virtual hosts that stand for the caller's own project; beside them, each project's id or name is one."""

LOGIN_S = 10.0
"""Seconds for a client to introduce itself."""

MOST_UNSENT = 8 << 20
"""Octets that a client may leave unread before nothing more is done for it. Deliveries end long before."""

GOODBYE_S = 5.0
"""Seconds for a client to take its leave, once it was told to."""


class AmqpConnection(asyncio.Protocol):
    """One client."""

    def __init__(self, streams: Streams, credentials: Credentials, log: Log) -> None:
        limits = streams.limits
        self.unacked = streams.unacked()
        """Of all consumers of the connection together."""
        self._mechanisms = ["PLAIN", "AMQPLAIN"]
        self._limits = Limits(
            tuning=Tuning(channel_max=limits.channels, frame_max=limits.frame_bytes), body=limits.message_bytes
        )
        self._streams = streams
        self._credentials = credentials
        self._log = log
        self._loop = asyncio.get_running_loop()
        self._who: Principal | None = None
        self._link: Link | None = None
        self._channels: dict[int, AmqpChannel] = {}
        self._work: asyncio.Task[None] | None = None
        self._early = bytearray()
        self._flushing = False
        self._full = False
        """More is unsent than the client may ask for without reading any of it."""
        self._heartbeat: Heartbeat | None = None
        self._pulse: asyncio.TimerHandle | None = None
        self._stall: asyncio.TimerHandle | None = None
        self._end: asyncio.TimerHandle | None = None

    # The socket

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client has come."""
        self._transport = cast(asyncio.Transport, transport)
        secure = transport.get_extra_info("peercert")
        self.wire = Connection([*self._mechanisms, "EXTERNAL"] if secure else self._mechanisms, self._limits)
        self._end = self._loop.call_later(LOGIN_S, self._transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        """The client has gone, in whichever way."""
        self.wire.abandon()
        for timer in (self._pulse, self._stall, self._end):
            if timer is not None:
                timer.cancel()
        self._loop.create_task(self._leave())

    def data_received(self, data: bytes) -> None:
        """Bytes from the client."""
        if self._heartbeat is not None:
            self._heartbeat.received(self._now())
        if self._work is not None or self._full:
            self._early += data
            return
        self.wire.receive(data)
        self._drive()

    def pause_writing(self) -> None:
        """The client does not take what it is sent."""
        if self._link is not None:
            self._link.pause()
        self._stall = self._loop.call_later(self._streams.limits.stalled_ms / 1000, self._too_slow)

    def resume_writing(self) -> None:
        """It does again."""
        if self._stall is not None:
            self._stall.cancel()
            self._stall = None
        if self._link is not None:
            self._link.resume()
        if self._full:
            self._full = False
            self._go_on()

    def write(self, *frames: bytes) -> None:
        """Send frames, at the end of this turn."""
        self.wire.write(*frames)
        self.flush_soon()

    def flush_soon(self) -> None:
        """Send what is to be sent, at the end of this turn."""
        if not self._flushing:
            self._flushing = True
            self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        self._flushing = False
        outgoing = self.wire.take()
        if outgoing and not self._transport.is_closing():
            self._transport.write(b"".join(outgoing))
            if self._transport.get_write_buffer_size() > MOST_UNSENT:
                self._full = True
                self._transport.pause_reading()
            if self._heartbeat is not None:
                self._heartbeat.sent(self._now())
        if self.wire.ended:
            self._transport.close()

    def _now(self) -> int:
        return int(self._loop.time() * 1000)

    def _too_slow(self) -> None:
        if self._link is not None:
            self._streams.too_slow(self._link)
        self._transport.abort()

    # One thing after the other

    def _drive(self) -> None:
        """Do what the client asked for, until it takes time or there is nothing more."""
        while self._work is None and not self._full and (event := self.wire.next_event()) is not None:
            try:
                work = self._publish(event) if type(event) is events.Publish else self._on(event)
            except (HubError, AmqpError) as error:
                self._failed(error, event, getattr(event, "channel", 0))
                continue
            if work is not None:
                self._transport.pause_reading()
                self._work = self._loop.create_task(self._do(work, event, getattr(event, "channel", 0)))
        self.flush_soon()

    async def _do(self, work: Coroutine[Any, Any, None], event: events.Event, channel: int) -> None:
        try:
            await work
        except (HubError, AmqpError) as error:
            self._failed(error, event, channel)
        except Exception as error:  # a bug must not leave the client waiting
            self.broken(error, event)
        finally:
            self._work = None
        if not self._full:
            self._go_on()

    def _go_on(self) -> None:
        """Do what came meanwhile, and read on."""
        if self._work is not None or self._transport.is_closing():
            return
        self._drive()
        if self._early and self._work is None and not self._full:
            early, self._early = bytes(self._early), bytearray()
            self.wire.receive(early)
            self._drive()
        if self._work is None and not self._full:
            self._transport.resume_reading()

    def _on(self, event: events.Event) -> Coroutine[Any, Any, None] | None:
        match event:
            case events.Command():
                return self._command(event)
            case events.ChannelOpened():
                self._channels[event.channel] = AmqpChannel(self, self._linked(), event.channel)
            case events.ChannelClosing():
                return self._close_channel(event.channel, answer=True)
            case events.ChannelFailed():
                return self._close_channel(event.channel, answer=False)
            case events.Login():
                return self._login(event)
            case events.Open():
                self._open(event.vhost)
            case events.SecretUpdate():
                self._renew(event.secret)
            case events.Closing():
                return self._close()
            case events.Failed():
                self._expect_goodbye()
        return None

    def _failed(self, error: HubError | AmqpError, event: events.Event, channel: int) -> None:
        reply = reply_to(error) if isinstance(error, HubError) else error
        if isinstance(event, events.Command):
            reply.blaming(event.method)
        self.fail(reply, channel)

    def fail(self, error: AmqpError, channel: int = 0) -> None:
        """Close the channel, or the connection, and tell why."""
        self.wire.fail(error, channel)
        gone = self._channels.pop(channel, None)
        if gone is not None:
            self._streams.queues.spawn(gone.close())
        if channel not in self.wire.channels:
            self._expect_goodbye()
        self.flush_soon()

    def broken(self, error: Exception, at: object) -> None:
        """Something went wrong that is our fault."""
        self._log.error("stream_failed", protocol="amqp", peer=self._peer(), at=repr(at)[:200], error=repr(error))
        self.fail(AmqpError(ReplyCode.INTERNAL_ERROR, "something went wrong here; the hub's log has the details"))

    def _expect_goodbye(self) -> None:
        """Let the client have nothing more, and wait a moment for it to say that it knows."""
        self._loop.create_task(self._leave())
        if self._end is not None:
            self._end.cancel()
        self._end = self._loop.call_later(GOODBYE_S, self._transport.abort)

    # Publishing

    def has(self, channel: AmqpChannel) -> bool:
        """Whether the channel is there, and did not fail: another one of its number may be there by now."""
        return self._channels.get(channel.number) is channel

    def _publish(self, publish: events.Publish) -> Coroutine[Any, Any, None] | None:
        channel = self._channels.get(publish.channel)
        if channel is None:
            return None
        publish = channel.replies.addressed(publish)
        if channel.transactional:
            channel.transaction.publish(publish)
            return None
        self.publisher.put(publish, channel)
        return self.publisher.done() if self.publisher.crowded else None

    def published(self) -> None:
        """Some of what was published is on disk, and confirmed."""
        self.flush_soon()

    def block(self, error: Unavailable) -> None:
        """Tell the client that what it publishes has to wait."""
        self.wire.block(error.message)
        self.flush_soon()

    def unblock(self) -> None:
        """Tell it that it has not."""
        self.wire.unblock()

    # Methods

    def _command(self, command: events.Command) -> Coroutine[Any, Any, None] | None:
        channel = self._channels.get(command.channel)
        if channel is None:
            return None
        work = channel.handle(command.method)
        return None if work is None else self._after_published(work)

    async def _after_published(self, work: Coroutine[Any, Any, None]) -> None:
        """A method sees what was published before it."""
        try:
            await self.publisher.done()
        except BaseException:
            work.close()
            raise
        if self.publisher.blocked:  # what was published is not on disk, and the client is gone
            work.close()
        else:
            await work

    async def _close_channel(self, number: int, *, answer: bool) -> None:
        await self.publisher.done()
        channel = self._channels.pop(number, None)
        if channel is not None:
            await channel.close()
        if answer:
            self.wire.channel_close_ok(number)

    # Coming and going

    def _linked(self) -> Link:
        if self._link is None:
            raise NotFound("not_found", "the connection is not open")
        return self._link

    def exchange_name(self, message: Message) -> str:
        """What clients call the exchange of a message."""
        return self._streams.exchanges.name_of(message.exchange)

    async def _login(self, login: events.Login) -> None:
        try:
            self._who = await prove(login, self._credentials, self._transport)
        except HubError as reason:
            self.wire.refuse_login(
                f"Login was refused using authentication mechanism {login.mechanism}. For details see the hub's log."
            )
            self._streams.refused(reason, protocol="amqp", peer=self._peer(), login=login.user)
            self._expect_goodbye()
        else:
            self.wire.accept_login()

    def _open(self, vhost: str) -> None:
        assert self._who is not None
        name = str(
            self.wire.client_properties.get("connection_name") or self.wire.client_properties.get("product") or ""
        )
        try:
            self._link = self._streams.connect(
                self._who,
                protocol="amqp",
                peer=self._peer(),
                name=name,
                end=self._ended_by_hub,
                project=None if vhost in VHOSTS else vhost,
                channels=self._channels.__len__,
            )
        except NotFound:
            raise AmqpError(ReplyCode.NOT_ALLOWED, f"vhost {vhost} not found") from None
        self.publisher = Publisher(self, self._link)
        self.wire.accept_open()
        if self._end is not None:
            self._end.cancel()
        self._heartbeat = Heartbeat(self.wire.tuning.heartbeat, self._now())
        self._beat()

    def _renew(self, secret: str) -> None:
        try:
            self._linked().renew(self._credentials.bearer(secret))
        except Unauthenticated as error:
            raise AmqpError(ReplyCode.NOT_ALLOWED, error.message) from None
        self.wire.accept_secret()

    async def _close(self) -> None:
        if self._link is not None:
            await self.publisher.done()
            await self._leave()
        self.wire.close_ok()

    async def _leave(self) -> None:
        link, self._link = self._link, None
        if link is None:
            return
        link.pause()
        await self.publisher.stop()
        work = self._work
        if work is not None and work is not asyncio.current_task():
            # What it does may need the link, which is closed for good.
            if self.publisher.blocked:
                work.cancel()
            await asyncio.wait([work])
        held = [one for channel in self._channels.values() for one in channel.held()]
        self._channels.clear()
        await link.close(held)

    def _ended_by_hub(self, error: HubError) -> None:
        self.fail(reply_to(error))

    def _peer(self) -> str:
        host, port = (*(self._transport.get_extra_info("peername") or ("", 0)), 0)[:2]
        return f"{host}:{port}"

    # Time

    def _beat(self) -> None:
        heartbeat, now = self._heartbeat, self._now()
        assert heartbeat is not None
        if self._work is not None or self._full:
            heartbeat.received(now)  # whatever came was not read
        if heartbeat.dead(now):
            self._log.info("stream_silent", protocol="amqp", peer=self._peer())
            self._transport.abort()
            return
        if heartbeat.due(now):
            self.write(HEARTBEAT)
        wait = heartbeat.next(now)
        if wait is not None:
            self._pulse = self._loop.call_later(max(wait, 50) / 1000, self._beat)


def protocol_factory(streams: Streams, credentials: Credentials, log: Log) -> Callable[[], AmqpConnection]:
    """What makes a connection for each client of a listening socket."""
    return lambda: AmqpConnection(streams, credentials, log)
