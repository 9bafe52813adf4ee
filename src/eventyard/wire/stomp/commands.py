"""What a STOMP client can ask for, read from its frames one by one.

Each function here makes a typed command of one frame, and knows nothing of the frames before it; what needs such memory
(transactions, subscriptions, who is connected) is in ``session.py``. Header values of STOMP are text; here they become
numbers, truth and destinations. Every function raises :class:`~eventyard.wire.stomp.errors.Refused`.
"""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from msgspec import Struct

from eventyard.wire.stomp.destinations import Destination, Kind, parse
from eventyard.wire.stomp.errors import Refused, invalid, missing
from eventyard.wire.stomp.frames import Frame
from eventyard.wire.stomp.negotiation import HeartBeat, heart_beat_of, version_of

PROPERTIES: Final = frozenset(
    {
        "content-type",
        "content-encoding",
        "persistent",
        "priority",
        "correlation-id",
        "reply-to",
        "expiration",
        "amqp-message-id",
        "timestamp",
        "type",
        "user-id",
        "app-id",
    }
)
"""Headers of a SEND that are properties of the message in AMQP; the sender's other headers are its own."""

SEPARATOR: Final = "@@"
"""Parts the tag of a subscription, the session and the number of a delivery in a ``message-id``."""

_SENT_WITH = frozenset({"destination", "receipt", "transaction", "content-length"})
_TEMPORARY = "/temp-queue/"
_NUMBER = re.compile(r"[0-9]{1,18}")
_INTEGER = re.compile(r" *(-?[0-9]{1,18}) *")
_INTEGERS = ("x-expires", "x-message-ttl", "x-max-length", "x-max-length-bytes", "x-max-priority", "x-priority")
_TRUTHS = ("x-single-active-consumer", "x-stream-match-unfiltered")


class AckMode(StrEnum):
    """Whether messages must be acknowledged, and whether one acknowledgement stands for all before it."""

    AUTO = "auto"
    CLIENT = "client"
    CLIENT_INDIVIDUAL = "client-individual"


class Command(Struct, frozen=True, kw_only=True):
    """What a client asks for. ``receipt`` names the RECEIPT that it wants once that is done."""

    receipt: str | None = None


class Connect(Command, frozen=True, kw_only=True):
    """A client introduces itself. ``host`` is whatever it believes to be talking to, and decides nothing.

    ``continues`` is the header ``x-continue-on-error:true``: the client goes on after errors that leave the
    conversation intact, as with RabbitMQ.
    """

    version: str
    login: str | None = None
    passcode: str | None = None
    host: str | None = None
    heart_beat: HeartBeat = HeartBeat()
    continues: bool = False

    def __repr__(self) -> str:
        return f"Connect(version={self.version!r}, login={self.login!r}, host={self.host!r})"


class Renew(Command, frozen=True, kw_only=True):
    """A connected client proves itself anew, before its token expires."""

    token: str

    def __repr__(self) -> str:
        return "Renew()"


class Send(Command, frozen=True, kw_only=True):
    """A message to be published. ``properties`` are the headers of :data:`PROPERTIES`, ``headers`` all others.

    ``reply_to`` is the header of that name when it asks for a temporary queue, and stands in the properties, too.
    """

    destination: Destination
    body: bytes = b""
    properties: Mapping[str, str] = {}
    headers: Mapping[str, str] = {}
    reply_to: Destination | None = None


class Subscribe(Command, frozen=True, kw_only=True):
    """A wish for messages, known by its ``tag`` from now on.

    ``prefetch`` is how many messages may be unacknowledged; ``None`` is no bound. ``auto_delete`` and ``exclusive`` are
    ``None`` where the client leaves them to the kind of destination, ``queue`` is the name it wants for the queue.
    ``arguments`` are the headers ``x-…`` as a queue's and a consumer's arguments, with the types that AMQP has.
    """

    tag: str
    destination: Destination
    ack: AckMode = AckMode.AUTO
    prefetch: int | None = None
    durable: bool = False
    auto_delete: bool | None = None
    exclusive: bool | None = None
    queue: str | None = None
    arguments: Mapping[str, str | int | bool] = {}


