"""Pickup: which deliveries of a subscription wait for whoever fetches them, the oldest first.

They are Delayed, because the subscription is paused or has a schedule, or Pending until a worker claims them; or let go
already, Processing and in nobody's hands: no lease on them runs, and no attempt that failed has them wait for the next.
Several that are made as one wait as their bundle, and so do those of a compound subscription, in sets. That they still
wait when they are taken is seen to in ``consume.py``.
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress

from msgspec import Struct
from msgspec.structs import replace

from eventyard.model.access import Principal
from eventyard.model.catalog import Project, Subscription, Topic
from eventyard.model.errors import NotFound
from eventyard.model.event import Event
from eventyard.model.ids import EntryId
from eventyard.model.journal import READ_BYTES, Delayed, Entry, EntryDetail, Query
from eventyard.model.lifecycle import BUNDLES, FINAL, Kind, Status
from eventyard.pipeline.catalog import Catalog
from eventyard.pipeline.view import View
from eventyard.pipeline.waiting.bundles import PART
from eventyard.ports import Clock, Store
from eventyard.wire.cloudevents import decode_batch

TAKEN = "taken by a consumer"
"""What the history says of a delivery that was taken."""

PAGE = 500
"""Entries that are looked at at a time."""

OPEN = tuple(status for status in Status if status not in FINAL)


class Found(Struct, frozen=True):
    """A delivery that may be taken, and its event."""

    detail: EntryDetail
    event: Event

    @property
    def id(self) -> EntryId:
        """Its number."""
        return self.detail.entry.id

    @property
    def status(self) -> Status:
        """Its status, when it was looked at."""
        return self.detail.entry.status

    @property
    def attempt(self) -> int:
        """The number of its next attempt."""
        return max((one.number for one in self.detail.attempts), default=0) + 1


class Part(Struct, frozen=True):
    """A delivery that may be made as one with others: its number, its status, the number of its topic."""

    id: EntryId
    status: Status
    topic: int


class Pickup:
    """Finds what waits."""

    def __init__(self, catalog: Catalog, store: Store, clock: Clock) -> None:
        self._catalog = catalog
        self._store = store
        self._clock = clock

    async def bundles(self, subscription: Subscription, limit: int) -> list[EntryId]:
        """Bundles that wait."""
        statuses = (Status.PENDING, Status.PROCESSING, Status.DELAYED)
        return await self._let_go(subscription, tuple(BUNDLES), statuses, limit)

    async def single(self, subscription: Subscription, limit: int) -> list[EntryId]:
        """Deliveries that wait, each for itself."""
        ids = await self._single(subscription, limit)
        return sorted({*ids, *await self._delayed(subscription, limit)})[:limit]

    async def parts(self, subscription: Subscription, limit: int) -> Sequence[Part]:
        """Of the deliveries that wait, each for itself, so many; none more once they come to the bytes that are read at
        once.
        """
        delayed = await self._delayed(subscription, limit)
        parts: list[Part] = []
        size = 0
        for entry_id in sorted({*await self._single(subscription, limit), *delayed}):
            if len(parts) >= limit or size >= READ_BYTES:
                break
            one = delayed.get(entry_id)
            if one is not None and one.size:
                parts.append(Part(entry_id, Status.DELAYED, one.topic))
                size += one.size
                continue
            for found in await self.found([entry_id], 1):
                topic = self._catalog.seek(Topic, found.detail.entry.topic_id or "")
                parts.append(Part(entry_id, found.status, 0 if topic is None else topic.number))
                size += len(found.event.data)
        return parts

    async def _single(self, subscription: Subscription, limit: int) -> list[EntryId]:
        """Those that are Pending, or were let go."""
        sets = subscription.compound is not None  # whose deliveries are Processing as members only
        statuses = (Status.PENDING,) if sets else (Status.PENDING, Status.PROCESSING)
        return await self._let_go(subscription, (Kind.SUBSCRIPTION,), statuses, limit)

    async def _delayed(self, subscription: Subscription, limit: int) -> dict[EntryId, Delayed]:
        others = not subscription.waits and subscription.order is not None  # Delayed are those that wait for others
        if others or subscription.compound is not None:
            return {}
        return {one.entry_id: one for one in await self._store.delayed(subscription.number, EntryId(0), None, limit)}

    async def of(self, who: Principal, subscription: Subscription, publication_id: int) -> list[EntryId]:
        """The deliveries of a publication, which may wait or not. Raises ``NotFound``."""
        detail = await self._store.detail(EntryId(publication_id))
        if detail.entry.kind is not Kind.PUBLICATION or not View(self._catalog, who).shows_entry(detail.entry):
            raise NotFound("not_found", f"there is no publication {publication_id}")
        return [child.id for child in detail.children if child.name_id == subscription.id]

    async def found(self, ids: Iterable[EntryId], limit: int) -> Sequence[Found]:
        """Of those that may wait, those that do: as many as are wanted, and none more once they come to the bytes that
        are read at once.
        """
        found: list[Found] = []
        size = 0
        for entry_id in ids:
            if len(found) >= limit or size >= READ_BYTES:
                break
            detail = await self._store.detail(entry_id)
            if detail.event is not None and self._waits(detail):
                found.append(Found(detail, detail.event))
                size += len(detail.event.data)
        return found

    async def free(self, ids: Iterable[EntryId], *, again: bool) -> set[EntryId]:
        """Of those that were Processing in nobody's hands, the ones that still are, if they must be looked at again."""
        if not again:
            return set(ids)
        details = [await self._store.detail(one) for one in ids]
        return {one.entry.id for one in details if one.entry.status is Status.PROCESSING and self._is_free(one)}

    async def items(self, subscription: Subscription, found: Found) -> Sequence[tuple[str, Event]]:
        """The events of a delivery or bundle, each with the name of its topic; with the subscription's where that is
        not known any more.
        """
        entry, members, event = found.detail.entry, found.detail.members, found.event
        topic = entry.topic or subscription.name
        if entry.kind not in PART:
            return [(topic, event)]
        events = decode_batch(event.data, event.time, len(event.data))
        if entry.topic_id is not None:
            return [(topic, one) for one in events]
        parts = await self._parts(subscription, members)
        if len(parts) == len(events):  # both in the order of their ids
            return [(part.topic or subscription.name, one) for part, one in zip(parts, events, strict=True)]
        topics: dict[str, set[str | None]] = {}
        for part in parts:
            topics.setdefault(part.event_id, set()).add(part.topic)
        known = {name: of.pop() for name, of in topics.items() if len(of) == 1}
        return [(known.get(one.id) or subscription.name, one) for one in events]

    async def _parts(self, subscription: Subscription, members: Sequence[EntryId]) -> Sequence[Entry]:
        """Those members of a bundle of which something is still on record, by id."""
        if not members:
            return []
        project = self._catalog.get(Project, subscription.project_id)
        query = Query(
            projects=(project.number,), kinds=(Kind.SUBSCRIPTION,), statuses=OPEN, name=subscription.name,
            before=EntryId(members[-1] + 1), ascending=True, limit=PAGE,
        )  # fmt: skip
        wanted = set(members)
        found: dict[EntryId, Entry] = {}
        after: EntryId | None = EntryId(members[0] - 1)
        while after is not None:
            page = await self._store.find(replace(query, after=after))
            found |= {one.id: one for one in page.entries if one.id in wanted}
            after = page.entries[-1].id if page.more else None
        for one in wanted - found.keys():  # they ended on their own account
            with suppress(NotFound):
                found[one] = (await self._store.detail(one)).entry
        return [found[one] for one in sorted(found)]

    def _waits(self, detail: EntryDetail) -> bool:
        if detail.entry.status is Status.PROCESSING:
            return self._is_free(detail)
        return detail.entry.status in (Status.DELAYED, Status.PENDING)

    def _is_free(self, detail: EntryDetail) -> bool:
        """Whether what is Processing is in nobody's hands: it is due, or was not tried since it was last started."""
        now = self._clock()
        if detail.due_at is None or (detail.lease_until is not None and detail.lease_until > now):
            return False
        return detail.due_at <= now or all(one.started_at < detail.history[-1].at for one in detail.attempts)

    async def _let_go(
        self, subscription: Subscription, kinds: tuple[Kind, ...], statuses: tuple[Status, ...], limit: int
    ) -> list[EntryId]:
        project = self._catalog.get(Project, subscription.project_id)
        query = Query(
            projects=(project.number,), kinds=kinds, statuses=statuses,
            name=subscription.name, ascending=True, limit=PAGE,
        )  # fmt: skip
        ids: list[EntryId] = []
        members: set[EntryId] = set()  # they go with their bundle, and are not looked at one by one
        after: EntryId | None = EntryId(0)
        while after is not None:
            page = await self._store.find(replace(query, after=after))
            for entry in page.entries:
                if entry.name_id != subscription.id or entry.id in members:
                    continue
                if entry.status is Status.PROCESSING:
                    detail = await self._store.detail(entry.id)
                    if detail.bundle is not None:
                        members.update((await self._store.detail(detail.bundle)).members)
                    if not self._is_free(detail):
                        continue
                ids.append(entry.id)
                if len(ids) == limit:
                    return ids
            after = page.entries[-1].id if page.more else None
        return ids
