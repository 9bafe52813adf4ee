"""RFC 3339 timestamps <-> milliseconds since the Unix epoch.

It stands here because ``wire`` must not know the clock, and so not ``datetime`` either, and because an event's time is
read and written on the hot path: about a microsecond each way. Who gives an event its time when the publisher did not
is decided by the callers of ``wire/cloudevents.py``.

Rules, where RFC 3339 leaves room:

- years 0001 to 9999, before and after the offset is applied, so that whatever was parsed can be written again;
- ``T`` and ``Z`` in either case, no space in place of ``T``, an offset up to 23:59, ``-00:00`` read as UTC;
- digits of the fraction beyond the third are cut, not rounded: a moment never moves into the future;
- a leap second (``:60``) is taken only where UTC has one, at 23:59:60, and counts as the second that follows it, as
  POSIX time has no number of its own for it.
"""

import re
from functools import lru_cache

from eventyard.model.ids import Millis

_TIMESTAMP = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]+))?"
    r"(?:[Zz]|([+-])([0-9]{2}):([0-9]{2}))"
)
_DAYS_BEFORE_MONTH = (0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365)
_DAY_MS = 86_400_000
_DAYS_IN_ERA = 146_097
"""Days in the 400 years after which the Gregorian calendar repeats."""
_EPOCH_FROM_MARCH_0000 = 719_468
"""Days from 0000-03-01 to 1970-01-01."""

EARLIEST: Millis = -62_135_596_800_000
"""0001-01-01T00:00:00.000Z."""
LATEST: Millis = 253_402_300_799_999
"""9999-12-31T23:59:59.999Z."""


def parse(text: str) -> Millis:
    """The moment an RFC 3339 timestamp names. Raises ``ValueError`` with a sentence that says what is wrong."""
    parts = _TIMESTAMP.fullmatch(text)
    if parts is None:
        raise ValueError("it is not an RFC 3339 timestamp such as 2026-01-02T03:04:05.678Z")
    date, hour_digits, minute_digits, second_digits, fraction, sign, offset_hours, offset_minutes = parts.groups()
    hour, minute, second = int(hour_digits), int(minute_digits), int(second_digits)
    if hour > 23 or minute > 59 or second > 60:
        raise ValueError("there is no such time of day")
    minutes = hour * 60 + minute
    if sign is not None:
        ahead, over = int(offset_hours), int(offset_minutes)
        if ahead > 23 or over > 59:
            raise ValueError("there is no such offset from UTC")
        minutes -= (ahead * 60 + over) if sign == "+" else -(ahead * 60 + over)
    if second == 60 and minutes % 1440 != 1439:
        raise ValueError("a leap second is only at 23:59:60 UTC")
    moment = _day(date) * _DAY_MS + minutes * 60_000 + second * 1_000
    if fraction is not None:
        moment += int(fraction[:3].ljust(3, "0"))
    if not EARLIEST <= moment <= LATEST:
        raise ValueError("in UTC it is outside the years 0001 to 9999")
    return moment


def format_millis(moment: Millis) -> str:
    """The moment as ``2026-01-02T03:04:05.678Z``. Raises ``ValueError`` outside the years 0001 to 9999."""
    if not EARLIEST <= moment <= LATEST:
        raise ValueError("it is outside the years 0001 to 9999")
    day, rest = divmod(moment, _DAY_MS)
    seconds, ms = divmod(rest, 1_000)
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    return f"{_date(day)}T{hour:02}:{minute:02}:{second:02}.{ms:03}Z"


@lru_cache(maxsize=64)
def _day(date: str) -> int:
    """Days since the epoch of a ``YYYY-MM-DD``; most events of a while share theirs, so a few are kept."""
    year, month, day = int(date[:4]), int(date[5:7]), int(date[8:])
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    if not 1 <= month <= 12 or not 1 <= day <= _length(month, leap) or year == 0:
        raise ValueError("there is no such date")
    before = year - 1
    return (
        before * 365 + before // 4 - before // 100 + before // 400
        + _DAYS_BEFORE_MONTH[month - 1] + (leap and month > 2)
        + day - 1 + EARLIEST // _DAY_MS
    )  # fmt: skip


def _length(month: int, leap: bool) -> int:
    return 29 if leap and month == 2 else _DAYS_BEFORE_MONTH[month] - _DAYS_BEFORE_MONTH[month - 1]


@lru_cache(maxsize=64)
def _date(day: int) -> str:
    """The ``YYYY-MM-DD`` of a day since the epoch, by counting from 1 March, so that the leap day comes last."""
    era, of_era = divmod(day + _EPOCH_FROM_MARCH_0000, _DAYS_IN_ERA)
    year_of_era = (of_era - of_era // 1_460 + of_era // 36_524 - of_era // 146_096) // 365
    of_year = of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    from_march = (5 * of_year + 2) // 153
    month = from_march + 3 if from_march < 10 else from_march - 9
    year = era * 400 + year_of_era + (month <= 2)
    return f"{year:04}-{month:02}-{of_year - (153 * from_march + 2) // 5 + 1:02}"