class Unsubscribe(Command, frozen=True, kw_only=True):
    """The end of a wish; with ``durable`` its durable queue goes, too."""

    tag: str
    durable: bool = False


class Acknowledgement(Command, frozen=True, kw_only=True):
    """A delivery is done with, or with ``multiple`` it and all before it of the same subscription."""

    tag: str
    number: int
    multiple: bool = False


class Ack(Acknowledgement, frozen=True, kw_only=True):
    """… because it was worked on."""


class Nack(Acknowledgement, frozen=True, kw_only=True):
    """… because it could not be worked on: to be delivered again, or else to be dead-lettered."""

    requeue: bool = True


class Begin(Command, frozen=True, kw_only=True):
    """A transaction begins; the session keeps what belongs to it."""

    transaction: str


class Held(Command, frozen=True, kw_only=True):
    """Something became part of an open transaction, and happens when that is committed."""

    transaction: str


class Commit(Command, frozen=True, kw_only=True):
    """A transaction is complete: all of it is to be done, in this order."""

    transaction: str
    actions: tuple[Send | Ack | Nack, ...] = ()


class Abort(Command, frozen=True, kw_only=True):
    """A transaction is given up, and was forgotten."""

    transaction: str


class Disconnect(Command, frozen=True, kw_only=True):
    """The client goes, once its receipt came."""


def connect(frame: Frame) -> Connect:
    """A CONNECT or STOMP."""
    headers = frame.headers
    version = version_of(headers)
    if version == "1.0":
        headers = trimmed(headers)
    return Connect(
        version=version,
        login=headers.get("login"),
        passcode=headers.get("passcode"),
        host=headers.get("host"),
        heart_beat=heart_beat_of(headers),
        continues=_truth(frame.command, headers, "x-continue-on-error") or False,
    )


def send(headers: Mapping[str, str], body: bytes) -> Send | Renew:
    """A SEND: a message, or a new token if that is where it goes."""
    destination = _destination("SEND", headers)
    receipt = headers.get("receipt")
    if destination.kind is Kind.TOKEN:
        return _renewal(headers, body, receipt)
    if "message-id" in headers:
        raise Refused("Invalid header", "'message-id' is not allowed on 'SEND'.", header="message-id")
    if destination.kind is Kind.TEMPORARY_QUEUE:
        raise _not_for("SEND", destination)
    properties, own = {}, {}
    for name, value in headers.items():
        if name in PROPERTIES:
            properties[name] = value
        elif name not in _SENT_WITH:
            own[name] = value
    reply_to = None
    if "reply-to" in properties and properties["reply-to"].startswith(_TEMPORARY):
        reply_to = parse(properties["reply-to"])
    return Send(
        destination=destination, body=body, properties=properties, headers=own, reply_to=reply_to, receipt=receipt
    )


def subscribe(headers: Mapping[str, str], version: str) -> Subscribe:
    """A SUBSCRIBE."""
    destination = _destination("SUBSCRIBE", headers)
    if destination.kind in {Kind.TEMPORARY_QUEUE, Kind.REPLY_QUEUE, Kind.TOKEN}:
        raise _not_for("SUBSCRIBE", destination)
    durable = _durable("SUBSCRIBE", headers)
    try:
        ack = AckMode(headers.get("ack", "auto"))
    except ValueError:
        raise invalid("SUBSCRIBE", "ack", ", ".join(AckMode)) from None
    prefetch = _integer("SUBSCRIBE", headers, "prefetch-count") or 0
    if prefetch < 0:
        raise invalid("SUBSCRIBE", "prefetch-count", "a number, 0 for no bound")
    arguments = {name: _argument(headers, name) for name in headers if name.startswith("x-") and name != "x-queue-name"}
    return Subscribe(
        tag=_tag("SUBSCRIBE", headers, version, durable=durable),
        destination=destination,
        ack=ack,
        prefetch=prefetch or None,
        durable=durable,
        auto_delete=_truth("SUBSCRIBE", headers, "auto-delete"),
        exclusive=_truth("SUBSCRIBE", headers, "exclusive"),
        queue=headers.get("x-queue-name") or None,
        arguments=arguments,
        receipt=headers.get("receipt"),
    )


