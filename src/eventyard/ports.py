"""What the hub needs from the world, on one page: Store, TargetType, Verifier, Mailer.

Adapters implement these and know nothing else of the hub but ``model``. Each port has a contract suite in
``eventyard.testing.contracts`` that every adapter passes, the in-memory one included.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Any, Protocol

from msgspec import Struct

from eventyard.model.catalog import Record, Target
from eventyard.model.event import Event
from eventyard.model.ids import EntryId, Millis
from eventyard.model.journal import (
    Appended,
    Change,
    Changed,
    Claimed,
    Committed,
    Delayed,
    Delaying,
    EntryDetail,
    HistoryLine,
    Listed,
    Listing,
    NewBundle,
    NewDelivery,
    NewPublication,
    Page,
    Query,
    Recorded,
    Recording,
    Seen,
    Sibling,
    Slice,
    Stories,
    Waiting,
)
from eventyard.model.lifecycle import Trigger
from eventyard.model.mail import Mail
from eventyard.model.outcome import Outcome
from eventyard.model.past import Past
from eventyard.model.replay import Ways, Window
from eventyard.model.retention import Over, Purged, Term
from eventyard.model.streams import Position

Clock = Callable[[], Millis]
"""The wall clock in milliseconds since the Unix epoch. Tests pass one that they move by hand."""

Watcher = Callable[[Sequence[Committed]], None]
"""Who is told of each commit: the publications it brought, at least one, in commit order."""


class Store(Protocol):
    """The journal and the catalog, on disk. Batch-first: what is asked for at the same time is committed together.

    Every method that writes returns after the fsync of the transaction that holds the write. All of them raise
    :class:`eventyard.model.errors.Unavailable` when the store cannot write; nothing is half done then.
    """

    async def start(self, stack: AsyncExitStack) -> None:
        """Open, upgrade if allowed, and register on ``stack`` what must be closed."""

    # The journal, hot path

    def append(self, publication: NewPublication) -> Awaitable[Appended]:
        """Commit an accepted event with its deliveries. Joins the group commit in progress."""

    def append_batch(self, publications: Sequence[NewPublication]) -> Awaitable[list[Appended]]:
        """Commit many, all in one transaction or none; the answers in the order of the questions."""

    async def claim(self, room: Mapping[int, int], lease_until: Millis, now: Millis) -> list[Claimed]:
        """Lease due deliveries: for each target number at most so many, and none more once their events come to
        ``CLAIM_BYTES``, oldest due first.
        """

    async def extend(self, entry_id: EntryId, lease_until: Millis, now: Millis) -> bool:
        """Prolong a lease that is still held; false when it is not."""

    def record(self, recording: Recording) -> Awaitable[Recorded]:
        """Commit the end of an attempt; the answer tells, too, if delayed ones of the same publication waited for it.

        Joins the group commit.
        """

    async def waiting(self) -> list[Waiting]:
        """Per target number, from when on a claim would find something: a delivery is due, or its lease ran out."""

    async def release(self) -> int:
        """Give up every lease; only for a store that one process owns, at its start. How many there were."""

    # The journal, acts of an operator

    async def move(
        self, ids: Sequence[EntryId], trigger: Trigger, line: HistoryLine, due_at: Millis | None
    ) -> list[EntryId]:
        """Apply a trigger to those entries whose status allows it, by the lifecycle table; returns their ids.

        The line's own status is replaced by the one that follows. With ``due_at`` a delivery goes (back) into the
        work queue, unleased, for its next attempt, and one whose event is gone, or that is made with others, stays as
        it is; without, it leaves it.
        """

    async def redeliver(
        self, publication_id: EntryId, deliveries: Sequence[NewDelivery], supersedes: EntryId | None, line: HistoryLine
    ) -> list[EntryId]:
        """Add deliveries to an existing publication, or one that supersedes an old delivery (reprocess).

        Of a delivery that was superseded the last line names the new one, whose first line names the old one.
        """

    async def replay(self, deliveries: Mapping[EntryId, Sequence[NewDelivery]], line: HistoryLine) -> list[EntryId]:
        """Add deliveries to existing publications, all or none; the ids of the publications that have theirs.

        One that is gone, or whose event is, gets none.
        """

    async def gather(self, bundle: NewBundle, supersedes: EntryId | None = None) -> EntryId | None:
        """Begin a bundle with its members, in one transaction; its id. ``None``: a member is not delayed any more, or
        its event is gone, and nothing was done.

        With ``supersedes`` it has no members yet: they are new deliveries in place of those of that bundle, which
        becomes Reprocessed. Raises ``Conflict`` (``illegal_transition``) if it cannot.
        """

    async def adopt(self, past: Sequence[Past]) -> int:
        """Commit what another system did, all or none, under its own times and in no topic; nobody is told of it.

        What was adopted under its key before is left out. How many events were new.
        """

    async def siblings(self, publication_ids: Sequence[EntryId]) -> list[Sibling]:
        """Every delivery of those publications, by id."""

    async def delaying(self) -> list[Delaying]:
        """Every subscription, alive or gone, of which a delivery is delayed, by number."""

    async def delayed(
        self,
        number: int,
        after: EntryId,
        through: EntryId | None,
        limit: int,
        *,
        topic: int | None = None,
        newest: bool = False,
    ) -> list[Delayed]:
        """The delayed deliveries of the subscription with that number, by id, or the newest first; perhaps of the topic
        with that number only.
        """

    # The journal, letting go

    async def over(self, terms: Sequence[Term], after: EntryId) -> Over:
        """Publications of those topics past an entry of which something is over (``model.retention.fate``).

        A call looks at so many entries and no more: go on from ``reached``, until it is ``None``.
        """

    async def purge(self, terms: Sequence[Term], ids: Sequence[EntryId]) -> Purged:
        """Delete what is over of these publications, with their deliveries, all or none; how much that was.

        What is not over any more is left, and so is the family of the journal's newest entry. An id is never given
        twice, and an idempotency key is answered as before.
        """

    # The journal, reading

    async def find(self, query: Query) -> Page:
        """A page of entries."""

    async def count(self, query: Query, limit: int) -> int:
        """How many entries match, those that are skipped too, counted up to ``limit``."""

    async def stories(self, query: Query, most: int) -> Stories:
        """A page of entries with their children and histories, and how many match, counted up to ``most``."""

    async def listed(self, listing: Listing) -> Listed:
        """A numbered page of publications, and how many there are in all."""

    async def detail(self, entry_id: EntryId) -> EntryDetail:
        """One entry with children, history, attempts and event. Raises ``NotFound``."""

    async def totals(self, projects: Sequence[int], seen: Seen | None = None) -> Mapping[tuple[int, int], int]:
        """(kind, status) -> number of entries, over those projects, of what may be seen there."""

    async def ways(self, window: Window, after: EntryId, until: EntryId, limit: int) -> Ways:
        """By which ways publications of a window came, with ``after < id <= until``, in order, ``limit`` at most.

        A call looks at so many entries, so it may find fewer than there are: go on from ``reached``, which is ``until``
        at the end. ``until`` must be committed. What has outlived its payload is left out.
        """

    async def events(self, ids: Sequence[EntryId]) -> Mapping[EntryId, Event]:
        """The events of those publications, but for what has outlived its payload. The caller bounds their bytes."""

    # The stream

    def watch(self, watcher: Watcher) -> None:
        """Call ``watcher`` on the event loop, once for each later commit that brings publications, in commit order.

        It is told before the callers of the appends are answered, of all that the commit brought and of no duplicate.
        What it raises is reported to the loop and harms nobody.
        """

    async def read(self, topics: Sequence[int], after: EntryId, until: EntryId, limit: int) -> Slice:
        """Publications of those topic numbers with ``after < id <= until``, in commit order, ``limit`` at most.

        A call looks at so many entries and no more than ``READ_BYTES`` of events, so a slice may hold fewer than there
        are: go on from ``reached``, which is ``until`` at the end. ``until`` must be committed (see :meth:`newest`).
        What has outlived its payload is left out.
        """

    async def newest(self, topics: Sequence[int] | None = None) -> EntryId:
        """The newest publication, of all or of those topic numbers; 0 when there is none."""

    async def at(self, moment: Millis) -> EntryId:
        """The newest entry committed before a moment: 0 before the first, the newest publication after the last.

        Where the clock has jumped, everything committed at that moment or later comes after it, so that who reads on
        from it misses nothing, and may see something older besides.
        """

    async def keep(self, positions: Sequence[Position]) -> None:
        """Insert or replace by queue id, all or none."""

    async def forget(self, queue_ids: Sequence[str]) -> None:
        """Delete the positions of those queues, all or none."""

    async def positions(self) -> list[Position]:
        """Every position kept, in the order of the queues' ids."""

    # The catalog

    async def load(self) -> list[Record]:
        """Everything in the catalog."""

    async def save(self, records: Sequence[Record]) -> list[Record]:
        """Insert or replace by id, all or none; returns them numbered. Raises ``Conflict`` (``duplicate``)."""

    async def remove(self, records: Sequence[Record]) -> None:
        """Delete by id, all or none. The journal keeps its entries and the names they were made under."""

    async def change(self, change: Change) -> Changed:
        """Save and remove records and commit publications, in one transaction. Raises ``Conflict`` (``duplicate``)."""


