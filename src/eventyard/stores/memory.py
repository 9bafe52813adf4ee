"""The store as plain dictionaries: the fake for tests, and the shortest description of what a store does.

It keeps nothing on disk and commits every call at once. What it answers is what ``stores/sql`` must answer; both pass
``testing/contracts/store.py``. How entries change is in ``memory_entries.py``, how they are found in
``memory_search.py``, the stream in ``memory_stream.py``, what is adopted in ``memory_past.py``.
"""

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from contextlib import AsyncExitStack
from typing import TypeVar

from msgspec.structs import replace

from eventyard.model.catalog import Record
from eventyard.model.errors import NotFound
from eventyard.model.event import Event
from eventyard.model.ids import EntryId, Millis
from eventyard.model.journal import (
    Appended,
    Change,
    Changed,
    Claimed,
    Delayed,
    Delaying,
    Entry,
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
)  # fmt: skip
from eventyard.model.lifecycle import FINAL, LIFECYCLE, Kind, Status, Trigger, after
from eventyard.model.past import Past
from eventyard.model.replay import Ways, Window
from eventyard.model.retention import Over, Purged, Term
from eventyard.model.streams import Position
from eventyard.ports import Clock, Watcher
from eventyard.stores.family import (
    PUBLISHED,
    Family,
    adopted_once,
    ended,
    lost_attempt,
    taken,
)
from eventyard.stores.memory_catalog import MemoryCatalog
from eventyard.stores.memory_due import claimable, claimed, waiting
from eventyard.stores.memory_entries import MemoryEntries
from eventyard.stores.memory_past import adopted
from eventyard.stores.memory_promises import MemoryPromises
from eventyard.stores.memory_retain import over, purge
from eventyard.stores.memory_search import Kept, found, listed, shown, stories, totals
from eventyard.stores.memory_siblings import delayed, delaying, siblings
from eventyard.stores.memory_stream import MemoryStream

T = TypeVar("T")


