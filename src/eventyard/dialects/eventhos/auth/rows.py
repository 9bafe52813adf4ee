"""Users, clients, roles and resources as eventhos' lists have them. A subject's id is its record's number, twice."""

from collections.abc import Iterable
from typing import TypedDict

from eventyard.model.catalog import User
from eventyard.model.identity import Client, Permission, Realm, Resource, Role
from eventyard.pipeline.catalog import Catalog
from eventyard.pipeline.identity.clients import has_token
from eventyard.pipeline.identity.rights import Rights


class Allowed(TypedDict):
    """A permission: what may be done."""

    allowed: str
    id: int


class ResourceRow(TypedDict):
    """A resource, and what may be done with it."""

    id: int
    applicationResourceName: str
    allowed: list[Allowed]


class RoleName(TypedDict):
    """A role by name."""

    id: int
    identifier: str


class RoleRow(RoleName):
    """A role, and what it allows."""

    resources: list[ResourceRow]


class HeldResource(TypedDict):
    """A resource, and what somebody may do with it."""

    id: int
    applicationResourceName: str
    allowed: list[str]


class HeldRole(RoleName):
    """A role as somebody holds it."""

    resources: list[HeldResource]


class SubjectRow(TypedDict):
    """What is shown of users and of clients."""

    id: int
    description: str
    subjectId: int
    name: str


class UserRow(SubjectRow):
    """A user."""

    username: str
    roles: list[HeldRole]


class ClientRow(SubjectRow):
    """A client. ``client_id`` is what it shows with its secret."""

    identifier: str
    roles: list[HeldRole]
    client_id: str
    hasLongLiveToken: bool
    revoked: bool


class ApplicationRow(TypedDict):
    """An application whose resources permissions speak of."""

    id: int
    identifier: str


def user_row(catalog: Catalog, rights: Rights, user: User) -> UserRow:
    """A user with what they hold."""
    return {**_subject(user), "username": user.name, "roles": _held(catalog, rights.roles(user))}


def client_row(catalog: Catalog, rights: Rights, client: Client) -> ClientRow:
    """A client with what it holds."""
    return {
        **_subject(client),
        "identifier": client.name,
        "roles": _held(catalog, rights.roles(client)),
        "client_id": client.client_id,
        "hasLongLiveToken": has_token(client),
        "revoked": client.revoked_at is not None,
    }


def role_name(role: Role) -> RoleName:
    """A role by name."""
    return {"id": role.number, "identifier": role.name}


def role_row(catalog: Catalog, role: Role) -> RoleRow:
    """A role with what it allows, in the order in which that was made."""
    given = [one for id in role.permission_ids if (one := catalog.seek(Permission, id)) is not None]
    given.sort(key=lambda permission: permission.number)
    return {"id": role.number, "identifier": role.name, "resources": resource_rows(catalog, given)}


def resource_row(resource: Resource, permissions: Iterable[Permission]) -> ResourceRow:
    """A resource with what may be done with it."""
    allowed: list[Allowed] = [{"allowed": one.name, "id": one.number} for one in permissions]
    return {"id": resource.number, "applicationResourceName": resource.name, "allowed": allowed}


def resource_rows(catalog: Catalog, permissions: Iterable[Permission]) -> list[ResourceRow]:
    """Permissions by their resources, in the order in which these come first."""
    of: dict[str, list[Permission]] = {}
    for one in permissions:
        of.setdefault(one.resource_id, []).append(one)
    return [
        resource_row(resource, held) for id, held in of.items() if (resource := catalog.seek(Resource, id)) is not None
    ]


def application_row(realm: Realm) -> ApplicationRow:
    """An application of permissions."""
    return {"id": realm.number, "identifier": realm.name}


def _subject(one: User | Client) -> SubjectRow:
    return {"id": one.number, "description": one.description, "subjectId": one.number, "name": one.title or one.name}


def _held(catalog: Catalog, roles: Iterable[Role]) -> list[HeldRole]:
    return [
        {
            **role_name(role),
            "resources": [
                {**row, "allowed": [one["allowed"] for one in row["allowed"]]}
                for row in role_row(catalog, role)["resources"]
            ],
        }
        for role in roles
    ]
