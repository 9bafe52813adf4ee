from msgspec.structs import replace

from eventyard.model.breaker import BreakerPolicy
from eventyard.model.ids import EntryId
from eventyard.model.journal import Claimed
from eventyard.model.outcome import Outcome, Result
from eventyard.pipeline.lanes import Lane, Limits, reached
from eventyard.testing import builders
from eventyard.testing.builders import NOW

OK = Outcome(Result.DELIVERED, 200)
AWAY = Outcome(Result.UNREACHABLE, error="nobody there")


def lane(concurrency: int = 2, threshold: int = 2, **limits: int) -> Lane:
    return Lane(5, concurrency, 20_000, Limits(**limits), BreakerPolicy(threshold=threshold, cooldown_ms=1_000))


def claimed(number: int = 1, data: bytes = b"{}") -> Claimed:
    return Claimed(EntryId(number), EntryId(0), "subscription-1", 5, 1, NOW, NOW + 80_000, builders.event(data))


def fill(made: Lane, number: int) -> Lane:
    for n in range(number):
        made.put(claimed(n))
    return made


def test_an_outcome_speaks_for_the_targets_health_or_not_at_all() -> None:
    assert reached(OK)
    assert reached(Outcome(Result.GONE, 410))
    assert reached(Outcome(Result.FAILED, 422))
    assert reached(Outcome(Result.FAILED, 500)) is False
    assert reached(Outcome(Result.FAILED, error="a bug")) is False
    assert reached(Outcome(Result.THROTTLED, 429)) is False
    assert reached(Outcome(Result.TIMED_OUT)) is False
    assert reached(AWAY) is False
    assert reached(Outcome(Result.REFUSED)) is None
    assert reached(Outcome(Result.LOST)) is None


def test_the_queue_is_bounded_in_number_and_in_bytes() -> None:
    assert fill(lane(queue=10), 4).room(NOW) == 6
    heavy = lane(queue_bytes=100)
    heavy.put(claimed(data=b"x" * 100))
    assert heavy.room(NOW) == 0
    heavy.take(NOW)
    assert (heavy.room(NOW), heavy.bytes) == (1_000, 0)


def test_a_lane_claims_when_its_queue_is_half_empty_and_the_store_holds_more() -> None:
    made = fill(lane(queue=10, claim=3), 6)
    made.backlog = True
    assert made.wants(NOW) == 0
    made.take(NOW)
    assert made.wants(NOW) == 3
    made.claiming = True
    assert made.wants(NOW) == 0


def test_a_lane_has_no_more_workers_than_its_concurrency_or_its_queue() -> None:
    made = fill(lane(concurrency=3), 2)
    assert made.missing(NOW) == 2
    made.workers = made.starting = 1
    assert made.missing(NOW) == 1
    fill(made, 10)
    assert made.missing(NOW) == 2


def test_behind_an_open_breaker_nothing_waits_and_nothing_is_taken() -> None:
    made = fill(lane(), 3)
    for _ in range(2):
        made.learn(AWAY, 10.0, NOW)
    assert (made.room(NOW), made.take(NOW), made.missing(NOW)) == (0, None, 0)
    assert [one.entry_id for one in made.surplus(NOW)] == [2, 1, 0]
    made.backlog = True
    assert made.next_look(NOW) == NOW + 1_000


def test_a_half_open_breaker_lets_one_probe_through() -> None:
    made = lane()
    for _ in range(2):
        made.learn(AWAY, 10.0, NOW)
    later = NOW + 1_000
    assert made.room(later) == 1
    fill(made, 2)
    assert (made.room(later), made.missing(later)) == (0, 1)
    assert made.take(later) is not None
    made.breaker = made.breaker.started()
    assert made.take(later) is None
    made.learn(Outcome(Result.REFUSED), 1.0, later)
    assert made.take(later) is not None


def test_retries_behind_an_open_breaker_are_looked_at_when_it_ends() -> None:
    made = lane()
    for _ in range(2):
        made.learn(AWAY, 10.0, NOW)
    assert made.next_look(NOW) is None
    made.agenda.add(NOW + 10)
    assert made.next_look(NOW) == NOW + 1_000
    assert made.next_look(NOW + 1_000) == NOW + 10


def test_a_slow_target_keeps_only_what_it_can_work_off() -> None:
    made = fill(lane(concurrency=2, queue_ms=30_000), 100)
    for _ in range(20):
        made.learn(OK, 10_000.0, NOW)
    assert made.limit == 6
    assert len(list(made.surplus(NOW))) == 94
    for _ in range(200):
        made.learn(OK, 1.0, NOW)
    assert made.limit == 1_000


def test_a_changed_target_starts_with_a_clean_slate() -> None:
    made = lane()
    for _ in range(2):
        made.learn(AWAY, 90_000.0, NOW)
    made.closed = True
    made.set(7, 5_000)
    assert made.breaker.permits(NOW)
    assert (made.closed, made.limit, made.concurrency, made.lease_ms) == (False, 1_000, 7, 65_000)


def test_a_worker_too_many_takes_nothing() -> None:
    made = fill(lane(concurrency=1), 3)
    made.workers = 2
    assert made.take(NOW) is None
    made.workers = 1
    assert made.take(NOW) == replace(claimed(0))
