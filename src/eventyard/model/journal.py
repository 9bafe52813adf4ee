"""What is written to the journal and what is read from it.

Written, on the hot path: :class:`NewPublication` with its :class:`NewDelivery` items (one accepted event), and
:class:`Recording` (the end of one attempt). Read: :class:`Entry` and the lines beside it. Streamed: :class:`Committed`.
"""

from enum import IntEnum

from msgspec import Struct, structs

from eventyard.model.catalog import Record, Source, Subscription, Target
from eventyard.model.event import Event
from eventyard.model.ids import EntryId, Millis
from eventyard.model.lifecycle import Descendants, Endings, Kind, Status
from eventyard.model.outcome import Attempt, Counts

CLAIM_BYTES = 8 * 1024 * 1024
"""Once the events of a claim's deliveries to one target come to so many bytes, the claim takes no more for it."""

READ_BYTES = 8 * 1024 * 1024
"""Once the events of a slice of the stream come to so many bytes, the slice holds no more."""

MULTIPLE = "(multiple)"
"""How the topic of an entry is called that is about several topics at once."""


class HistoryLine(Struct, frozen=True):
    """One dated status change. The status of an entry is that of its last line."""

    at: Millis
    status: Status
    comment: str = ""
    actor: str | None = None


class Idempotency(Struct, frozen=True):
    """A promise not to take the same thing twice from one source: ``key`` within the source, until ``expires_at``.

    ``fingerprint`` tells a repeated request from another one under the same key (``None``: do not compare).
    """

    key: str
    expires_at: Millis
    fingerprint: bytes | None = None


class NewDelivery(Struct, frozen=True):
    """One delivery to be made of an event: for which subscription, to which target.

    ``status`` is ``PROCESSING`` for a target the hub drives and ``PENDING`` for a job, which waits for a worker. One
    that is ``DELAYED`` waits, for others of its publication or for its subscription, and is in no work queue until it
    is started; with a ``note`` it is Processing at first, and that says why it waits.
    ``lease_until`` is 0 when nobody has taken it yet, else how long this process has it.
    """

    subscription: Subscription
    target: Target
    status: Status
    due_at: Millis
    lease_until: Millis = 0
    note: str = ""


class NewPublication(Struct, frozen=True):
    """One accepted event and everything that is committed with it, in one transaction.

    ``topic_number`` and ``application_number`` and ``project_number`` are numbers in the name table. ``idempotency``
    may hold several keys (one the sender chose, one for its signature); any one of them used before makes a duplicate.
    ``run_id`` is the publisher's own word for the run that it came of.
    """

    event: Event
    source: Source
    project_number: int
    application_number: int
    topic_number: int
    received_at: Millis
    deliveries: tuple[NewDelivery, ...] = ()
    idempotency: tuple[Idempotency, ...] = ()
    run_id: str | None = None


class NewBundle(Struct, frozen=True):
    """An entry that is a root though nobody published it: several delayed deliveries made as one, what an unbound
    subscription is to read, or what the hub itself has to say.

    ``members`` are the deliveries, all of one subscription. They leave Delayed with it, with ``note`` in their
    histories, and take each status that it takes. ``event`` is what is delivered; with members its data is theirs, as a
    CloudEvents batch. ``lines`` are the history it begins with, and the last is its status; with a target it is due at
    once if that is not final. ``topic`` is the number of the only topic it is about, or 0.
    """

    kind: Kind
    project: int
    topic: int
    subscription: Subscription
    target: Target | None
    event: Event
    lines: tuple[HistoryLine, ...]
    members: tuple[EntryId, ...] = ()
    note: str = ""


class Appended(Struct, frozen=True):
    """What became of a :class:`NewPublication`: the ids given, or the earlier publication its key was used for.

    Delivery ids follow the publication's: ``entry_id + 1`` … ``entry_id + deliveries``.
    ``key`` is the idempotency key that was used before, when nothing was written; ``mismatch`` is true when, besides,
    the fingerprints differ.
    """

    entry_id: EntryId
    event_id: str
    deliveries: int
    committed_at: Millis
    key: str | None = None
    mismatch: bool = False

    @property
    def duplicate(self) -> bool:
        """Whether nothing was written because an idempotency key was used before."""
        return self.key is not None


class Change(Struct, frozen=True):
    """A change of the catalog and the events that tell of it, committed together: all of it or nothing."""

    saved: tuple[Record, ...]
    removed: tuple[Record, ...]
    publications: tuple[NewPublication, ...]


class Changed(Struct, frozen=True):
    """What became of a :class:`Change`: the saved records with their numbers, and an answer for each publication."""

    saved: tuple[Record, ...]
    appended: tuple[Appended, ...]


