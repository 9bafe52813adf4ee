"""In what DIH and CIH differ: paths, fields of requests and of events, spellings, defaults, order, limits.

Both are one product at heart, the second its cloud build, so everything else is written once, for a :class:`Profile`.
"""

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct

from eventyard.model.lifecycle import Kind, Status


class Range(StrEnum):
    """The time frames that have a name."""

    TODAY = "TODAY"
    YESTERDAY = "YESTERDAY"
    LAST_HOUR = "LAST_HOUR"
    LAST_TWO_HOURS = "LAST_TWO_HOURS"
    LAST_24_HOURS = "LAST_24_HOURS"
    LAST_7_DAYS = "LAST_7_DAYS"
    LAST_30_DAYS = "LAST_30_DAYS"
    CUSTOM = "CUSTOM"
    NO_RANGE = "NO_RANGE"


class Profile(Struct, frozen=True, kw_only=True):
    """One of the two products, as its clients know it."""

    name: str
    base: str
    """Everything of the profile is below this path."""
    time_field: str
    """The time frame in a request, as this product writes it."""
    ranges: tuple[Range, ...]
    default_range: Range
    kinds: Mapping[str, tuple[Kind, ...] | None]
    """The event types of a filter, and what filters nothing."""
    statuses: Mapping[str, tuple[Status, ...] | None]
    """The statuses of a filter, by the enum, and what filters nothing; an empty tuple is one that no entry has."""
    narrow: bool
    """Whether a request may have ``partnerId`` and ``matchAll``."""
    newest_first: bool
    """By creation and then id, the newest first; otherwise by id, ascending."""
    kind_field: str
    kind_as_enum: bool
    status_field: str
    start_field: str
    end_field: str
    descendants_field: str
    delayed: bool
    """Whether events have ``delayedTime``."""
    counts: bool
    """Whether events have counts and a ``runId``."""
    childless: bool
    """Whether events without children have an empty ``childEvents``."""
    topic_type: str
    """What comes into a topic is added to what is there already, in this product's word."""

    @property
    def mount(self) -> str:
        """The first segment of its paths, which nobody else has."""
        return "/" + self.base.split("/")[1]

    @property
    def api(self) -> str:
        """Where its calls are."""
        return f"{self.base}/api/v1"


_KINDS: Mapping[str, tuple[Kind, ...]] = {
    kind.name: (kind,)
    for kind in (
        Kind.PUBLICATION,
        Kind.SUBSCRIPTION,
        Kind.COMPOUND_SUBSCRIPTION,
        Kind.UNBOUND_SUBSCRIPTION,
        Kind.AGGREGATED_SUBSCRIPTION,
    )
}

_STATUSES: Mapping[str, tuple[Status, ...]] = {
    **{
        status.name: (status,)
        for status in (
            Status.ERROR,
            Status.COMPLETE,
            Status.DELAYED,
            Status.DISCARDED,
            Status.PROCESSING,
            Status.REPROCESSED,
            Status.NEW,
            Status.PENDING,
        )
    },
    "PRE_PROCESSING": (),
    "POST_PROCESSING": (),
}

DIH = Profile(
    name="DIH",
    base="/dih-console",
    time_field="timeFrame",
    ranges=tuple(one for one in Range if one not in (Range.LAST_HOUR, Range.LAST_TWO_HOURS)),
    default_range=Range.TODAY,
    kinds={**_KINDS, "SYSTEM": (Kind.SYSTEM,)},
    statuses=_STATUSES,
    narrow=True,
    newest_first=False,
    kind_field="eventTypeName",
    kind_as_enum=False,
    status_field="eventStatusName",
    start_field="startTime",
    end_field="completedTime",
    descendants_field="descendantsEventState",
    delayed=True,
    counts=False,
    childless=True,
    topic_type="Delta",
)

CIH = Profile(
    name="CIH",
    base="/cih/dih-console",
    time_field="timeframe",
    ranges=tuple(Range),
    default_range=Range.LAST_24_HOURS,
    kinds={"ALL": None, **_KINDS, "COMPOUND_PUBLICATION": (Kind.COMPOUND_PUBLICATION,)},
    statuses={"ALL": None, **_STATUSES},
    narrow=False,
    newest_first=True,
    kind_field="eventType",
    kind_as_enum=True,
    status_field="eventStatus",
    start_field="createTime",
    end_field="completionTime",
    descendants_field="descendantState",
    delayed=False,
    counts=True,
    childless=False,
    topic_type="Incremental Load",
)

PROFILES = (DIH, CIH)
