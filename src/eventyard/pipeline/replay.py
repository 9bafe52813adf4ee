"""Replay: match recorded events again, against the subscriptions as they are now.

Replaying adds deliveries to the publications on record; it makes no new publication. A dry run counts.

The store tells by which way each publication came, a page at a time. For most that is enough, and what is wanted of all
that came by one way is found out once. The data is read only where a filter looks at it, so many bytes at a time; what
is to be delivered is written so many deliveries at a time. What is committed after it began is not replayed.
"""

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from eventyard.matching.index import Candidates
from eventyard.model.access import Principal, Scope
from eventyard.model.catalog import Project, Source, Subscription, Target, Topic
from eventyard.model.errors import Invalid
from eventyard.model.event import Event
from eventyard.model.ids import EntryId, Millis
from eventyard.model.journal import READ_BYTES, HistoryLine, NewDelivery
from eventyard.model.lifecycle import Status
from eventyard.model.replay import Way, Window
from eventyard.pipeline.accept import Came, Dispatcher, Waits, tell_nobody
from eventyard.pipeline.catalog import Catalog
from eventyard.pipeline.release import in_order
from eventyard.pipeline.reprocess import Reprocessing
from eventyard.pipeline.search import data_of
from eventyard.pipeline.turns import Turn
from eventyard.pipeline.view import View
from eventyard.ports import Clock, Store

PAGE = 2_000
"""Publications that are looked at together."""

BATCH = 500
"""Once there are so many deliveries to be made, they are written, in one transaction."""


class Replayed(Struct, frozen=True):
    """What a replay did, or with ``dry_run`` would do."""

    events: int
    deliveries: int
    dry_run: bool


