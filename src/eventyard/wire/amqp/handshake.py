"""What is said before a connection runs: who we are, who the client is, and the bounds both keep to.

AMQP 0-9-1, section 1.4.2, and RabbitMQ's capabilities, on which client libraries decide what they may use. Whether
anybody is let in is decided by the gateway; in which order all this is said is ``states.py``'s and ``connection.py``'s.
"""

from collections.abc import Mapping, Sequence

from msgspec import Struct
from pamqp.commands import Connection

from eventyard import __version__
from eventyard.wire.amqp.errors import AmqpError, ReplyCode
from eventyard.wire.amqp.events import Login
from eventyard.wire.amqp.fields import MALFORMED, FieldValue, longstr, read_table

LEAST_FRAME = 4_096
"""``frame-min-size`` of the specification: what every peer must take."""

CAPABILITIES = (
    "authentication_failure_close",
    "basic.nack",
    "connection.blocked",
    "consumer_cancel_notify",
    "consumer_priorities",
    "direct_reply_to",
    "exchange_exchange_bindings",
    "per_consumer_qos",
    "publisher_confirms",
)


class Tuning(Struct, frozen=True):
    """The bounds of a connection: highest channel number, octets of a frame, seconds between heartbeats (0: none)."""

    channel_max: int = 2_047
    frame_max: int = 131_072
    heartbeat: int = 60


class Limits(Struct, frozen=True):
    """What a client may take up. ``body``: octets of a message; ``gathering``: of all that are not whole yet.

    ``first_frame`` bounds frames until a connection is tuned; tokens must fit into one.
    """

    tuning: Tuning = Tuning()
    body: int = 16 * 1024 * 1024
    gathering: int = 64 * 1024 * 1024
    first_frame: int = 8_192


def start(mechanisms: Sequence[str]) -> Connection.Start:
    """Our side of the introduction. The product is not RabbitMQ's: kombu would count on that one's deviations."""
    return Connection.Start(
        server_properties={
            "product": "Eventyard",
            "version": __version__,
            "platform": "Python",
            "cluster_name": "eventyard",
            "information": "An event integration hub: exchanges are topics, queues are cursors over its journal",
            "capabilities": dict.fromkeys(CAPABILITIES, True),
        },
        mechanisms=" ".join(mechanisms),
    )


def login(answer: Connection.StartOk, mechanisms: Sequence[str]) -> Login:
    """The client's side. Raises :class:`AmqpError`: 503 for a mechanism not offered, 502 for an unreadable response."""
    if answer.mechanism not in mechanisms:
        raise AmqpError(ReplyCode.COMMAND_INVALID, f"unknown authentication mechanism {answer.mechanism!r}", answer)
    response = octets(answer.response)
    user: str | None
    password: str | None
    try:
        match answer.mechanism:
            case "PLAIN":
                user, password = _plain(response)
            case "AMQPLAIN":
                user, password = _amqplain(response)
            case _:
                user, password = response.decode() or None, None
    except MALFORMED:
        raise AmqpError(
            ReplyCode.SYNTAX_ERROR, f"the response is not one of mechanism {answer.mechanism}", answer
        ) from None
    return Login(answer.mechanism, user, password, answer.client_properties)


def _plain(response: bytes) -> tuple[str, str]:
    """RFC 4616: identity to act as (which is not looked at), user and password, each ended by a NUL or the end."""
    _, user, password = response.split(b"\0")
    return user.decode(), password.decode()


def _amqplain(response: bytes) -> tuple[str, str]:
    """A table without its length, with a LOGIN and a PASSWORD."""
    fields, _ = read_table(longstr(response), 0)
    user, password = fields.get("LOGIN"), fields.get("PASSWORD")
    if not isinstance(user, str) or not isinstance(password, str):
        raise ValueError("LOGIN and PASSWORD are needed")
    return user, password


def octets(value: str | bytes) -> bytes:
    """The long string that was read as text where it is text."""
    return value.encode() if isinstance(value, str) else value


def capabilities(client_properties: Mapping[str, FieldValue]) -> frozenset[str]:
    """What the client says that it can take."""
    announced = client_properties.get("capabilities")
    if not isinstance(announced, Mapping):
        return frozenset()
    return frozenset(name for name, value in announced.items() if value is True)


def tuned(offer: Tuning, answer: Connection.TuneOk) -> Tuning:
    """The bounds both keep to. Raises :class:`AmqpError` (530) when the client wants more than was offered.

    0 takes the offer. The heartbeat is the client's whatever was offered: it knows how often it will send one.
    """
    return Tuning(
        channel_max=_lower("channel_max", 1, offer.channel_max, answer.channel_max),
        frame_max=_lower("frame_max", LEAST_FRAME, offer.frame_max, answer.frame_max),
        heartbeat=answer.heartbeat,
    )


def _lower(name: str, least: int, offered: int, wanted: int) -> int:
    if wanted and not least <= wanted <= offered:
        raise AmqpError(
            ReplyCode.NOT_ALLOWED,
            f"negotiated {name} = {wanted} is not between {least} and {offered}",
            Connection.TuneOk,
        )
    return wanted or offered
