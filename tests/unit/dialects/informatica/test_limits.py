import pytest

from eventyard.dialects.informatica.limits import CallLimit
from eventyard.model.errors import TooMany


def waits(limit, now, organization="o"):
    """How long a call has to wait; 0 when it is let in."""
    try:
        limit.take(organization, now)
    except TooMany as error:
        return error.retry_after
    return 0


def test_as_many_calls_as_allowed_are_let_in_within_a_minute():
    limit = CallLimit(5)
    assert [waits(limit, 10_000 + n) for n in range(6)] == [0, 0, 0, 0, 0, 60]
    assert waits(limit, 69_500) == 1
    assert waits(limit, 70_000) == 0
    assert waits(limit, 70_000) == 1


def test_refused_calls_do_not_count():
    limit = CallLimit(1)
    assert [waits(limit, at) for at in (0, 30_000, 59_999, 60_000)] == [0, 30, 1, 0]


def test_every_organization_has_its_own():
    limit = CallLimit(1)
    assert [waits(limit, 0, one) for one in ("a", "b", "a")] == [0, 0, 60]


def test_0_is_no_limit():
    assert [waits(CallLimit(0), 0) for _ in range(9)] == [0] * 9


def test_a_clock_put_back_bars_nobody_for_longer():
    limit = CallLimit(1)
    limit.take("o", 1_000_000)
    assert waits(limit, 500_000) == 0


def test_the_refusal_says_when_to_come_back():
    limit = CallLimit(2)
    limit.take("o", 0)
    limit.take("o", 100)
    with pytest.raises(TooMany, match="2 of these calls a minute"):
        limit.take("o", 200)
