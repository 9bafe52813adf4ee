from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventyard.wire.rfc3339 import EARLIEST, LATEST, format_millis, parse

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MOMENTS = st.integers(EARLIEST, LATEST)
OFFSETS = st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("2026-01-02T03:04:05.678Z", 1_767_323_045_678),
        ("2026-01-02t03:04:05.678z", 1_767_323_045_678),
        ("2026-01-02T05:04:05.678+02:00", 1_767_323_045_678),
        ("2026-01-01T22:34:05.678-04:30", 1_767_323_045_678),
        ("2026-01-02T03:04:05-00:00", 1_767_323_045_000),
        ("2024-02-29T00:00:00Z", 1_709_164_800_000),
        ("1969-12-31T23:59:59.999Z", -1),
        ("0001-01-01T00:00:00Z", EARLIEST),
        ("9999-12-31T23:59:59.999Z", LATEST),
    ],
)
def test_a_timestamp_names_a_moment(text: str, moment: int) -> None:
    assert parse(text) == moment


@pytest.mark.parametrize(
    ("fraction", "ms"), [(".1", 100), (".12", 120), (".0009", 0), (".9999999999", 999), (".000000001", 0)]
)
def test_a_fraction_is_cut_at_the_millisecond(fraction: str, ms: int) -> None:
    assert parse(f"1970-01-01T00:00:00{fraction}Z") == ms


@pytest.mark.parametrize("text", ["2016-12-31T23:59:60Z", "2016-12-31T18:29:60-05:30", "2017-01-01T08:59:60+09:00"])
def test_a_leap_second_counts_as_the_second_that_follows_it(text: str) -> None:
    assert parse(text) == parse("2017-01-01T00:00:00Z")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "not an RFC 3339 timestamp"),
        ("2026-01-02", "not an RFC 3339 timestamp"),
        ("2026-01-02 03:04:05Z", "not an RFC 3339 timestamp"),
        ("2026-01-02T03:04:05", "not an RFC 3339 timestamp"),
        ("2026-01-02T03:04:05.Z", "not an RFC 3339 timestamp"),
        ("2026-01-02T03:04:05Z\n", "not an RFC 3339 timestamp"),
        ("２０２６-01-02T03:04:05Z", "not an RFC 3339 timestamp"),
        ("2026-13-02T03:04:05Z", "no such date"),
        ("2026-00-02T03:04:05Z", "no such date"),
        ("2026-04-31T03:04:05Z", "no such date"),
        ("2026-04-00T03:04:05Z", "no such date"),
        ("2100-02-29T03:04:05Z", "no such date"),
        ("0000-01-01T03:04:05Z", "no such date"),
        ("2026-01-02T24:00:00Z", "no such time of day"),
        ("2026-01-02T23:60:00Z", "no such time of day"),
        ("2026-01-02T23:59:61Z", "no such time of day"),
        ("2026-01-02T12:59:60Z", "leap second"),
        ("2026-01-02T23:59:60+01:00", "leap second"),
        ("2026-01-02T03:04:05+24:00", "no such offset"),
        ("2026-01-02T03:04:05+00:60", "no such offset"),
        ("0001-01-01T00:00:00+00:01", "outside the years"),
        ("9999-12-31T23:59:60Z", "outside the years"),
    ],
)
def test_what_is_wrong_is_said(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        parse(text)


@pytest.mark.parametrize("moment", [EARLIEST - 1, LATEST + 1])
def test_a_moment_without_a_year_of_four_digits_is_not_written(moment: int) -> None:
    with pytest.raises(ValueError, match="outside the years"):
        format_millis(moment)


@given(MOMENTS)
def test_what_is_written_is_what_datetime_writes(moment: int) -> None:
    stated = EPOCH + timedelta(milliseconds=moment)
    assert format_millis(moment) == stated.isoformat(timespec="milliseconds").replace("+00:00", "Z")


@given(MOMENTS)
def test_what_is_written_reads_back(moment: int) -> None:
    assert parse(format_millis(moment)) == moment


@given(MOMENTS.filter(lambda moment: EARLIEST + 86_400_000 < moment < LATEST - 86_400_000), OFFSETS)
def test_what_datetime_writes_in_any_zone_is_read(moment: int, zone: timezone) -> None:
    stated = (EPOCH + timedelta(milliseconds=moment)).astimezone(zone)
    assert parse(stated.isoformat(timespec="microseconds")) == moment


@given(st.text())
def test_any_other_text_is_a_value_error(text: str) -> None:
    try:
        assert EARLIEST <= parse(text) <= LATEST
    except ValueError as error:
        assert str(error)
