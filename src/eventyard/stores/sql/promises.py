"""Idempotency keys: the promise not to take the same thing twice from one source, kept inside the append's transaction.

Only events that bring keys pay, and little: a key is found by a 63-bit number that is half of its digest, and the other
half tells a chance neighbour from the key itself. (Two keys with the same number are a matter of billions of years; the
newer would be remembered and the older forgotten, so nothing is ever taken for what it is not.) How promises are kept
is told in ``fresh.py``.
"""

import hashlib
import sqlite3
import struct
from collections.abc import Callable, Sequence

from eventyard.model.ids import Millis
from eventyard.model.journal import Appended, Idempotency, NewPublication
from eventyard.stores.sql.fresh import NUMBER_BITS, Promise
from eventyard.stores.sql.known import Known
from eventyard.stores.sql.statements import Rows

_FIND = Rows(
    "SELECT idempotency.id, rest, entry_id, deliveries, committed_at, expires_at, fingerprint, coalesce(event_id, '')"
    " FROM ({rows}) AS wanted CROSS JOIN idempotency ON idempotency.id = wanted.column1"
    " LEFT JOIN entries ON entries.id = entry_id",
    1,
)


class Promises:
    """The promises that concern one transaction: those kept under the keys it brings, and those it makes.

    Publications are named by their place among those the transaction brings.
    """

    def __init__(
        self, connection: sqlite3.Connection, known: Known, publications: Sequence[NewPublication], now: Millis
    ) -> None:
        self._fresh = known.fresh
        self._now = now
        self._made: list[Promise] = []
        self._asked: dict[int, list[tuple[int, bytes, Idempotency]]] = {}
        numbers = []
        for place, new in enumerate(publications):
            for promised in new.idempotency:
                number, rest = _digest(new.source.number, promised.key)
                numbers.append(number)
                self._asked.setdefault(place, []).append((number, rest, promised))
        self._filed = {row[0]: Promise(*row) for row in _FIND.run(connection, numbers)} if numbers else {}

    def earlier(self, place: int, at: Millis) -> Appended | None:
        """The answer given before under one of the publication's keys, if it still counts at the moment it came."""
        for number, rest, promised in self._asked.get(place, ()):
            kept = self._fresh.get(number) or self._filed.get(number)
            if kept is not None and kept.rest == rest and kept.expires_at > at:
                both = (kept.fingerprint, promised.fingerprint)
                return Appended(
                    kept.entry_id, kept.event_id, kept.deliveries, kept.committed_at,
                    promised.key, mismatch=None not in both and both[0] != both[1],
                )  # fmt: skip
        return None

    def make(self, place: int, answer: Appended) -> None:
        """Promise, for each of the publication's keys."""
        for number, rest, promised in self._asked.get(place, ()):
            promise = Promise(
                number, rest, answer.entry_id, answer.deliveries, answer.committed_at, promised.expires_at,
                promised.fingerprint, answer.event_id,
            )  # fmt: skip
            self._fresh.keep(promise)
            self._made.append(promise)

    def write(self) -> None:
        """Keep the promises made."""
        if self._made:
            self._fresh.write(self._made, self._now)


def _digest(source: int, key: str) -> tuple[int, bytes]:
    number, rest = _halves(hashlib.blake2b(f"{source}\0{key}".encode(), digest_size=16).digest())
    return number >> 64 - NUMBER_BITS, rest


_halves: Callable[[bytes], tuple[int, bytes]] = struct.Struct(">Q8s").unpack
