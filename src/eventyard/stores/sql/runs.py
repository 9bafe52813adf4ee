"""Runs: several delayed deliveries that are made as one, begun in one transaction.

A run is an entry of its own, a root with a payload, so that it is claimed, attempted and retried as any delivery is.
Which deliveries are made as it stands in ``members``; that they go with it is told in ``changes.py``.
"""

import sqlite3
from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace

from eventyard.model.errors import Conflict
from eventyard.model.event import Event
from eventyard.model.ids import EntryId
from eventyard.model.journal import HistoryLine, NewDelivery, NewRun
from eventyard.model.lifecycle import FINAL, Status, Trigger, after
from eventyard.stores.family import begun, lived, superseded, superseding, with_members
from eventyard.stores.records import NameKind
from eventyard.stores.sql.append import encoded, event_of
from eventyard.stores.sql.changes import HISTORY, Changes
from eventyard.stores.sql.known import Known
from eventyard.stores.sql.moves import redeliver
from eventyard.stores.sql.record import missing
from eventyard.stores.sql.statements import id_list, insert

_ENTRIES = insert(
    "entries",
    "id, series, status, descendants, target, lines, created_at, completed_at, event_id, supersedes",
)
_HOLDS = insert("members", "root_id, entry_id")
_EVENTS = """
SELECT attributes, data FROM json_each(?) AS wanted JOIN entries ON entries.id = wanted.value
JOIN payloads ON payloads.entry_id = entries.parent_id ORDER BY wanted.key
"""


def gather(connection: sqlite3.Connection, known: Known, run: NewRun, supersedes: EntryId | None) -> EntryId | None:
    """Begin a run with its members; its id, if all of them were delayed and their events are there."""
    asked = run.lines[0]
    if supersedes is not None:
        run = _again(connection, known, run, supersedes)
    changes = Changes(connection, run.members)
    event = _event(connection, changes, run)
    if event is None:
        return None
    run_id = EntryId(known.next_id)
    line = begun(run)
    for member in map(changes.get, run.members):
        assert member is not None
        changes.line(member, line)
    changes.write()
    _write(connection, known, replace(run, event=event), supersedes)
    if supersedes is not None:
        _close(connection, supersedes, run_id, asked)
    return run_id


def _event(connection: sqlite3.Connection, changes: Changes, run: NewRun) -> Event | None:
    if not run.members:
        return run.event
    if any((one := changes.get(member)) is None or one.status is not Status.DELAYED for member in run.members):
        return None
    events = [event_of(*row) for row in connection.execute(_EVENTS, (id_list(run.members),))]
    return with_members(run.event, events) if len(events) == len(run.members) else None


def _write(connection: sqlite3.Connection, known: Known, run: NewRun, supersedes: EntryId | None) -> None:
    run_id, life, first = known.next_id, lived(run.lines), run.lines[0].at
    known.next_id += 1
    application = known.number(NameKind.APPLICATION, run.subscription.application_id)
    series = known.series(run.kind, run.project, application, run.topic, run.subscription.number)
    target = None if run.target is None else run.target.number
    row = (run_id, series, int(life.status), 0, target, len(run.lines), first, life.completed_at, run.event.id)
    _ENTRIES.run(connection, [*row, supersedes])
    connection.execute("INSERT INTO payloads VALUES (?, ?, ?)", (run_id, encoded(run.event), run.event.data))
    HISTORY.run(connection, list(_history(run_id, run.lines)))
    _HOLDS.run(connection, [value for member in run.members for value in (run_id, member)])
    if target is not None and life.status not in FINAL:
        connection.execute("INSERT INTO due VALUES (?, ?, ?, ?, 0, 1)", (run_id, run_id, target, run.lines[-1].at))
    known.span(first, max(first, life.completed_at or 0))


def _history(run_id: int, lines: Sequence[HistoryLine]) -> list[Any]:
    return [
        value
        for number, line in enumerate(lines, start=1)
        for value in (run_id, number, line.at, int(line.status), line.comment, line.actor)
    ]


def _again(connection: sqlite3.Connection, known: Known, run: NewRun, supersedes: EntryId) -> NewRun:
    """The run with new deliveries in place of those of an earlier one. Raises ``Conflict``, ``NotFound``."""
    changes = Changes(connection, [supersedes])
    old = changes.get(supersedes)
    if old is None or run.target is None:
        raise missing(supersedes)
    after(old.status, Trigger.REPROCESS)
    made: list[EntryId] = []
    line = run.lines[0]
    for member in map(changes.get, changes.members(supersedes)):
        assert member is not None and member.parent_id is not None
        delivery = NewDelivery(run.subscription, run.target, Status.DELAYED, line.at)
        made += redeliver(connection, known, member.parent_id, [delivery], member.id, line)
    if not made:
        raise Conflict("illegal_transition", f"nothing is left of what entry {supersedes} was made of")
    return replace(run, members=tuple(made), lines=(superseding(line, supersedes), *run.lines[1:]))


def _close(connection: sqlite3.Connection, old_id: EntryId, new_id: EntryId, line: HistoryLine) -> None:
    """The earlier run is Reprocessed. Its members are already."""
    changes = Changes(connection, [old_id])
    old = changes.get(old_id)
    assert old is not None
    changes.line(old, superseded(replace(line, status=after(old.status, Trigger.REPROCESS)), new_id))
    changes.queue(old, None)
    changes.write()
