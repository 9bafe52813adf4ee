"""The log of eventhos as the hub's own history: received events, what was executed for them, and how it ended.

Nothing of it is delivered again (``Store.adopt``). What cannot be decrypted comes all the same, without what it said,
so that no number is missing. How a request or an answer is read is in ``exchanges.py``.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any

from eventyard.cli.moving import rows
from eventyard.cli.moving.boxes import Boxes, UnreadableError
from eventyard.cli.moving.catalog import Moved
from eventyard.cli.moving.database import Database
from eventyard.cli.moving.draft import id_of
from eventyard.cli.moving.exchanges import outcome_of, received_of, times_of
from eventyard.model.catalog import Application, Project, Record
from eventyard.model.event import Event
from eventyard.model.ids import Millis
from eventyard.model.journal import HistoryLine, Query
from eventyard.model.lifecycle import Status
from eventyard.model.outcome import Attempt
from eventyard.model.past import Past, PastDelivery
from eventyard.pipeline.doors import uri_of
from eventyard.ports import Store
from eventyard.stores.records import identity

UNREADABLE = "what it said could not be decrypted"
JSON, UNKNOWN = "application/json", "application/octet-stream"

Page = Sequence[tuple[rows.Received, Sequence[rows.Executed]]]


class Chronicle:
    """Makes history of rows."""

    def __init__(self, moved: Moved, project: Project, records: Iterable[Record], boxes: Boxes) -> None:
        """``records`` are those of the hub, numbered: whoever is not among them is remembered by name."""
        here: Mapping[str, Any] = {identity(record): record for record in records}
        self._project = project
        self._boxes = boxes
        self._sources = {row: here.get(one.id, one) for row, one in moved.sources.items()}
        self._targets = {one.id: here.get(one.id, one) for one in moved.targets.values()}
        self._subscriptions = {row: here.get(one.id, one) for row, one in moved.subscriptions.items()}
        self._applications: Mapping[str, Application] = {
            one.id: here.get(one.id, one) for one in moved.applications.values()
        }

    def event_id(self, received: rows.Received) -> str:
        """The id of a received event, here."""
        return id_of("received event", f"{self._sources[received.event_id].name}/{received.id}")

    def past(self, received: rows.Received, executed: Sequence[rows.Executed]) -> Past:
        """One received event with all that was executed for it."""
        source, at = self._sources[received.event_id], received.received_at
        comment = f"received by eventhos as number {received.id}"
        try:
            request, data = received_of(self._boxes.document(received.received_request))
        except UnreadableError:
            request, data, comment = None, b"", f"{comment}; {UNREADABLE}"
        event = Event(
            self.event_id(received), uri_of(source), source.name, at, data, source.name,
            content_type=UNKNOWN if request is None else JSON, request=request,
        )  # fmt: skip
        return Past(
            key=f"eventhos/{received.id}",
            event=event,
            project=self._project,
            application=self._applications[source.application_id],
            source=source,
            history=(HistoryLine(at, Status.COMPLETE, comment),),
            deliveries=tuple(self._delivery(one, at) for one in executed),
        )

    def _delivery(self, executed: rows.Executed, received_at: Millis) -> PastDelivery:
        subscription = self._subscriptions[executed.contract_id]
        processed = executed.state == "processed"
        try:
            boxes = (executed.request, executed.response)
            request, response = (self._boxes.document(box or "") for box in boxes)
            comment = ""
        except UnreadableError:
            request, response, comment = {}, {}, UNREADABLE
        start, end = times_of(response, received_at)
        outcome = outcome_of(request, response, processed=processed)
        if executed.reply_from:
            comment = f"its answer became the event {executed.reply_from}"
        lines = [
            HistoryLine(start, Status.PROCESSING),
            HistoryLine(end, Status.COMPLETE if processed else Status.ERROR, comment or outcome.error or ""),
        ]
        if not processed and executed.is_aborted:
            lines.append(HistoryLine(end, Status.DISCARDED, "aborted in eventhos"))
        elif not processed and executed.attempts:
            lines.append(HistoryLine(end, Status.REPROCESSED, "retried in eventhos, as an event of its own"))
        return PastDelivery(
            application=self._applications[subscription.application_id],
            subscription=subscription,
            target=self._targets[subscription.target_id],
            history=tuple(lines),
            attempts=(Attempt(1, start, float(end - start), outcome),),
        )


async def resume(store: Store, database: Database, chronicle: Chronicle, project: Project) -> int:
    """The last id in the log that is here already. They come in the order of their ids, so it is found by halving."""
    here, missing = 0, database.last() + 1
    while missing - here > 1:
        middle = (here + missing) // 2
        row = database.first(middle)
        if row is None or row.id >= missing:
            missing = middle
            continue
        page = await store.find(Query(projects=(project.number,), event_id=chronicle.event_id(row), limit=1))
        here, missing = (row.id, missing) if page.entries else (here, middle)
    return here


async def bring(
    adopt: Callable[[Sequence[Past]], Awaitable[int]],
    pages: Iterable[Page],
    chronicle: Chronicle,
    progress: Callable[[int], None],
) -> int:
    """Adopt a log page by page; how many events were new. ``progress`` is told the size of each page behind it."""
    adopted = 0
    for page in pages:
        adopted += await adopt([chronicle.past(received, executed) for received, executed in page])
        progress(len(page))
    return adopted
