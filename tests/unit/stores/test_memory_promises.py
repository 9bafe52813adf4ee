from msgspec.structs import replace

from eventyard.model.ids import EntryId
from eventyard.model.journal import Appended
from eventyard.stores.memory_promises import MemoryPromises
from eventyard.testing import builders as b

ANSWER = Appended(EntryId(1), "event", 0, b.NOW)


def test_a_key_is_answered_as_before_until_it_expires():
    promises = MemoryPromises()
    once = b.idempotency("k", b.NOW + 10, fingerprint=b"1")
    new = b.publication(idempotency=(once,))
    assert promises.earlier(new) is None
    promises.make(new.source.number, [once], ANSWER)
    assert promises.earlier(new) == replace(ANSWER, key="k")
    other = replace(new, idempotency=(replace(once, fingerprint=b"2"),))
    assert promises.earlier(other) == replace(ANSWER, key="k", mismatch=True)
    assert promises.earlier(replace(new, received_at=b.NOW + 10)) is None


def test_a_key_that_was_used_is_known_of_one_source_only():
    promises, once = MemoryPromises(), b.idempotency("k")
    promises.make(7, [once], ANSWER)
    assert promises.made(7, once)
    assert not promises.made(8, once)