class MemoryStore:
    """A :class:`eventyard.ports.Store` that forgets everything when it goes."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._promises = MemoryPromises()
        self._catalog = MemoryCatalog()
        self._entries = MemoryEntries(self._catalog)
        self._stream = MemoryStream(self._entries)

    async def start(self, stack: AsyncExitStack) -> None:
        """Nothing to open."""

    # The journal, hot path

    def append(self, publication: NewPublication) -> Awaitable[Appended]:
        """See the port."""
        return _done(self._commit([publication])[0])

    def append_batch(self, publications: Sequence[NewPublication]) -> Awaitable[list[Appended]]:
        """See the port."""
        return _done(self._commit(publications))

    def _commit(self, publications: Sequence[NewPublication]) -> list[Appended]:
        answers = [self._append(publication) for publication in publications]
        self._stream.watchers.tell(zip(publications, answers, strict=True))
        return answers

    def _append(self, new: NewPublication) -> Appended:
        if (earlier := self._promises.earlier(new)) is not None:
            return earlier
        now = self._clock()
        history = [HistoryLine(new.received_at, Status.PROCESSING), HistoryLine(now, Status.COMPLETE, PUBLISHED)]
        publication = Kept(
            id=self._entries.next_id(),
            kind=Kind.PUBLICATION,
            project=new.project_number,
            application=new.application_number,
            topic=new.topic_number,
            name=new.source.number,
            event=new.event,
            created_at=new.received_at,
            completed_at=now,
            history=history,
            run_id=new.run_id,
            family=Family(),
            attempts={},
        )
        self._entries[publication.id] = publication
        for delivery in new.deliveries:
            self._entries.deliver(publication, delivery, HistoryLine(now, delivery.status))
        answer = Appended(publication.id, new.event.id, len(new.deliveries), now)
        self._promises.make(new.source.number, new.idempotency, answer)
        return answer

    async def claim(self, room: Mapping[int, int], lease_until: Millis, now: Millis) -> list[Claimed]:
        """See the port."""
        leased = []
        for target, places in room.items():
            free = claimable(self._entries.due, self._entries, target, now)
            sized = ((one, len(self._entries[one].event.data)) for one in free[:places])
            leased += [self._lease(one, lease_until, now) for one in taken(sized)]
        return leased

    def _lease(self, entry_id: EntryId, lease_until: Millis, now: Millis) -> Claimed:
        delivery, due = self._entries[entry_id], self._entries.due[entry_id]
        lost = due.lease_until > 0
        if lost:
            delivery.attempts.setdefault(due.attempt, lost_attempt(due.attempt, due.due_at))
            due.attempt += 1
        due.lease_until = lease_until
        if delivery.status is not Status.PROCESSING:
            self._entries.change(delivery, HistoryLine(now, after(delivery.status, Trigger.START)))
        return claimed(delivery, due, self._catalog.names, lost=lost)

    async def extend(self, entry_id: EntryId, lease_until: Millis, now: Millis) -> bool:
        """See the port."""
        due = self._entries.due.get(entry_id)
        if due is None or due.lease_until <= now:
            return False
        due.lease_until = lease_until
        return True

    def record(self, recording: Recording) -> Awaitable[Recorded]:
        """See the port."""
        try:
            return _done(self._record(recording))
        except NotFound as error:
            failed: asyncio.Future[Recorded] = asyncio.get_running_loop().create_future()
            failed.set_exception(error)
            return failed

    def _record(self, recording: Recording) -> Recorded:
        delivery = self._entries.entry(recording.entry_id)
        attempt = recording.attempt
        if attempt is not None:
            delivery.attempts[attempt.number] = attempt
        if delivery.status in FINAL:
            return Recorded.LATE
        if recording.line is not None:
            self._entries.change(delivery, recording.line)
        if recording.run_id is not None:
            delivery.run_id = recording.run_id
        if recording.counts is not None:
            delivery.counts = recording.counts
        self._entries.queue(delivery, recording.due_at)
        if delivery.status in FINAL and delivery.parent_id is not None:
            return ended(self._entries[delivery.parent_id].family)
        return Recorded.WRITTEN

    async def waiting(self) -> list[Waiting]:
        """See the port."""
        return list(waiting(self._entries.due, self._entries))

    async def release(self) -> int:
        """See the port."""
        leased = [due for due in self._entries.due.values() if due.lease_until]
        for due in leased:
            due.lease_until = 0
        return len(leased)

    # The journal, acts of an operator

    async def move(
        self, ids: Sequence[EntryId], trigger: Trigger, line: HistoryLine, due_at: Millis | None
    ) -> list[EntryId]:
        """See the port."""
        moved = []
        for entry_id in ids:
            entry = self._entries.get(entry_id)
            if entry is None or (entry.status, trigger) not in LIFECYCLE:
                continue
            if due_at is not None and (not self._entries.has_payload(entry) or self._entries.bundle_of(entry_id)):
                continue
            self._entries.change(entry, replace(line, status=after(entry.status, trigger)))
            self._entries.queue(entry, due_at)
            moved.append(entry_id)
        return moved

    async def redeliver(
        self, publication_id: EntryId, deliveries: Sequence[NewDelivery], supersedes: EntryId | None, line: HistoryLine
    ) -> list[EntryId]:
        """See the port."""
        self._entries.entry(publication_id)
        return [self._entries.redeliver(publication_id, new, supersedes, line) for new in deliveries]

    async def replay(self, deliveries: Mapping[EntryId, Sequence[NewDelivery]], line: HistoryLine) -> list[EntryId]:
        """See the port."""
        kept = self._stream.events(list(deliveries))
        for publication_id in kept:
            for new in deliveries[publication_id]:
                self._entries.redeliver(publication_id, new, None, line)
        return list(kept)

    async def gather(self, bundle: NewBundle, supersedes: EntryId | None = None) -> EntryId | None:
        """See the port."""
        return self._entries.gather(bundle, supersedes)

    async def adopt(self, past: Sequence[Past]) -> int:
        """See the port."""
        return sum(self._adopt(one) for one in past)

    def _adopt(self, one: Past) -> bool:
        source, once = self._catalog.remembered(one.source), adopted_once(one)
        if self._promises.made(source, once):
            return False
        first = self._entries.next_id()
        self._entries |= {entry.id: entry for entry in adopted(one, source, first, self._catalog)}
        answer = Appended(first, one.event.id, len(one.deliveries), self._clock())
        self._promises.make(source, [once], answer)
        return True

    async def siblings(self, publication_ids: Sequence[EntryId]) -> list[Sibling]:
        """See the port."""
        return siblings(self._entries, self._catalog.names, publication_ids)

    async def delaying(self) -> list[Delaying]:
        """See the port."""
        return delaying(self._entries, self._catalog.names)

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
        """See the port."""
        return delayed(self._entries, (number, topic, after, through, limit), newest=newest)

    # The journal, letting go

    async def over(self, terms: Sequence[Term], after: EntryId) -> Over:
        """See the port."""
        return over(terms, after, self._entries, self._entries.due)

    async def purge(self, terms: Sequence[Term], ids: Sequence[EntryId]) -> Purged:
        """See the port."""
        return purge(terms, ids, self._entries, self._entries.due)

    # The journal, reading

    async def find(self, query: Query) -> Page:
        """See the port."""
        page = [self._shown(entry) for entry in self._found(query)[: query.limit + 1]]
        return Page(tuple(page[: query.limit]), len(page) > query.limit)

    async def count(self, query: Query, limit: int) -> int:
        """See the port."""
        return min(limit, len(self._found(replace(query, offset=0))))

    async def stories(self, query: Query, most: int) -> Stories:
        """See the port."""
        return stories(query, self._entries, self._catalog.names, most)

    def _found(self, query: Query) -> list[Kept]:
        return found(query, self._entries, self._catalog.names)

    async def listed(self, listing: Listing) -> Listed:
        """See the port."""
        return listed(listing, self._entries, self._catalog.names)

    async def detail(self, entry_id: EntryId) -> EntryDetail:
        """See the port."""
        entry = self._entries.entry(entry_id)
        due = self._entries.due.get(entry_id)
        return EntryDetail(
            entry=self._shown(entry),
            event=entry.event if self._entries.has_payload(entry) else None,
            children=tuple(self._shown(child) for child in self._entries.values() if child.parent_id == entry_id),
            history=tuple(entry.history),
            attempts=tuple(entry.attempts[number] for number in sorted(entry.attempts)),
            due_at=due.due_at if due else None,
            lease_until=(due.lease_until or None) if due else None,
            supersedes=entry.supersedes,
            superseded_by=entry.superseded_by,
            members=entry.members,
            bundle=self._entries.bundle_of(entry_id),
        )

    def _shown(self, entry: Kept) -> Entry:
        return shown(entry, self._catalog.names)

    async def totals(self, projects: Sequence[int], seen: Seen | None = None) -> Mapping[tuple[int, int], int]:
        """See the port."""
        return totals(self._entries.values(), projects, seen)

    async def ways(self, window: Window, after: EntryId, until: EntryId, limit: int) -> Ways:
        """See the port."""
        return self._stream.ways(window, after, until, limit)

    async def events(self, ids: Sequence[EntryId]) -> Mapping[EntryId, Event]:
        """See the port."""
        return self._stream.events(ids)

    # The stream

    def watch(self, watcher: Watcher) -> None:
        """See the port."""
        self._stream.watchers.add(watcher)

    async def read(self, topics: Sequence[int], after: EntryId, until: EntryId, limit: int) -> Slice:
        """See the port."""
        return self._stream.read(topics, after, until, limit)

    async def newest(self, topics: Sequence[int] | None = None) -> EntryId:
        """See the port."""
        return self._stream.newest(topics)

    async def at(self, moment: Millis) -> EntryId:
        """See the port."""
        return self._stream.at(moment)

    async def keep(self, positions: Sequence[Position]) -> None:
        """See the port."""
        self._stream.keep(positions)

    async def forget(self, queue_ids: Sequence[str]) -> None:
        """See the port."""
        self._stream.forget(queue_ids)

    async def positions(self) -> list[Position]:
        """See the port."""
        return self._stream.positions()

    # The catalog

    async def load(self) -> list[Record]:
        """See the port."""
        return self._catalog.load()

    async def save(self, records: Sequence[Record]) -> list[Record]:
        """See the port."""
        return self._catalog.save(records)

    async def remove(self, records: Sequence[Record]) -> None:
        """See the port."""
        self._catalog.remove(records)

    async def change(self, change: Change) -> Changed:
        """See the port."""
        saved = self._catalog.change(change.saved, change.removed)
        return Changed(tuple(saved), tuple(self._commit(change.publications)))


def _done(value: T) -> Awaitable[T]:
    future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
    future.set_result(value)
    return future