class Claimed(Struct, frozen=True):
    """A delivery that this process may attempt until ``lease_until``. ``attempt`` is the number of the next attempt."""

    entry_id: EntryId
    publication_id: EntryId
    subscription_id: str
    target_number: int
    attempt: int
    due_at: Millis
    lease_until: Millis
    event: Event
    status: Status = Status.PROCESSING
    lost: bool = False
    """True when an earlier lease on it ran out: that attempt is recorded as lost."""


class Recording(Struct, frozen=True):
    """What one attempt, or one act of an operator on a leased delivery, changes; applied in one transaction.

    ``line`` is the new last history line, or ``None`` when the status stays (the delivery waits for its next attempt).
    ``due_at`` puts the delivery back into the work queue for attempt ``attempt.number + 1``; ``None`` takes it out.
    Nothing but the attempt is written if the entry is final by now (an operator was faster). ``subscription_id`` is for
    those who are told of it.
    """

    entry_id: EntryId
    publication_id: EntryId
    attempt: Attempt | None
    line: HistoryLine | None
    due_at: Millis | None = None
    run_id: str | None = None
    counts: Counts | None = None
    subscription_id: str = ""


class Recorded(IntEnum):
    """What became of a :class:`Recording`. Only the first is false."""

    LATE = 0
    """The entry was final already: nothing but the attempt was written."""
    WRITTEN = 1
    AWAITED = 2
    """It ended a delivery; of its publication's others some are delayed, and some are still open."""
    SETTLED = 3
    """It ended a delivery; of its publication's others some are delayed, and none is open any more."""


class Sibling(Struct, frozen=True, array_like=True, gc=False):
    """A delivery among those of its publication."""

    entry_id: EntryId
    publication_id: EntryId
    subscription_id: str
    target_number: int
    status: Status


class Delaying(Struct, frozen=True):
    """A subscription of which deliveries are delayed: its number, and the id it has, or had."""

    number: int
    subscription_id: str


class Delayed(Struct, frozen=True, array_like=True, gc=False):
    """A delayed delivery among those of its subscription."""

    entry_id: EntryId
    publication_id: EntryId
    target_number: int
    created_at: Millis
    topic: int
    size: int
    """Bytes of its event's data."""


class Entry(Struct, frozen=True, kw_only=True):
    """A journal entry as it is read. Names are the current ones; ids are those of catalog records, alive or not."""

    id: EntryId
    kind: Kind
    status: Status
    project_id: str
    application_id: str | None
    application: str | None
    topic_id: str | None
    topic: str | None
    name_id: str | None
    """The source (of a publication) or subscription (of a delivery)."""
    name: str | None
    event_id: str
    parent_id: EntryId | None
    created_at: Millis
    completed_at: Millis | None
    delayed_ms: int
    descendants: Descendants
    counts: Counts
    run_id: str | None


class EntryDetail(Struct, frozen=True, kw_only=True):
    """One entry with everything on record about it. ``event`` is ``None`` once the payload's retention is over.

    ``supersedes`` is the delivery in whose place it was made, ``superseded_by`` the one made in its place. ``members``
    are the deliveries that are made as this one, and ``bundle`` is the entry as which it is made with others.
    """

    entry: Entry
    event: Event | None
    children: tuple[Entry, ...]
    history: tuple[HistoryLine, ...]
    attempts: tuple[Attempt, ...]
    due_at: Millis | None
    lease_until: Millis | None
    supersedes: EntryId | None = None
    superseded_by: EntryId | None = None
    members: tuple[EntryId, ...] = ()
    bundle: EntryId | None = None


class Seen(Struct, frozen=True):
    """What a caller with categories may see, as name-table numbers: an entry of one of these applications and topics.

    ``names`` are sources and subscriptions: one of these will do for an entry that has no topic of its own.
    """

    applications: tuple[int, ...]
    topics: tuple[int, ...]
    names: tuple[int, ...]


