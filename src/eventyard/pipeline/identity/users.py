"""Users: people who come in with a name and a password.

Nobody is given more than the one who gives it holds, and the last administrator stays.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from eventyard.model.access import Principal, Scope
from eventyard.model.catalog import User
from eventyard.model.categories import given, widened
from eventyard.model.errors import Conflict, Forbidden, Invalid
from eventyard.pipeline.catalog import Catalog, in_turn
from eventyard.pipeline.identity.logins import Logins
from eventyard.pipeline.identity.passwords import LONGEST, Passwords
from eventyard.pipeline.identity.rights import Rights
from eventyard.pipeline.projects import changed_fields
from eventyard.ports import Clock


class Users:
    """What an administrator does with users, and users with themselves."""

    def __init__(
        self,
        catalog: Catalog,
        rights: Rights,
        passwords: Passwords,
        logins: Logins,
        clock: Clock,
        new_id: Callable[[], str],
    ) -> None:
        self._catalog = catalog
        self._rights = rights
        self._passwords = passwords
        self._logins = logins
        self._clock = clock
        self._new_id = new_id

    def record(self, organization_id: str, name: str, password: str, scopes: Sequence[Scope]) -> User:
        """The record of a user with this password, not saved yet. Blocks while it hashes."""
        hashed = self._passwords.hash(password)
        return User(self._new_id(), organization_id, name, hashed, tuple(scopes), self._clock())

    def list(self, who: Principal) -> list[User]:
        """The users of the caller's organization, in the order they were made."""
        who.need_permission("OAUTH2_user:select")
        return [user for user in self._catalog.all(User) if user.organization_id == who.organization_id]

    def get(self, who: Principal, id: str) -> User:
        """One user; oneself without any permission. Raises ``NotFound``."""
        if id != who.user_id:
            who.need_permission("OAUTH2_user:select")
        return self._rights.find(User, who, id)

    def named(self, name: str) -> User | None:
        """The user of that name, which is one of its kind in the whole hub."""
        return self._logins.named(name)

    async def create(
        self,
        who: Principal,
        *,
        name: str,
        password: str,
        title: str = "",
        description: str = "",
        scopes: Sequence[Scope] = (),
        role_ids: Sequence[str] = (),
        categories: Sequence[str] | None = None,
    ) -> User:
        """A new user; without ``categories``, with those of the caller.

        Raises ``Conflict`` (``duplicate``), ``Forbidden`` for what the caller does not hold.
        """
        who.need_permission("OAUTH2_user:create")
        self._need_free(name, None)
        hashed = await self._passwords.hashed(_checked(password))
        user = User(
            self._new_id(), who.organization_id, name, hashed, tuple(dict.fromkeys(scopes)), self._clock(), title,
            description, tuple(role_ids), categories=given(who.categories, categories),
        )  # fmt: skip
        return await self._add(who, user)

    @in_turn
    async def _add(self, who: Principal, user: User) -> User:
        self._need_free(user.name, None)
        for scope in user.scopes:
            who.need(scope)
        self._rights.need_roles(who, user.role_ids)
        return await self._catalog.save_one(user)

    @in_turn
    async def change(self, who: Principal, id: str, changes: Mapping[str, Any]) -> User:
        """Change any of name, title, description, scopes, role_ids, categories (``None``: all).

        Raises ``Conflict`` (``duplicate``, or ``in_use`` for the last administrator), ``Forbidden`` for what the caller
        does not hold.
        """
        who.need_permission("OAUTH2_user:update")
        user = self._rights.find(User, who, id)
        fields = changed_fields(changes)
        if "name" in fields:
            self._need_free(fields["name"], user)
        for field in ("role_ids", "scopes"):
            if field in fields:
                fields[field] = tuple(dict.fromkeys(fields[field]))
        for scope in fields.get("scopes", ()):
            if scope not in user.scopes:
                who.need(scope)
        self._rights.need_roles(who, [role for role in fields.get("role_ids", ()) if role not in user.role_ids])
        if "categories" in fields:
            fields["categories"] = widened(who.categories, fields["categories"])
        changed = msgspec.structs.replace(user, **fields)
        self._rights.need_administrator([changed])
        return await self._catalog.save_one(changed)

    async def change_password(self, who: Principal, id: str, *, old: str, new: str, source: str = "") -> User:
        """A new password for who knows the old one: oneself, or somebody whom the caller may change.

        Raises ``Forbidden`` for a wrong old one, ``TooMany`` (``locked_out``), ``Invalid``.
        """
        if id != who.user_id:
            who.need_permission("OAUTH2_user:update")
        user = self._rights.find(User, who, id)
        _checked(new)
        if not await self._logins.is_right(user.name, old, source):
            raise Forbidden("forbidden", "the old password is not right", pointer="/old_password")
        return await self._set(user.id, await self._passwords.hashed(new))

    async def reset_password(self, who: Principal, id: str, new: str) -> User:
        """A new password for somebody who forgot theirs, by an administrator who holds all that they do."""
        who.need_permission("OAUTH2_user:update")
        user = self._rights.find(User, who, id)
        self._rights.need_above(who, user)
        return await self._set(user.id, await self._passwords.hashed(_checked(new)))

    @in_turn
    async def _set(self, id: str, hashed: str) -> User:
        return await self._catalog.save_one(msgspec.structs.replace(self._catalog.get(User, id), password_hash=hashed))

    @in_turn
    async def remove(self, who: Principal, id: str) -> None:
        """Remove a user. Raises ``Conflict`` (``in_use``) for the last administrator."""
        who.need_permission("OAUTH2_user:delete")
        user = self._rights.find(User, who, id)
        self._rights.need_administrator([], [user])
        await self._catalog.remove(user)

    def _need_free(self, name: str, user: User | None) -> None:
        other = self.named(name)
        if other is not None and (user is None or other.id != user.id):
            raise Conflict("duplicate", f"there is a user named {name!r} already", pointer="/name")


def _checked(password: str) -> str:
    if not 0 < len(password) <= LONGEST:
        raise Invalid("invalid_body", f"a password has 1 to {LONGEST} characters", pointer="/password")
    return password
