"""Promises from their making to their place in the table: kept in memory, and for a restart in the order they came.

The table of promises is ordered by digest, so each new row would change a page of its own; and writing pages is most of
what a commit costs. So a commit writes the promises it makes as one row of ``fresh``, and they are filed later,
neighbours together: by their numbers they lie on :data:`SHELVES` shelves, and after every :data:`STEP` promises the
next shelf is filed. After a round of all shelves everything made before it is in the table, and its rows of ``fresh``
go. What has expired meanwhile is never filed at all.

Expired rows of the table are swept by a hand that goes round it, a few rows for each shelf that is filed: no index by
time, no clock of its own, and the table stays about as large as its window.
"""

import sqlite3
from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct

from eventyard.model.ids import EntryId, Millis
from eventyard.stores.sql.statements import insert

SHELVES = 128

STEP = 192
"""Promises made between two filings, and so about as many on a shelf by then: what one statement takes."""

NUMBER_BITS = 63

SWEPT = 4 * STEP
"""Rows that one sweep looks at: each row is seen again after a quarter of the table was added."""

_BELOW_SHELF = NUMBER_BITS - (SHELVES - 1).bit_length()

_FILE = insert(
    "idempotency", "id, rest, entry_id, deliveries, committed_at, expires_at, fingerprint", verb="INSERT OR REPLACE"
)
_NEXT_HAND = "SELECT max(id) FROM (SELECT id FROM idempotency WHERE id > ? ORDER BY id LIMIT ?)"
_SWEEP = "DELETE FROM idempotency WHERE id > ? AND id <= ? AND expires_at <= ?"


class Promise(Struct, frozen=True, array_like=True, gc=False):
    """The answer given under a key, which is two halves of a digest: a number to find it by, and the rest."""

    number: int
    rest: bytes
    entry_id: EntryId
    deliveries: int
    committed_at: Millis
    expires_at: Millis
    fingerprint: bytes | None
    event_id: str


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[Promise]).decode


class Fresh:
    """The promises that are not filed yet. Part of what the writer knows (``known.py``), and as true as that."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._shelves: list[dict[int, Promise]] = [{} for _ in range(SHELVES)]
        self._made = 0
        self._hand = -1
        for last, promises in connection.execute("SELECT last, promises FROM fresh ORDER BY last"):
            self._made = last
            for promise in _decode(promises):
                self.keep(promise)

    def get(self, number: int) -> Promise | None:
        """The promise with that number, if it is not filed."""
        return self._shelves[number >> _BELOW_SHELF].get(number)

    def keep(self, promise: Promise) -> None:
        """Remember a promise. It has to be among those that are written before the commit."""
        self._shelves[promise.number >> _BELOW_SHELF][promise.number] = promise

    def write(self, promises: Sequence[Promise], now: Millis) -> None:
        """Write the promises made, and file the shelves whose turn has come."""
        filed, self._made = self._made // STEP, self._made + len(promises)
        self._connection.execute("INSERT INTO fresh VALUES (?, ?)", (self._made, _encode(promises)))
        for turn in range(filed + 1, self._made // STEP + 1):
            self._file(turn % SHELVES, now)
            self._sweep(now)
            # The last of these was made a whole round of shelves ago.
            self._connection.execute("DELETE FROM fresh WHERE last <= ?", (self._made - SHELVES * STEP,))

    def _file(self, shelf: int, now: Millis) -> None:
        promises, self._shelves[shelf] = self._shelves[shelf], {}
        rows: list[Any] = []
        for number, one in sorted(promises.items()):
            if one.expires_at > now:
                rows += (number, one.rest, one.entry_id, one.deliveries)
                rows += (one.committed_at, one.expires_at, one.fingerprint)
        _FILE.run(self._connection, rows)

    def _sweep(self, now: Millis) -> None:
        (end,) = self._connection.execute(_NEXT_HAND, (self._hand, SWEPT)).fetchone()
        if end is not None:
            self._connection.execute(_SWEEP, (self._hand, end, now))
        self._hand = -1 if end is None else end
