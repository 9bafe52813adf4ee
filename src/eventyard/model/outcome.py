"""What one attempt came to. A target type returns an :class:`Outcome`; it never raises for a remote failure."""

from collections.abc import Mapping
from enum import IntEnum

from msgspec import Struct

from eventyard.model.ids import Millis


class Result(IntEnum):
    """How an attempt ended. The numbers are stored; they never change."""

    DELIVERED = 1
    FAILED = 2
    """The remote answered, and not with success; worth another try."""
    THROTTLED = 3
    """The remote asks for patience (429, 502, 503, 504); worth a later try."""
    GONE = 4
    """The remote wants nothing more, ever (410): the target is disabled."""
    TIMED_OUT = 5
    UNREACHABLE = 6
    """No connection: name, route, TLS or protocol."""
    REFUSED = 7
    """We did not send it: a forbidden address, or a request that cannot be rendered. Another try changes nothing."""
    LOST = 8
    """Whoever had the lease went away without a word."""


class Counts(Struct, frozen=True):
    """Rows or files read and written by a job run, as its worker tells them."""

    source_success: int = 0
    source_failed: int = 0
    target_success: int = 0
    target_failed: int = 0


class Sent(Struct, frozen=True):
    """What a target type sent in an attempt, with stars for secrets; the body is cut at the target type's bound."""

    method: str
    url: str
    headers: Mapping[str, str] = {}
    body: bytes = b""


class Outcome(Struct, frozen=True):
    """The end of one attempt. ``response_body`` is cut at the target type's bound."""

    result: Result
    status_code: int | None = None
    error: str | None = None
    retry_after_ms: int | None = None
    response_headers: Mapping[str, str] = {}
    response_body: bytes = b""
    run_id: str | None = None
    counts: Counts | None = None
    sent: Sent | None = None
    reply: bytes | None = None
    """The body of a success, whole, from a target whose setting ``reply_to`` makes an event of it. Not kept."""


class Attempt(Struct, frozen=True):
    """One try of a delivery, as it is kept: its number (from 1), when, how long, and its outcome."""

    number: int
    started_at: Millis
    duration_ms: float
    outcome: Outcome
