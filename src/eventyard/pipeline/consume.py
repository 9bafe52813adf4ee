"""Consume: deliveries that wait are given to whoever asks for them, and are Complete by the time they are answered.

This is how a program gets its events that keeps no lease and reports nothing, as the clients of data integration hubs
do; who wants to say how it went claims runs (``work.py``). What waits for a subscription of a job is taken oldest
first, be it Delayed, Pending, or let go already and in nobody's hands. Taken and completed are two commits; what a
process that is killed in between has taken is in the work queue all the same, and the next to ask gets it. Once it is
Complete it is given once only: who lost the answer asks for it again (:meth:`Consuming.again`), as a new delivery.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from weakref import WeakValueDictionary

from msgspec import Struct
from msgspec.structs import replace

from eventyard.model.access import Principal, Scope
from eventyard.model.catalog import Mode, Project, Subscription, Target
from eventyard.model.errors import Conflict, NotFound
from eventyard.model.event import Event
from eventyard.model.ids import EntryId, Millis
from eventyard.model.journal import READ_BYTES, Claimed, EntryDetail, HistoryLine, NewDelivery, Query
from eventyard.model.lifecycle import Kind, Status, Trigger, label, labels
from eventyard.model.outcome import Attempt, Counts, Outcome, Result
from eventyard.pipeline.attempt import Attempter
from eventyard.pipeline.catalog import Catalog
from eventyard.pipeline.recorder import Recorder
from eventyard.pipeline.release import Releases
from eventyard.pipeline.view import View
from eventyard.ports import Clock, Store, TargetType
from eventyard.wire.tables import rows_in, tables_of

MOST = 2_000
"""Deliveries that are taken at once."""

PAGE = 500
"""Entries that are looked at at a time."""

TAKEN, LEFT, AGAIN = "taken by a consumer", "was taken, and not answered", "asked for again by a consumer"
"""History comments."""


class Taken(Struct, frozen=True):
    """A delivery that was given away: what it is called, its event, and how many rows that has."""

    entry_id: EntryId
    publication_id: EntryId
    topic: str
    event: Event
    rows: int


class _Found(Struct, frozen=True):
    """A delivery that may be taken."""

    detail: EntryDetail
    publication_id: EntryId
    event: Event

    @property
    def id(self) -> EntryId:
        return self.detail.entry.id


class Consuming:
    """Gives deliveries away. ``due`` tells dispatch of a delivery for a target, due at a moment."""

    def __init__(
        self,
        catalog: Catalog,
        store: Store,
        attempter: Attempter,
        recorder: Recorder,
        releases: Releases,
        target_types: Mapping[str, TargetType],
        due: Callable[[int, Millis], None],
        clock: Clock,
    ) -> None:
        self._catalog = catalog
        self._store = store
        self._attempter = attempter
        self._recorder = recorder
        self._releases = releases
        self._types = target_types
        self._due = due
        self._clock = clock
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def consume(
        self, who: Principal, subscription_id: str, *, limit: int = 1, publication_id: int | None = None
    ) -> list[Taken]:
        """The oldest deliveries that wait, or those of one publication; each Complete. None where nothing waits.

        Raises ``NotFound``, ``Unavailable``, and ``Conflict`` (``illegal_transition``) for a subscription that has no
        job, or whose job or itself is disabled.
        """
        subscription, target = self._subscription(who, subscription_id)
        async with self._turn(subscription):
            if publication_id is None:
                ids = await self._waiting(subscription, min(limit, MOST))
            else:
                ids = await self._of(who, subscription, publication_id)
            return await self._take(who, subscription, target, await self._found(ids, limit))

    async def again(
        self, who: Principal, subscription_id: str, entry_id: int, statuses: frozenset[Status]
    ) -> Taken | None:
        """A delivery that is over and in one of these statuses once more, as a new one; the old is Reprocessed then.

        Raises ``NotFound`` for what is no delivery of the subscription or has no payload any more, and ``Conflict`` for
        one in another status. ``None``: an operator ended the new one meanwhile.
        """
        subscription, target = self._subscription(who, subscription_id)
        view = View(self._catalog, who).need(Scope.EVENTS_MANAGE)
        async with self._turn(subscription):
            detail = await self._store.detail(EntryId(entry_id))
            entry = detail.entry
            if entry.name_id != subscription.id or entry.kind is not Kind.SUBSCRIPTION or not view.shows_entry(entry):
                raise NotFound("not_found", f"there is no delivery {entry_id} of subscription {subscription.name!r}")
            if entry.status not in statuses:
                wanted = labels(sorted(statuses))
                raise Conflict("illegal_transition", f"delivery {entry_id} is {label(entry.status)}, and not {wanted}")
            if detail.event is None or entry.parent_id is None:
                raise NotFound("not_found", f"the payload of entry {entry_id} is no longer kept")
            now = self._clock()
            until = now + target.timeout_ms
            delivery = NewDelivery(subscription, target, Status.PROCESSING, now, until)
            line = HistoryLine(now, Status.REPROCESSED, AGAIN, who.name)
            [made] = await self._store.redeliver(entry.parent_id, [delivery], entry.id, line)
            self._releases.moved([entry.id], line.status, line.comment)
            self._releases.look(entry.parent_id)
            new = _Found(await self._store.detail(made), entry.parent_id, detail.event)
            return next(iter(await self._complete(subscription, target, [new], until)), None)

    # What waits

    def _subscription(self, who: Principal, subscription_id: str) -> tuple[Subscription, Target]:
        subscription = View(self._catalog, who).need(Scope.JOBS_WORK).get(Subscription, subscription_id)
        target = self._catalog.get(Target, subscription.target_id)
        if not self._types[target.type].pull:
            why = f"target {target.name!r} is of type {target.type!r}, which is sent to and consumes nothing"
            raise Conflict("illegal_transition", why, hint="subscribe a job, and consume what waits for it")
        for disabled, what, name in (
            (subscription.mode is Mode.DISABLED, "subscription", subscription.name),
            (not target.enabled, "target", target.name),
        ):
            if disabled:
                raise Conflict("illegal_transition", f"{what} {name!r} is disabled", hint=f"enable the {what} first")
        return subscription, target

    def _turn(self, subscription: Subscription) -> asyncio.Lock:
        """Who consumes of a subscription waits for their turn, so that nobody takes for left what another has taken."""
        return self._turns.setdefault(subscription.id, asyncio.Lock())

    async def _waiting(self, subscription: Subscription, limit: int) -> list[EntryId]:
        """What waits, or may: the oldest first."""
        ids = await self._queued(subscription, limit)
        if subscription.waits or subscription.order is None:  # else they wait for others of the same event
            delayed = await self._store.delayed(subscription.number, EntryId(0), None, limit)
            ids += [one.entry_id for one in delayed]
        return sorted(set(ids))

    async def _queued(self, subscription: Subscription, limit: int) -> list[EntryId]:
        project = self._catalog.get(Project, subscription.project_id)
        query = Query(
            projects=(project.number,), kinds=(Kind.SUBSCRIPTION,), statuses=(Status.PENDING, Status.PROCESSING),
            name=subscription.name, ascending=True, limit=PAGE,
        )  # fmt: skip
        ids: list[EntryId] = []
        after: EntryId | None = EntryId(0)
        while after is not None and len(ids) < limit:
            page = await self._store.find(replace(query, after=after))
            for entry in page.entries:
                if entry.name_id == subscription.id and (
                    entry.status is Status.PENDING or self._is_free(await self._store.detail(entry.id))
                ):
                    ids.append(entry.id)
            after = page.entries[-1].id if page.more else None
        return ids[:limit]

    async def _of(self, who: Principal, subscription: Subscription, publication_id: int) -> list[EntryId]:
        detail = await self._store.detail(EntryId(publication_id))
        if detail.entry.kind is not Kind.PUBLICATION or not View(self._catalog, who).shows_entry(detail.entry):
            raise NotFound("not_found", f"there is no publication {publication_id}")
        return [child.id for child in detail.children if child.name_id == subscription.id]

    def _is_free(self, detail: EntryDetail) -> bool:
        """Whether what is Processing is in nobody's hands: it was let go and is due, or somebody took and left it."""
        now = self._clock()
        if detail.due_at is None or (detail.lease_until is not None and detail.lease_until > now):
            return False
        return detail.due_at <= now or detail.history[-1].comment == TAKEN

    async def _found(self, ids: Iterable[EntryId], limit: int) -> list[_Found]:
        """Of those that may wait, those that do, as many as are wanted and within the bound of bytes."""
        found: list[_Found] = []
        size = 0
        for entry_id in ids:
            if len(found) >= limit or size >= READ_BYTES:
                break
            detail = await self._store.detail(entry_id)
            entry = detail.entry
            ready = entry.status in (Status.DELAYED, Status.PENDING)
            if not ready and entry.status is Status.PROCESSING:
                ready = self._is_free(detail)
            if ready and detail.event is not None and entry.parent_id is not None:
                found.append(_Found(detail, entry.parent_id, detail.event))
                size += len(detail.event.data)
        return found

    # Taking

    async def _take(
        self, who: Principal, subscription: Subscription, target: Target, found: Sequence[_Found]
    ) -> list[Taken]:
        """Take what nobody else did, and complete it."""
        now = self._clock()
        left = [one.id for one in found if one.detail.entry.status is Status.PROCESSING]
        if left:
            await self._store.move(left, Trigger.WAIT, HistoryLine(now, Status.DELAYED, LEFT, who.name), None)
        until = now + target.timeout_ms
        line = HistoryLine(now, Status.PROCESSING, TAKEN, who.name)
        ids = [one.id for one in found]
        moved = set(await self._store.move(ids, Trigger.START, line, until)) if ids else set()
        return await self._complete(subscription, target, [one for one in found if one.id in moved], until)

    async def _complete(
        self, subscription: Subscription, target: Target, found: Sequence[_Found], until: Millis
    ) -> list[Taken]:
        """Put on record that they were given away. Those of which an operator said otherwise meanwhile are not."""
        taken = [
            Taken(one.id, one.publication_id, topic, one.event, rows_in(tables_of(one.event, topic)))
            for one in found
            for topic in [one.detail.entry.topic or subscription.name]
        ]
        writes = [self._write(subscription, target, *pair, until) for pair in zip(taken, found, strict=True)]
        done = False
        try:
            results = await asyncio.gather(*writes, return_exceptions=True)
            failed = next((one for one in results if isinstance(one, BaseException)), None)
            if failed is not None and True not in results:
                raise failed
            done = failed is None
        finally:
            if not done:
                self._due(target.number, until)  # a worker may have it then, if nobody asks again
        return [one for one, written in zip(taken, results, strict=True) if written is True]

    async def _write(
        self, subscription: Subscription, target: Target, taken: Taken, found: _Found, until: Millis
    ) -> bool:
        number = max((one.number for one in found.detail.attempts), default=0) + 1
        outcome = Outcome(Result.DELIVERED, counts=Counts(source_success=taken.rows, target_success=taken.rows))
        claimed = Claimed(
            taken.entry_id, taken.publication_id, subscription.id, target.number, number, until, until, taken.event
        )
        concluded = self._attempter.conclude(claimed, target, Attempt(number, self._clock(), 0.0, outcome))
        return bool(await self._recorder.write(concluded.recording))
