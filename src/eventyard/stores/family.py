"""What a status change means beside the status itself: when an entry is completed, and what its parent counts; how its
topic is called; and where a claim, or a slice of the stream, ends.

Both stores work by these few rules, so that they cannot come to differ. Nothing here writes.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from eventyard.model.errors import NotFound
from eventyard.model.event import Event
from eventyard.model.ids import EntryId, Millis
from eventyard.model.journal import CLAIM_BYTES, MULTIPLE, HistoryLine, Idempotency, NewBundle, Recorded
from eventyard.model.lifecycle import FINAL, SEVERAL, Descendants, Endings, Kind, Status, descendants
from eventyard.model.outcome import Attempt, Counts, Outcome, Result
from eventyard.model.past import Past
from eventyard.wire.cloudevents import BATCH_MEDIA, encode_batch

T = TypeVar("T")

NO_TOPIC = 0
"""The number of the topic of what was adopted: there is none."""

_FOR_EVER: Millis = 253_402_300_799_999
"""The end of the year 9999."""

PUBLISHED = "Publishing to topic completed successfully"
"""The comment on the line that completes a publication."""

LEASE_LOST = "the lease ran out before the attempt was reported"
"""The error of an attempt that nobody reported."""


class Family(Struct):
    """What a parent knows of its children: how many, and how many of them are open, delayed, failed, completed."""

    children: int = 0
    open: int = 0
    delayed: int = 0
    failed: int = 0
    completed: int = 0

    def moved(self, old: Status | None, new: Status) -> None:
        """One child went from a status to another; ``None`` is before it was born."""
        if old is None:
            self.children += 1
        else:
            self._count(old, -1)
        self._count(new, +1)

    def _count(self, status: Status, step: int) -> None:
        if status is Status.DELAYED:
            self.delayed += step
        elif status is Status.ERROR:
            self.failed += step
        elif status is Status.COMPLETE:
            self.completed += step
        elif status not in FINAL:
            self.open += step

    @property
    def descendants(self) -> Descendants:
        """The summary kept on the parent."""
        return descendants(self.children, self.open, self.delayed, self.failed)

    @property
    def endings(self) -> Endings:
        """How those of the children ended that are over."""
        if self.children > self.open + self.delayed + self.completed:
            return Endings.MIXED if self.completed else Endings.OTHERWISE
        return Endings.COMPLETE if self.completed else Endings.NONE


def ended(family: Family) -> Recorded:
    """What the end of a delivery means for the others of its family, which counts it already."""
    if not family.delayed:
        return Recorded.WRITTEN
    return Recorded.AWAITED if family.open else Recorded.SETTLED


def completed_at(before: Millis | None, old: Status, new: Status, at: Millis) -> Millis | None:
    """When an entry was completed: at the line that made it final, until something opens it again."""
    if new not in FINAL:
        return None
    return before if old in FINAL else at


def delayed_ms(before: int, old: Status, since: Millis, at: Millis) -> int:
    """How long an entry has been delayed in all, when it leaves ``old``, in which it was since ``since``."""
    return before + max(0, at - since) if old is Status.DELAYED else before


def superseded(line: HistoryLine, new_id: EntryId) -> HistoryLine:
    """The line of a delivery that another one takes the place of: it names that one."""
    return replace(line, comment=_also(line.comment, f"superseded by entry {new_id}"))


def superseding(line: HistoryLine, old_id: EntryId) -> HistoryLine:
    """The first line of a delivery that takes the place of another one: it names that one."""
    return replace(line, comment=_also(line.comment, f"in place of entry {old_id}"))


def with_members(event: Event, members: Iterable[Event]) -> Event:
    """The event of a bundle: its data are those of its members."""
    return replace(event, data=encode_batch(members), content_type=BATCH_MEDIA)


def begun(bundle: NewBundle) -> HistoryLine:
    """The line of each member when its bundle begins: it is processed, or over at once as the bundle itself."""
    first, status = bundle.lines[0], bundle.lines[-1].status
    return HistoryLine(first.at, status if status in FINAL else Status.PROCESSING, bundle.note, first.actor)


def payload_gone(bundle_id: EntryId) -> NotFound:
    """The refusal of a bundle that cannot be made once more."""
    return NotFound("not_found", f"the payloads of what entry {bundle_id} was made of are no longer kept")


def inherits(member: Status, old: Status, new: Status) -> bool:
    """Whether a member of a bundle goes with it from one status to another: what ended on its own account stays so."""
    return member is not new and (member is old or (member not in FINAL and old not in FINAL))


def reflected(line: HistoryLine, bundle_id: EntryId) -> HistoryLine:
    """The line of a member that goes with its bundle, in the words of the DIH seed's example."""
    return replace(line, comment=f"reflected by event {bundle_id}")


def _also(comment: str, told: str) -> str:
    return f"{comment}; {told}" if comment else told


def counts_of(kind: Kind, counts: Counts) -> Counts:
    """What was counted of an entry. A publication is one event that was taken, and one that was written."""
    return _ONE_EVENT if kind is Kind.PUBLICATION and counts == _NOTHING else counts


_NOTHING, _ONE_EVENT = Counts(), Counts(source_success=1, target_success=1)


def topic_of(kind: Kind, topic: str | None) -> str | None:
    """How the topic of an entry is called, which one of those may lack that are about several at once."""
    return MULTIPLE if topic is None and kind in SEVERAL else topic


def called(name: str, text: str, *, contains: bool) -> bool:
    """Whether something goes by that name, or by one that has it as a part, whatever the case."""
    text, folded = text.casefold(), name.casefold()
    return text in folded if contains else text == folded


def adopted_once(past: Past) -> Idempotency:
    """The promise not to adopt the same again, which no moment ends."""
    return Idempotency(f"past:{past.key}", _FOR_EVER)


class Life(NamedTuple):
    """What a history that is written at once comes to."""

    status: Status
    completed_at: Millis | None
    delayed_ms: int


def lived(history: Sequence[HistoryLine]) -> Life:
    """The status, completion and delay at the end of a history, which has a line at least."""
    life = Life(history[0].status, history[0].at if history[0].status in FINAL else None, 0)
    for last, line in pairwise(history):
        completed = completed_at(life.completed_at, last.status, line.status, line.at)
        life = Life(line.status, completed, delayed_ms(life.delayed_ms, last.status, last.at, line.at))
    return life


def lost_attempt(number: int, due_at: Millis) -> Attempt:
    """What is on record of an attempt that nobody reported."""
    return Attempt(number, due_at, 0.0, Outcome(Result.LOST, error=LEASE_LOST))


def taken(found: Iterable[tuple[T, int]], most: int = CLAIM_BYTES) -> Iterator[T]:
    """Of what was found, each with the size of its event, what is taken at a time: no more once it has ``most``."""
    size = 0
    for one, data_size in found:
        if size >= most:
            return
        yield one
        size += data_size
