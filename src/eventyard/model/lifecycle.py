"""The life of a journal entry: one table of (status, trigger) -> status.

The diagram in ``docs/lifecycle.md`` is generated from :data:`LIFECYCLE`. A delivery between two attempts stays
``Processing``; when its next attempt is due stands in the work queue, not in its status.
"""

from collections.abc import Iterable, Mapping
from enum import IntEnum, StrEnum

from eventyard.model.errors import Conflict


class Kind(IntEnum):
    """What a journal entry tracks. The numbers are stored; they never change."""

    PUBLICATION = 1
    SUBSCRIPTION = 2
    COMPOUND_PUBLICATION = 3
    COMPOUND_SUBSCRIPTION = 4
    AGGREGATED_SUBSCRIPTION = 5
    UNBOUND_SUBSCRIPTION = 6
    SYSTEM = 7


BUNDLES: frozenset[Kind] = frozenset(
    {Kind.COMPOUND_SUBSCRIPTION, Kind.AGGREGATED_SUBSCRIPTION, Kind.UNBOUND_SUBSCRIPTION}
)
"""The kinds that are delivered and are no child of a publication."""

DELIVERIES: tuple[Kind, ...] = (Kind.SUBSCRIPTION, *sorted(BUNDLES))
"""The kinds that are delivered: attempted, retried, reprocessed."""

SEVERAL: frozenset[Kind] = BUNDLES | {Kind.COMPOUND_PUBLICATION}
"""The kinds that may be about several topics at once."""


class Status(IntEnum):
    """Where an entry is in its life. The numbers are stored; they never change."""

    NEW = 1
    PENDING = 2
    PROCESSING = 3
    DELAYED = 4
    COMPLETE = 5
    ERROR = 6
    DISCARDED = 7
    REPROCESSED = 8


FINAL: frozenset[Status] = frozenset({Status.COMPLETE, Status.ERROR, Status.DISCARDED, Status.REPROCESSED})
"""The statuses in which nothing more happens by itself."""


class Trigger(StrEnum):
    """What can happen to an entry."""

    START = "start"
    """Work on it begins: an attempt is made, or a worker claims the run."""
    WAIT = "wait"
    """Its data is ready, its subscription is not (schedule, pause, compound siblings)."""
    SUCCEED = "succeed"
    FAIL = "fail"
    """The last attempt the policy allows has failed."""
    RETRY = "retry"
    """An operator asks for one more round of attempts of the same delivery."""
    DISCARD = "discard"
    REPROCESS = "reprocess"
    """A new entry takes its place."""
    CLOSE = "close"
    """An operator says that it is done, whatever came of it here."""
    REJECT = "reject"
    """An operator says that it failed, whatever came of it here."""


_OPEN = (Status.NEW, Status.PENDING, Status.PROCESSING, Status.DELAYED)

LIFECYCLE: Mapping[tuple[Status, Trigger], Status] = {
    (Status.NEW, Trigger.START): Status.PROCESSING,
    (Status.NEW, Trigger.WAIT): Status.DELAYED,
    (Status.PENDING, Trigger.START): Status.PROCESSING,
    (Status.PENDING, Trigger.FAIL): Status.ERROR,
    (Status.DELAYED, Trigger.START): Status.PROCESSING,
    (Status.DELAYED, Trigger.FAIL): Status.ERROR,
    (Status.PROCESSING, Trigger.WAIT): Status.DELAYED,
    (Status.PROCESSING, Trigger.SUCCEED): Status.COMPLETE,
    (Status.PROCESSING, Trigger.FAIL): Status.ERROR,
    (Status.ERROR, Trigger.RETRY): Status.PROCESSING,
    (Status.ERROR, Trigger.REPROCESS): Status.REPROCESSED,
    (Status.COMPLETE, Trigger.REPROCESS): Status.REPROCESSED,
    (Status.DISCARDED, Trigger.REPROCESS): Status.REPROCESSED,
    (Status.ERROR, Trigger.DISCARD): Status.DISCARDED,
    (Status.COMPLETE, Trigger.DISCARD): Status.DISCARDED,
    **{(status, Trigger.DISCARD): Status.DISCARDED for status in _OPEN},
    **{(status, Trigger.CLOSE): Status.COMPLETE for status in (*_OPEN, Status.ERROR, Status.DISCARDED)},
    **{(status, Trigger.REJECT): Status.ERROR for status in (*_OPEN, Status.COMPLETE, Status.DISCARDED)},
}

BY_HAND: Mapping[Status, Trigger] = {
    Status.COMPLETE: Trigger.CLOSE,
    Status.ERROR: Trigger.REJECT,
    Status.DISCARDED: Trigger.DISCARD,
}
"""The statuses that an operator may give an entry, and what happens to it then."""


_GIVEN: Mapping[Trigger, str] = {Trigger.CLOSE: "status Complete", Trigger.REJECT: "status Error"}
"""Triggers that nobody asks for by their names, but by the status that they give."""


def after(status: Status, trigger: Trigger) -> Status:
    """The status that follows. Raises :class:`Conflict` (``illegal_transition``) naming the legal triggers, in the
    words of who asks for them.
    """
    try:
        return LIFECYCLE[status, trigger]
    except KeyError:
        legal = ", ".join(_GIVEN.get(t, t.value) for t in Trigger if (status, t) in LIFECYCLE) or "none"
        act = f"give the {_GIVEN[trigger]} to" if trigger in _GIVEN else trigger.value
        raise Conflict(
            "illegal_transition",
            f"cannot {act} an entry that is {label(status)}",
            hint=f"from {label(status)} these steps are possible: {legal}",
        ) from None


class Descendants(IntEnum):
    """The cumulative state of an entry's children, kept on the parent. The numbers are stored; they never change."""

    NONE = 0
    IN_PROCESS = 1
    ERROR = 2
    DELAYED = 3
    FINAL = 4


def descendants(children: int, open_: int, delayed: int, failed: int) -> Descendants:
    """The parent's summary of so many children, of which some are open (delayed ones apart), delayed, failed."""
    if not children:
        return Descendants.NONE
    if open_:
        return Descendants.IN_PROCESS
    if failed:
        return Descendants.ERROR
    if delayed:
        return Descendants.DELAYED
    return Descendants.FINAL


class Endings(IntEnum):
    """How those deliveries of a publication ended that are over. The numbers are stored; they never change."""

    NONE = 0
    """None is over, or there is none."""
    COMPLETE = 1
    OTHERWISE = 2
    """All are over and not Complete: in Error, Discarded, Reprocessed."""
    MIXED = 3
    """Some Complete, some otherwise."""


def label(value: Kind | Status) -> str:
    """The display form of an enum member, as people read it: ``Compound Subscription``, ``Complete``."""
    return value.name.replace("_", " ").title()


def labels(values: Iterable[Kind | Status]) -> str:
    """Several display forms in one line, for messages."""
    return ", ".join(label(v) for v in values)
