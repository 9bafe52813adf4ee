"""The idempotency keys of the in-memory store, and what was answered under each. In SQL it is ``promises.py``."""

from collections.abc import Iterable

from msgspec import Struct
from msgspec.structs import replace

from eventyard.model.ids import Millis
from eventyard.model.journal import Appended, Idempotency, NewPublication


class Promise(Struct, frozen=True):
    """The answer given under a key."""

    answer: Appended
    fingerprint: bytes | None
    expires_at: Millis


class MemoryPromises:
    """The promises by the number of the source and the key. None is swept: it counts as long as it says."""

    def __init__(self) -> None:
        self._made: dict[tuple[int, str], Promise] = {}

    def earlier(self, new: NewPublication) -> Appended | None:
        """The answer given before under one of the publication's keys, if it still counts."""
        for promised in new.idempotency:
            kept = self._made.get((new.source.number, promised.key))
            if kept is not None and kept.expires_at > new.received_at:
                both = (kept.fingerprint, promised.fingerprint)
                return replace(kept.answer, key=promised.key, mismatch=None not in both and both[0] != both[1])
        return None

    def made(self, source: int, promised: Idempotency) -> bool:
        """Whether the key was ever used."""
        return (source, promised.key) in self._made

    def make(self, source: int, idempotency: Iterable[Idempotency], answer: Appended) -> None:
        """Promise, for each of the keys."""
        for promised in idempotency:
            self._made[source, promised.key] = Promise(answer, promised.fingerprint, promised.expires_at)
