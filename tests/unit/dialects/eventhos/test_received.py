"""Journal entries in eventhos' words. How lists are found is told in test_log.py."""

from zoneinfo import ZoneInfo

import pytest

from eventyard.dialects.eventhos.received import STATES, day, state_of, value_of
from eventyard.model.lifecycle import Endings, Status

LIMA, UTC = ZoneInfo("America/Lima"), ZoneInfo("UTC")
HOUR = 3_600_000


@pytest.mark.parametrize(
    ("status", "state"),
    [
        (Status.COMPLETE, "processed"),
        (Status.ERROR, "error"),
        (Status.DISCARDED, "error"),
        (Status.REPROCESSED, "error"),
        (Status.PROCESSING, None),
        (Status.DELAYED, None),
        (Status.PENDING, None),
    ],
)
def test_a_state_is_that_of_a_contract_that_is_over(status, state):
    assert state_of(status) == state


def test_whoever_asks_for_a_state_finds_what_has_it_among_others():
    assert {Endings.MIXED} == set(STATES["processed"]) & set(STATES["error"])
    assert not [state for state in STATES.values() if Endings.NONE in state]


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b'{"a":[1,null]}', {"a": [1, None]}),
        (b'"text"', "text"),
        (b"no JSON", "no JSON"),
        (b"", ""),
        (b"\xff", "\ufffd"),
        (b"[" * 100_000, "[" * 100_000),
    ],
)
def test_a_body_is_json_or_a_text(data, value):
    assert value_of(data) == value


@pytest.mark.parametrize(
    ("text", "zone", "begins"),
    [
        ("1970-01-02", UTC, 24 * HOUR),
        ("1970-01-02", LIMA, 29 * HOUR),
        ("1970-01-02T23:59:59.999Z", UTC, 24 * HOUR),
        ("1970-01-02T05:00:00.000Z", LIMA, 29 * HOUR),
        ("1970-01-02T04:59:00.000Z", LIMA, 5 * HOUR),
        ("1970-01-02 13:00", LIMA, 29 * HOUR),
        ("1969-12-31", UTC, -24 * HOUR),
    ],
)
def test_a_day_begins_where_the_clocks_of_its_zone_say_so(text, zone, begins):
    assert day(text, zone) == begins


@pytest.mark.parametrize("text", ["", "yesterday", "2026-02-30", "0001-01-01T00:00:00+14:00", "9" * 400, "1; DROP"])
def test_what_is_no_day_is_refused(text):
    with pytest.raises(ValueError, match=r".*"):
        day(text, LIMA)
