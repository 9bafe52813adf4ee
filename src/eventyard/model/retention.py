"""Retention: how long a topic keeps its publications, and what is over at a given moment. A policy; it deletes nothing.

A publication is *consumed* once it is over itself and every delivery of it is Complete, Discarded or Reprocessed, and
no durable queue has yet to read it. Its consumed period runs from the last of these. Until then it is *unconsumed*, and
that period runs from its creation. Without a period it is kept for ever. Both stores decide by :func:`fate`, the one
in SQL in its own words; ``pipeline/retain.py`` does what was decided.
"""

from enum import IntEnum

from msgspec import Struct

from eventyard.model.errors import Invalid
from eventyard.model.ids import EntryId, Millis
from eventyard.model.lifecycle import FINAL, Status

DAY: Millis = 86_400_000

MOST_DAYS = 36_500

SETTLED = FINAL - {Status.ERROR}
"""The statuses that count as consumed."""


class Retention(Struct, frozen=True):
    """The periods of a topic, in days; ``None`` keeps for ever.

    ``payload_days`` runs from the creation, whether consumed or not. The event goes then, but not while a delivery is
    open or a durable queue has yet to read it; the entry, its history and its attempts stay.
    """

    consumed_days: int | None = None
    unconsumed_days: int | None = None
    payload_days: int | None = None

    @property
    def is_for_ever(self) -> bool:
        """Whether nothing ever goes."""
        return self == Retention()

    def check(self) -> None:
        """Raise ``Invalid`` (``invalid_body``) for periods that contradict each other or are no number of days."""
        for name in self.__struct_fields__:
            days = getattr(self, name)
            if days is not None and not 1 <= days <= MOST_DAYS:
                raise Invalid("invalid_body", f"write 1 to {MOST_DAYS} days, or null", pointer=f"/retention/{name}")
        if self.unconsumed_days is not None and (self.consumed_days or MOST_DAYS + 1) > self.unconsumed_days:
            raise Invalid(
                "invalid_body",
                "what is not consumed would go before what is",
                pointer="/retention/unconsumed_days",
                hint="give consumed_days too, and no more of them than of unconsumed_days",
            )


FOR_EVER = Retention()


class Term(Struct, frozen=True):
    """What is over in a topic, by its journal number: what was settled, or created, at each of these moments or before.

    ``read`` is the last entry that every durable queue of the topic has done with, ``None`` where there is none.
    """

    topic: int
    consumed: Millis | None
    unconsumed: Millis | None
    payload: Millis | None
    read: EntryId | None = None

    @property
    def latest(self) -> Millis:
        """What was created after this moment is not over, whatever it is."""
        return max(moment for moment in (self.consumed, self.unconsumed, self.payload, -1) if moment is not None)


def term(topic: int, retention: Retention, read: EntryId | None, now: Millis, least: Millis = 0) -> Term:
    """What is over at a moment. Entries are kept for ``least`` ms at any rate: promises speak of them."""

    def ago(days: int | None, least: Millis = 0) -> Millis | None:
        return None if days is None else now - max(days * DAY, least)

    return Term(
        topic, ago(retention.consumed_days, least), ago(retention.unconsumed_days, least), ago(retention.payload_days),
        read,
    )  # fmt: skip


class Fate(IntEnum):
    """What goes of a publication, and why."""

    CONSUMED = 1
    """All of it, with its deliveries, as its consumed period is over."""
    UNCONSUMED = 2
    """All of it, though somebody has not consumed it: that period is over, too."""
    PAYLOAD = 3
    """The event only."""


class Facts(Struct, frozen=True):
    """What is to be known of a publication. ``settled_at`` is the end of the last of its deliveries, or its own.

    ``needed``: a delivery is open or delayed. ``leased``: somebody is at it. ``payload``: it is there.
    """

    id: EntryId
    created_at: Millis
    settled_at: Millis | None
    needed: bool
    leased: bool
    payload: bool


def fate(term: Term, facts: Facts) -> Fate | None:
    """What goes of a publication; ``None``: nothing."""
    unread = term.read is not None and facts.id > term.read
    if facts.settled_at is not None and not unread:
        if term.consumed is not None and facts.settled_at <= term.consumed:
            return Fate.CONSUMED
    elif term.unconsumed is not None and facts.created_at <= term.unconsumed and not facts.leased:
        return Fate.UNCONSUMED
    if term.payload is None or facts.created_at > term.payload or unread or facts.needed or not facts.payload:
        return None
    return Fate.PAYLOAD


class Doomed(Struct, frozen=True, array_like=True):
    """A publication of which something goes. ``size`` counts it and its deliveries."""

    id: EntryId
    fate: Fate
    size: int


class Over(Struct, frozen=True):
    """Publications whose time is over, by id. ``reached``: all of them up to there; ``None``: those were the last."""

    doomed: tuple[Doomed, ...]
    reached: EntryId | None


class Purged(Struct):
    """How much went, or would: publications by their fate, and entries in all, deliveries included."""

    consumed: int = 0
    unconsumed: int = 0
    payloads: int = 0
    entries: int = 0

    def count(self, one: Doomed) -> None:
        """One more."""
        if one.fate is Fate.PAYLOAD:
            self.payloads += 1
            return
        self.consumed += one.fate is Fate.CONSUMED
        self.unconsumed += one.fate is Fate.UNCONSUMED
        self.entries += one.size

    def add(self, other: "Purged") -> None:
        """Those of another count, too."""
        self.consumed += other.consumed
        self.unconsumed += other.unconsumed
        self.payloads += other.payloads
        self.entries += other.entries
