import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventyard.model.outcome import Outcome, Result
from eventyard.model.retry import DAY, HOUR, MINUTE, SECOND, GiveUp, RetryPolicy, Succeeded, TryAgain

NOW = 1_767_323_045_678
FAILED = Outcome(Result.FAILED, 500, "500")
EXPONENTIAL = RetryPolicy(schedule_ms=None, max_attempts=5, first_ms=SECOND, factor=2, max_ms=5 * SECOND, jitter=0)


def test_a_delivered_attempt_is_the_end() -> None:
    assert RetryPolicy().decide(Outcome(Result.DELIVERED), 1, NOW, 0.5) == Succeeded()


def test_the_schedule_of_standard_webhooks_makes_ten_attempts_in_three_days() -> None:
    policy = RetryPolicy(jitter=0)
    waits = [policy.wait_ms(attempt) for attempt in range(1, policy.attempts)]
    assert policy.attempts == 10
    assert waits[:4] == [5 * SECOND, 5 * MINUTE, 30 * MINUTE, 2 * HOUR]
    assert 3 * DAY < sum(waits) < 3.3 * DAY


def test_waits_without_a_schedule_grow_up_to_the_longest() -> None:
    assert [EXPONENTIAL.wait_ms(attempt) for attempt in (1, 2, 3, 4, 999)] == [1_000, 2_000, 4_000, 5_000, 5_000]


def test_the_last_attempt_gives_up_and_says_why() -> None:
    assert EXPONENTIAL.decide(FAILED, 4, NOW, 0.5) == TryAgain(NOW + 5_000)
    assert EXPONENTIAL.decide(FAILED, 5, NOW, 0.5) == GiveUp("attempt 5 of 5 failed: 500")
    assert EXPONENTIAL.decide(Outcome(Result.FAILED, 418), 5, NOW, 0.5) == GiveUp("attempt 5 of 5 failed: 418")


def test_a_schedule_cuts_the_attempts_to_its_length_and_one() -> None:
    assert RetryPolicy(schedule_ms=(1, 2), max_attempts=10).attempts == 3
    assert RetryPolicy(schedule_ms=(1, 2), max_attempts=2).attempts == 2
    assert RetryPolicy(schedule_ms=()).decide(FAILED, 1, NOW, 0.5) == GiveUp("attempt 1 of 1 failed: 500")


def test_410_disables_the_target() -> None:
    decision = RetryPolicy().decide(Outcome(Result.GONE, 410), 1, NOW, 0.5)
    assert decision == GiveUp("the target answered 410 Gone and was disabled", disable_target=True)


def test_what_was_not_sent_is_not_tried_again() -> None:
    assert RetryPolicy().decide(Outcome(Result.REFUSED, error="not sent"), 1, NOW, 0.5) == GiveUp("not sent")
    assert RetryPolicy().decide(Outcome(Result.REFUSED), 1, NOW, 0.5) == GiveUp("the request could not be made")


def test_retry_after_lengthens_a_wait_and_never_shortens_it() -> None:
    patient = Outcome(Result.THROTTLED, 503, retry_after_ms=60_000)
    assert EXPONENTIAL.decide(patient, 1, NOW, 0.5) == TryAgain(NOW + 60_000)
    hasty = Outcome(Result.THROTTLED, 503, retry_after_ms=1)
    assert EXPONENTIAL.decide(hasty, 1, NOW, 0.5) == TryAgain(NOW + 1_000)


@given(st.floats(0, 1, exclude_max=True))
def test_jitter_spreads_a_wait_in_both_directions(chance: float) -> None:
    decision = RetryPolicy(schedule_ms=(10_000,), jitter=0.2).decide(FAILED, 1, NOW, chance)
    assert isinstance(decision, TryAgain)
    assert NOW + 8_000 <= decision.due_at <= NOW + 12_000


@pytest.mark.parametrize("wrong", ['{"max_attempts": 0}', '{"jitter": 2}', '{"schedule_ms": [-1]}', '{"retries": 3}'])
def test_a_policy_out_of_bounds_is_refused_when_it_is_read(wrong: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(wrong, type=RetryPolicy)