class Setting(Struct, frozen=True):
    """One declared setting of a target type or verifier: draws the form, checks the API's input, writes the docs."""

    name: str
    title: str
    help: str
    schema: Mapping[str, Any]
    """JSON Schema of the value."""
    required: bool = False
    secret: bool = False
    default: Any = None
    example: Any = None
    generated: bool = False
    """A secret that the hub makes when none is given (Standard Webhooks: ``whsec_`` and 32 random bytes)."""
    sent_to: tuple[str, ...] = ()
    """Of a secret that is shown to others: pointers to the URLs, among the settings, that say to whom."""


class Delivery(Struct, frozen=True):
    """What a target type is given to send: one attempt of one delivery."""

    entry_id: EntryId
    publication_id: EntryId
    subscription_id: str
    attempt: int
    event: Event
    target: Target
    secrets: Mapping[str, tuple[str, ...]]
    """The target's secrets in clear, newest first."""
    now: Millis


class FunctionLimits(Struct, frozen=True):
    """What the operator gives to JavaScript functions: so many processes, and bounds for each call."""

    workers: int = 2
    memory_bytes: int = 64 << 20
    timeout_ms: int = 1000
    """Processor time."""
    result_bytes: int = 1 << 20


class Egress(Struct, frozen=True):
    """What the operator lets deliveries do."""

    allow_private: bool = False
    """Reach loopback, private and link-local addresses."""
    functions: FunctionLimits = FunctionLimits()


