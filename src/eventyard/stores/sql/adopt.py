"""Adopting the past of another system: publications and deliveries with their whole lives, under their own times.

Nothing goes into the work queue, and the topic is none (number 0), so that no stream and no replay meets them. Runs
inside the writer's transaction, as ``append.py`` does, whose promises keep anything from being adopted twice.
"""

import sqlite3
from collections.abc import Sequence
from itertools import chain
from typing import Any

from msgspec.structs import replace

from eventyard.model.catalog import Application, Source, Subscription, Target
from eventyard.model.ids import EntryId, Millis
from eventyard.model.journal import Appended, HistoryLine, NewPublication
from eventyard.model.lifecycle import Kind
from eventyard.model.past import Past
from eventyard.stores.family import NO_TOPIC, Family, Life, adopted_once, lived
from eventyard.stores.records import NAME_KINDS
from eventyard.stores.sql.append import prepare
from eventyard.stores.sql.changes import Changes
from eventyard.stores.sql.known import Known
from eventyard.stores.sql.promises import Promises
from eventyard.stores.sql.statements import insert
from eventyard.stores.sql.tallies import Tallies

_ENTRIES = insert(
    "entries",
    "id, series, parent_id, target, event_id, lines, created_at, status, completed_at, delayed_ms,"
    " descendants, children, open, delayed, failed, completed",
)
_PAYLOADS = insert("payloads", "entry_id, attributes, data")
_HISTORY = insert("history", "entry_id, line, at, status, comment, actor")


def adopt(connection: sqlite3.Connection, known: Known, now: Millis, past: Sequence[Past]) -> int:
    """Write the events that are new, with their deliveries; how many they were."""
    made = [_publication(known, one) for one in past]
    promises = Promises(connection, known, made, now)
    entries: list[Any] = []
    payloads: list[Any] = []
    history: list[Any] = []
    moments: list[Millis] = []
    attempts = Changes(connection, ())
    tallies = Tallies()
    adopted = 0
    for place, (one, new) in enumerate(zip(past, made, strict=True)):
        if promises.earlier(place, new.received_at) is not None:
            continue
        publication_id, event_id = known.next_id, one.event.id
        known.next_id += 1 + len(one.deliveries)
        family = Family()
        lives = [lived(delivery.history) for delivery in one.deliveries]
        for life in lives:
            family.moved(None, life.status)
        series = known.series(Kind.PUBLICATION, new.project_number, new.application_number, NO_TOPIC, new.source.number)
        tallies.count(series, family.endings, publication_id)
        entries += (publication_id, series, None, None, event_id, *_row(one.history, lived(one.history), family))
        history += _lines(publication_id, one.history)
        prepared = prepare(new)
        payloads += (publication_id, prepared.attributes, one.event.data)
        for entry_id, (delivery, life) in enumerate(zip(one.deliveries, lives, strict=True), start=publication_id + 1):
            application = _number(known, delivery.application)
            name, target = _number(known, delivery.subscription), _number(known, delivery.target)
            series = known.series(Kind.SUBSCRIPTION, new.project_number, application, NO_TOPIC, name)
            entries += (entry_id, series, publication_id, target, event_id, *_row(delivery.history, life, Family()))
            history += _lines(entry_id, delivery.history)
            for attempt in delivery.attempts:
                attempts.attempt(entry_id, attempt)
        moments += (line.at for line in chain(one.history, *(delivery.history for delivery in one.deliveries)))
        promises.make(place, Appended(EntryId(publication_id), event_id, len(one.deliveries), now))
        adopted += 1
    if adopted:
        _ENTRIES.run(connection, entries)
        _PAYLOADS.run(connection, payloads)
        _HISTORY.run(connection, history)
        attempts.write()
        tallies.write(connection)
        known.span(min(moments), max(moments))
        promises.write()
    return adopted


def _publication(known: Known, one: Past) -> NewPublication:
    """The event as it would have been accepted, under the numbers that it is kept under."""
    return NewPublication(
        event=one.event,
        source=replace(one.source, number=_number(known, one.source)),
        project_number=one.project.number,
        application_number=_number(known, one.application),
        topic_number=NO_TOPIC,
        received_at=one.history[0].at,
        idempotency=(adopted_once(one),),
    )


def _number(known: Known, record: Application | Source | Subscription | Target) -> int:
    """The number of a record; one that is in no catalog gets a number to be remembered by."""
    number = record.number or known.number(NAME_KINDS[type(record)], record.id)
    return number or known.name(record).number


def _row(history: Sequence[HistoryLine], life: Life, family: Family) -> tuple[Any, ...]:
    return (
        len(history), history[0].at, int(life.status), life.completed_at, life.delayed_ms,
        int(family.descendants), family.children, family.open, family.delayed, family.failed, family.completed,
    )  # fmt: skip


def _lines(entry_id: int, history: Sequence[HistoryLine]) -> list[Any]:
    lines = enumerate(history, start=1)
    return [value for n, line in lines for value in (entry_id, n, line.at, int(line.status), line.comment, line.actor)]
