"""When a subscription is served: at once, at moments of its own, when it is asked to, or after another subscription.

And whether its deliveries are made one by one, or several as one. Words and no more; what is done is in
``pipeline/waiting/``: the next moment in ``cron.py``, who acts on it in ``schedules.py``, what becomes of the
deliveries that waited in ``backlogs.py``.
"""

from enum import StrEnum

from msgspec import Struct

from eventyard.model.ids import EntryId, Millis


class Backlog(StrEnum):
    """What becomes of the events that come while a subscription is paused."""

    KEEP = "keep"
    """Their deliveries wait, Delayed."""
    SKIP = "skip"
    """It never gets them."""


class When(StrEnum):
    """When the deliveries of a subscription are made."""

    READY = "when_ready"
    """At once."""
    CRON = "cron"
    ON_DEMAND = "on_demand"
    """When somebody runs it."""
    AFTER = "after"
    """When a delivery of another subscription is complete."""


class Missed(StrEnum):
    """What becomes of a moment that has passed while the hub was not there to see it."""

    ONCE = "once"
    """It is made up for, once for all that were missed."""
    SKIP = "skip"


class DeliveryScope(StrEnum):
    """Which of the deliveries that have waited are made."""

    ALL = "all"
    LATEST = "latest"
    """The newest; the older ones are discarded."""
    AGGREGATED = "aggregated"
    """All of them, as one."""


class Overlap(StrEnum):
    """What becomes of a bundle whose subscription has one under way."""

    WAIT = "wait"
    """It is made when that one is over."""
    ALLOW = "allow"
    DISCARD = "discard"


class Compound(Struct, frozen=True, forbid_unknown_fields=True):
    """A set of deliveries that are made as one: of each topic of the subscription one at least, but of the optional
    ones what is there.

    ``wait_minutes`` after the first of a set has come, the hub says that it is not complete; ``None`` waits silently.
    """

    optional_topic_ids: tuple[str, ...] = ()
    wait_minutes: int | None = None


class Schedule(Struct, frozen=True, forbid_unknown_fields=True):
    """When, and what belongs to it: the five fields of ``cron`` in ``time_zone`` (an IANA name), or the subscription
    with the id ``after``.
    """

    when: When = When.READY
    cron: str | None = None
    time_zone: str = "UTC"
    missed: Missed = Missed.ONCE
    after: str | None = None


class ReleaseState(Struct, frozen=True):
    """How far the deliveries of a subscription have been let go: all that wait, up to the entry ``through``.

    It is on record before the first of them is, so that what is cut off in the middle is gone on with. ``id`` is the
    subscription's; ``comment`` and ``actor`` are for the history of the deliveries.
    """

    id: str
    through: EntryId
    at: Millis
    comment: str
    actor: str | None = None
