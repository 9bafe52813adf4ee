"""The words of the streams: exchanges, bindings, queues, and how far a queue has been read.

An exchange is a topic of the catalog, seen by a client of AMQP or STOMP; a queue is a cursor over the journal with
bindings and with a memory of what was acknowledged beyond it. Nothing here copies an event.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from msgspec import Struct

from eventyard.model.ids import EntryId, Millis

BUILT_IN = ("amq.direct", "amq.fanout", "amq.headers", "amq.match", "amq.topic")
"""Exchanges that every project has (AMQP 0-9-1, section 3.1.3), beside the default one."""

DEFAULT_EXCHANGE = "amq.default"
"""The topic behind the exchange without a name, to which each queue is bound by its own name."""


class ExchangeType(StrEnum):
    """How an exchange chooses among its bindings (AMQP 0-9-1, section 3.1.3)."""

    DIRECT = "direct"
    FANOUT = "fanout"
    TOPIC = "topic"
    HEADERS = "headers"


class Binding(Struct, frozen=True, omit_defaults=True):
    """A wish of a queue, or of another exchange, to be given what an exchange is sent.

    ``exchange`` is a topic's id. It counts for entries past ``since``, and up to ``until`` once it was taken away:
    what was routed to a queue while the binding stood stays in the queue.
    """

    exchange: str
    key: str
    arguments: Mapping[str, Any] = {}
    since: EntryId = EntryId(0)
    until: EntryId | None = None


class ExchangeSettings(Struct, frozen=True, omit_defaults=True):
    """What an AMQP client declared of an exchange. A topic without is a durable topic exchange.

    ``alternate`` names the exchange that gets what reaches no queue; ``bindings`` are those by which this exchange is
    given what others are sent.
    """

    type: ExchangeType = ExchangeType.TOPIC
    durable: bool = True
    auto_delete: bool = False
    internal: bool = False
    alternate: str | None = None
    arguments: Mapping[str, Any] = {}
    bindings: tuple[Binding, ...] = ()


class Overflow(StrEnum):
    """What a full queue does."""

    DROP_HEAD = "drop-head"
    REJECT_PUBLISH = "reject-publish"


class QueueOptions(Struct, frozen=True, omit_defaults=True):
    """The arguments of ``queue.declare``, read. Times in milliseconds; ``None`` is no bound."""

    expires_ms: Millis | None = None
    ttl_ms: Millis | None = None
    max_length: int | None = None
    max_bytes: int | None = None
    overflow: Overflow = Overflow.DROP_HEAD
    dead_letter_exchange: str | None = None
    dead_letter_key: str | None = None
    single_active: bool = False
    max_priority: int | None = None
    """The highest priority that counts; ``None``: messages go out in the order they came, whatever theirs."""
    arguments: Mapping[str, Any] = {}
    """As they were given, to compare a second declaration with the first."""


class Origin(Struct, frozen=True):
    """An exchange from which a queue was given messages, known well enough to read them when its topic is gone."""

    exchange: str
    number: int
    type: ExchangeType


class Queue(Struct, frozen=True):
    """A durable queue, as the catalog keeps it. ``key_id`` is the key or user that declared it.

    ``categories`` are what they held, who may see some only: the queue is given nothing else.
    """

    id: str
    project_id: str
    name: str
    created_at: Millis
    bindings: tuple[Binding, ...] = ()
    options: QueueOptions = QueueOptions()
    auto_delete: bool = False
    key_id: str | None = None
    origins: tuple[Origin, ...] = ()
    categories: tuple[str, ...] | None = None


class Position(Struct, frozen=True):
    """How far a durable queue has been read, as it was last kept. Everything up to ``cursor`` is done with.

    ``done`` are ranges beyond it that are done with, first and last id, ascending; ``depth`` how many messages were
    ready or unacknowledged when the newest entry was ``counted``; ``returned`` how often those that came back had been
    delivered; ``to_drop`` how many are to be dropped from the head, as the queue grew too long.
    """

    queue_id: str
    cursor: EntryId
    done: tuple[tuple[EntryId, EntryId], ...] = ()
    depth: int = 0
    counted: EntryId = EntryId(0)
    returned: Mapping[EntryId, int] = {}
    to_drop: int = 0