class TargetType(Protocol):
    """A way to deliver, made with the :class:`Egress` of the hub it serves.

    ``pull`` types are not sent to: their deliveries wait for a worker to claim them.
    """

    kind: str
    summary: str
    settings: Sequence[Setting]
    pull: bool

    async def start(self, stack: AsyncExitStack) -> None:
        """Open pools, and register on ``stack`` what must be closed."""

    def check(self, settings: Mapping[str, Any]) -> None:
        """Raise ``Invalid`` (``invalid_settings``) for what the settings' schemas cannot express."""

    async def examine(self, settings: Mapping[str, Any]) -> None:
        """The same for what cannot be told at a glance; asked of settings that passed :meth:`check`, by a running hub
        when they are written.
        """

    async def send(self, delivery: Delivery) -> Outcome:
        """Make one attempt within ``delivery.target.timeout_ms``. Never raises for a remote failure."""


class Request(Struct, frozen=True):
    """What a verifier looks at: the body as bytes, inflated, and the headers, names in lower case."""

    headers: Mapping[str, str]
    body: bytes
    now: Millis


class Verified(Struct, frozen=True):
    """What a verified request says about itself: the sender's own id of this message, its type, its signature."""

    key: str | None = None
    type: str | None = None
    signature: str | None = None


class Verifier(Protocol):
    """A verification scheme: proves the sender on the bytes of the body. Pure; comparison in constant time."""

    scheme: str
    summary: str
    settings: Sequence[Setting]
    needs_secret: bool
    signs: bool
    """Whether the proof covers the body; without, it is a credential in a header, as ``bearer`` is."""

    def check(self, secret: str) -> None:
        """Raise ``Invalid`` (``invalid_settings``) for a secret that the scheme can never use."""

    def verify(self, request: Request, settings: Mapping[str, Any], secrets: Sequence[str]) -> Verified:
        """Raise ``Unauthenticated`` (``signature_missing``, ``signature_invalid``, ``signature_expired``), or
        ``Forbidden`` where no proof would help.
        """


class Mailer(Protocol):
    """A way for a mail to leave the hub."""

    async def send(self, mail: Mail) -> None:
        """Hand it to somebody who takes charge of it. Raises ``MailError``, also when that takes too long."""
