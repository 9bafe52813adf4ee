"""Recording the ends of attempts: what many deliveries came to, in one transaction.

The hot path's second half; the first is ``append.py``. How an entry changes is in ``changes.py``.
"""

import sqlite3
from collections.abc import Sequence

from eventyard.model.errors import NotFound
from eventyard.model.journal import Recorded, Recording
from eventyard.model.lifecycle import FINAL
from eventyard.stores.family import ended
from eventyard.stores.sql.changes import Changes


def record(connection: sqlite3.Connection, recordings: Sequence[Recording]) -> list[Recorded | NotFound]:
    """Apply recordings in order: for each what became of it, or that there is no such entry."""
    ids = {recording.entry_id for recording in recordings} | {recording.publication_id for recording in recordings}
    changes = Changes(connection, ids)
    answers = [_apply(changes, recording) for recording in recordings]
    changes.write()
    return answers


def _apply(changes: Changes, recording: Recording) -> Recorded | NotFound:
    entry = changes.get(recording.entry_id)
    if entry is None:
        return missing(recording.entry_id)
    if recording.attempt is not None:
        changes.attempt(entry.id, recording.attempt)
    if entry.status in FINAL:
        return Recorded.LATE
    if recording.line is not None:
        changes.line(entry, recording.line)
    if recording.run_id is not None or recording.counts is not None:
        entry.run_id = recording.run_id or entry.run_id
        entry.counts = recording.counts or entry.counts
        changes.touch(entry)
    changes.queue(entry, recording.due_at)
    parent = changes.get(recording.publication_id)
    return ended(parent.family) if parent is not None and entry.status in FINAL else Recorded.WRITTEN


def missing(entry_id: int) -> NotFound:
    """The refusal of an entry that is not there."""
    return NotFound("not_found", f"there is no journal entry {entry_id}")
