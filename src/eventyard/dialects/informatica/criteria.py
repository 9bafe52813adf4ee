"""The body of an events search as a query of the journal.

A field that the profile does not know is left alone, as clients of the other one send theirs. What no event can have,
such as an id beyond all ids, finds nothing and is no fault.
"""

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import Struct

from eventyard.dialects.informatica.bodies import choice, flag, text, unknown, whole, wrong
from eventyard.dialects.informatica.options import Options
from eventyard.dialects.informatica.profiles import Profile, Range
from eventyard.dialects.informatica.timeframes import time_frame
from eventyard.model.errors import Invalid
from eventyard.model.ids import Millis
from eventyard.model.lifecycle import Descendants
from eventyard.pipeline.search import MAX_ENTRY_ID

NAMES = {"application": "applicationName", "topic": "topicName", "name": "pubSubName"}
DESCENDANTS = {state.name: (state,) for state in Descendants}
SORTS: Mapping[str, Mapping[str, bool]] = {
    "eventid": {"ascending": True},
    "-eventid": {"ascending": False},
    "time": {"ascending": True, "by_time": True},
    "-time": {"ascending": False, "by_time": True},
}
"""Orders that may be asked for in place of the profile's own: by id, or by creation and then id."""

DEEPEST = 1 << 40
"""More entries than this are skipped by nobody."""


class Asked(Struct, frozen=True):
    """What is asked for: fields of ``Query``. Nothing is found if that is ``impossible``."""

    criteria: dict[str, Any]
    impossible: bool = False


def asked_of(body: Mapping[str, Any], profile: Profile, options: Options, now: Millis) -> Asked:
    """What a request asks for. Raises ``Invalid``."""
    given = _given(body, profile)
    all_of = not profile.narrow or flag(body, "matchAll", True)
    possible = {name: value for name, value in given.items() if value != ()}
    default = Range.NO_RANGE if "entry_id" in given else profile.default_range
    frame = time_frame(body, profile, ZoneInfo(options.time_zone), now, default)
    limit = _at_least_0(body, "maxResults")
    return Asked(
        {
            **possible,
            **_order(body, profile),
            "contains": not flag(body, "useExactMatch", False),
            "any": not all_of,
            "created_from": frame.since,
            "created_to": frame.until,
            "offset": _at_least_0(body, "firstResult") or 0,
            "limit": options.max_results if limit is None else min(limit, options.max_results),
        },
        impossible=possible != given and (all_of or not possible),
    )


def _given(body: Mapping[str, Any], profile: Profile) -> dict[str, Any]:
    """The criteria that are given; an empty tuple is one that nothing meets."""
    given: dict[str, Any] = {name: text(body, field) for name, field in NAMES.items()}
    given["entry_id"] = _number(body, "eventId")
    given["kinds"] = choice(body, "eventType", profile.kinds)
    given["statuses"] = choice(body, "eventStatus", profile.statuses)
    given["descendants"] = _either(body, "descendantsEventState", "descendantState")
    given["run_id"] = _run_id(body)
    if profile.narrow:
        given["application_number"] = _number(body, "partnerId")
    return {name: value for name, value in given.items() if value is not None}


def _number(body: Mapping[str, Any], field: str) -> int | tuple[()] | None:
    number = whole(body, field)
    return number if number is None or 0 < number <= MAX_ENTRY_ID else ()


def _either(body: Mapping[str, Any], field: str, alias: str) -> tuple[Descendants, ...] | None:
    one, other = (choice(body, name, DESCENDANTS) for name in (field, alias))
    if one is not None and other is not None and one != other:
        raise Invalid("invalid_body", f"{field} and {alias} are not the same", pointer=f"/{alias}")
    return one or other


def _run_id(body: Mapping[str, Any]) -> str | None:
    for field in ("runId", "runID"):
        value = body.get(field)
        if isinstance(value, bool) or not isinstance(value, str | int | None):
            raise wrong(field, "a text")
        if value not in (None, ""):
            return str(value)
    return None


def _order(body: Mapping[str, Any], profile: Profile) -> Mapping[str, bool]:
    word = text(body, "sort")
    if word is None:
        return SORTS["-time" if profile.newest_first else "eventid"]
    if word.lower() not in SORTS:
        raise unknown("sort", word, SORTS)
    return SORTS[word.lower()]


def _at_least_0(body: Mapping[str, Any], field: str) -> int | None:
    number = whole(body, field)
    if number is not None and number < 0:
        raise Invalid("invalid_filter", f"{field} is negative", pointer=f"/{field}")
    return None if number is None else min(number, DEEPEST)
