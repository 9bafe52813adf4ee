"""Who is asking, and what they may do: scopes of keys and users, and permissions of roles, which come to the same.

A permission is ``resource:word``. Those of :data:`MANAGED` are about the catalog and the journal, those with
``OAUTH2_`` about who may come in. A scope is a permission too, under its own name.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from functools import lru_cache

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


MANAGED = ("event", "system", "action", "contract")
"""What permissions on the catalog are about: sources, applications, targets and subscriptions."""

IDENTITIES = ("OAUTH2_user", "OAUTH2_client", "OAUTH2_role", "OAUTH2_application", "OAUTH2_Permission")
"""What permissions on users, clients, roles and what these are made of are about."""

EVERYTHING = "OAUTH2_global:*"
"""The permission that includes all others."""

_READING = tuple(f"{resource}:select" for resource in MANAGED)

BUILT_IN_ROLES: Mapping[str, tuple[str, ...]] = {
    "admin": (EVERYTHING,),
    "administrator": (EVERYTHING,),
    "designer": tuple(f"{resource}:*" for resource in MANAGED),
    "operator": (*_READING, "event:update", "event:retry-aborted"),
    "monitor": _READING,
}
"""The roles that every organization has from the start, with their permissions."""

_IDENTITY = "OAUTH2_"
_WRITING = ("create", "update", "delete")

AMOUNTS_TO: Mapping[Scope, frozenset[str]] = {
    Scope.ADMIN: frozenset({EVERYTHING}),
    Scope.CATALOG_READ: frozenset(f"{resource}:select" for resource in MANAGED),
    Scope.CATALOG_WRITE: frozenset(f"{resource}:{word}" for resource in MANAGED for word in _WRITING),
    Scope.EVENTS_READ: frozenset({"event:select"}),
    Scope.EVENTS_MANAGE: frozenset({"event:update", "event:retry-aborted"}),
    Scope.KEYS_MANAGE: frozenset(f"{resource}:*" for resource in IDENTITIES),
}
"""Scopes and the permissions that they amount to: who holds a scope holds all of these, and the other way round."""

_LENT: Mapping[str, frozenset[Scope]] = {
    "select": frozenset({Scope.CATALOG_READ}),
    **{word: frozenset({Scope.CATALOG_READ, Scope.CATALOG_WRITE}) for word in _WRITING},
    "retry-aborted": frozenset({Scope.EVENTS_READ, Scope.EVENTS_MANAGE}),
}


def holds(permissions: frozenset[str], wanted: str) -> bool:
    """Whether a set of permissions includes one: by itself, by all of its resource, or by everything."""
    resource = wanted.partition(":")[0]
    return wanted in permissions or f"{resource}:*" in permissions or EVERYTHING in permissions


@lru_cache(maxsize=1024)
def scopes_of(permissions: frozenset[str]) -> frozenset[Scope]:
    """The scopes that a set of permissions comes to: those it names, and those it amounts to."""
    if EVERYTHING in permissions:
        return frozenset({Scope.ADMIN})
    return frozenset(scope for scope in Scope if scope is not Scope.ADMIN and _comes_to(permissions, scope))


def _comes_to(permissions: frozenset[str], scope: Scope) -> bool:
    same = AMOUNTS_TO.get(scope, ())
    return holds(permissions, scope) or (bool(same) and all(holds(permissions, one) for one in same))


@lru_cache(maxsize=256)
def permissions_of(scopes: frozenset[Scope]) -> frozenset[str]:
    """The permissions that a set of scopes comes to."""
    return frozenset[str](scopes).union(*(AMOUNTS_TO.get(scope, ()) for scope in scopes))


def lent(permission: str) -> frozenset[Scope]:
    """The scopes that what a permission on the catalog stands for takes, one call at a time.

    A role that may select events and nothing else has no scope to read the whole catalog; where a route is about
    events alone, and asked for that permission, its call may do what it needs.
    """
    resource, _, word = permission.partition(":")
    scopes = _LENT.get(word, frozenset()) if resource in MANAGED else frozenset()
    return scopes | {Scope.EVENTS_READ} if permission == "event:select" else scopes


class Principal(Struct, frozen=True):
    """A proven caller: a key, a user or a client, bound to one organization and perhaps to one project of it.

    ``until`` is when the credentials cease to count. ``permissions`` are those of the roles of a user or client.
    """

    name: str
    organization_id: str
    scopes: frozenset[Scope]
    project_id: str | None = None
    key_id: str | None = None
    rate_limit: float | None = None
    application_id: str | None = None
    until: Millis | None = None
    permissions: frozenset[str] = frozenset()
    user_id: str | None = None
    client_id: str | None = None
    """The id of its record; the one that it shows is another."""
    categories: frozenset[str] | None = None
    """What they may see of what bears categories; ``None``: all."""

    def need(self, scope: Scope) -> None:
        """Raise :class:`Forbidden` unless the caller holds the scope."""
        if scope not in self.scopes and Scope.ADMIN not in self.scopes:
            raise Forbidden(
                "forbidden",
                f"this needs the scope {scope.value!r}, which {self.name!r} does not hold",
                hint="use a key with that scope, or ask an administrator to make one",
            )

    def may(self, permission: str) -> bool:
        """Whether the caller holds a permission, through a role or through the scopes of a key.

        Users, clients and roles are the organization's: a caller of one project has no say over them.
        """
        if self.project_id is not None and permission.startswith(_IDENTITY):
            return False
        return holds(self.permissions, permission) or holds(permissions_of(self.scopes), permission)

    def need_permission(self, permission: str) -> None:
        """Raise :class:`Forbidden` unless the caller holds the permission."""
        if not self.may(permission):
            raise Forbidden(
                "forbidden",
                f"this needs the permission {permission!r}, which {self.name!r} does not hold",
                hint="ask an administrator for a role that has it",
            )

    def need_all(self, permissions: Iterable[str]) -> None:
        """Raise :class:`Forbidden` unless the caller holds each of them: nobody gives what they do not hold."""
        for permission in sorted(permissions):
            self.need_permission(permission)
