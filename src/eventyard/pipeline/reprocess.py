"""Retry, discard, reprocess, change of status: what an operator does with what is on record.

Retry gives the same delivery another round of attempts; reprocess makes a new delivery that supersedes the old one;
discard ends it, and so does a change of status, which is for every entry. Which of them a status allows stands in the
lifecycle table. The attempts themselves take the same path as first ones: the delivery is put into the work queue, and
``dispatch.py`` is told; ``release.py`` looks whether others have waited for what happened.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from eventyard.model.access import Principal, Scope
from eventyard.model.catalog import Subscription, Target
from eventyard.model.errors import Conflict, Invalid, NotFound
from eventyard.model.ids import EntryId
from eventyard.model.journal import Entry, EntryDetail, HistoryLine, NewDelivery, Query
from eventyard.model.lifecycle import BUNDLES, BY_HAND, DELIVERIES, LIFECYCLE, Status, Trigger, after, label, labels
from eventyard.pipeline.accept import Dispatcher, Waits, tell_nobody
from eventyard.pipeline.catalog import Catalog
from eventyard.pipeline.ends import Ends
from eventyard.pipeline.release import Releases
from eventyard.pipeline.view import View
from eventyard.pipeline.waiting.bundles import Bundles
from eventyard.ports import Clock, Store, TargetType

BULK_PAGE = 500
"""How many deliveries a bulk act finds at a time, and moves in one transaction."""

WITH_OTHERS = {
    Trigger.RETRY: "retried by hand, with others",
    Trigger.DISCARD: "discarded by hand, with others",
    Trigger.REPROCESS: "reprocessed by hand, with others",
    Trigger.CLOSE: "made Complete by hand, with others",
    Trigger.REJECT: "made Error by hand, with others",
}
"""What the history says of a bulk act if nobody says otherwise."""

CLAIMED_WITHIN_MS = 1_000
"""How long what waits for a delivery waits for its attempt to begin."""


Stop = Callable[[], Awaitable[bool]]
"""Whether a bulk act shall go no further."""


class Acted(Struct, frozen=True):
    """What a bulk act found and changed, and before which entry it has to go on, if it did not come to the end.

    What is made as one with others changes along with it, and is counted as changed if it was found.
    """

    matched: int
    changed: int
    before: EntryId | None = None


async def never() -> bool:
    """Nobody wants a bulk act to stop."""
    return False


class Reprocessing:
    """Acts on recorded deliveries, each with who did it in the history."""

    def __init__(
        self,
        catalog: Catalog,
        store: Store,
        dispatcher: Dispatcher,
        releases: Releases,
        ends: Ends,
        bundles: Bundles,
        target_types: Mapping[str, TargetType],
        clock: Clock,
        waits: Waits = tell_nobody,
    ) -> None:
        self._catalog = catalog
        self._store = store
        self._dispatcher = dispatcher
        self._releases = releases
        self._ends = ends
        self._bundles = bundles
        self._types = target_types
        self._clock = clock
        self._waits = waits

    async def retry(self, who: Principal, entry_id: int, comment: str = "") -> Entry:
        """Another round of attempts of a delivery in Error. Raises ``Conflict`` (``illegal_transition``)."""
        detail = await self._delivery(who, entry_id)
        target = self._target_of(detail.entry)
        await self._move(who, detail, Trigger.RETRY, comment or "retried by hand", due_at=self._clock())
        self._bundles.reopened([detail.entry])
        self._dispatcher.pending(target)
        return await self._entry(entry_id)

    async def discard(self, who: Principal, entry_id: int, comment: str = "") -> Entry:
        """End an entry as Discarded; an attempt under way may still reach the target."""
        detail = await self._detail(who, entry_id)
        await self._move(who, detail, Trigger.DISCARD, comment or "discarded by hand", due_at=None)
        return await self._entry(entry_id)

    async def change_status(self, who: Principal, entry_id: int, status: Status, comment: str = "") -> Entry:
        """Give an entry a final status, whatever came of it. Raises ``Invalid`` for a status that is not given by hand,
        and ``Conflict`` (``illegal_transition``) for an entry that has it already, or is Reprocessed.
        """
        trigger = _by_hand(status)
        detail = await self._detail(who, entry_id)
        line = comment or f"made {label(status)} by hand"
        await self._move(who, detail, trigger, line, due_at=None)
        return await self._entry(entry_id)

    async def reprocess(self, who: Principal, entry_id: int, comment: str = "") -> Entry:
        """A new delivery of the same event for the same subscription; the old one becomes Reprocessed.

        Returns the new entry. Raises ``Conflict`` (``illegal_transition``), ``NotFound`` when the subscription or its
        target is gone, or the payload is no longer kept.
        """
        detail = await self._delivery(who, entry_id)
        after(detail.entry.status, Trigger.REPROCESS)
        target = self._target_of(detail.entry)
        subscription = self._catalog.get(Subscription, detail.entry.name_id or "")
        line = self._line(who, Status.REPROCESSED, comment or "reprocessed by hand")
        if detail.entry.kind in BUNDLES:
            bundle_id = await self._bundles.reprocess(subscription, detail.entry, who.name, line.comment)
            self._releases.moved([detail.entry.id, *detail.members], line.status, line.comment)
            return await self._entry(bundle_id)
        if detail.entry.parent_id is None or detail.event is None:
            raise NotFound("not_found", f"the payload of entry {entry_id} is no longer kept")
        delivery = self.delivery(subscription, target)
        made = await self._store.redeliver(detail.entry.parent_id, [delivery], detail.entry.id, line)
        self._releases.moved([detail.entry.id], line.status, line.comment)
        self._dispatcher.pending(target)
        if subscription.notify is not None:
            self._waits(subscription)
        self._releases.look(detail.entry.parent_id)
        return await self._entry(made[0])

    async def ended(self, who: Principal, entry_id: int) -> Entry:
        """A delivery once it is over, or as it stands when the time for an attempt is up; a worker's is not waited for.

        Raises ``NotFound``.
        """
        entry = (await self._delivery(who, entry_id)).entry
        subscription = self._catalog.seek(Subscription, entry.name_id or "")
        target = None if subscription is None else self._catalog.seek(Target, subscription.target_id)
        if target is not None and not self._types[target.type].pull:
            await self._ends.of(entry.id, target.timeout_ms + CLAIMED_WITHIN_MS)
        return await self._entry(entry_id)

    async def act_all(
        self,
        who: Principal,
        act: Trigger,
        query: Query,
        *,
        dry_run: bool,
        comment: str = "",
        most: int | None = None,
        stop: Stop = never,
    ) -> Acted:
        """Retry, discard or reprocess every delivery that a query finds and whose status allows it, newest first.

        After ``most`` of them, or once ``stop`` says so between two pages, it says where to go on.
        """
        query = replace(query, of_kinds=DELIVERIES)
        return await self._act_all(who, act, query, dry_run, comment, most, stop)

    async def change_all(
        self,
        who: Principal,
        status: Status,
        query: Query,
        *,
        dry_run: bool,
        comment: str = "",
        most: int | None = None,
        stop: Stop = never,
    ) -> Acted:
        """:meth:`change_status` of every entry, of whatever kind, that a query finds; otherwise as :meth:`act_all`."""
        return await self._act_all(who, _by_hand(status), query, dry_run, comment, most, stop)

    async def _act_all(
        self,
        who: Principal,
        act: Trigger,
        query: Query,
        dry_run: bool,
        comment: str,
        most: int | None,
        stop: Stop,
    ) -> Acted:
        who.need(Scope.EVENTS_MANAGE)
        query = replace(query, of_statuses=tuple(status for status in Status if (status, act) in LIFECYCLE))
        matched = changed = 0
        while True:
            limit = BULK_PAGE if most is None else min(BULK_PAGE, most - matched)
            page = await self._store.find(replace(query, limit=limit))
            matched += len(page.entries)
            if not dry_run:
                changed += await self._act_page(who, act, page.entries, comment or WITH_OTHERS[act])
            if not page.more:
                break
            query = replace(query, before=page.entries[-1].id)
            if matched == most or await stop():
                return Acted(matched, changed, query.before)
        return Acted(matched, changed)

    async def _act_page(self, who: Principal, act: Trigger, entries: Sequence[Entry], comment: str) -> int:
        if act is Trigger.REPROCESS:
            made = [entry.id for entry in entries if await self._reprocessed(who, entry, comment)]
            return len(made) + await self._gone_along(entries, made)
        targets = self._targets_of(entries) if act is Trigger.RETRY else {}
        ids = list(targets) if act is Trigger.RETRY else [entry.id for entry in entries]
        line = self._line(who, _BECOMES[act], comment)
        moved = await self._store.move(ids, act, line, self._clock() if act is Trigger.RETRY else None)
        self._releases.moved(moved, line.status, comment)
        if act is Trigger.RETRY:
            self._bundles.reopened([entry for entry in entries if entry.id in moved])
        for target in {targets[entry_id].id: targets[entry_id] for entry_id in moved if entry_id in targets}.values():
            self._dispatcher.pending(target)
        parents = {entry.id: entry.parent_id for entry in entries}
        for parent_id in dict.fromkeys(parents[entry_id] for entry_id in moved):
            if parent_id is not None:
                self._releases.look(parent_id)
        return len(moved) + await self._gone_along(entries, moved)

    async def _gone_along(self, entries: Sequence[Entry], moved: Collection[EntryId]) -> int:
        """How many of the entries changed because the bundle did that they are made as, one of the ``moved``."""
        left = {entry.id for entry in entries}.difference(moved)
        bundles = [entry.id for entry in entries if left and entry.kind in BUNDLES and entry.id not in left]
        return sum([len(left.intersection((await self._store.detail(one)).members)) for one in bundles])

    def _targets_of(self, entries: Sequence[Entry]) -> dict[EntryId, Target]:
        """The targets of those deliveries that have one which is enabled."""
        targets: dict[EntryId, Target] = {}
        for entry in entries:
            try:
                targets[entry.id] = self._target_of(entry)
            except (NotFound, Conflict):
                continue
        return targets

    async def _reprocessed(self, who: Principal, entry: Entry, comment: str) -> bool:
        try:
            await self.reprocess(who, entry.id, comment)
        except (NotFound, Conflict):
            return False
        return True

    def delivery(self, subscription: Subscription, target: Target) -> NewDelivery:
        """A delivery to be made from now on, claimed from the store by whoever has room."""
        status = Status.PENDING if self._types[target.type].pull else Status.PROCESSING
        return NewDelivery(subscription, target, status, self._clock())

    async def _move(
        self, who: Principal, detail: EntryDetail, trigger: Trigger, comment: str, due_at: int | None
    ) -> None:
        status = after(detail.entry.status, trigger)
        moved = await self._store.move([detail.entry.id], trigger, self._line(who, status, comment), due_at)
        if not moved:
            raise Conflict("illegal_transition", f"entry {detail.entry.id} changed meanwhile", hint="look at it again")
        self._releases.moved(moved, status, comment)
        if detail.entry.parent_id is not None:
            self._releases.look(detail.entry.parent_id)

    def _line(self, who: Principal, status: Status, comment: str) -> HistoryLine:
        return HistoryLine(self._clock(), status, comment, who.name)

    def _target_of(self, entry: Entry) -> Target:
        subscription = self._catalog.seek(Subscription, entry.name_id or "")
        if subscription is None:
            raise NotFound("not_found", f"the subscription of delivery {entry.id} is gone")
        target = self._catalog.get(Target, subscription.target_id)
        if not target.enabled:
            raise Conflict("illegal_transition", f"target {target.name!r} is disabled", hint="enable the target first")
        return target

    async def _detail(self, who: Principal, entry_id: int) -> EntryDetail:
        detail = await self._store.detail(EntryId(entry_id))
        if not View(self._catalog, who).need(Scope.EVENTS_MANAGE).shows_entry(detail.entry):
            raise NotFound("not_found", f"there is no entry {entry_id}")
        return detail

    async def _delivery(self, who: Principal, entry_id: int) -> EntryDetail:
        detail = await self._detail(who, entry_id)
        if detail.entry.kind not in DELIVERIES:
            raise Conflict(
                "illegal_transition", f"entry {entry_id} is not a delivery", hint="name one of its deliveries"
            )
        if detail.bundle is not None:
            hint = f"do it to entry {detail.bundle}"
            raise Conflict("illegal_transition", f"entry {entry_id} is made as one with others", hint=hint)
        return detail

    async def _entry(self, entry_id: int) -> Entry:
        return (await self._store.detail(EntryId(entry_id))).entry


_BECOMES = {Trigger.RETRY: Status.PROCESSING, **{trigger: status for status, trigger in BY_HAND.items()}}


def _by_hand(status: Status) -> Trigger:
    if status not in BY_HAND:
        message = f"an entry does not become {label(status)} by hand"
        raise Invalid("invalid_body", message, pointer="/status", hint=f"one of: {labels(BY_HAND)}")
    return BY_HAND[status]
