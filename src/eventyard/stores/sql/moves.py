"""What an operator does to entries: retry, discard, reprocess, replay.

The lifecycle table in ``model/`` says what is allowed; this applies it inside the writer's transaction.
"""

import sqlite3
from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from eventyard.model.ids import EntryId, Millis
from eventyard.model.journal import HistoryLine, NewDelivery
from eventyard.model.lifecycle import LIFECYCLE, Trigger, after
from eventyard.stores.family import superseded, superseding
from eventyard.stores.sql.append import Identity, redelivered
from eventyard.stores.sql.changes import Changes
from eventyard.stores.sql.known import Known
from eventyard.stores.sql.record import missing
from eventyard.stores.sql.statements import id_list, one_document

_WITH_EVENT = """
SELECT json_group_array(id) FROM (
  SELECT wanted.value AS id FROM json_each(?) AS wanted JOIN entries ON entries.id = wanted.value
  WHERE EXISTS (SELECT 1 FROM payloads WHERE entry_id = coalesce(parent_id, entries.id))
    AND NOT EXISTS (SELECT 1 FROM members WHERE entry_id = entries.id) ORDER BY wanted.key)
"""

_SUPERSEDES = "UPDATE entries SET supersedes = ? WHERE id IN (SELECT value FROM json_each(?))"


def move(
    connection: sqlite3.Connection, ids: Sequence[EntryId], trigger: Trigger, line: HistoryLine, due_at: Millis | None
) -> list[EntryId]:
    """Apply a trigger to the entries whose status allows it; their ids."""
    if due_at is not None:
        ids = one_document(connection.execute(_WITH_EVENT, (id_list(ids),)))
    changes = Changes(connection, ids)
    moved = []
    for entry_id in ids:
        entry = changes.get(entry_id)
        if entry is not None and (entry.status, trigger) in LIFECYCLE:
            changes.line(entry, replace(line, status=after(entry.status, trigger)))
            changes.queue(entry, due_at)
            moved.append(entry_id)
    changes.write()
    return moved


def redeliver(
    connection: sqlite3.Connection,
    known: Known,
    publication_id: EntryId,
    deliveries: Sequence[NewDelivery],
    supersedes: EntryId | None,
    line: HistoryLine,
) -> list[EntryId]:
    """Add deliveries to a publication, perhaps in the place of an old one. Raises ``NotFound``, ``Conflict``."""
    changes = Changes(connection, [publication_id] if supersedes is None else [publication_id, supersedes])
    publication = changes.get(publication_id)
    if publication is None:
        raise missing(publication_id)
    if supersedes is not None:
        old = changes.get(supersedes)
        if old is None:
            raise missing(supersedes)
        last = replace(line, status=after(old.status, Trigger.REPROCESS))
        changes.line(old, superseded(last, EntryId(known.next_id)))
        changes.queue(old, None)
        line = superseding(line, supersedes)
    changes.write()
    identity = (publication.id, publication.series, publication.event_id)
    ids = _added(connection, known, [(identity, delivery) for delivery in deliveries], line)
    if supersedes is not None:
        connection.execute(_SUPERSEDES, (supersedes, id_list(ids)))
    return ids


def replay(
    connection: sqlite3.Connection,
    known: Known,
    deliveries: Mapping[EntryId, Sequence[NewDelivery]],
    line: HistoryLine,
) -> list[EntryId]:
    """Add deliveries to publications whose events are kept; the ids of those."""
    ids: list[EntryId] = one_document(connection.execute(_WITH_EVENT, (id_list(deliveries),)))
    found = Changes(connection, ids)
    made: list[tuple[Identity, NewDelivery]] = []
    for publication in map(found.get, ids):
        assert publication is not None
        identity = (publication.id, publication.series, publication.event_id)
        made += [(identity, delivery) for delivery in deliveries[publication.id]]
    _added(connection, known, made, line)
    return ids


def pages(deliveries: int) -> int:
    """About how many pages of the log a replay of so many deliveries takes."""
    return 8 + deliveries // 2


def _added(
    connection: sqlite3.Connection, known: Known, deliveries: Sequence[tuple[Identity, NewDelivery]], line: HistoryLine
) -> list[EntryId]:
    """Write more deliveries, each with its first line, and have their publications count them."""
    ids = redelivered(connection, known, deliveries, line.at)
    born = Changes(connection, ids)
    for entry_id, (identity, _) in zip(ids, deliveries, strict=True):
        entry, parent = born.get(entry_id), born.get(identity[0])
        assert entry is not None and parent is not None
        born.first_line(entry, replace(line, status=entry.status))
        parent.family.moved(None, entry.status)
        born.touch(parent)
    born.write()
    return ids
