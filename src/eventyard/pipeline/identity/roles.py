"""Roles: permissions under a name, given to users and clients."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from eventyard.model.access import BUILT_IN_ROLES, Principal
from eventyard.model.catalog import User
from eventyard.model.errors import Conflict, Forbidden
from eventyard.model.identity import Client, Role
from eventyard.pipeline.catalog import Catalog, in_turn
from eventyard.pipeline.identity.resources import Fresh, Resources
from eventyard.pipeline.identity.rights import ADMIN, Rights
from eventyard.pipeline.projects import changed_fields
from eventyard.ports import Clock


class Roles:
    """What an administrator does with roles."""

    def __init__(
        self, catalog: Catalog, rights: Rights, resources: Resources, clock: Clock, new_id: Callable[[], str]
    ) -> None:
        self._catalog = catalog
        self._rights = rights
        self._resources = resources
        self._clock = clock
        self._new_id = new_id

    def list(self, who: Principal) -> list[Role]:
        """The roles of the caller's organization, in the order they were made."""
        who.need_permission("OAUTH2_role:select")
        return [role for role in self._catalog.all(Role) if role.organization_id == who.organization_id]

    def get(self, who: Principal, id: str) -> Role:
        """One role. Raises ``NotFound``."""
        who.need_permission("OAUTH2_role:select")
        return self._rights.find(Role, who, id)

    def permissions(self, role: Role) -> Sequence[str]:
        """The permissions of a role, as ``resource:word``, in the order of the alphabet."""
        return sorted(self._rights.of_role(role))

    def permissions_there_are(self, who: Principal) -> Sequence[str]:
        """Every permission that a role can have, as ``resource:word``, in the order of the alphabet."""
        who.need_permission("OAUTH2_role:select")
        return sorted(self._resources.words(who.organization_id))

    @in_turn
    async def create(self, who: Principal, *, name: str, permissions: Sequence[str] = ()) -> Role:
        """A new role. ``permissions`` are written ``resource:word``.

        Raises ``Conflict`` (``duplicate``), ``Invalid`` for a permission that is not there, ``Forbidden`` for one that
        the caller does not hold.
        """
        who.need_permission("OAUTH2_role:create")
        self._need_free(who, name, None)
        fresh: Fresh = []
        ids = self._given(who, permissions, fresh)
        role = Role(self._new_id(), who.organization_id, name, self._clock(), ids)
        await self._catalog.save(*fresh, role)
        return self._catalog.get(Role, role.id)

    @in_turn
    async def change(self, who: Principal, id: str, changes: Mapping[str, Any]) -> Role:
        """Change its name or its permissions. Raises what :meth:`create` does."""
        role = self._mine(who, "update", id)
        fields = changed_fields(changes)
        fresh: Fresh = []
        if "name" in fields:
            self._need_free(who, fields["name"], role)
        if "permissions" in fields:
            # Who takes a permission away need not hold it; who gives one must.
            wanted, kept = fields.pop("permissions"), self._rights.of_role(role)
            who.need_all(set(wanted) - kept)
            fields["permission_ids"] = self._resources.ids(who.organization_id, wanted, fresh)
        changed = msgspec.structs.replace(role, **fields)
        self._rights.need_administrator([changed])
        await self._catalog.save(*fresh, changed)
        return self._catalog.get(Role, role.id)

    @in_turn
    async def remove(self, who: Principal, id: str) -> None:
        """Remove a role, and take it from everybody who has it."""
        role = self._mine(who, "delete", id)
        self._rights.need_administrator([], [role])
        everybody: list[User | Client] = [*self._catalog.all(User), *self._catalog.all(Client)]
        holders = [one for one in everybody if role.id in one.role_ids]
        await self._catalog.change([_without(role, one) for one in holders], [role])

    def _given(self, who: Principal, permissions: Sequence[str], fresh: Fresh) -> tuple[str, ...]:
        ids = self._resources.ids(who.organization_id, permissions, fresh)
        who.need_all(permissions)
        return ids

    def _mine(self, who: Principal, word: str, id: str) -> Role:
        who.need_permission(f"OAUTH2_role:{word}")
        role = self._rights.find(Role, who, id)
        # One that somebody made under such a name before there was ours is theirs.
        built_in = BUILT_IN_ROLES.get(role.name)
        if role.name == ADMIN or (built_in is not None and self._rights.of_role(role) == frozenset(built_in)):
            raise Forbidden("reserved_name", f"the role {role.name!r} is built in, and stays as it is")
        return role

    def _need_free(self, who: Principal, name: str, role: Role | None) -> None:
        other = self._rights.role_named(who.organization_id, name)
        if other is not None and (role is None or other.id != role.id):
            raise Conflict("duplicate", f"there is a role named {name!r} already", pointer="/name")


def _without(role: Role, holder: User | Client) -> User | Client:
    return msgspec.structs.replace(holder, role_ids=tuple(id for id in holder.role_ids if id != role.id))