def unsubscribe(headers: Mapping[str, str], version: str) -> Unsubscribe:
    """An UNSUBSCRIBE."""
    durable = _durable("UNSUBSCRIBE", headers)
    tag = _tag("UNSUBSCRIBE", headers, version, durable=durable)
    return Unsubscribe(tag=tag, durable=durable, receipt=headers.get("receipt"))


def acknowledged(command: str, headers: Mapping[str, str], version: str, session: str) -> tuple[str, int]:
    """The tag and the number that an ACK or NACK names, as this session gave them out."""
    header = "id" if version == "1.2" else "message-id"
    stated = headers.get(header)
    if stated is None:
        raise missing(command, header)
    before, _, number = stated.rpartition(SEPARATOR)
    tag, _, issuer = before.rpartition(SEPARATOR)
    if not tag or issuer != session or not _NUMBER.fullmatch(number):
        raise invalid(command, header, "what a message of this connection brought along")
    return tag, int(number)


def requeue(headers: Mapping[str, str]) -> bool:
    """Whether what a NACK names is to be delivered again."""
    return _truth("NACK", headers, "requeue") is not False


def transaction(command: str, headers: Mapping[str, str]) -> str:
    """The transaction that a BEGIN, COMMIT or ABORT is about."""
    name = headers.get("transaction")
    if name is None:
        raise Refused("Missing transaction", f"{command} must include a 'transaction' header", header="transaction")
    return name


def trimmed(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers as a client of 1.0 means them: it may put blanks behind the colon."""
    return {name: value.lstrip(" ") for name, value in headers.items()}


def _renewal(headers: Mapping[str, str], body: bytes, receipt: str | None) -> Renew:
    if "transaction" in headers:
        raise Refused("Invalid header", "a token is renewed at once, in no transaction", header="transaction")
    token = body.decode(errors="replace").strip()
    if not token:
        raise Refused("Missing token", f"SEND to {Kind.TOKEN} must have the new token as its body")
    return Renew(token=token, receipt=receipt)


def _destination(command: str, headers: Mapping[str, str]) -> Destination:
    stated = headers.get("destination")
    if stated is None:
        raise Refused("Missing destination", f"{command} must include a 'destination' header", header="destination")
    return parse(stated)


def _not_for(command: str, destination: Destination) -> Refused:
    return Refused(
        "Invalid destination", f"'{destination}' is not a valid destination for '{command}'", header="destination"
    )


def _tag(command: str, headers: Mapping[str, str], version: str, *, durable: bool) -> str:
    """What a subscription is known by: its id, or for a client of 1.0 that gives none, its destination."""
    name = headers.get("id")
    if name is None:
        if durable:
            raise Refused("Missing Header", "Header 'id' is required for durable subscriptions", header="id")
        if version != "1.0":
            raise missing(command, "id")
        if "destination" not in headers:
            raise Refused("Missing destination or id", f"{command} must include a 'destination' or 'id' header")
        return "Q_" + headers["destination"]
    if name.startswith(_TEMPORARY):
        raise Refused("Invalid id", f"{command} 'id' may not start with {_TEMPORARY}", header="id")
    return "T_" + name


def _durable(command: str, headers: Mapping[str, str]) -> bool:
    return bool(_truth(command, headers, "durable") or _truth(command, headers, "persistent"))


def _argument(headers: Mapping[str, str], name: str) -> str | int | bool:
    if name in _INTEGERS:
        return _integer("SUBSCRIBE", headers, name) or 0
    if name in _TRUTHS:
        return _truth("SUBSCRIBE", headers, name) or False
    return headers[name]


def _integer(command: str, headers: Mapping[str, str], name: str) -> int | None:
    stated = headers.get(name)
    if stated is None:
        return None
    found = _INTEGER.fullmatch(stated)
    if found is None:
        raise invalid(command, name, "a whole number")
    return int(found[1])


def _truth(command: str, headers: Mapping[str, str], name: str) -> bool | None:
    stated = headers.get(name)
    if stated is None:
        return None
    if stated not in {"true", "false"}:
        raise invalid(command, name, "true or false")
    return stated == "true"
