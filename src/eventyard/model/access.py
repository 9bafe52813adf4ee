"""Who is asking, and what they may do."""

from enum import StrEnum

from msgspec import Struct

from eventyard.model.errors import Forbidden
from eventyard.model.ids import Millis


class Scope(StrEnum):
    """One right of an API key. ``admin`` includes all others."""

    ADMIN = "admin"
    CATALOG_READ = "catalog:read"
    CATALOG_WRITE = "catalog:write"
    EVENTS_PUBLISH = "events:publish"
    EVENTS_READ = "events:read"
    EVENTS_MANAGE = "events:manage"
    """Retry, discard, reprocess, replay."""
    JOBS_WORK = "jobs:work"
    """Claim, heartbeat and finish job runs."""
    KEYS_MANAGE = "keys:manage"


class Principal(Struct, frozen=True):
    """A proven caller: a key or a user, bound to one organization and perhaps to one project or application of it.

    ``until`` is when the credentials cease to count.
    """

    name: str
    organization_id: str
    scopes: frozenset[Scope]
    project_id: str | None = None
    key_id: str | None = None
    rate_limit: float | None = None
    application_id: str | None = None
    until: Millis | None = None

    def need(self, scope: Scope) -> None:
        """Raise :class:`Forbidden` unless the caller holds the scope."""
        if scope not in self.scopes and Scope.ADMIN not in self.scopes:
            raise Forbidden(
                "forbidden",
                f"this needs the scope {scope.value!r}, which {self.name!r} does not hold",
                hint="use a key with that scope, or ask an administrator to make one",
            )
