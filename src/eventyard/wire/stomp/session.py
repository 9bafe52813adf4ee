"""The server's half of a STOMP conversation: frames in, typed commands out, and the bytes of the answers.

Source: STOMP 1.2, "Connecting", "Client Frames" and "Server Frames". The session remembers what makes a frame right or
wrong: who is connected, which subscriptions there are, and what open transactions hold. Obeying a command is the
gateway's work; so are timers, and telling ``frames.py`` that the client is :meth:`admitted <FrameReader.admit>`.

After an ERROR the conversation is over, as the specification wants it. A client that connected with
``x-continue-on-error:true`` may go on after a wrong command, as with RabbitMQ.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from msgspec import Struct

from eventyard.model.errors import HubError
from eventyard.model.ids import Millis
from eventyard.wire.stomp import commands
from eventyard.wire.stomp.commands import (
    Abort,
    Ack,
    AckMode,
    Begin,
    Command,
    Commit,
    Connect,
    Disconnect,
    Held,
    Nack,
    Renew,
    Send,
    Subscribe,
    Unsubscribe,
)
from eventyard.wire.stomp.errors import Refused, survivable, title_of
from eventyard.wire.stomp.frames import Frame, encode
from eventyard.wire.stomp.messages import Heads
from eventyard.wire.stomp.negotiation import VERSIONS, answer, interval


class State(StrEnum):
    """Where a conversation is."""

    NEW = "new"
    CONNECTING = "connecting"
    """The client has introduced itself, and is being judged."""
    CONNECTED = "connected"
    CLOSING = "closing"
    """The client has said goodbye; what it asked for before is still answered."""
    CLOSED = "closed"
    """Nothing more is said, and nothing heard."""


ACCEPT: Final = "accept"
REFUSE: Final = "refuse"
LEAVE: Final = "leave"
"""What the hub does to a conversation; the other steps are the client's commands."""

STEPS: Mapping[State, Mapping[str, State]] = {
    State.NEW: {
        "CONNECT": State.CONNECTING,
        "STOMP": State.CONNECTING,
        REFUSE: State.CLOSED,
        LEAVE: State.CLOSED,
    },
    State.CONNECTING: {ACCEPT: State.CONNECTED, REFUSE: State.CLOSED, LEAVE: State.CLOSED},
    State.CONNECTED: {
        "SEND": State.CONNECTED,
        "SUBSCRIBE": State.CONNECTED,
        "UNSUBSCRIBE": State.CONNECTED,
        "ACK": State.CONNECTED,
        "NACK": State.CONNECTED,
        "BEGIN": State.CONNECTED,
        "COMMIT": State.CONNECTED,
        "ABORT": State.CONNECTED,
        "DISCONNECT": State.CLOSING,
        REFUSE: State.CLOSED,
        LEAVE: State.CLOSED,
    },
    State.CLOSING: {REFUSE: State.CLOSED, LEAVE: State.CLOSED},
    State.CLOSED: {},
}
"""Every step that is possible, and where it leads."""

_COMMANDS = frozenset(step for steps in STEPS.values() for step in steps) - {ACCEPT, REFUSE, LEAVE}


class SessionLimits(Struct, frozen=True):
    """What one connection may have at once. ``held_bytes`` bounds the headers and bodies in all its transactions."""

    subscriptions: int = 1024
    transactions: int = 16
    actions: int = 1024
    held_bytes: int = 16 * 1024 * 1024


