import pytest

from eventyard.model.outcome import Attempt, Counts, Outcome, Result


def test_the_numbers_that_are_stored_never_change() -> None:
    assert {result.name: result.value for result in Result} == {
        "DELIVERED": 1, "FAILED": 2, "THROTTLED": 3, "GONE": 4, "TIMED_OUT": 5, "UNREACHABLE": 6, "REFUSED": 7,
        "LOST": 8,
    }  # fmt: skip


def test_an_outcome_of_which_nothing_else_is_known_has_its_result_alone() -> None:
    outcome = Outcome(Result.LOST)
    assert (outcome.status_code, outcome.error, outcome.retry_after_ms) == (None, None, None)
    assert (outcome.response_headers, outcome.response_body, outcome.run_id, outcome.counts) == ({}, b"", None, None)


def test_counts_begin_at_nothing() -> None:
    assert Counts() == Counts(0, 0, 0, 0)


def test_what_happened_cannot_be_changed() -> None:
    attempt = Attempt(1, 0, 12.5, Outcome(Result.DELIVERED, 200))
    with pytest.raises(AttributeError):
        attempt.number = 2  # type: ignore[misc]
