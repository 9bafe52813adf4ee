"""Committing accepted events: the rows of many publications and their deliveries, in a few statements.

Runs inside the writer's transaction. Keys that were used before are found by ``promises.py``; what happens to the
deliveries afterwards is in ``claim.py`` and ``record.py``.
"""

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from eventyard.model.event import Event, Received
from eventyard.model.ids import EntryId, Millis
from eventyard.model.journal import Appended, NewDelivery, NewPublication
from eventyard.model.lifecycle import Endings, Kind, Status
from eventyard.stores.family import Family
from eventyard.stores.records import NameKind
from eventyard.stores.sql.changes import HISTORY
from eventyard.stores.sql.known import Known
from eventyard.stores.sql.promises import Promises
from eventyard.stores.sql.statements import Rows, insert, update
from eventyard.stores.sql.tables import SPAN_BITS
from eventyard.stores.sql.tallies import Tallies

_ENTRIES = insert(
    "entries",
    "id, series, status, descendants, parent_id, target, born, lines, created_at, completed_at,"
    " children, open, delayed, event_id",
)
_COMPLETE, _PROCESSING, _DELAYED = int(Status.COMPLETE), int(Status.PROCESSING), int(Status.DELAYED)
_CHILDLESS = Rows(
    "INSERT INTO entries (id, series, status, descendants, born, lines, created_at, completed_at, event_id)"
    f" SELECT column1, column2, {_COMPLETE}, 0, {_PROCESSING}, 2, column3, column4, column5 FROM ({{rows}})",
    5,
)
"""Publications without deliveries, of which most is known beforehand."""
_PAYLOADS = insert("payloads", "entry_id, attributes, data")
_RUNS = update("entries", "id, run_id")
_DUE = insert("due", "delivery_id, publication_id, lane, due_at, lease_until, attempt")


class Attributes(msgspec.Struct, omit_defaults=True, gc=False):
    """An event without its data, as it is kept in ``payloads.attributes``."""

    id: str
    source: str
    type: str
    time: Millis
    routing_key: str
    content_type: str
    subject: str | None = None
    dataschema: str | None = None
    extensions: Mapping[str, str] = {}
    request: Received | None = None

    def event(self, data: bytes) -> Event:
        """The event that was kept, with its data."""
        return Event(
            self.id, self.source, self.type, self.time, data, self.routing_key,
            self.content_type, self.subject, self.dataschema, self.extensions, self.request,
        )  # fmt: skip


class Prepared(msgspec.Struct, frozen=True, gc=False):
    """A publication with its attributes encoded, which is done before it meets others in a transaction."""

    new: NewPublication
    attributes: str


def prepare(new: NewPublication) -> Prepared:
    """Encode a publication's attributes. Raises ``UnicodeEncodeError`` for text that is not Unicode."""
    return Prepared(new, encoded(new.event))


def encoded(event: Event) -> str:
    """The event without its data, as it is kept. Raises ``UnicodeEncodeError``."""
    attributes = Attributes(
        event.id, event.source, event.type, event.time, event.routing_key,
        event.content_type, event.subject, event.dataschema, event.extensions, event.request,
    )  # fmt: skip
    return _encoder.encode(attributes).decode()


def event_of(attributes: str, data: bytes) -> Event:
    """The event that was kept."""
    return _decoder.decode(attributes).event(data)


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Attributes)


class _Rows:
    """The rows of a transaction, by their tables."""

    def __init__(self) -> None:
        self.childless: list[Any] = []
        self.payloads: list[Any] = []
        self._entries: list[Any] = []
        self._due: list[Any] = []
        self._history: list[Any] = []
        self._runs: list[Any] = []

    def of_run(self, number: int, run_id: str) -> None:
        """A publication came of a run of its publisher."""
        self._runs += (number, run_id)

    def family(self, known: Known, new: NewPublication, number: int, series: int, now: Millis) -> None:
        """A publication with its deliveries."""
        project, topic, event_id = new.project_number, new.topic_number, new.event.id
        family = Family()
        for delivery in new.deliveries:
            family.moved(None, delivery.status)
        self._entries += (number, series, _COMPLETE, int(family.descendants), None, None, _PROCESSING, 2)
        self._entries += (new.received_at, now, family.children, family.open, family.delayed, event_id)
        for delivery_id, delivery in enumerate(new.deliveries, start=number + 1):
            status, target = int(delivery.status), delivery.target.number
            own = delivery_series(known, project, topic, delivery)
            born, lines = status, 1
            if delivery.note:
                born, lines = _PROCESSING, 2
                self._history += (delivery_id, 2, now, status, delivery.note, None)
            self._entries += (delivery_id, own, status, 0, number, target, born, lines, now, None, 0, 0, 0, event_id)
            if status != _DELAYED:
                self._due += (delivery_id, number, target, delivery.due_at, delivery.lease_until, 1)

    def write(self, connection: sqlite3.Connection) -> None:
        """Write them."""
        _CHILDLESS.run(connection, self.childless)
        _ENTRIES.run(connection, self._entries)
        _PAYLOADS.run(connection, self.payloads)
        _DUE.run(connection, self._due)
        HISTORY.run(connection, self._history)
        _RUNS.run(connection, self._runs)