class Session:
    """One conversation. ``id`` is told to the client, and stands in the ids of its messages."""

    def __init__(self, id: str, limits: SessionLimits, *, server: str) -> None:
        self.id = id
        self.state = State.NEW
        self.version = VERSIONS[0]
        self.sends_every_ms: Millis = 0
        """How often the hub must send something; 0 is never."""
        self.expects_every_ms: Millis = 0
        """How often the client has promised to send something; 0 is never."""
        self._limits = limits
        self._server = server
        self._client = Connect(version=self.version)
        self._subscriptions: dict[str, AckMode] = {}
        self._transactions: dict[str, _Transaction] = {}
        self._held = 0

    def receive(self, frame: Frame) -> Command | None:
        """What the client asks for with this frame; ``None`` once the conversation is over.

        Raises a ``HubError``, which goes to :meth:`refuse` with the frame's ``receipt``.
        """
        command, steps = frame.command, STEPS[self.state]
        if command not in steps or command not in _COMMANDS:
            if self.state in {State.CLOSING, State.CLOSED}:
                return None
            raise self._out_of_turn(command)
        headers = commands.trimmed(frame.headers) if self.version == "1.0" else frame.headers
        made: Command
        match command:
            case "SEND":
                made = self._send(headers, frame.body)
            case "ACK" | "NACK":
                made = self._acknowledge(command, headers)
            case "SUBSCRIBE":
                made = self._subscribe(headers)
            case "UNSUBSCRIBE":
                made = self._unsubscribe(headers)
            case "BEGIN" | "COMMIT" | "ABORT":
                made = self._transact(command, headers)
            case "DISCONNECT":
                made = Disconnect(receipt=headers.get("receipt"))
            case _:
                made = self._client = commands.connect(frame)
                self.version = self._client.version
        self.state = steps[command]
        return made

    def accept(self) -> bytes:
        """CONNECTED: the client is who it says. Sets the two intervals of the heart-beats."""
        self._step(ACCEPT)
        client = self._client.heart_beat
        ours = answer(client)
        self.sends_every_ms = interval(ours.can_ms, client.wants_ms)
        self.expects_every_ms = interval(client.can_ms, ours.wants_ms)
        headers = {"version": self.version, "session": self.id, "server": self._server, "heart-beat": str(ours)}
        return encode(Frame("CONNECTED", headers))

    def receipt(self, receipt: str) -> bytes:
        """RECEIPT: what was asked for with it is done. Nothing, if the conversation is over."""
        return b"" if self.state is State.CLOSED else encode(Frame("RECEIPT", {"receipt-id": receipt}))

    def refuse(self, error: HubError, receipt: str | None = None) -> bytes:
        """ERROR: what was asked for, or that the client is still here, cannot be.

        The conversation is over unless the client goes on after errors and this is one to go on after; then ``state``
        stays. Nothing, if it was over before.
        """
        if self.state is State.CLOSED:
            return b""
        going_on = self.goes_on_after(error)
        text = error.message
        if self.state is State.CONNECTING and error.family in {"unauthenticated", "forbidden"}:
            title, text = "Bad CONNECT", f"Access refused for user '{self._client.login or ''}': {text}"
        else:
            title = title_of(error)
        if not going_on:
            self._step(REFUSE)
        return _error(title, error.code, text if error.hint is None else f"{text}\n{error.hint}", receipt=receipt)

    def goes_on_after(self, error: HubError) -> bool:
        """Whether the conversation goes on after this error: the client wants that, and can."""
        return self._client.continues and self.state is State.CONNECTED and survivable(error)

    def forget(self, tag: str) -> None:
        """The subscription with this tag did not come about."""
        self._subscriptions.pop(tag, None)

    def cancelled(self, tag: str) -> bytes:
        """ERROR, after which the conversation goes on: this subscription ended without the client's doing."""
        if self.state is State.CLOSED or self._subscriptions.pop(tag, None) is None:
            return b""
        text = f"The server has canceled a subscription.\nNo more messages will be delivered for '{tag[2:]}'."
        return _error("Server cancelled subscription", "not_found", text, subscription=tag[2:])

    def leave(self) -> None:
        """The conversation is over: the last receipt was given, or the other side is gone."""
        if self.state is not State.CLOSED:
            self._step(LEAVE)

    def heads(self, tag: str) -> Heads:
        """What makes the heads of the messages of this subscription."""
        mode = self._subscriptions[tag]
        return Heads(tag, self.id, acks=self.version == "1.2" and mode is not AckMode.AUTO)

    def _step(self, step: str) -> None:
        self.state = STEPS[self.state][step]
        if self.state is State.CLOSED:
            self._subscriptions.clear()
            self._transactions.clear()
            self._held = 0

    def _out_of_turn(self, command: str) -> Refused:
        if command not in _COMMANDS:
            return Refused("Bad command", f'Could not interpret command "{command}"', code="not_implemented")
        if self.state is State.CONNECTED:
            return Refused(
                "Illegal command",
                f"{command} begins a connection, and this one has begun; SEND a new token to /token",
                code="not_allowed",
            )
        return Refused("Illegal command", "You must log in using CONNECT first", code="not_allowed")

    def _send(self, headers: Mapping[str, str], body: bytes) -> Command:
        made = commands.send(headers, body)
        if "transaction" in headers and not isinstance(made, Renew):
            return self._hold(made, headers, body)
        return made

    def _acknowledge(self, command: str, headers: Mapping[str, str]) -> Command:
        tag, number = commands.acknowledged(command, headers, self.version, self.id)
        # A delivery can outlive its subscription. What the mode was is forgotten then, so it counts for itself alone.
        multiple = self._subscriptions.get(tag) is AckMode.CLIENT
        receipt = headers.get("receipt")
        made: Ack | Nack
        if command == "ACK":
            made = Ack(tag=tag, number=number, multiple=multiple, receipt=receipt)
        else:
            made = Nack(tag=tag, number=number, multiple=multiple, requeue=commands.requeue(headers), receipt=receipt)
        return self._hold(made, headers) if "transaction" in headers else made

    def _subscribe(self, headers: Mapping[str, str]) -> Subscribe:
        made = commands.subscribe(headers, self.version)
        if made.tag in self._subscriptions:
            raise Refused(
                "Duplicated subscription identifier",
                f"A subscription identified by '{made.tag[2:]}' already exists.",
                code="duplicate",
                header="id",
            )
        if len(self._subscriptions) >= self._limits.subscriptions:
            raise _beyond(f"{self._limits.subscriptions} subscriptions on one connection")
        self._subscriptions[made.tag] = made.ack
        return made

    def _unsubscribe(self, headers: Mapping[str, str]) -> Unsubscribe:
        made = commands.unsubscribe(headers, self.version)
        if self._subscriptions.pop(made.tag, None) is None:
            raise Refused(
                "No subscription found",
                f"UNSUBSCRIBE must refer to an existing subscription. Subscription to '{made.tag[2:]}' not found.",
            )
        return made

    def _transact(self, command: str, headers: Mapping[str, str]) -> Command:
        name, receipt = commands.transaction(command, headers), headers.get("receipt")
        if command == "BEGIN":
            if name in self._transactions:
                raise _bad_transaction(f"Transaction '{name}' has begun already")
            if len(self._transactions) >= self._limits.transactions:
                raise _beyond(f"{self._limits.transactions} open transactions on one connection")
            self._transactions[name] = _Transaction()
            return Begin(transaction=name, receipt=receipt)
        begun = self._transactions.pop(name, None)
        if begun is None:
            raise _bad_transaction(f"Invalid transaction identifier: '{name}'")
        self._held -= begun.size
        if command == "ABORT":
            return Abort(transaction=name, receipt=receipt)
        return Commit(transaction=name, actions=tuple(begun.actions), receipt=receipt)

    def _hold(self, made: Send | Ack | Nack, headers: Mapping[str, str], body: bytes = b"") -> Held:
        name = headers["transaction"]
        begun = self._transactions.get(name)
        if begun is None:
            raise _bad_transaction(f"Invalid transaction identifier: '{name}'")
        size = len(body) + sum(len(name) + len(value) for name, value in headers.items())
        if len(begun.actions) >= self._limits.actions:
            raise _beyond(f"{self._limits.actions} actions in one transaction")
        if self._held + size > self._limits.held_bytes:
            raise _beyond(f"{self._limits.held_bytes} bytes in open transactions")
        begun.actions.append(made)
        begun.size += size
        self._held += size
        return Held(transaction=name, receipt=made.receipt)


class _Transaction(Struct):
    actions: list[Send | Ack | Nack] = []
    size: int = 0


def _bad_transaction(text: str) -> Refused:
    return Refused("Bad transaction", text, header="transaction")


def _beyond(bound: str) -> Refused:
    return Refused("Too many", f"more than {bound} are not possible", code="too_many")


def _error(title: str, code: str, text: str, *, receipt: str | None = None, subscription: str | None = None) -> bytes:
    headers = {"message": title, "content-type": "text/plain", "version": ",".join(reversed(VERSIONS)), "code": code}
    if receipt is not None:
        headers["receipt-id"] = receipt
    if subscription is not None:
        headers["subscription"] = subscription
    return encode(Frame("ERROR", headers, text.encode()))
