from zoneinfo import ZoneInfo

import pytest

from eventyard.dialects.informatica.profiles import CIH, DIH, Range
from eventyard.dialects.informatica.timeframes import moment, time_frame
from eventyard.model.errors import Invalid
from eventyard.wire.rfc3339 import format_millis, parse

NOW = parse("2026-01-02T03:04:05.678Z")


def frame(body, profile=DIH, zone="UTC", default=Range.TODAY):
    """From when to when, as texts."""
    found = time_frame(body, profile, ZoneInfo(zone), NOW, default)
    return tuple(None if at is None else format_millis(at) for at in found)


TODAY = ("2026-01-02T00:00:00.000Z", "2026-01-02T03:04:05.678Z")


@pytest.mark.parametrize(
    ("word", "since", "until"),
    [
        ("TODAY", *TODAY),
        ("YESTERDAY", "2026-01-01T00:00:00.000Z", "2026-01-01T23:59:59.999Z"),
        ("LAST_HOUR", "2026-01-02T02:04:05.678Z", TODAY[1]),
        ("LAST_TWO_HOURS", "2026-01-02T01:04:05.678Z", TODAY[1]),
        ("LAST_24_HOURS", "2026-01-01T03:04:05.678Z", TODAY[1]),
        ("last 7 days", "2025-12-26T03:04:05.678Z", TODAY[1]),
        ("Last_30_Days", "2025-12-03T03:04:05.678Z", TODAY[1]),
        ("NO_RANGE", None, None),
    ],
)
@pytest.mark.parametrize("field", ["timeFrame", "timeframe"])
def test_a_range_by_its_name_alone_or_in_an_object(word, since, until, field):
    assert frame({field: word}, CIH) == frame({field: {"range": word}}, CIH) == (since, until)


def test_days_are_those_of_a_time_zone():
    assert frame({"timeFrame": "TODAY"}, zone="Asia/Kolkata")[0] == "2026-01-01T18:30:00.000Z"
    assert frame({"timeFrame": "YESTERDAY"}, zone="America/New_York") == (
        "2025-12-31T05:00:00.000Z",
        "2026-01-01T04:59:59.999Z",
    )


@pytest.mark.parametrize(
    "body", [{}, {"timeFrame": None}, {"timeframe": ""}, {"timeFrame": {}}, {"timeFrame": {"range": ""}}]
)
def test_without_any_it_is_the_default(body):
    assert frame(body) == TODAY
    assert frame(body, default=Range.NO_RANGE) == (None, None)


def test_a_moment_is_from_then_until_now():
    assert frame({"timeFrame": "2026-01-01T00:00:00.000Z"}) == ("2026-01-01T00:00:00.000Z", TODAY[1])


def test_custom_dates_have_any_offset_and_need_no_name():
    dates = {"fromDate": "2021-03-02T15:00:00.000+05:30", "toDate": "2021-04-02T18:30:00+0530"}
    whole = ("2021-03-02T09:30:00.000Z", "2021-04-02T13:00:00.000Z")
    assert frame({"timeFrame": {**dates, "range": "CUSTOM"}}) == frame({"timeframe": dates}) == whole


def test_one_moment_is_a_range_too():
    dates = {"fromDate": "2021-03-02T15:00:00", "toDate": "2021-03-02T15:00:00Z"}
    assert frame({"timeFrame": dates}) == ("2021-03-02T15:00:00.000Z",) * 2


def refusal(body, profile=DIH):
    with pytest.raises(Invalid) as refused:
        frame(body, profile)
    return refused.value.code


@pytest.mark.parametrize(
    "value",
    [
        "CUSTOM", 7, True, [], {"range": 7}, {"range": "CUSTOM"}, {"fromDate": "2021-03-02T15:00:00Z"},
        {"range": "CUSTOM", "fromDate": "2021-03-02T15:00:00Z", "toDate": None}, {"fromDate": 1, "toDate": 2},
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_a_bad_request(value):
    assert refusal({"timeFrame": value}) == "invalid_body"


@pytest.mark.parametrize(
    "value",
    [
        "TOMORROW", {"range": "TOMORROW"}, "2026-13-01T00:00:00Z", "2026-01-01", "2026-01-03T00:00:00Z",
        {"fromDate": "x", "toDate": "2021-03-02T15:00:00Z"},
        {"fromDate": "2021-03-02T15:00:00.001Z", "toDate": "2021-03-02T15:00:00Z"},
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_an_invalid_filter(value):
    assert refusal({"timeFrame": value}) == "invalid_filter"


def test_both_spellings_may_be_there_if_they_say_the_same():
    assert frame({"timeFrame": "NO_RANGE", "timeframe": "NO_RANGE"}) == (None, None)
    assert refusal({"timeFrame": "NO_RANGE", "timeframe": "TODAY"}) == "invalid_body"


def test_a_range_of_the_other_product_is_unknown():
    assert refusal({"timeFrame": "LAST_HOUR"}) == "invalid_filter"


@pytest.mark.parametrize(
    "text", ["2021-04-01T08:55:09.486Z", "2021-04-01T14:25:09.486+0530", "2021-04-01t08:55:09.486"]
)
def test_a_date_may_be_written_in_several_ways(text):
    assert moment(text, "fromDate") == parse("2021-04-01T08:55:09.486Z")
