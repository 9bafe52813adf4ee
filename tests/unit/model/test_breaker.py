from hypothesis import given
from hypothesis import strategies as st

from eventyard.model.breaker import Breaker, BreakerPolicy, BreakerState

POLICY = BreakerPolicy(threshold=3, cooldown_ms=1_000, max_cooldown_ms=3_000)
NOW = 1_767_323_045_678


def failed(times: int, breaker: Breaker | None = None) -> Breaker:
    breaker = breaker or Breaker(POLICY)
    for _ in range(times):
        breaker = breaker.started().failed(NOW)
    return breaker


def test_it_stays_closed_below_the_threshold() -> None:
    breaker = failed(2)
    assert breaker.state(NOW) is BreakerState.CLOSED
    assert breaker.permits(NOW)


def test_a_success_between_starts_the_count_anew() -> None:
    assert failed(2, failed(2).succeeded()).state(NOW) is BreakerState.CLOSED


def test_at_the_threshold_it_opens_for_the_cooldown() -> None:
    breaker = failed(3)
    assert breaker.state(NOW + 999) is BreakerState.OPEN
    assert not breaker.permits(NOW + 999)
    assert breaker.state(NOW + 1_000) is BreakerState.HALF_OPEN


def test_half_open_it_permits_one_probe_at_a_time() -> None:
    breaker = failed(3)
    assert breaker.permits(NOW + 1_000)
    assert not breaker.started().permits(NOW + 1_000)


def test_a_probe_that_succeeds_closes_it() -> None:
    assert failed(3).started().succeeded() == Breaker(POLICY)


def test_a_probe_that_fails_opens_it_for_twice_as_long_up_to_the_longest() -> None:
    breaker, now, waits = failed(3), NOW, []
    for _ in range(4):
        assert breaker.open_until is not None
        waits.append(breaker.open_until - now)
        now = breaker.open_until
        breaker = breaker.started().failed(now)
    assert waits == [1_000, 2_000, 3_000, 3_000]


def test_an_attempt_begun_before_it_opened_changes_nothing_when_it_fails_after() -> None:
    breaker = failed(3)
    assert breaker.failed(NOW + 500).open_until == breaker.open_until


def test_a_probe_that_says_nothing_about_the_target_is_made_again() -> None:
    breaker = failed(3).started().abandoned()
    assert breaker.state(NOW + 1_000) is BreakerState.HALF_OPEN
    assert breaker.permits(NOW + 1_000)
    assert Breaker(POLICY).abandoned() == Breaker(POLICY)


def test_closed_and_sound_it_is_not_made_anew() -> None:
    breaker = Breaker(POLICY)
    assert breaker.started() is breaker.succeeded() is breaker


@given(st.lists(st.booleans(), max_size=100))
def test_whatever_happens_it_permits_again_within_the_longest_cooldown(ends: list[bool]) -> None:
    breaker, now = Breaker(POLICY), NOW
    for success in ends:
        if breaker.permits(now):
            breaker = breaker.started()
            breaker = breaker.succeeded() if success else breaker.failed(now)
        else:
            now += POLICY.max_cooldown_ms
            assert breaker.permits(now)