class Replay:
    """Runs over a window of the journal."""

    def __init__(
        self,
        catalog: Catalog,
        store: Store,
        dispatcher: Dispatcher,
        reprocessing: Reprocessing,
        came: Came,
        clock: Clock,
        waits: Waits = tell_nobody,
    ) -> None:
        self._catalog = catalog
        self._store = store
        self._dispatcher = dispatcher
        self._reprocessing = reprocessing
        self._came = came
        self._clock = clock
        self._waits = waits

    async def run(
        self,
        who: Principal,
        *,
        project_id: str | None,
        created_from: Millis,
        created_to: Millis,
        source_id: str | None = None,
        topic: str | None = None,
        subscription_id: str | None = None,
        dry_run: bool = True,
    ) -> Replayed:
        """Replay the publications of a time window, oldest first. Raises ``Invalid`` for a window that ends before it
        begins, ``NotFound`` for what it is narrowed to.
        """
        if created_to < created_from:
            raise Invalid("invalid_body", "the window ends before it begins", pointer="/to")
        view = View(self._catalog, who).need(Scope.EVENTS_MANAGE)
        project = view.project(project_id)
        only = source = channel = None
        if subscription_id is not None:
            only = view.reach(Subscription, subscription_id, project.id, at="/subscription_id")
        if source_id is not None:
            source = view.reach(Source, source_id, project.id, at="/source_id")
        if topic is not None:
            channel = view.named(Topic, project, topic, at="/topic")
        topics = [one for one in self._topics(view, project, only) if channel is None or one.id == channel.id]
        if source is None and only is not None and only.source_id is not None:
            source = self._catalog.get(Source, only.source_id)
        window = Window(
            topics=tuple(one.number for one in topics),
            source=source.number if source else None,
            seen=view.seen(),
            created_from=created_from,
            created_to=created_to,
        )
        run = _Run(view, only.id if only else None, dry_run)
        reached, until = EntryId(0), await self._store.newest()
        while topics and reached < until:
            page = await self._store.ways(window, reached, until, PAGE)
            await self._look(run, page.ways)
            reached = page.reached
        return Replayed(run.events, run.deliveries, dry_run)

    def _topics(self, view: View, project: Project, only: Subscription | None) -> list[Topic]:
        """Those that are subscribed to."""
        subscriptions = self._catalog.all(Subscription) if only is None else [only]
        read = {topic_id for one in subscriptions for topic_id in one.topic_ids}
        return [one for one in view.list(Topic, project) if one.id in read]

    async def _look(self, run: "_Run", ways: Sequence[Way]) -> None:
        """Count, or deliver, what is wanted of a page."""
        # What is found out counts until others have had a turn, as they may change the catalog.
        known: dict[tuple[int, int, str], Sequence[NewDelivery]] = {}
        events: dict[EntryId, Event | None] = {}
        batch: list[tuple[Way, Sequence[NewDelivery]]] = []
        size, turn = 0, Turn(self._clock)
        for place, way in enumerate(ways):
            by = (way.topic, way.source, way.routing_key)
            wanted = known.get(by)
            if wanted is None:
                candidates = self._candidates(way)
                if not candidates.need_data:
                    wanted = known[by] = self._wanted(run, candidates, None)
                else:
                    if way.entry_id not in events:
                        if batch:
                            await self._replay(run, batch)
                            batch, size = [], 0
                        events = await self._events(ways, place)
                        known.clear()
                        candidates = self._candidates(way)
                    wanted = self._wanted(run, candidates, events[way.entry_id])
            if wanted:
                batch.append((way, wanted))
                size += len(wanted)
            if size >= BATCH or turn.over():
                await self._replay(run, batch)
                await turn.pass_on()
                known.clear()
                batch, size = [], 0
        await self._replay(run, batch)

    def _candidates(self, way: Way) -> Candidates:
        topic, source = self._catalog.numbered(Topic, way.topic), self._catalog.numbered(Source, way.source)
        # What is gone has no subscription of its own any more.
        return self._catalog.index.candidates(topic.id if topic else "", source.id if source else "", way.routing_key)

    async def _events(self, ways: Sequence[Way], place: int) -> dict[EntryId, Event | None]:
        """The event of the way at that place, and those of some that follow and whose data is needed, too."""
        asked: dict[EntryId, Event | None] = {}
        size = 0
        for way in ways[place:]:
            if not asked or self._candidates(way).need_data:
                asked[way.entry_id] = None
                size += way.size
                if size >= READ_BYTES:
                    break
        return asked | dict(await self._store.events(list(asked)))

    def _wanted(self, run: "_Run", candidates: Candidates, event: Event | None) -> Sequence[NewDelivery]:
        wanted: list[NewDelivery] = []
        for subscription in candidates.match(None if event is None else data_of(event)):
            target = self._catalog.seek(Target, subscription.target_id)
            shown = run.only in (None, subscription.id) and run.view.shows(subscription)
            if shown and target is not None and target.enabled:
                delivery = self._reprocessing.delivery(subscription, target)
                wanted.append(replace(delivery, status=Status.DELAYED) if subscription.waits else delivery)
        return in_order(wanted)

    async def _replay(self, run: "_Run", batch: Sequence[tuple[Way, Sequence[NewDelivery]]]) -> None:
        if batch and not run.dry:
            line = HistoryLine(self._clock(), Status.PROCESSING, "replayed", run.view.principal.name)
            made = set(await self._store.replay({way.entry_id: wanted for way, wanted in batch}, line))
            batch = [one for one in batch if one[0].entry_id in made]
            self._tell(batch)
        run.events += len(batch)
        run.deliveries += sum(len(wanted) for _, wanted in batch)

    def _tell(self, batch: Sequence[tuple[Way, Sequence[NewDelivery]]]) -> None:
        """Tell whom it concerns, once each."""
        targets: dict[str, Target] = {}
        came: dict[tuple[str, int], Subscription] = {}
        notified: dict[str, Subscription] = {}
        for way, wanted in batch:
            for delivery in wanted:
                subscription = delivery.subscription
                if delivery.status is not Status.DELAYED:
                    targets[delivery.target.id] = delivery.target
                elif subscription.waits:
                    came[subscription.id, way.topic] = subscription
                if subscription.notify is not None:
                    notified[subscription.id] = subscription
        for target in targets.values():
            self._dispatcher.pending(target)
        for (_, topic), subscription in came.items():
            self._came(subscription, topic)
        for subscription in notified.values():
            self._waits(subscription)


class _Run(Struct):
    """A replay under way."""

    view: View
    only: str | None
    """The subscription that it is for."""
    dry: bool
    events: int = 0
    deliveries: int = 0
