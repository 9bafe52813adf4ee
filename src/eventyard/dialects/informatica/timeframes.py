"""Time frames of a search: a name, a moment, or an object with a name and dates, as a range of milliseconds.

Both products' spellings of the field are taken by both. Days are those of a configured time zone; the ranges that begin
with LAST_ reach back from now. Both ends are included, and it is the start of an event that counts.
"""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from eventyard.dialects.informatica.bodies import unknown, wrong
from eventyard.dialects.informatica.profiles import Profile, Range
from eventyard.model.errors import Invalid
from eventyard.model.ids import Millis
from eventyard.wire import rfc3339

FIELDS = ("timeFrame", "timeframe")

_HOUR = 3_600_000
_REACHES: Mapping[Range, Millis] = {
    Range.LAST_HOUR: _HOUR,
    Range.LAST_TWO_HOURS: 2 * _HOUR,
    Range.LAST_24_HOURS: 24 * _HOUR,
    Range.LAST_7_DAYS: 7 * 24 * _HOUR,
    Range.LAST_30_DAYS: 30 * 24 * _HOUR,
}
_OFFSET = re.compile(r"([+-]\d\d):?(\d\d)|[Zz]")


class TimeFrame(NamedTuple):
    """From when to when, both included; ``None`` is no bound."""

    since: Millis | None = None
    until: Millis | None = None


def time_frame(body: Mapping[str, Any], profile: Profile, zone: ZoneInfo, now: Millis, default: Range) -> TimeFrame:
    """The time frame of a request; ``default`` when it has none. Raises ``Invalid``."""
    given = [body[field] for field in FIELDS if body.get(field) not in (None, "")]
    if len(given) == 2 and given[0] != given[1]:
        raise Invalid("invalid_body", "timeFrame and timeframe are not the same", pointer=f"/{profile.time_field}")
    match given[0] if given else {}:
        case str(word):
            return _of_text(word, profile, zone, now)
        case dict(frame):
            return _of_object(frame, profile, zone, now, default)
    raise wrong(profile.time_field, "the name of a range, a date or an object")


def _of_text(word: str, profile: Profile, zone: ZoneInfo, now: Millis) -> TimeFrame:
    named = _named(word, profile)
    if named is None:
        return _checked(TimeFrame(moment(word, profile.time_field), now), profile)
    return _of_range(named, {}, profile, zone, now)


def _of_object(frame: Mapping[str, Any], profile: Profile, zone: ZoneInfo, now: Millis, default: Range) -> TimeFrame:
    word = frame.get("range")
    if word is None or word == "":
        dated = frame.get("fromDate") is not None or frame.get("toDate") is not None
        return _of_range(Range.CUSTOM if dated else default, frame, profile, zone, now)
    if not isinstance(word, str):
        raise wrong(f"{profile.time_field}/range", "the name of a range")
    named = _named(word, profile)
    if named is None:
        raise unknown(f"{profile.time_field}/range", word, profile.ranges)
    return _of_range(named, frame, profile, zone, now)


def _named(word: str, profile: Profile) -> Range | None:
    name = word.strip().upper().replace(" ", "_")
    return next((one for one in profile.ranges if one == name), None)


def _of_range(named: Range, frame: Mapping[str, Any], profile: Profile, zone: ZoneInfo, now: Millis) -> TimeFrame:
    if named is Range.NO_RANGE:
        return TimeFrame()
    if named is Range.CUSTOM:
        dates = TimeFrame(*(_date(frame, field, profile) for field in ("fromDate", "toDate")))
        return _checked(dates, profile)
    if named in _REACHES:
        return TimeFrame(now - _REACHES[named], now)
    midnight = datetime.fromtimestamp(now / 1000, zone).replace(hour=0, minute=0, second=0, microsecond=0)
    if named is Range.TODAY:
        return TimeFrame(_millis(midnight), now)
    return TimeFrame(_millis(midnight - timedelta(days=1)), _millis(midnight) - 1)


def _date(frame: Mapping[str, Any], field: str, profile: Profile) -> Millis:
    value = frame.get(field)
    pointer = f"{profile.time_field}/{field}"
    if value is None or value == "":
        raise Invalid("invalid_body", f"the range CUSTOM needs {field}", pointer=f"/{pointer}")
    if not isinstance(value, str):
        raise wrong(pointer, "a date")
    return moment(value, pointer)


def moment(text: str, field: str) -> Millis:
    """The moment a date names: with ``Z``, an offset with or without its colon, or none, which is UTC."""
    found = _OFFSET.search(text, max(0, len(text) - 6))
    plain = text[: found.start()] if found and found.end() == len(text) else text
    offset = f"{found[1]}:{found[2]}" if found and found[1] and plain != text else "Z"
    try:
        return rfc3339.parse(plain + offset)
    except ValueError:
        raise Invalid(
            "invalid_filter",
            f"{text!r:.80} is no date, and the name of no range",
            pointer=f"/{field}",
            hint="write one such as 2021-03-02T15:00:00.000Z or 2021-03-02T15:00:00.000+05:30",
        ) from None


def _checked(frame: TimeFrame, profile: Profile) -> TimeFrame:
    if frame.since is not None and frame.until is not None and frame.since > frame.until:
        raise Invalid("invalid_filter", "the time frame ends before it begins", pointer=f"/{profile.time_field}")
    return frame


def _millis(moment: datetime) -> Millis:
    return int(moment.timestamp()) * 1000
