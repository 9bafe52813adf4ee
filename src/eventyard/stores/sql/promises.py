"""Idempotency keys: the promise not to take the same thing twice from one source, kept inside the append's transaction.

Only events that bring keys pay, and little: a key is found by a 64-bit number that is half of its digest, and the other
half tells a chance neighbour from the key itself. (Two keys with the same number are a matter of billions of years; the
newer would be remembered and the older forgotten, so nothing is ever taken for what it is not.) Expired rows are swept
by a hand that goes round the table, a few rows for each key that is added: no index by time, no clock of its own, and
the table stays about as large as its window.
"""

import hashlib
import sqlite3
from collections.abc import Sequence
from typing import Any, NamedTuple

from msgspec.structs import replace

from eventyard.model.ids import EntryId, Millis
from eventyard.model.journal import Appended, Idempotency, NewPublication
from eventyard.stores.sql.known import Known
from eventyard.stores.sql.statements import MOST, insert

_KEEP = insert(
    "idempotency",
    "id, rest, entry_id, deliveries, committed_at, expires_at, fingerprint",
    verb="INSERT OR REPLACE",
)
_FIND = (
    "SELECT id, rest, entry_id, deliveries, committed_at, expires_at, fingerprint FROM idempotency WHERE id IN ({ids})"
)
_FINDS = {size: _FIND.format(ids=",".join("?" * size)) for size in (1 << power for power in range(MOST.bit_length()))}

SWEEP_AFTER = 256
"""Keys added between two sweeps."""

SWEPT = 4 * SWEEP_AFTER
"""Rows that one sweep looks at: each row is seen again after a quarter of the table was added."""

_NEXT_HAND = "SELECT max(id) FROM (SELECT id FROM idempotency WHERE id > ? ORDER BY id LIMIT ?)"
_SWEEP = "DELETE FROM idempotency WHERE id > ? AND id <= ? AND expires_at <= ?"


class _Digest(NamedTuple):
    number: int
    rest: bytes


class _Kept(NamedTuple):
    rest: bytes
    answer: Appended
    expires_at: Millis
    fingerprint: bytes | None


class Promises:
    """The promises that concern one transaction: those on disk under the keys it brings, and those it makes.

    Publications are named by their place among those the transaction brings.
    """

    def __init__(
        self, connection: sqlite3.Connection, known: Known, publications: Sequence[NewPublication], now: Millis
    ) -> None:
        self._connection = connection
        self._known = known
        self._now = now
        self._rows: list[Any] = []
        self._digests = [[_digest(new, key) for key in new.idempotency] for new in publications]
        self._kept = self._find([digest.number for digests in self._digests for digest in digests])

    def _find(self, numbers: list[int]) -> dict[int, _Kept]:
        kept = {}
        for start in range(0, len(numbers), MOST):
            part = numbers[start : start + MOST]
            size = 1 << (len(part) - 1).bit_length()
            rows = self._connection.execute(_FINDS[size], part + part[:1] * (size - len(part))).fetchall()
            for number, rest, entry_id, deliveries, committed_at, expires_at, fingerprint in rows:
                (event_id,) = self._connection.execute(
                    "SELECT event_id FROM entries WHERE id = ?", (entry_id,)
                ).fetchone() or ("",)
                answer = Appended(EntryId(entry_id), event_id, deliveries, committed_at)
                kept[number] = _Kept(rest, answer, expires_at, fingerprint)
        return kept

    def earlier(self, place: int, new: NewPublication) -> Appended | None:
        """The answer given before under one of the publication's keys, if it still counts."""
        for digest, promised in zip(self._digests[place], new.idempotency, strict=True):
            kept = self._kept.get(digest.number)
            if kept is not None and kept.rest == digest.rest and kept.expires_at > new.received_at:
                both = (kept.fingerprint, promised.fingerprint)
                return replace(kept.answer, key=promised.key, mismatch=None not in both and both[0] != both[1])
        return None

    def make(self, place: int, new: NewPublication, answer: Appended) -> None:
        """Promise, for each of the publication's keys."""
        for digest, promised in zip(self._digests[place], new.idempotency, strict=True):
            self._kept[digest.number] = _Kept(digest.rest, answer, promised.expires_at, promised.fingerprint)
            self._rows += (*digest, answer.entry_id, answer.deliveries, answer.committed_at)
            self._rows += (promised.expires_at, promised.fingerprint)

    def write(self) -> None:
        """Keep the promises made, and clear away some that have expired."""
        if self._rows:
            _KEEP.run(self._connection, self._rows)
            self._known.unswept += len(self._rows) // len(_KEEP)
            if self._known.unswept >= SWEEP_AFTER:
                self._sweep()

    def _sweep(self) -> None:
        hand = self._known.hand
        (end,) = self._connection.execute(_NEXT_HAND, (hand, SWEPT)).fetchone()
        if end is not None:
            self._connection.execute(_SWEEP, (hand, end, self._now))
        self._known.hand = -(1 << 63) if end is None else end
        self._known.unswept = 0


def _digest(new: NewPublication, promised: Idempotency) -> _Digest:
    digest = hashlib.blake2b(f"{new.source.number}\0{promised.key}".encode(), digest_size=16).digest()
    return _Digest(int.from_bytes(digest[:8], "big", signed=True), digest[8:])
