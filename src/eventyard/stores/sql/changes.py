"""Changing entries that exist: many of them read at once, changed in memory by the rules, and written back at once.

Whoever changes an entry's status changes its parent's counters in the same transaction, and the status of the
deliveries that are made as that entry; this is the one place where that happens. ``record.py``, ``claim.py``,
``moves.py`` and ``bundles.py`` say what to change.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from eventyard.model.ids import EntryId, Millis
from eventyard.model.journal import HistoryLine
from eventyard.model.lifecycle import Endings, Status
from eventyard.model.outcome import Attempt, Counts, Sent
from eventyard.stores.family import Family, completed_at, delayed_ms, inherits, reflected
from eventyard.stores.sql.statements import Rows, id_list, insert, one_document, update
from eventyard.stores.sql.tallies import Tallies

_READ = (
    "SELECT json_group_array(json_array(id, series, event_id, status, parent_id, target, created_at, completed_at,"
    " delayed_ms, lines, json_object('children', children, 'open', open, 'delayed', delayed, 'failed', failed,"
    " 'completed', completed), json_object('source_success', source_success, 'source_failed', source_failed,"
    " 'target_success', target_success, 'target_failed', target_failed), run_id))"
    " FROM entries WHERE id IN (SELECT value FROM json_each(?))"
)
_WRITE = update(
    "entries",
    "id, status, descendants, completed_at, delayed_ms, lines, children, open, delayed, failed, completed,"
    " source_success, source_failed, target_success, target_failed, run_id",
)
HISTORY = insert("history", "entry_id, line, at, status, comment, actor")
_MEMBERS = (
    "SELECT json_group_array(json_array(root_id, entry_id)) FROM (SELECT root_id, entry_id FROM members"
    " WHERE root_id IN (SELECT value FROM json_each(?)) ORDER BY root_id, entry_id)"
)
_ATTEMPTS = insert(
    "attempts",
    "delivery_id, number, started_at, duration_ms, result, status_code, error, more, response_body",
    verb="INSERT OR REPLACE",
)
_QUEUE = Rows(
    "INSERT OR REPLACE INTO due (delivery_id, publication_id, lane, due_at, lease_until, attempt)"
    " SELECT column1, column2, column3, column4, 0,"
    " max(coalesce((SELECT max(number) FROM attempts WHERE delivery_id = column1), 0) + 1,"
    " coalesce((SELECT attempt FROM due WHERE delivery_id = column1), 1)) FROM ({rows})",
    4,
)
_UNQUEUE = "DELETE FROM due WHERE delivery_id IN (SELECT value FROM json_each(?))"


class More(msgspec.Struct, omit_defaults=True):
    """The rarer parts of an outcome, as they are kept in ``attempts.more``."""

    response_headers: dict[str, str] = {}
    retry_after_ms: int | None = None
    run_id: str | None = None
    counts: Counts | None = None
    sent: Sent | None = None


class Changing(msgspec.Struct, array_like=True):
    """An entry while it is being changed."""

    id: EntryId
    series: int
    event_id: str
    status: Status
    parent_id: EntryId | None
    target: int | None
    created_at: Millis
    completed_at: Millis | None
    delayed_ms: int
    lines: int
    family: Family
    counts: Counts
    run_id: str | None


_decode = msgspec.json.Decoder(list[Changing]).decode
_encode = msgspec.json.Encoder().encode


class Changes:
    """Entries read for a change. Nothing is written before :meth:`write`."""

    def __init__(self, connection: sqlite3.Connection, ids: Iterable[int]) -> None:
        self._connection = connection
        self._entries: dict[int, Changing] = {}
        self._changed: dict[int, Changing] = {}
        self._history: list[Any] = []
        self._attempts: list[Any] = []
        self._queued: dict[int, tuple[int, int, int, int]] = {}
        self._unqueued: dict[int, None] = {}
        self._ended: dict[int, Endings] = {}
        """How the deliveries of publications that change had ended before."""
        self._members: dict[int, list[int]] = {}
        self._read(ids)
        bundles = [entry.id for entry in self._entries.values() if entry.parent_id is None and entry.target is not None]
        if bundles:
            self._read_members(bundles)
        self._read({e.parent_id for e in self._entries.values() if e.parent_id is not None} - self._entries.keys())

    def _read(self, ids: Iterable[int]) -> None:
        wanted = list(ids)
        if wanted:
            for entry in _decode(self._connection.execute(_READ, (id_list(wanted),)).fetchone()[0]):
                self._entries[entry.id] = entry

    def _read_members(self, bundles: Iterable[int]) -> None:
        for bundle_id, entry_id in one_document(self._connection.execute(_MEMBERS, (id_list(bundles),))):
            self._members.setdefault(bundle_id, []).append(entry_id)
        self._read({one for members in self._members.values() for one in members} - self._entries.keys())

    def get(self, entry_id: int) -> Changing | None:
        """The entry as it stands in this transaction."""
        return self._entries.get(entry_id)

    def line(self, entry: Changing, line: HistoryLine) -> None:
        """Add a history line: the entry takes its status, the parent counts it, and members of a bundle go with it."""
        old, new = entry.status, line.status
        if old is Status.DELAYED:
            entry.delayed_ms = delayed_ms(entry.delayed_ms, old, self._since(entry), line.at)
        entry.completed_at = completed_at(entry.completed_at, old, new, line.at)
        entry.status = new
        self.first_line(entry, line)
        if entry.parent_id is not None:
            parent = self._entries[entry.parent_id]
            self._ended.setdefault(parent.id, parent.family.endings)
            parent.family.moved(old, new)
            self.touch(parent)
        for member in map(self._entries.__getitem__, self._members.get(entry.id, ())):
            if inherits(member.status, old, new):
                self.line(member, reflected(line, entry.id))

    def members(self, bundle_id: int) -> Sequence[int]:
        """The deliveries that are made as this entry."""
        return self._members.get(bundle_id, ())

    def first_line(self, entry: Changing, line: HistoryLine) -> None:
        """Add a history line that changes nothing else."""
        entry.lines += 1
        self._history += (entry.id, entry.lines, line.at, int(line.status), line.comment, line.actor)
        self.touch(entry)

    def touch(self, entry: Changing) -> None:
        """The entry was changed and wants to be written."""
        self._changed[entry.id] = entry

    def attempt(self, entry_id: int, attempt: Attempt) -> None:
        """Keep an attempt; what is reported late takes the place of what was presumed lost."""
        outcome = attempt.outcome
        more = More(
            dict(outcome.response_headers), outcome.retry_after_ms, outcome.run_id, outcome.counts, outcome.sent
        )
        self._attempts += (entry_id, attempt.number, attempt.started_at, attempt.duration_ms, int(outcome.result))
        self._attempts += (outcome.status_code, outcome.error, _encode(more).decode(), outcome.response_body)

    def queue(self, entry: Changing, due_at: Millis | None) -> None:
        """Put a delivery into the work queue, unleased, for its next attempt; or take it out."""
        self._queued.pop(entry.id, None)
        if due_at is None:
            self._unqueued[entry.id] = None
        elif entry.target is not None:
            self._unqueued.pop(entry.id, None)
            self._queued[entry.id] = (entry.id, entry.parent_id or entry.id, entry.target, due_at)

    def write(self) -> None:
        """Write what was changed."""
        connection = self._connection
        if self._attempts:
            _ATTEMPTS.run(connection, self._attempts)
        if self._history:
            HISTORY.run(connection, self._history)
        if self._changed:
            _WRITE.run(connection, [value for entry in self._changed.values() for value in _row(entry)])
        self._tally()
        if self._queued:
            _QUEUE.run(connection, [value for row in self._queued.values() for value in row])
        if self._unqueued:
            connection.execute(_UNQUEUE, (id_list(self._unqueued),))

    def _tally(self) -> None:
        tallies = Tallies()
        for publication_id, before in self._ended.items():
            publication = self._entries[publication_id]
            after = publication.family.endings
            if after is not before:
                tallies.count(publication.series, before, publication_id, -1)
                tallies.count(publication.series, after, publication_id)
        tallies.write(self._connection)

    def _since(self, entry: Changing) -> Millis:
        """Since when the entry has its status: the moment of its last line."""
        last = self._connection.execute(
            "SELECT at FROM history WHERE entry_id = ? ORDER BY line DESC LIMIT 1", (entry.id,)
        ).fetchone()
        return last[0] if last else entry.created_at


def _row(entry: Changing) -> tuple[Any, ...]:
    family, counts = entry.family, entry.counts
    return (
        entry.id, int(entry.status), int(family.descendants), entry.completed_at, entry.delayed_ms, entry.lines,
        family.children, family.open, family.delayed, family.failed, family.completed,
        counts.source_success, counts.source_failed, counts.target_success, counts.target_failed, entry.run_id,
    )  # fmt: skip
