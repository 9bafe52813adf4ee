"""The reply codes of AMQP 0-9-1 (section 1.1), and the exception that ends a channel or a connection with one.

A code decides by itself how much it ends, so whoever raises an :class:`AmqpError` need not know on which level they
stand. What the hub's own errors become here is decided by the gateway; the frames that carry a code are made in
``connection.py``.
"""

from enum import IntEnum, StrEnum

from pamqp.base import Frame

_LONGEST_TEXT = 255
"""Octets of a short string, which is what a reply text is."""


class Level(StrEnum):
    """What an error ends: the specification calls these soft and hard errors."""

    CHANNEL = "channel"
    CONNECTION = "connection"


class ReplyCode(IntEnum):
    """Why something is closed or returned; the names are those at the head of a reply text."""

    CONTENT_TOO_LARGE = 311
    NO_ROUTE = 312
    NO_CONSUMERS = 313
    CONNECTION_FORCED = 320
    INVALID_PATH = 402
    ACCESS_REFUSED = 403
    NOT_FOUND = 404
    RESOURCE_LOCKED = 405
    PRECONDITION_FAILED = 406
    FRAME_ERROR = 501
    SYNTAX_ERROR = 502
    COMMAND_INVALID = 503
    CHANNEL_ERROR = 504
    UNEXPECTED_FRAME = 505
    RESOURCE_ERROR = 506
    NOT_ALLOWED = 530
    NOT_IMPLEMENTED = 540
    INTERNAL_ERROR = 541

    @property
    def level(self) -> Level:
        """What a reply with this code closes."""
        return Level.CHANNEL if self in _SOFT else Level.CONNECTION


_SOFT = frozenset(
    {
        ReplyCode.CONTENT_TOO_LARGE,
        ReplyCode.NO_ROUTE,
        ReplyCode.NO_CONSUMERS,
        ReplyCode.ACCESS_REFUSED,
        ReplyCode.NOT_FOUND,
        ReplyCode.RESOURCE_LOCKED,
        ReplyCode.PRECONDITION_FAILED,
    }
)


class AmqpError(Exception):
    """Something that a client is told with ``channel.close`` or ``connection.close``.

    ``at`` is the method that failed, its class or one of it; clients show its numbers to people.
    """

    def __init__(self, code: ReplyCode, detail: str, at: Frame | type[Frame] | None = None) -> None:
        super().__init__(f"{code.name} - {detail}")
        self.code = code
        self.detail = detail
        self.class_id, self.method_id = (0, 0) if at is None else divmod(at.index, 1 << 16)

    @property
    def text(self) -> str:
        """The reply text ``NAME - detail``, cut to what fits into a short string."""
        return short(f"{self.code.name} - {self.detail}")

    def blaming(self, method: Frame | type[Frame]) -> "AmqpError":
        """Itself, and for the method at hand unless it named one."""
        if not self.class_id:
            self.class_id, self.method_id = divmod(method.index, 1 << 16)
        return self


def short(text: str) -> str:
    """As much of a text as fits into a short string of UTF-8."""
    return text.encode()[:_LONGEST_TEXT].decode(errors="ignore")
