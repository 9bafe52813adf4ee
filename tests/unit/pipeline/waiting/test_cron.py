from datetime import datetime

import pytest

from eventyard.model.errors import Invalid
from eventyard.model.schedule import Schedule, When
from eventyard.pipeline.waiting.cron import check_cron, last_moment, next_moment

NIGHTLY = Schedule(When.CRON, "30 2 * * *", "Europe/Berlin")


def ms(text):
    return int(datetime.fromisoformat(text).timestamp() * 1000)


@pytest.mark.parametrize(
    ("now", "following", "last"),
    [
        ("2026-01-02T12:00:00Z", "2026-01-03T01:30:00Z", "2026-01-02T01:30:00Z"),
        ("2026-07-02T12:00:00Z", "2026-07-03T00:30:00Z", "2026-07-02T00:30:00Z"),
        ("2026-01-02T01:30:00Z", "2026-01-03T01:30:00Z", "2026-01-02T01:30:00Z"),
        ("2026-01-02T01:30:00.001Z", "2026-01-03T01:30:00Z", "2026-01-02T01:30:00Z"),
        ("2026-01-02T01:29:59.999Z", "2026-01-02T01:30:00Z", "2026-01-01T01:30:00Z"),
    ],
)
def test_the_moments_before_and_after_are_those_of_the_time_zone(now, following, last):
    assert next_moment(NIGHTLY, ms(now)) == ms(following)
    assert last_moment(NIGHTLY, ms(now)) == ms(last)


def test_a_moment_that_the_clocks_of_the_zone_skip_comes_when_it_would_have_been():
    assert next_moment(NIGHTLY, ms("2026-03-28T12:00:00Z")) == ms("2026-03-29T01:00:00Z")


def test_one_that_there_is_twice_comes_once_and_every_hour_is_every_hour():
    assert next_moment(NIGHTLY, ms("2026-10-24T12:00:00Z")) == ms("2026-10-25T00:30:00Z")
    assert next_moment(NIGHTLY, ms("2026-10-25T00:30:00Z")) == ms("2026-10-26T01:30:00Z")
    hourly, at = Schedule(When.CRON, "0 * * * *", "Europe/Berlin"), ms("2026-10-24T23:30:00Z")
    hours = []
    for _ in range(4):
        at = next_moment(hourly, at)
        hours.append(at)
    assert [hour - hours[0] for hour in hours] == [0, 3_600_000, 7_200_000, 10_800_000]


@pytest.mark.parametrize("cron", [None, "", "* * *", "* * * * * *", "61 * * * *", "0 0 30 2 *", "@daily", "0 " * 300])
def test_an_expression_that_names_no_moment_is_refused(cron):
    with pytest.raises(Invalid) as refused:
        check_cron(Schedule(When.CRON, cron))
    assert (refused.value.code, refused.value.pointer) == ("invalid_body", "/schedule/cron")


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../etc/passwd", "", "Europe"])
def test_so_is_a_time_zone_that_there_is_not(zone):
    with pytest.raises(Invalid) as refused:
        check_cron(Schedule(When.CRON, "0 2 * * *", zone))
    assert refused.value.pointer == "/schedule/time_zone"
    check_cron(NIGHTLY)
