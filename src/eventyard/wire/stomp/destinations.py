"""STOMP destinations: text <-> where it points, in RabbitMQ's grammar.

A ``/`` within a name is written ``%2F``. What :func:`build` writes, :func:`parse` reads back; RabbitMQ undoes ``%2F``
alone, and so answers a queue ``50%`` as one that it cannot find again. Which exchange or queue there is, and who may
use it, is none of this module's business.
"""

import re
from enum import StrEnum
from typing import Final

from msgspec import Struct

from eventyard.model.streams import DEFAULT_EXCHANGE
from eventyard.wire.stomp.errors import Refused

TOPIC_EXCHANGE: Final = "amq.topic"
"""The exchange behind ``/topic/<key>``."""

_ESCAPES = re.compile(r"(?:%[0-9A-Fa-f]{2})+")
_UNSAFE = re.compile(r"[/%\x00-\x1f\x7f-\U0010ffff]")


class Kind(StrEnum):
    """What a destination points to: the first words of its text."""

    EXCHANGE = "/exchange/"
    TOPIC = "/topic/"
    QUEUE = "/queue/"
    EXISTING_QUEUE = "/amq/queue/"
    TEMPORARY_QUEUE = "/temp-queue/"
    REPLY_QUEUE = "/reply-queue/"
    TOKEN = "/token"
    """Where a connected client sends a new token."""


class Destination(Struct, frozen=True):
    """A destination, read. ``name`` is the exchange's or the queue's, and for a topic the routing key or pattern.

    ``key`` is the routing key or pattern of an exchange; ``None`` if the destination names the exchange alone.
    """

    kind: Kind
    name: str = ""
    key: str | None = None

    def __str__(self) -> str:
        if self.kind is Kind.TOKEN:
            return self.kind.value
        name = self.name if self.kind is Kind.REPLY_QUEUE else _escape(self.name)
        return self.kind.value + name + ("" if self.key is None else "/" + _escape(self.key))


_NAMES = tuple(kind for kind in Kind if kind is not Kind.TOKEN)
_KNOWN = ", ".join(kind.value.rstrip("/") for kind in Kind if kind is not Kind.TEMPORARY_QUEUE)


def parse(text: str) -> Destination:
    """The destination of a header. An exchange may be named without the slash in front, as AsyncAPI channels are.

    Raises :class:`Refused` (``invalid_parameter``) for what points nowhere.
    """
    if text == Kind.TOKEN:
        return Destination(Kind.TOKEN)
    whole = "/" + text if text.startswith("exchange/") else text
    for kind in _NAMES:
        if whole.startswith(kind):
            return _read(kind, whole[len(kind) :], text)
    raise Refused(
        "Unknown destination",
        f"'{text}' is not a valid destination. Valid destination types are: {_KNOWN}.",
        header="destination",
    )


def build(exchange: str, routing_key: str) -> str:
    """The ``destination`` of a message that was published to this exchange with this routing key."""
    if exchange in {"", DEFAULT_EXCHANGE}:
        return Kind.QUEUE + _escape(routing_key)
    if exchange == TOPIC_EXCHANGE:
        return Kind.TOPIC + _escape(routing_key)
    return Kind.EXCHANGE + _escape(exchange) + ("/" + _escape(routing_key) if routing_key else "")


def _read(kind: Kind, rest: str, text: str) -> Destination:
    if kind is Kind.REPLY_QUEUE and rest:  # its name is the hub's own, slashes and all
        return Destination(kind, rest)
    name, slash, key = rest.partition("/")
    if not name or "/" in key or (slash and kind is not Kind.EXCHANGE):
        raise Refused(
            "Invalid destination", f"'{text}' is not a valid {kind.strip('/')} destination", header="destination"
        )
    return Destination(kind, _unescape(name), _unescape(key) if slash else None)


def _escape(text: str) -> str:
    return _UNSAFE.sub(lambda found: "".join(f"%{byte:02X}" for byte in found[0].encode()), text)


def _unescape(text: str) -> str:
    return _ESCAPES.sub(_plain, text) if "%" in text else text


def _plain(escapes: re.Match[str]) -> str:
    try:
        return bytes.fromhex(escapes[0].replace("%", "")).decode()
    except UnicodeDecodeError:
        return escapes[0]
