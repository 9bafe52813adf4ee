"""What clients may ask of a queue and of a consumer, read from the arguments they send.

Arguments nobody knows are kept and mean nothing, as in RabbitMQ; those that are known must have values that make sense.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from eventyard.model.errors import Conflict, Invalid
from eventyard.model.ids import EntryId, Millis
from eventyard.model.journal import Seen
from eventyard.model.streams import Overflow, QueueOptions
from eventyard.pipeline.streams.feed import Feed
from eventyard.wire import rfc3339

if TYPE_CHECKING:
    from eventyard.pipeline.streams.queue import Queue

NAME_BYTES = 255
"""A name of AMQP is a short string."""

_TYPES = ("classic", "quorum", "stream")
"""Types of queues that RabbitMQ has. Here they are all the same: a cursor over the journal."""

_OFFSET = re.compile(r"(?:offset=)?([0-9]{1,18})")
_SECONDS = re.compile(r"[0-9]{1,12}")


def check_name(name: str) -> None:
    """Raise ``Invalid`` for a name of a queue or exchange that is too long."""
    if len(name.encode()) > NAME_BYTES:
        raise Invalid("invalid_parameter", f"a name is {NAME_BYTES} bytes at most")


def queue_options(arguments: Mapping[str, Any]) -> QueueOptions:
    """The options of a queue. Raises ``Conflict`` (``precondition_failed``)."""
    kind = arguments.get("x-queue-type", "classic")
    if kind not in _TYPES:
        raise _wrong("x-queue-type", kind)
    overflow = arguments.get("x-overflow", Overflow.DROP_HEAD)
    if overflow == "reject-publish-dlx":
        raise Invalid("not_implemented", "x-overflow reject-publish-dlx is not followed here", pointer="x-overflow")
    if overflow not in set(Overflow):
        raise _wrong("x-overflow", overflow)
    single = arguments.get("x-single-active-consumer", False)
    if not isinstance(single, bool):
        raise _wrong("x-single-active-consumer", single)
    options = QueueOptions(
        expires_ms=_number(arguments, "x-expires", least=1),
        ttl_ms=_number(arguments, "x-message-ttl"),
        max_length=_number(arguments, "x-max-length"),
        max_bytes=_number(arguments, "x-max-length-bytes"),
        overflow=Overflow(overflow),
        dead_letter_exchange=_text(arguments, "x-dead-letter-exchange"),
        dead_letter_key=_text(arguments, "x-dead-letter-routing-key"),
        single_active=single,
        max_priority=_number(arguments, "x-max-priority", below=256),
        arguments=arguments,
    )
    if options.dead_letter_key is not None and options.dead_letter_exchange is None:
        raise Conflict("precondition_failed", "x-dead-letter-routing-key is given without x-dead-letter-exchange")
    return options


async def cursor_of(wish: Any, feed: Feed, exchange: str | None, seen: Seen | None = None) -> EntryId:
    """The entry after which a replay begins, from ``x-stream-offset``.

    ``first``, ``last`` (the newest message of ``exchange``, a topic's id, of what may be ``seen``), ``next``, an entry
    id (a number, or ``offset=N``: that entry is the first, or, if it lies ahead, the next one), or a moment (a
    timestamp of AMQP, ``timestamp=`` seconds since the epoch, or RFC 3339). Raises ``Invalid`` (``invalid_parameter``).
    """
    text = str(wish).strip()
    if not isinstance(wish, datetime):
        if text in ("first", "next"):
            return EntryId(0) if text == "first" else feed.head
        if text == "last":
            newest = await feed.newest_of(exchange, seen) if exchange is not None else feed.head
            return EntryId(max(newest - 1, 0))
        if found := _OFFSET.fullmatch(text):
            return EntryId(min(max(int(found[1]) - 1, 0), feed.head))
    return await feed.before(_moment(wish, text.removeprefix("timestamp=")))


def _moment(wish: Any, text: str) -> Millis:
    if isinstance(wish, datetime):
        return int(wish.timestamp() * 1000)
    if _SECONDS.fullmatch(text):
        return int(text) * 1000
    try:
        return rfc3339.parse(text)
    except ValueError:
        raise Invalid(
            "invalid_parameter",
            f"x-stream-offset {text!r} is no place in the stream",
            pointer="x-stream-offset",
            hint="first, last, next, an entry id, offset=N, timestamp=SECONDS, or a time like 2026-01-02T03:04:05Z",
        ) from None


def _number(arguments: Mapping[str, Any], name: str, *, least: int = 0, below: int = 1 << 63) -> int | None:
    value = arguments.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value < below:
        raise _wrong(name, value)
    return value


def _text(arguments: Mapping[str, Any], name: str) -> str | None:
    value = arguments.get(name)
    if value is not None and not isinstance(value, str):
        raise _wrong(name, value)
    return value


def _wrong(name: str, value: Any) -> Conflict:
    return Conflict("precondition_failed", f"invalid arg {name!r}: {value!r}", pointer=name)


def compare(queue: "Queue", *, durable: bool, exclusive: bool, auto_delete: bool, arguments: Mapping[str, Any]) -> None:
    """Raise ``Conflict`` where a second declaration differs from what is there.

    It is ``resource_locked`` where only one of them is exclusive, else ``precondition_failed``.
    """
    if exclusive != (queue.owner is not None):
        raise Conflict(
            "resource_locked",
            f"cannot obtain exclusive access to locked queue {queue.name!r}: "
            "it is exclusive, or was to be, and not both",
        )
    there: dict[str, object] = {"durable": queue.durable, "auto_delete": queue.auto_delete}
    wish = {"durable": durable and not exclusive, "auto_delete": auto_delete}
    for field, received in wish.items():
        if received != there[field]:
            raise inequivalent(field, "queue", queue.name, received, there[field])
    given, kept = dict(arguments), queue.options.arguments
    for name in sorted({*given, *kept}):
        if name.startswith("x-") and given.get(name) != kept.get(name):
            raise inequivalent(name, "queue", queue.name, given.get(name), kept.get(name))


def inequivalent(field: str, kind: str, name: str, received: object, current: object) -> Conflict:
    """The refusal of a declaration that differs from what is there, in RabbitMQ's words, which clients show."""
    return Conflict(
        "precondition_failed",
        f"inequivalent arg '{field}' for {kind} '{name}': received {_shown(received)} but current is {_shown(current)}",
    )


def _shown(value: object) -> str:
    return f"'{str(value).lower() if isinstance(value, bool) else value}'"