def append(
    connection: sqlite3.Connection, known: Known, now: Millis, publications: Sequence[Prepared]
) -> list[Appended]:
    """Write publications and their deliveries; the answers in the order of the questions."""
    promises = Promises(connection, known, [prepared.new for prepared in publications], now)
    rows = _Rows()
    childless, payloads = rows.childless, rows.payloads
    answers = []
    tallies = Tallies()
    source, series = None, 0
    run_series = run_block = run = 0  # publications are tallied in runs of one series and block
    first_at = last_at = now
    for place, prepared in enumerate(publications):
        new = prepared.new
        event_id, at = new.event.id, new.received_at
        if new.idempotency and (earlier := promises.earlier(place, at)) is not None:
            answers.append(earlier)
            continue
        number = known.next_id
        known.next_id = number + 1 + len(new.deliveries)
        if new.source is not source:  # as a rule all are of one
            source = new.source
            series = known.series(
                Kind.PUBLICATION, new.project_number, new.application_number, new.topic_number, source.number
            )
        if series == run_series and number >> SPAN_BITS == run_block:
            run += 1
        else:
            tallies.count(run_series, Endings.NONE, run_block << SPAN_BITS, run)
            run_series, run_block, run = series, number >> SPAN_BITS, 1
        if new.deliveries:
            rows.family(known, new, number, series, now)
        else:
            childless += (number, series, at, now, event_id)
        payloads += (number, prepared.attributes, new.event.data)
        if new.run_id is not None:
            rows.of_run(number, new.run_id)
        if at < first_at:
            first_at = at
        elif at > last_at:
            last_at = at
        answer = Appended(EntryId(number), event_id, len(new.deliveries), now)
        if new.idempotency:
            promises.make(place, answer)
        answers.append(answer)
    if payloads:
        tallies.count(run_series, Endings.NONE, run_block << SPAN_BITS, run)
        rows.write(connection)
        known.span(first_at, last_at)
        tallies.write(connection)
    promises.write()
    return answers


Identity = tuple[EntryId, int, str]
"""An existing publication: its id, series and event id."""


def redelivered(
    connection: sqlite3.Connection,
    known: Known,
    deliveries: Sequence[tuple[Identity, NewDelivery]],
    at: Millis,
) -> list[EntryId]:
    """Write more deliveries of existing publications. Their first line is the caller's."""
    entries: list[Any] = []
    due: list[Any] = []
    ids = [EntryId(known.next_id + n) for n in range(len(deliveries))]
    for delivery_id, (publication, delivery) in zip(ids, deliveries, strict=True):
        publication_id, publication_series, event_id = publication
        meaning = known.meaning(publication_series)
        status, target = int(delivery.status), delivery.target.number
        series = delivery_series(known, meaning.project, meaning.topic, delivery)
        entries += (delivery_id, series, status, 0, publication_id, target, None, 0, at, None, 0, 0, 0, event_id)
        if status != _DELAYED:
            due += (delivery_id, publication_id, target, delivery.due_at, delivery.lease_until, 1)
    if ids:
        known.next_id += len(ids)
        _ENTRIES.run(connection, entries)
        known.span(at, at)
    if due:
        _DUE.run(connection, due)
    return ids


def delivery_series(known: Known, project: int, topic: int, delivery: NewDelivery) -> int:
    """The series of a delivery: its application and name are those of the subscription."""
    subscription = delivery.subscription
    application = known.number(NameKind.APPLICATION, subscription.application_id)
    return known.series(Kind.SUBSCRIPTION, project, application, topic, subscription.number)
