"""Pickup: which deliveries of a subscription wait for whoever fetches them, the oldest first.

They are Delayed, because the subscription is paused or has a schedule, or Pending until a worker claims them; or let go
already, Processing and in nobody's hands: no lease on them runs, and no attempt that failed has them wait for the next.
Several that are made as one wait as their bundle, and so do those of a compound subscription, in sets. That they still
wait when they are taken is seen to in ``consume.py``.
"""

from collections.abc import Iterable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from eventyard.model.access import Principal
from eventyard.model.catalog import Project, Subscription
from eventyard.model.errors import NotFound
from eventyard.model.event import Event
from eventyard.model.ids import EntryId
from eventyard.model.journal import READ_BYTES, EntryDetail, Query
from eventyard.model.lifecycle import BUNDLES, Kind, Status
from eventyard.pipeline.catalog import Catalog
from eventyard.pipeline.view import View
from eventyard.ports import Clock, Store

TAKEN = "taken by a consumer"
"""What the history says of a delivery that was taken."""

PAGE = 500
"""Entries that are looked at at a time."""


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
        ids = await self._let_go(subscription, (Kind.SUBSCRIPTION,), (Status.PENDING, Status.PROCESSING), limit)
        others = not subscription.waits and subscription.order is not None  # Delayed are those that wait for others
        if not others and subscription.compound is None:
            delayed = await self._store.delayed(subscription.number, EntryId(0), None, limit)
            ids += [one.entry_id for one in delayed]
        return sorted(set(ids))[:limit]

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
        after: EntryId | None = EntryId(0)
        while after is not None and len(ids) < limit:
            page = await self._store.find(replace(query, after=after))
            for entry in page.entries:
                if entry.name_id == subscription.id and (
                    entry.status is not Status.PROCESSING or self._is_free(await self._store.detail(entry.id))
                ):
                    ids.append(entry.id)
            after = page.entries[-1].id if page.more else None
        return ids[:limit]
