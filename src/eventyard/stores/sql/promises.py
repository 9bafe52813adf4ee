"""Idempotency keys: the promise not to take the same thing twice from one source, kept inside the append's transaction.

Only events that bring keys pay. A key is kept as a digest, so that long keys cost no more than short ones. Whoever adds
keys clears away twice as many that have expired: the table stays as large as its window, without a clock of its own.
"""

import hashlib
import sqlite3
from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace

from eventyard.model.ids import EntryId, Millis
from eventyard.model.journal import Appended, Idempotency, NewPublication
from eventyard.stores.sql.statements import MOST, insert, one_document

_KEEP = insert(
    "idempotency",
    "digest, entry_id, deliveries, committed_at, expires_at, fingerprint",
    verb="INSERT OR REPLACE",
)
_FIND = (
    "SELECT json_group_array(json_array(hex(i.digest), i.entry_id, e.event_id, i.deliveries, i.committed_at,"
    " i.expires_at, hex(i.fingerprint), i.fingerprint IS NOT NULL))"
    " FROM idempotency i JOIN entries e ON e.id = i.entry_id WHERE i.digest IN ({digests})"
)
_FINDS = {
    size: _FIND.format(digests=",".join("?" * size)) for size in (1 << power for power in range(MOST.bit_length()))
}
_PURGE = (
    "DELETE FROM idempotency WHERE digest IN"
    " (SELECT digest FROM idempotency WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)"
)


class _Kept:
    def __init__(self, answer: Appended, expires_at: Millis, fingerprint: bytes | None) -> None:
        self.answer, self.expires_at, self.fingerprint = answer, expires_at, fingerprint


class Promises:
    """The promises that concern one transaction: those on disk under the keys it brings, and those it makes."""

    def __init__(self, connection: sqlite3.Connection, publications: Sequence[NewPublication], now: Millis) -> None:
        self._connection = connection
        self._now = now
        self._rows: list[Any] = []
        self._made = 0
        digests = [_digest(new, key) for new in publications if new.idempotency for key in new.idempotency]
        self._kept = self._find(digests) if digests else {}

    def _find(self, digests: list[bytes]) -> dict[bytes, _Kept]:
        kept = {}
        for start in range(0, len(digests), MOST):
            part = digests[start : start + MOST]
            size = 1 << (len(part) - 1).bit_length()
            rows = one_document(self._connection.execute(_FINDS[size], part + [b""] * (size - len(part))))
            for digest, entry_id, event_id, deliveries, committed_at, expires_at, fingerprint, compared in rows:
                answer = Appended(EntryId(entry_id), event_id, deliveries, committed_at)
                kept[bytes.fromhex(digest)] = _Kept(
                    answer, expires_at, bytes.fromhex(fingerprint) if compared else None
                )
        return kept

    def earlier(self, new: NewPublication) -> Appended | None:
        """The answer given before under one of the publication's keys, if it still counts."""
        for promised in new.idempotency:
            kept = self._kept.get(_digest(new, promised))
            if kept is not None and kept.expires_at > new.received_at:
                both = (kept.fingerprint, promised.fingerprint)
                return replace(kept.answer, key=promised.key, mismatch=None not in both and both[0] != both[1])
        return None

    def make(self, new: NewPublication, answer: Appended) -> None:
        """Promise, for each of the publication's keys."""
        for promised in new.idempotency:
            digest = _digest(new, promised)
            self._kept[digest] = _Kept(answer, promised.expires_at, promised.fingerprint)
            self._rows += (digest, answer.entry_id, answer.deliveries, answer.committed_at)
            self._rows += (promised.expires_at, promised.fingerprint)
            self._made += 1

    def write(self) -> None:
        """Keep the promises made, and clear away some that have expired."""
        if self._made:
            self._connection.execute(_PURGE, (self._now, 2 * self._made))
            _KEEP.run(self._connection, self._rows)


def _digest(new: NewPublication, promised: Idempotency) -> bytes:
    return hashlib.blake2b(f"{new.source.number}\0{promised.key}".encode(), digest_size=16).digest()
