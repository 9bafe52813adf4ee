"""Monitoring rules: what an operator wants to be told of, or to have done, when entries end or do not.

A rule watches sources (their publications) and subscriptions (their deliveries): named ones, or all there are and will
be. It speaks of entries that reach one of its ``statuses``, which are final; or, with ``stuck_ms``, of those that stay
in one of them, which are not, for so long. Who looks, and what is done, is ``pipeline/monitoring/``.
"""

from collections.abc import Iterable, Sequence
from enum import StrEnum

from msgspec import Struct

from eventyard.model.errors import Invalid
from eventyard.model.ids import EntryId, Millis
from eventyard.model.lifecycle import FINAL, Kind, Status
from eventyard.model.retry import DAY, MINUTE

STUCK_LEAST, STUCK_MOST = MINUTE, 8 * DAY - 5 * MINUTE
"""What counts as stuck: after a minute at the earliest, after 7 days, 23 hours and 55 minutes at the latest."""

INTERVAL_MS = 5 * MINUTE
"""Between two messages of a rule, unless it says otherwise."""

MADE_BY_RULE = "rule-"
"""Begins the id of the subscription through which a rule reaches its target; the rule's own id follows."""


class Act(StrEnum):
    """What a rule does to the subscription or source whose entry it speaks of."""

    PAUSE = "pause"
    """Pauses an enabled subscription. Sources know no pause and are left alone."""
    DISABLE = "disable"


class Rule(Struct, frozen=True):
    """A wish to be told, or to have something done.

    ``kinds`` narrow it to entries of these; none is any. ``mail_to`` are told by mail; ``target_id`` is sent an event.
    A rule tells once in ``interval_ms``; what it does to entries (``discard``), subscriptions and sources (``act``) it
    does at once. ``reached`` is the moment up to which stays that began by then have been looked at.
    """

    id: str
    project_id: str
    name: str
    created_at: Millis
    updated_at: Millis
    description: str = ""
    enabled: bool = True
    all_sources: bool = False
    all_subscriptions: bool = False
    source_ids: tuple[str, ...] = ()
    subscription_ids: tuple[str, ...] = ()
    kinds: tuple[Kind, ...] = ()
    statuses: tuple[Status, ...] = (Status.ERROR,)
    stuck_ms: Millis | None = None
    mail_to: tuple[str, ...] = ()
    target_id: str | None = None
    act: Act | None = None
    discard: bool = False
    interval_ms: Millis = INTERVAL_MS
    reached: Millis = 0

    @property
    def subscription_id(self) -> str:
        """The id of the subscription through which it reaches its target."""
        return MADE_BY_RULE + self.id

    def concerns(self, kind: Kind, name_id: str | None) -> bool:
        """Whether it watches an entry of this kind, of the source or subscription with this id."""
        if self.kinds and kind not in self.kinds:
            return False
        if kind in PUBLISHED:
            return self.all_sources or name_id in self.source_ids
        return self.all_subscriptions or name_id in self.subscription_ids

    def check(self) -> None:
        """Raise ``Invalid`` (``invalid_rule``) for a rule that would never have anything to tell, or nobody to."""
        if not (self.all_sources or self.all_subscriptions or self.source_ids or self.subscription_ids):
            raise _invalid("/subscription_ids", "a rule watches a source or a subscription, or all of them")
        if not self.statuses:
            raise _invalid("/statuses", "a rule speaks of one status at least")
        self._check_statuses()
        if not (self.mail_to or self.target_id or self.act or self.discard):
            raise _invalid("/mail_to", "a rule tells somebody by mail or by a target, or does something")
        if not (self.all_subscriptions or self.subscription_ids) and self.act is Act.PAUSE:
            raise _invalid("/act", "a source cannot be paused", "disable it")

    def _check_statuses(self) -> None:
        if self.stuck_ms is None:
            if not FINAL.issuperset(self.statuses):
                hint = f"without stuck_ms these are possible: {_words(sorted(FINAL))}"
                raise _invalid("/statuses", "nothing ends in one of these statuses", hint)
            if self.discard and not DISCARDABLE.issuperset(self.statuses):
                raise _invalid("/discard", "an entry that is discarded or reprocessed cannot be discarded")
            return
        if not FINAL.isdisjoint(self.statuses):
            hint = f"with stuck_ms these are possible: {_words(s for s in Status if s not in FINAL)}"
            raise _invalid("/statuses", "an entry that has ended is not stuck", hint)
        if not STUCK_LEAST <= self.stuck_ms <= STUCK_MOST:
            hint = f"give {STUCK_LEAST} to {STUCK_MOST} milliseconds: 1 minute to 7 days, 23 hours and 55 minutes"
            raise _invalid("/stuck_ms", "an entry is not stuck after so long", hint)


PUBLISHED = frozenset({Kind.PUBLICATION, Kind.COMPOUND_PUBLICATION})
"""The kinds of entries that come of sources; the others are of subscriptions."""

DISCARDABLE = frozenset({Status.ERROR, Status.COMPLETE})
"""The final statuses from which an entry can be discarded."""


class Sighting(Struct, frozen=True):
    """An entry that a rule may speak of: of the source or subscription with the id ``name_id``."""

    entry_id: EntryId
    kind: Kind
    status: Status
    project_id: str
    name_id: str
    comment: str = ""
    parent_id: EntryId | None = None


class Trial(Struct, frozen=True):
    """What a rule would have spoken of: so many of the entries ``looked_at``, the newest few of them by their ids.

    ``complete`` is false when there were more entries than a trial looks at.
    """

    matched: int
    looked_at: int
    complete: bool
    newest: Sequence[EntryId]


def _words(statuses: Iterable[Status]) -> str:
    return ", ".join(status.name.lower() for status in statuses)


def _invalid(pointer: str, message: str, hint: str | None = None) -> Invalid:
    return Invalid("invalid_rule", message, pointer=pointer, hint=hint)
