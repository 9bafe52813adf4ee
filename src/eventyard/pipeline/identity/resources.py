"""What permissions are made of: realms, the resources in them, and the words that may be said of a resource.

Those the hub itself asks for are made when it starts, and stay. Others mean something to whoever asks for them.
"""

import re
from collections.abc import Callable, Iterable, Sequence

import msgspec

from eventyard.model.access import BUILT_IN_ROLES, EVERYTHING, IDENTITIES, MANAGED, Principal, Scope
from eventyard.model.catalog import Record
from eventyard.model.errors import Conflict, Forbidden, Invalid, NotFound
from eventyard.model.identity import Permission, Realm, Resource, Role
from eventyard.pipeline.catalog import Catalog, in_turn
from eventyard.pipeline.identity.rights import Rights
from eventyard.ports import Clock

MAIN_REALM = "OAUTH2_main_application"
"""The realm of what the hub asks for under the names of eventhos."""

OWN_REALM = "eventyard"
"""The realm of its scopes."""

WORDS = ("*", "create", "select", "update", "delete")
BUILT_IN = dict.fromkeys((*MANAGED, *IDENTITIES, EVERYTHING.partition(":")[0]), WORDS) | {
    "event": (*WORDS, "retry-aborted")
}
"""The resources of the main realm, and what may be said of each."""

SCOPES = frozenset[str](Scope) - {Scope.ADMIN}
"""Scopes as permissions; what they are made of is made when first given."""

Fresh = list[Record]
"""What is to be saved beside what a verb is about."""

_NAME = re.compile(r"[^\s:\x00-\x1f\x7f]{1,255}")


