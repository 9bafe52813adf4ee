"""One AMQP 0-9-1 connection, seen from the server: bytes in, events out, bytes to send. No socket, no clock.

The gateway feeds what a socket gives (``receive``), asks for events one by one until there is none (``next_event``),
does what each asks for, and sends what has gathered (``take``). Events are read only when they are asked for: what a
channel is sent behind a method that fails is dropped, as the client expects, if the method is dealt with before the
next event is asked for. When ``ended``, the socket is to be closed after what is left has been sent; a client that is
being closed and does not answer, or whose stream cannot be followed any more, is to be cut off after a while.

The states are in ``states.py``, what is said to begin with in ``handshake.py``, contents in ``channel.py``, and methods
on channels that need no gateway in ``rules.py``.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pamqp import commands
from pamqp.base import Frame as Method

from eventyard.wire.amqp import events, handshake
from eventyard.wire.amqp.channel import Channel
from eventyard.wire.amqp.content import ack_frame, nack_frame
from eventyard.wire.amqp.errors import AmqpError, Level, ReplyCode, short
from eventyard.wire.amqp.fields import FieldValue
from eventyard.wire.amqp.frames import (
    METHOD_FRAME,
    PROTOCOL_HEADER,
    BodyFrame,
    Content,
    Frame,
    FrameReader,
    HeaderFrame,
    MethodFrame,
    PublishFrame,
    frame,
)
from eventyard.wire.amqp.handshake import Limits
from eventyard.wire.amqp.methods import encode, make
from eventyard.wire.amqp.rules import decide
from eventyard.wire.amqp.states import LISTENING, TRANSITIONS, State, Trigger

_DEFAULT = Limits()


class Connection:
    """The server's half of a conversation."""

    def __init__(self, mechanisms: Sequence[str] = ("PLAIN", "AMQPLAIN"), limits: Limits = _DEFAULT) -> None:
        self.state = State.NEW
        self.channels: dict[int, Channel] = {}
        self.tuning = limits.tuning
        self.client_properties: Mapping[str, FieldValue] = {}
        self.capabilities: frozenset[str] = frozenset()
        self._mechanisms = mechanisms
        self._limits = limits
        self._reader = FrameReader(limits.first_frame)
        self._listening = True
        self._running = False
        self._gathered = 0
        self._blocked = False
        self._outgoing: list[bytes] = []

    @property
    def ended(self) -> bool:
        """Whether nothing more will be said, by either side."""
        return self.state is State.CLOSED

    # What comes in

    def receive(self, data: bytes) -> None:
        """Take what the client sent. All events are to be asked for before there is more."""
        if self._listening or self.state in {State.AUTHENTICATING, State.OPENING}:
            self._reader.feed(data)

    def next_event(self) -> events.Event | None:
        """The next thing that happened; ``None`` until the client, or the gateway's answer, comes."""
        while self._listening:
            if not self._running and not self._greeted():
                return None
            channel = 0
            try:
                if self._running and (content := self._reader.whole_content()) is not None:
                    channel = content.publish.channel
                    if (published := self._on_whole_content(content)) is not None:
                        return published
                received = self._reader.next_frame()
                if received is None:
                    return None
                channel = received.channel
                event = self._on_frame(received)
            except AmqpError as error:
                event = self._on_error(channel, error)
            if event is not None:
                return event
        return None

    def _greeted(self) -> bool:
        if self.state is not State.NEW:
            return True
        match self._reader.greeting():
            case True:
                self._move(Trigger.HEADER)
                self._tell(handshake.start(self._mechanisms))
                return True
            case False:
                self._move(Trigger.OTHER_HEADER)
                self.write(PROTOCOL_HEADER)
        return False

    def _on_frame(self, received: Frame) -> events.Event | None:
        number = received.channel
        if not number:
            return self._on_channel_zero(received)
        if not self._running:
            if self.state is State.CLOSING:
                return None
            raise AmqpError(ReplyCode.UNEXPECTED_FRAME, f"a frame on channel {number} before connection.open")
        channel = self.channels.get(number)
        if type(received) is MethodFrame:
            return self._on_method(number, channel, received.method)
        if channel is None:
            raise AmqpError(ReplyCode.CHANNEL_ERROR, "expected 'channel.open'")
        return self._on_content(channel, received) if channel.open else None

    def _on_whole_content(self, content: Content) -> events.Publish | None:
        """The message, if its channel takes it as it is; else its frames are to be read one by one."""
        channel = self.channels.get(content.publish.channel)
        if channel is None or not channel.open or len(content.body) > self._limits.body:
            return None
        published = channel.take_whole(content)
        if published is not None:
            self._reader.skip(content)
        return published

    def _on_content(self, channel: Channel, piece: PublishFrame | HeaderFrame | BodyFrame) -> events.Publish | None:
        event = channel.take(piece, self._limits.body)
        if type(piece) is BodyFrame:
            if event is None:
                self._gather(len(piece.payload))
            else:
                self._gathered -= len(event.body) - len(piece.payload)
        return event

    def _gather(self, octets: int) -> None:
        """Count what is kept of bodies that are not whole, on all channels together."""
        self._gathered += octets
        if self._gathered > self._limits.gathering:
            raise AmqpError(
                ReplyCode.RESOURCE_ERROR,
                f"more than {self._limits.gathering} octets of unfinished messages",
                commands.Basic.Publish,
            )

    def _on_channel_zero(self, received: Frame) -> events.Event | None:
        if type(received) is MethodFrame:
            method = received.method
            step = _STEPS.get(type(method))
            if self.state is State.CLOSING and step not in _GOODBYES:
                return None
            if step is None or (self.state, step[0]) not in TRANSITIONS:
                raise AmqpError(ReplyCode.CHANNEL_ERROR, f"unexpected method in connection state {self.state}", method)
            trigger, handle = step
            event = handle(self, method)
            self._move(trigger)
            return event
        if self.state is State.CLOSING:
            return None
        raise AmqpError(ReplyCode.UNEXPECTED_FRAME, "content on channel 0")

    def _on_start_ok(self, method: commands.Connection.StartOk) -> events.Login:
        login = handshake.login(method, self._mechanisms)
        self.client_properties = login.client_properties
        self.capabilities = handshake.capabilities(login.client_properties)
        return login

    def _on_tune_ok(self, method: commands.Connection.TuneOk) -> None:
        self.tuning = handshake.tuned(self._limits.tuning, method)
        self._reader.frame_max = self.tuning.frame_max

    def _on_open(self, method: commands.Connection.Open) -> events.Open:
        return events.Open(method.virtual_host)

    def _on_update_secret(self, method: commands.Connection.UpdateSecret) -> events.SecretUpdate:
        return events.SecretUpdate(
            handshake.octets(method.new_secret or "").decode(errors="replace"), method.reason or ""
        )

    def _on_close(self, method: commands.Connection.Close) -> events.Closing | None:
        if self.state is State.CLOSING:
            self._tell(commands.Connection.CloseOk())
            return None
        return events.Closing(method.reply_code or 0, method.reply_text)

    def _on_close_ok(self, method: commands.Connection.CloseOk) -> None:
        """Both have said goodbye."""

    def _on_method(self, number: int, channel: Channel | None, method: Method) -> events.Event | None:
        if channel is None:
            return self._on_unopened(number, method)
        if not channel.open:
            self._on_closed(channel, method)
            return None
        channel.expect_method()
        outcome = decide(channel, method)
        if isinstance(outcome, Method):
            self._tell(outcome, number)
            return None
        return outcome

    def _on_unopened(self, number: int, method: Method) -> events.ChannelOpened | None:
        if isinstance(method, commands.Channel.CloseOk):
            return None
        if not isinstance(method, commands.Channel.Open):
            raise AmqpError(ReplyCode.CHANNEL_ERROR, "expected 'channel.open'", method)
        if len(self.channels) >= self.tuning.channel_max:
            # As RabbitMQ has it, it is how many there are that is bounded, not the highest number.
            raise AmqpError(
                ReplyCode.NOT_ALLOWED,
                f"number of channels opened has reached the negotiated channel_max ({self.tuning.channel_max})",
                method,
            )
        self.channels[number] = Channel(number)
        self.send(number, make(commands.Channel.OpenOk, channel_id=""))
        return events.ChannelOpened(number)

    def _on_closed(self, channel: Channel, method: Method) -> None:
        """A channel that we closed hears only goodbyes. If the client's crosses ours, it is as good as an answer."""
        if isinstance(method, commands.Channel.Close):
            self.channel_close_ok(channel.number)
        elif isinstance(method, commands.Channel.CloseOk):
            del self.channels[channel.number]

    def _on_error(self, channel: int, error: AmqpError) -> events.Event | None:
        event: events.Event | None = None
        if self.state is not State.CLOSING:
            self.fail(error, channel)
            on_channel = error.code.level is Level.CHANNEL
            event = events.ChannelFailed(channel, error) if on_channel else events.Failed(error)
        if error.code is ReplyCode.FRAME_ERROR:
            # Nobody knows where the next frame would begin.
            self._listening = False
        return event

    def _move(self, trigger: Trigger) -> None:
        self.state = TRANSITIONS[self.state, trigger]
        self._listening = self.state in LISTENING
        self._running = self.state is State.RUNNING

    # What the gateway answers; an answer that comes after the end is dropped

    def _answer(self, trigger: Trigger, method: Method) -> None:
        if (self.state, trigger) in TRANSITIONS:
            self._move(trigger)
            self._tell(method)

    def accept_login(self) -> None:
        """The client is who it says it is."""
        offer = self._limits.tuning
        self._answer(
            Trigger.LOGIN_ACCEPTED, commands.Connection.Tune(offer.channel_max, offer.frame_max, offer.heartbeat)
        )

    def refuse_login(self, reason: str) -> None:
        """It is not. A client that did not announce that it can be told is cut off, as the specification has it."""
        if "authentication_failure_close" in self.capabilities:
            self.fail(AmqpError(ReplyCode.ACCESS_REFUSED, reason))
        else:
            self.abandon()

    def accept_open(self) -> None:
        """The client may use the virtual host."""
        self._answer(Trigger.OPEN_ACCEPTED, commands.Connection.OpenOk())

    def accept_secret(self) -> None:
        """The new token is as good as the old one."""
        if self._running:
            self._tell(commands.Connection.UpdateSecretOk())

    def close_ok(self) -> None:
        """All that belonged to a client that said goodbye is gone."""
        self._answer(Trigger.GONE, commands.Connection.CloseOk())

    def channel_close_ok(self, channel: int) -> None:
        """All that belonged to a channel that the client closed is gone; its number may be used again."""
        if self.channels.pop(channel, None) is not None:
            self._tell(commands.Channel.CloseOk(), channel)

    def fail(self, error: AmqpError, channel: int = 0) -> None:
        """Close the channel, or the connection if the error is one of those or no channel is named.

        What is closed already is not closed twice.
        """
        closed = commands.Channel if channel and error.code.level is Level.CHANNEL else commands.Connection
        goodbye = closed.Close(error.code, error.text, error.class_id, error.method_id)
        if closed is commands.Channel:
            failed = self.channels.get(channel)
            if failed is not None and failed.open:
                failed.open = False
                self._gathered -= failed.held
                failed.forget_content()
                self._tell(goodbye, channel)
        elif (self.state, Trigger.FAILED) in TRANSITIONS:
            self._move(Trigger.FAILED)
            self.channels.clear()
            self._tell(goodbye)

    def abandon(self) -> None:
        """Say nothing more: the client is gone, or deserves no answer."""
        if not self.ended:
            self._move(Trigger.ABANDONED)
            self.channels.clear()

    # What the gateway says by itself

    def send(self, channel: int, method: Method) -> None:
        """Send a method on an open channel; on any other it is dropped, as the client does not wait for it there."""
        known = self.channels.get(channel)
        if known is not None and known.open:
            self._tell(method, channel)

    def confirm(self, channel: int) -> None:
        """Send the confirmations that are due on a channel (``Channel.confirms``)."""
        known = self.channels.get(channel)
        if known is not None and known.open and known.confirms is not None:
            for tag, multiple, safe in known.confirms.take():
                self.write((ack_frame if safe else nack_frame)(channel, tag, multiple))

    def block(self, reason: str) -> None:
        """Tell a client that can be told that its publications have to wait."""
        if not self._blocked and self._running and "connection.blocked" in self.capabilities:
            self._blocked = True
            self._tell(commands.Connection.Blocked(short(reason)))

    def unblock(self) -> None:
        """Tell it that they need not any more."""
        if self._blocked and self._running:
            self._blocked = False
            self._tell(commands.Connection.Unblocked())

    def write(self, *frames: bytes) -> None:
        """Send frames made elsewhere: deliveries, returns, heartbeats. They are not looked at."""
        self._outgoing += frames

    def take(self) -> list[bytes]:
        """What is to be sent now, in order."""
        outgoing, self._outgoing = self._outgoing, []
        return outgoing

    def _tell(self, method: Method, channel: int = 0) -> None:
        self._outgoing.append(frame(METHOD_FRAME, channel, encode(method)))


_STEPS: Mapping[type[Method], tuple[Trigger, Callable[[Connection, Any], events.Event | None]]] = {
    commands.Connection.StartOk: (Trigger.START_OK, Connection._on_start_ok),
    commands.Connection.TuneOk: (Trigger.TUNE_OK, Connection._on_tune_ok),
    commands.Connection.Open: (Trigger.OPEN, Connection._on_open),
    commands.Connection.UpdateSecret: (Trigger.UPDATE_SECRET, Connection._on_update_secret),
    commands.Connection.Close: (Trigger.CLOSE, Connection._on_close),
    commands.Connection.CloseOk: (Trigger.CLOSE_OK, Connection._on_close_ok),
}
_GOODBYES = (_STEPS[commands.Connection.Close], _STEPS[commands.Connection.CloseOk])
