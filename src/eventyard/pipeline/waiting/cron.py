"""Cron: the moments that five fields and a time zone name, after one moment and at or before another.

Minute, hour, day of the month, month, day of the week, as Debian's cron reads them. Where the clocks of the zone go
forward, a moment that there is not comes when it would have been; where they go back, one that there is twice comes
once.
"""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from eventyard.model.errors import Invalid
from eventyard.model.ids import Millis
from eventyard.model.schedule import Schedule

LONGEST_CRON = 200
"""Characters of an expression."""

FIELDS = 5


def check_cron(schedule: Schedule) -> None:
    """Raise ``Invalid`` (``invalid_body``) for an expression, or a time zone, that says nothing."""
    expression = schedule.cron or ""
    if len(expression) > LONGEST_CRON or len(expression.split()) != FIELDS:
        raise _invalid("cron", "a cron expression has five fields: minute, hour, day, month, weekday", "0 2 * * *")
    try:
        zone = ZoneInfo(schedule.time_zone)
    except (KeyError, ValueError, OSError):  # not there, no name at all, a folder of names
        why = f"there is no time zone {schedule.time_zone!r}"
        raise _invalid("time_zone", why, "Europe/Berlin") from None
    try:
        next(CronSim(expression, datetime.fromtimestamp(0, zone)))
    except (CronSimError, StopIteration) as error:
        raise _invalid("cron", f"{expression!r} names no moment: {error}", "0 2 * * *") from None


def next_moment(schedule: Schedule, after: Millis) -> Millis:
    """The first moment of a checked schedule after another."""
    return _first(schedule, after, reverse=False)


def last_moment(schedule: Schedule, until: Millis) -> Millis:
    """The last moment of a checked schedule that is not after another."""
    return _first(schedule, until + 1, reverse=True)


def _first(schedule: Schedule, start: Millis, *, reverse: bool) -> Millis:
    # Towards the past it is the whole second that counts: half a second later than a moment is later.
    seconds = -(-start // 1000) if reverse else start // 1000
    at = datetime.fromtimestamp(seconds, UTC).astimezone(ZoneInfo(schedule.time_zone))
    return int(next(CronSim(schedule.cron or "", at, reverse=reverse)).timestamp()) * 1000


def _invalid(field: str, why: str, example: str) -> Invalid:
    return Invalid("invalid_body", why, pointer=f"/schedule/{field}", hint=f"for example: {example}")
