"""Wide lines: one log line for each accept and each attempt, with everything worth knowing about it and no secret.

Each is a record whose fields are the keys of the line; bodies, headers and secrets are not among them. Records, unlike
keyword arguments, are encoded many at a time, which makes a line cost less than a microsecond.
"""

from datetime import datetime

from msgspec import Struct


class WideLine(Struct, frozen=True, kw_only=True, tag_field="event"):
    """What every wide line says: ``event`` (its kind), and when."""

    at: datetime
    level: str = "info"


class AcceptLine(WideLine, frozen=True, kw_only=True, tag="accepted"):
    """An event was committed, or (``duplicate``) answered from an earlier commit. ``ms`` is from body to fsync."""

    source: str
    project: str
    entry_id: int
    event_id: str
    type: str
    bytes: int
    deliveries: int
    duplicate: bool
    ms: int


class AttemptLine(WideLine, frozen=True, kw_only=True, tag="attempted"):
    """An attempt ended with ``result``; ``decision`` is what the policy made of it, ``ms`` how long it took."""

    target: str
    target_type: str
    subscription: str | None
    entry_id: int
    publication_id: int
    attempt: int
    result: str
    status_code: int | None
    error: str | None
    decision: str
    ms: float
