"""What users and clients may do: their roles, the permissions in these, and the principal that they make.

Worked out once and kept until something of it changes. Who may be given which role is decided here too: nobody gives
what they do not hold, and the last administrator stays one.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from eventyard.model.access import EVERYTHING, Principal, Scope, scopes_of
from eventyard.model.catalog import Record, User
from eventyard.model.categories import widened
from eventyard.model.errors import Conflict, NotFound
from eventyard.model.identity import Client, Permission, Resource, Role
from eventyard.pipeline.catalog import WORDS, Catalog

ADMIN = "admin"
"""The role that holds everything; users with the scope of that name have it without being given it."""

Kept = TypeVar("Kept", User, Client, Role)


class Rights:
    """Reads roles and permissions out of the catalog."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._words: dict[str, str] | None = None
        self._principals: dict[str, Principal] = {}
        catalog.watch(self._follow)

    def _follow(self, records: Sequence[Record]) -> None:
        if any(isinstance(record, User | Client | Role | Permission | Resource) for record in records):
            self._words = None
            self._principals.clear()

    def words(self) -> Mapping[str, str]:
        """Every permission as ``resource:word``, by its id."""
        if self._words is None:
            catalog = self._catalog
            self._words = {
                one.id: f"{resource.name}:{one.name}"
                for one in catalog.all(Permission)
                if (resource := catalog.seek(Resource, one.resource_id)) is not None
            }
        return self._words

    def of_role(self, role: Role) -> frozenset[str]:
        """The permissions of a role."""
        words = self.words()
        return frozenset(words[id] for id in role.permission_ids if id in words)

    def roles(self, subject: User | Client) -> tuple[Role, ...]:
        """The roles that somebody has, in the order they were given."""
        found = [role for id in subject.role_ids if (role := self._catalog.seek(Role, id)) is not None]
        if isinstance(subject, User) and Scope.ADMIN in subject.scopes and all(role.name != ADMIN for role in found):
            admin = self.role_named(subject.organization_id, ADMIN)
            found += [] if admin is None else [admin]
        return tuple(found)

    def role_named(self, organization_id: str, name: str) -> Role | None:
        """The role of that name, if there is one."""
        roles = self._catalog.all(Role)
        return next((r for r in roles if r.name == name and r.organization_id == organization_id), None)

    def permissions(self, subject: User | Client) -> frozenset[str]:
        """The permissions of all roles that somebody has."""
        return self.principal(subject).permissions

    def principal(self, subject: User | Client) -> Principal:
        """The caller that somebody is, once proven."""
        kept = self._principals.get(subject.id)
        if kept is None:
            permissions = frozenset[str]().union(*map(self.of_role, self.roles(subject)))
            scopes = scopes_of(permissions)
            if isinstance(subject, User):
                scopes |= frozenset(subject.scopes)
            kept = self._principals[subject.id] = Principal(
                subject.name, subject.organization_id, scopes, permissions=permissions,
                user_id=subject.id if isinstance(subject, User) else None,
                client_id=subject.id if isinstance(subject, Client) else None,
                categories=None if subject.categories is None else frozenset(subject.categories),
            )  # fmt: skip
        return kept

    def find(self, kind: type[Kept], who: Principal, record_id: str) -> Kept:
        """A record of the caller's organization, by id. Raises ``NotFound``."""
        record = self._catalog.seek(kind, record_id)
        if record is None or record.organization_id != who.organization_id:
            raise NotFound("not_found", f"there is no {WORDS[kind]} {record_id!r}")
        return record

    def need_roles(self, who: Principal, role_ids: Sequence[str]) -> tuple[str, ...]:
        """The roles' ids, each once. Raises ``NotFound``, and ``Forbidden`` for one with more than the caller holds."""
        for role_id in role_ids:
            who.need_all(self.of_role(self.find(Role, who, role_id)))
        return tuple(dict.fromkeys(role_ids))

    def need_above(self, who: Principal, subject: User | Client) -> None:
        """Raise ``Forbidden`` if somebody holds what the caller does not, and who has their secret would hold too."""
        principal = self.principal(subject)
        widened(who.categories, principal.categories)
        who.need_all(principal.permissions)
        for scope in sorted(principal.scopes):
            who.need(scope)

    def need_administrator(self, saved: Iterable[User | Role], removed: Iterable[User | Role] = ()) -> None:
        """Raise ``Conflict`` (``in_use``) for a change after which no user of an organization is an administrator."""
        after = {record.id: record for record in saved}
        gone = {record.id for record in removed}
        organizations = {record.organization_id for record in (*after.values(), *removed)}
        roles = {role.id: role for role in self._catalog.all(Role)} | {
            k: r for k, r in after.items() if isinstance(r, Role)
        }
        users = {user.id: user for user in self._catalog.all(User)}
        later = users | {k: u for k, u in after.items() if isinstance(u, User)}

        def administers(user: User, known: Mapping[str, Role]) -> bool:
            given = (known[id] for id in user.role_ids if id in known and id not in gone)
            if user.categories is not None:
                return False
            return Scope.ADMIN in user.scopes or any(EVERYTHING in self.of_role(role) for role in given)

        for organization in organizations:
            now = any(
                user.categories is None and Scope.ADMIN in self.principal(user).scopes
                for user in users.values()
                if user.organization_id == organization
            )
            then = any(
                administers(user, roles)
                for user in later.values()
                if user.organization_id == organization and user.id not in gone
            )
            if now and not then:
                raise Conflict(
                    "in_use", "that would leave no user who is an administrator", hint="make another one first"
                )
