"""So many at once, and then as many as drip in."""

from eventyard.model.bucket import Bucket


def bucket() -> Bucket:
    return Bucket(rate=2, burst=3, tokens=3, at=1000)


def test_what_is_in_it_may_be_taken_at_once_and_then_one_waits_whole_seconds() -> None:
    full = bucket()
    assert [full.take(1000) for _ in range(4)] == [0, 0, 0, 1]
    assert full.take(1499) == 1
    assert full.take(1500) == 0


def test_looking_takes_nothing() -> None:
    full = bucket()
    assert [full.wait(1000) for _ in range(9)] == [0] * 9


def test_it_never_holds_more_than_its_burst() -> None:
    full = bucket()
    full.put_back()
    full.fill(1_000_000)
    assert full.tokens == 3


def test_what_is_put_back_may_be_taken_again() -> None:
    full = bucket()
    for _ in range(3):
        full.take(1000)
    full.put_back()
    assert [full.take(1000), full.take(1000)] == [0, 1]


def test_a_clock_that_was_set_back_gives_nothing_and_takes_nothing() -> None:
    full = bucket()
    for _ in range(3):
        full.take(1000)
    assert full.take(0) == 1
    assert full.take(500) == 0