class Resources:
    """What an administrator does with realms, resources and permissions."""

    def __init__(self, catalog: Catalog, rights: Rights, clock: Clock, new_id: Callable[[], str]) -> None:
        self._catalog = catalog
        self._rights = rights
        self._clock = clock
        self._new_id = new_id

    @in_turn
    async def ensure(self, organization_id: str) -> None:
        """Make what is built in as far as it is not there: realm, resources, permissions, and roles.

        A role of such a name that was there before stays what it is.
        """
        fresh: Fresh = []
        realm = self._realm(organization_id, MAIN_REALM, fresh)
        for name, words in BUILT_IN.items():
            resource = self._resource(organization_id, realm, name, fresh)
            for word in words:
                self._permission(resource, word, fresh)
        if fresh:
            await self._catalog.save(*fresh)
        roles: Fresh = []
        for name, permissions in BUILT_IN_ROLES.items():
            if self._rights.role_named(organization_id, name) is None:
                ids = self.ids(organization_id, permissions, roles)
                roles.append(Role(self._new_id(), organization_id, name, self._clock(), ids))
        if roles:
            await self._catalog.save(*roles)

    def realms(self, who: Principal) -> list[Realm]:
        """The realms of the caller's organization."""
        who.need_permission("OAUTH2_application:select")
        return [realm for realm in self._catalog.all(Realm) if realm.organization_id == who.organization_id]

    def list(self, who: Principal) -> list[Resource]:
        """The resources of the caller's organization, in the order they were made."""
        if not who.may("OAUTH2_role:select"):
            who.need_permission("OAUTH2_application:select")
        return [one for one in self._catalog.all(Resource) if one.organization_id == who.organization_id]

    def permissions(self, resource: Resource) -> Sequence[Permission]:
        """What may be said of a resource."""
        return [one for one in self._catalog.all(Permission) if one.resource_id == resource.id]

    @in_turn
    async def add_realm(self, who: Principal, name: str) -> Realm:
        """A new realm. Raises ``Conflict`` (``duplicate``)."""
        who.need_permission("OAUTH2_application:create")
        return await self._catalog.save_one(
            Realm(self._new_id(), who.organization_id, _checked(name, "name"), self._clock())
        )

    @in_turn
    async def add(self, who: Principal, name: str, realm_id: str, words: Sequence[str] = WORDS) -> Resource:
        """A new resource, of which those words may be said. Raises ``Conflict`` (``duplicate``), ``NotFound``."""
        who.need_permission("OAUTH2_application:create")
        realm = self._catalog.seek(Realm, realm_id)
        if realm is None or realm.organization_id != who.organization_id:
            raise NotFound("not_found", f"there is no realm {realm_id!r}")
        if self._named(who.organization_id, name) is not None:
            raise Conflict("duplicate", f"there is a resource named {name!r} already", pointer="/name")
        fresh: Fresh = []
        resource = self._resource(who.organization_id, realm, _checked(name, "name"), fresh)
        for word in words:
            self._permission(resource, _checked(word, "words"), fresh)
        await self._catalog.save(*fresh)
        return self._catalog.get(Resource, resource.id)

    @in_turn
    async def say(self, who: Principal, resource_id: str, words: Sequence[str]) -> Sequence[Permission]:
        """Let just these words be said of a resource. Those that go are taken out of all roles.

        Raises ``Forbidden`` (``reserved_name``) for taking away what is built in.
        """
        who.need_permission("OAUTH2_Permission:update")
        resource = self._mine(who, resource_id)
        fresh: Fresh = []
        for word in words:
            self._permission(resource, _checked(word, "words"), fresh)
        gone = [one for one in self.permissions(resource) if one.name not in words]
        for one in gone:
            if one.name in BUILT_IN.get(resource.name, ()):
                raise Forbidden("reserved_name", f"{resource.name}:{one.name} is built in, and stays")
        await self._catalog.change([*fresh, *self._without(gone)], gone)
        return self.permissions(resource)

    @in_turn
    async def add_word(self, who: Principal, resource_id: str, word: str) -> Permission:
        """Let one more word be said of a resource. Raises ``Conflict`` (``duplicate``), ``NotFound``."""
        who.need_permission("OAUTH2_Permission:create")
        resource = self._mine(who, resource_id)
        return await self._catalog.save_one(
            Permission(self._new_id(), resource.organization_id, resource.id, _checked(word, "name"), self._clock())
        )

    @in_turn
    async def remove(self, who: Principal, resource_id: str) -> None:
        """Remove a resource and its permissions, also from all roles. Raises ``Forbidden`` (``reserved_name``)."""
        who.need_permission("OAUTH2_application:delete")
        resource = self._mine(who, resource_id)
        if resource.name in BUILT_IN:
            raise Forbidden("reserved_name", f"the resource {resource.name!r} is built in, and stays")
        gone = self.permissions(resource)
        await self._catalog.change(self._without(gone), [*gone, resource])

    def ids(self, organization_id: str, words: Iterable[str], fresh: Fresh) -> tuple[str, ...]:
        """The ids of permissions named as ``resource:word``; of scopes too, whose records are added to ``fresh``.

        Raises ``Invalid`` (``invalid_body``) for one that is not there.
        """
        known = self._known(organization_id)
        found: list[str] = []
        for number, word in enumerate(words):
            if word not in known:
                if word not in SCOPES:
                    raise Invalid(
                        "invalid_body", f"there is no permission {word!r}", pointer=f"/permissions/{number}",
                        hint=f"for everything write {EVERYTHING!r}; GET /v1/permissions lists them",
                    )  # fmt: skip
                name, _, verb = word.partition(":")
                realm = self._realm(organization_id, OWN_REALM, fresh)
                known[word] = self._permission(self._resource(organization_id, realm, name, fresh), verb, fresh).id
            found.append(known[word])
        return tuple(dict.fromkeys(found))

    def words(self, organization_id: str) -> frozenset[str]:
        """Every permission that there is, or could be: as ``resource:word``, scopes among them."""
        return frozenset(self._known(organization_id)) | SCOPES

    def _known(self, organization_id: str) -> dict[str, str]:
        """The id of every permission, by how it is written."""
        words, catalog = self._rights.words(), self._catalog
        return {words[one.id]: one.id for one in catalog.all(Permission) if one.organization_id == organization_id}

    def _without(self, gone: Iterable[Permission]) -> Sequence[Role]:
        """The roles that have any of these permissions, as they are without."""
        ids = {permission.id for permission in gone}
        return [
            msgspec.structs.replace(role, permission_ids=tuple(i for i in role.permission_ids if i not in ids))
            for role in self._catalog.all(Role)
            if not ids.isdisjoint(role.permission_ids)
        ]

    def _mine(self, who: Principal, resource_id: str) -> Resource:
        resource = self._catalog.seek(Resource, resource_id)
        if resource is None or resource.organization_id != who.organization_id:
            raise NotFound("not_found", f"there is no resource {resource_id!r}")
        return resource

    def _named(self, organization_id: str, name: str) -> Resource | None:
        everything = self._catalog.all(Resource)
        return next((r for r in everything if r.name == name and r.organization_id == organization_id), None)

    # Of each: the one that is there, or a new one, which is added to what is to be saved

    def _realm(self, organization_id: str, name: str, fresh: Fresh) -> Realm:
        known: Iterable[Record] = (*self._catalog.all(Realm), *fresh)
        for one in known:
            if isinstance(one, Realm) and (one.organization_id, one.name) == (organization_id, name):
                return one
        realm = Realm(self._new_id(), organization_id, name, self._clock())
        fresh.append(realm)
        return realm

    def _resource(self, organization_id: str, realm: Realm, name: str, fresh: Fresh) -> Resource:
        known: Iterable[Record] = (*self._catalog.all(Resource), *fresh)
        for one in known:
            if isinstance(one, Resource) and (one.organization_id, one.name) == (organization_id, name):
                return one
        resource = Resource(self._new_id(), organization_id, realm.id, name, self._clock())
        fresh.append(resource)
        return resource

    def _permission(self, resource: Resource, word: str, fresh: Fresh) -> Permission:
        known: Iterable[Record] = (*self._catalog.all(Permission), *fresh)
        for one in known:
            if isinstance(one, Permission) and (one.resource_id, one.name) == (resource.id, word):
                return one
        permission = Permission(self._new_id(), resource.organization_id, resource.id, word, self._clock())
        fresh.append(permission)
        return permission


def _checked(name: str, field: str) -> str:
    if _NAME.fullmatch(name) is None:
        raise Invalid("invalid_body", f"{name!r} is not a word without colon and spaces", pointer=f"/{field}")
    return name