class Query(Struct, frozen=True, kw_only=True):
    """A search. Every given criterion must hold; times are inclusive; newest first; pages by ``before``.

    ``projects`` is the caller's scope, as name-table numbers: never empty, never beyond what they may read. Of the
    topics that tell of one application each they may know the one named ``own``; ``None`` is all of them. Of the rest
    they may read what ``seen`` says; ``None`` is everything.
    ``event_id`` is the public id, ``entry_id`` the journal's; ``name`` a source's or subscription's name, and
    ``application_number`` an application's number. With ``contains`` the three names may match in part; either way case
    does not matter, and what is about several topics at once is in one that is called :data:`MULTIPLE`.

    With ``any`` one of the criteria will do, if there are any; scope, times, ``before`` and ``after`` must hold all the
    same, and so must ``of_kinds`` and ``of_statuses``, which narrow what is asked for to what somebody can act on.
    ``by_time`` orders by the moment of creation before the id. ``offset`` skips so many.
    """

    projects: tuple[int, ...]
    kinds: tuple[Kind, ...] = ()
    statuses: tuple[Status, ...] = ()
    descendants: tuple[Descendants, ...] = ()
    application: str | None = None
    application_number: int | None = None
    topic: str | None = None
    name: str | None = None
    contains: bool = False
    entry_id: EntryId | None = None
    event_id: str | None = None
    parent_id: EntryId | None = None
    run_id: str | None = None
    created_from: Millis | None = None
    created_to: Millis | None = None
    before: EntryId | None = None
    after: EntryId | None = None
    own: str | None = None
    seen: Seen | None = None
    any: bool = False
    of_kinds: tuple[Kind, ...] = ()
    of_statuses: tuple[Status, ...] = ()
    ascending: bool = False
    by_time: bool = False
    offset: int = 0
    limit: int = 50

    def alternatives(self) -> "tuple[Query, ...]":
        """Queries in which every criterion must hold, and that find between them what this one finds."""
        given = [name for name in CRITERIA if getattr(self, name) not in (None, ())]
        left_out = dict.fromkeys(CRITERIA) | {"kinds": (), "statuses": (), "descendants": ()}
        each = [left_out | {name: getattr(self, name)} for name in given] if self.any and len(given) > 1 else [{}]
        narrowed = (structs.replace(self, any=False, **criteria)._narrowed() for criteria in each)
        return tuple(query for query in narrowed if query is not None)

    def _narrowed(self) -> "Query | None":
        """The query with what narrows it among its criteria; ``None`` if it cannot find anything then."""
        if not self.of_kinds and not self.of_statuses:
            return self
        kinds = [kind for kind in self.kinds or Kind if kind in (self.of_kinds or Kind)]
        statuses = [status for status in self.statuses or Status if status in (self.of_statuses or Status)]
        if not kinds or not statuses:
            return None
        return structs.replace(self, kinds=tuple(kinds), statuses=tuple(statuses), of_kinds=(), of_statuses=())


CRITERIA = (
    "kinds", "statuses", "descendants", "application", "application_number", "topic", "name",
    "entry_id", "event_id", "parent_id", "run_id",
)  # fmt: skip
"""Those fields of a :class:`Query` of which, with ``any``, one will do."""


class Page(Struct, frozen=True):
    """A page of entries; ``more`` says whether another follows."""

    entries: tuple[Entry, ...]
    more: bool


class Story(Struct, frozen=True):
    """An entry with its history, and those of its children, by their ids."""

    entry: Entry
    history: tuple[HistoryLine, ...]
    children: "tuple[Story, ...]" = ()


class Stories(Struct, frozen=True):
    """A page of entries with their stories, and how many entries match in all; ``more`` than that, if it is true."""

    stories: tuple[Story, ...]
    total: int
    more: bool = False


class Listing(Struct, frozen=True, kw_only=True):
    """A numbered page of publications: so many, after the first ``offset``, by their ids. What screens with pages ask.

    ``projects`` is the caller's scope, and ``application`` the publishing one, as name-table numbers; ``name`` is the
    source's name, whatever its case; ``endings`` are alternatives; times are inclusive. What the hub publishes under
    names of its own (``reserved.py``) is not listed. ``seen`` is as in :class:`Query`.
    """

    projects: tuple[int, ...]
    application: int | None = None
    name: str | None = None
    endings: tuple[Endings, ...] = ()
    seen: Seen | None = None
    entry_id: EntryId | None = None
    created_from: Millis | None = None
    created_to: Millis | None = None
    ascending: bool = False
    offset: int = 0
    limit: int = 50


class Publication(Struct, frozen=True):
    """A publication of a list: its entry, the numbers of application and source, and how its deliveries ended.

    ``ended`` are the statuses of those that are over, in the order in which they ended.
    """

    entry: Entry
    application: int
    source: int
    ended: tuple[Status, ...]


class Listed(Struct, frozen=True):
    """The page, and how many publications there are on all pages."""

    publications: tuple[Publication, ...]
    total: int


class Waiting(Struct, frozen=True):
    """What waits for one target: from when on the first of its deliveries is due and free of any lease."""

    target_number: int
    first_due_at: Millis


class Committed(Struct, frozen=True, gc=False):
    """A publication as the stream sees it: committed ``at``, into which project and topic, by whom (journal numbers).

    ``application`` is the publishing one.
    """

    entry_id: EntryId
    at: Millis
    project: int
    application: int
    topic: int
    source: int
    event: Event


class Slice(Struct, frozen=True):
    """A part of the stream, ascending. Nothing that was asked for and is not in it lies at or before ``reached``."""

    publications: tuple[Committed, ...]
    reached: EntryId
