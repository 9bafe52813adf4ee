"""Pages of a list: a bare array, and where it goes on in the Link header (RFC 8288).

A cursor is opaque to clients: the mark of the last record of a page, in base64. Marks are texts that sort as their
records do, so a page goes on at the right place even when its last record is gone meanwhile.
"""

import base64
import binascii
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar
from urllib.parse import urlencode

from eventyard.model.errors import Invalid

FIRST_PAGE = 50
MOST = 500

T = TypeVar("T")


def mark_of(number: int) -> str:
    """The mark of a record with a number, as long as the longest."""
    return f"{number:019}"


def cursor_of(mark: str) -> str:
    """A mark as clients see it."""
    return base64.urlsafe_b64encode(mark.encode()).decode().rstrip("=")


def mark_in(cursor: str) -> str:
    """The mark in a cursor. Raises ``Invalid`` (``invalid_parameter``) for what no answer ever gave."""
    try:
        return base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        raise _not_a_cursor() from None


def number_in(cursor: str) -> int:
    """The number in a cursor made from a number's mark. Raises ``Invalid`` (``invalid_parameter``)."""
    mark = mark_in(cursor)
    if not (len(mark) == len(mark_of(0)) and mark.isascii() and mark.isdigit()):
        raise _not_a_cursor()
    return int(mark)


def page_of(
    records: Iterable[T], mark: Callable[[T], str], limit: int, cursor: str | None
) -> tuple[Sequence[T], str | None]:
    """The page after ``cursor``, newest first, and the cursor of the page after that, if there is one."""
    found = sorted(records, key=mark, reverse=True)
    if cursor is not None:
        after = mark_in(cursor)
        found = [record for record in found if mark(record) < after]
    page = found[:limit]
    return page, cursor_of(mark(page[-1])) if len(found) > limit else None


def next_link(path: str, query: Sequence[tuple[str, str]], cursor: str) -> str:
    """The Link header for the next page: this request's own path and query, with another cursor."""
    kept = [(name, value) for name, value in query if name != "cursor"]
    return f'<{path}?{urlencode([*kept, ("cursor", cursor)])}>; rel="next"'


def _not_a_cursor() -> Invalid:
    return Invalid(
        "invalid_parameter", "this is not a cursor", pointer="cursor", hint='take it from the Link header, rel="next"'
    )
