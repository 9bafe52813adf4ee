"""Bundles: several delayed deliveries that are made as one, begun in one transaction.

A bundle is an entry of its own, a root with a payload, so that it is claimed, attempted and retried as any delivery is.
Which deliveries are made as it stands in ``members``; that they go with it is told in ``changes.py``.
"""

import sqlite3
from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace

from eventyard.model.errors import Conflict
from eventyard.model.event import Event
from eventyard.model.ids import EntryId
from eventyard.model.journal import HistoryLine, NewBundle, NewDelivery
from eventyard.model.lifecycle import FINAL, Status, Trigger, after
from eventyard.stores.family import begun, lived, payload_gone, superseded, superseding, with_members
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
_BUNDLED = "SELECT count(*) FROM members WHERE entry_id IN (SELECT value FROM json_each(?))"
_HOLDS = insert("members", "root_id, entry_id")
_EVENTS = """
SELECT attributes, data FROM json_each(?) AS wanted JOIN entries ON entries.id = wanted.value
JOIN payloads ON payloads.entry_id = entries.parent_id ORDER BY wanted.key
"""


def gather(
    connection: sqlite3.Connection, known: Known, bundle: NewBundle, supersedes: EntryId | None
) -> EntryId | None:
    """Begin a bundle with its members; its id, if all of them were delayed and their events are there."""
    asked = bundle.lines[0]
    if supersedes is not None:
        bundle = _again(connection, known, bundle, supersedes)
    changes = Changes(connection, bundle.members)
    event = _event(connection, changes, bundle)
    if event is None:
        if supersedes is not None:  # new deliveries were written, which are taken back
            raise payload_gone(supersedes)
        return None
    bundle_id = EntryId(known.next_id)
    line = begun(bundle)
    for member in map(changes.get, bundle.members):
        assert member is not None
        changes.line(member, line)
    changes.write()
    _write(connection, known, replace(bundle, event=event), supersedes)
    if supersedes is not None:
        _close(connection, supersedes, bundle_id, asked)
    return bundle_id


def _event(connection: sqlite3.Connection, changes: Changes, bundle: NewBundle) -> Event | None:
    if not bundle.members:
        return bundle.event
    if any((one := changes.get(member)) is None or one.status is not Status.DELAYED for member in bundle.members):
        return None
    if connection.execute(_BUNDLED, (id_list(bundle.members),)).fetchone()[0]:
        return None
    events = [event_of(*row) for row in connection.execute(_EVENTS, (id_list(bundle.members),))]
    return with_members(bundle.event, events) if len(events) == len(bundle.members) else None


def _write(connection: sqlite3.Connection, known: Known, bundle: NewBundle, supersedes: EntryId | None) -> None:
    bundle_id, life = known.next_id, lived(bundle.lines)
    first, last = bundle.lines[0].at, bundle.lines[-1].at
    known.next_id += 1
    application = known.number(NameKind.APPLICATION, bundle.subscription.application_id)
    series = known.series(bundle.kind, bundle.project, application, bundle.topic, bundle.subscription.number)
    target = None if bundle.target is None else bundle.target.number
    row = (bundle_id, series, int(life.status), 0, target, len(bundle.lines), first, life.completed_at, bundle.event.id)
    _ENTRIES.run(connection, [*row, supersedes])
    connection.execute("INSERT INTO payloads VALUES (?, ?, ?)", (bundle_id, encoded(bundle.event), bundle.event.data))
    HISTORY.run(connection, list(_history(bundle_id, bundle.lines)))
    _HOLDS.run(connection, [value for member in bundle.members for value in (bundle_id, member)])
    if target is not None and life.status not in FINAL:
        connection.execute("INSERT INTO due VALUES (?, ?, ?, ?, 0, 1)", (bundle_id, bundle_id, target, last))
    known.span(first, max(first, life.completed_at or 0))


def _history(bundle_id: int, lines: Sequence[HistoryLine]) -> list[Any]:
    return [
        value
        for number, line in enumerate(lines, start=1)
        for value in (bundle_id, number, line.at, int(line.status), line.comment, line.actor)
    ]


def _again(connection: sqlite3.Connection, known: Known, bundle: NewBundle, supersedes: EntryId) -> NewBundle:
    """The bundle with new deliveries in place of those of an earlier one. Raises ``Conflict``, ``NotFound``."""
    changes = Changes(connection, [supersedes])
    old = changes.get(supersedes)
    if old is None or bundle.target is None:
        raise missing(supersedes)
    after(old.status, Trigger.REPROCESS)
    made: list[EntryId] = []
    line = bundle.lines[0]
    for member in map(changes.get, changes.members(supersedes)):
        assert member is not None and member.parent_id is not None
        delivery = NewDelivery(bundle.subscription, bundle.target, Status.DELAYED, line.at)
        made += redeliver(connection, known, member.parent_id, [delivery], member.id, line)
    if not made:
        raise Conflict("illegal_transition", f"nothing is left of what entry {supersedes} was made of")
    return replace(bundle, members=tuple(made), lines=(superseding(line, supersedes), *bundle.lines[1:]))


def _close(connection: sqlite3.Connection, old_id: EntryId, new_id: EntryId, line: HistoryLine) -> None:
    """The earlier bundle is Reprocessed. Its members are already."""
    changes = Changes(connection, [old_id])
    old = changes.get(old_id)
    assert old is not None
    changes.line(old, superseded(replace(line, status=after(old.status, Trigger.REPROCESS)), new_id))
    changes.queue(old, None)
    changes.write()
