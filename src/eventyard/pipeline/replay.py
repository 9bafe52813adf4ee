"""Replay: match recorded events again, against the subscriptions as they are now.

Replaying adds deliveries to the publications on record; it makes no new publication. A dry run counts.
"""

from collections.abc import Sequence

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from eventyard.model.access import Principal, Scope
from eventyard.model.catalog import Source, Subscription, Target, Topic
from eventyard.model.errors import Invalid
from eventyard.model.ids import Millis
from eventyard.model.journal import Entry, EntryDetail, HistoryLine, NewDelivery, Query
from eventyard.model.lifecycle import Kind, Status
from eventyard.pipeline.accept import Came, Dispatcher, Waits, tell_nobody
from eventyard.pipeline.catalog import Catalog
from eventyard.pipeline.release import in_order
from eventyard.pipeline.reprocess import Reprocessing
from eventyard.pipeline.search import data_of
from eventyard.pipeline.view import View
from eventyard.ports import Clock, Store

PAGE = 500


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
        only = view.get(Subscription, subscription_id) if subscription_id is not None else None
        source = view.get(Source, source_id) if source_id is not None else None
        channel = view.named(Topic, project, topic) if topic is not None else None
        query = Query(
            projects=(project.number,),
            seen=view.seen(),
            kinds=(Kind.PUBLICATION,),
            topic=channel.name if channel else None,
            name=source.name if source else None,
            created_from=created_from,
            created_to=created_to,
            ascending=True,
            limit=PAGE,
        )
        events = deliveries = 0
        while True:
            page = await self._store.find(query)
            for entry in page.entries:
                # A search goes by names, and takes small letters for large ones.
                if (source and entry.name_id != source.id) or (channel and entry.topic_id != channel.id):
                    continue
                wanted = self._wanted(view, await self._store.detail(entry.id), only)
                events += bool(wanted)
                deliveries += len(wanted)
                if wanted and not dry_run:
                    await self._deliver(who, entry, wanted)
            if not page.more:
                return Replayed(events, deliveries, dry_run)
            query = msgspec.structs.replace(query, after=page.entries[-1].id)

    def _wanted(self, view: View, detail: EntryDetail, only: Subscription | None) -> Sequence[NewDelivery]:
        event, entry = detail.event, detail.entry
        if event is None or entry.topic_id is None or entry.name_id is None:
            return []
        wanted: list[NewDelivery] = []
        matching = self._catalog.index.match(entry.topic_id, entry.name_id, event.routing_key, data_of(event))
        for subscription in matching:
            target = self._catalog.seek(Target, subscription.target_id)
            if target is not None and target.enabled and only in (None, subscription) and view.shows(subscription):
                delivery = self._reprocessing.delivery(subscription, target)
                wanted.append(replace(delivery, status=Status.DELAYED) if subscription.waits else delivery)
        return in_order(wanted)

    async def _deliver(self, who: Principal, publication: Entry, wanted: Sequence[NewDelivery]) -> None:
        line = HistoryLine(self._clock(), Status.PROCESSING, "replayed", who.name)
        await self._store.redeliver(publication.id, wanted, None, line)
        topic = self._catalog.get(Topic, publication.topic_id or "")
        for delivery in wanted:
            if delivery.status is not Status.DELAYED:
                self._dispatcher.pending(delivery.target)
            elif delivery.subscription.waits:
                self._came(delivery.subscription, topic.number)
            if delivery.subscription.notify is not None:
                self._waits(delivery.subscription)
