"""Users, clients and roles of eventhos, as the hub's own.

Passwords stay: bcrypt hashes are taken as they are. Clients keep their id and secret, of which the hub keeps a digest.
A long-lived token goes on being good where the secret it was signed with is known; its bcrypt hash is of no use, as
bcrypt looks at 72 bytes, in which all tokens are alike.
"""

import re
from collections.abc import Mapping

from eventyard.cli.moving import rows
from eventyard.cli.moving.boxes import Boxes, UnreadableError
from eventyard.cli.moving.draft import Draft, id_of
from eventyard.model.catalog import User
from eventyard.model.identity import Client, Permission, Realm, Resource, Role, SigningKey
from eventyard.pipeline.identity.clients import digest_of

KEY_NEEDED = "it is encrypted: needs --crypto-key"
DELETED = "deleted in eventhos"
HS256 = "HS256"

_BCRYPT = re.compile(r"\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}")


class Identities:
    """Plans them, in the order in which they refer to each other."""

    def __init__(self, draft: Draft, original: rows.Original) -> None:
        self._draft = draft
        self._original = original
        self._subjects = {one.id: one for one in original.subjects}
        self._roles: dict[int, str] = {}

    def roles(self) -> None:
        """Roles, with the permissions that they are made of."""
        words = self._permissions()
        draft, organization = self._draft, self._draft.organization_id
        for row in self._original.roles:
            if row.deleted:
                draft.leave("role", row.identifier, DELETED)
                continue
            held = (one.permissions_id for one in self._original.role_permissions if one.roles_id == row.id)
            ids = tuple(dict.fromkeys(words[permission] for permission in held if permission in words))
            role_id = id_of("role", row.identifier)
            here = draft.get(Role, role_id) or draft.find(Role, organization_id=organization, name=row.identifier)
            if here is None:
                here = draft.put("role", Role(role_id, organization, row.identifier, row.created_at, ids))
            elif here.id == role_id or set(here.permission_ids) == set(ids):
                draft.keep("role", row.identifier)
            else:
                draft.leave("role", row.identifier, "the hub has a role of that name with other permissions")
                continue
            self._roles[row.id] = here.id

    def _permissions(self) -> Mapping[int, str]:
        """The permissions by their rows. Realms, resources and permissions are words: those that are here are used."""
        draft, organization = self._draft, self._draft.organization_id
        realms: dict[int, str] = {}
        for realm in self._original.realms:
            if not realm.deleted:
                name = realm.identifier
                known = draft.find(Realm, organization_id=organization, name=name)
                realms[realm.id] = (
                    known or draft.add(Realm(id_of("realm", name), organization, name, realm.created_at))
                ).id
        resources: dict[int, str] = {}
        for resource in self._original.resources:
            if not resource.deleted and resource.realm_id in realms:
                name, of = resource.identifier, realms[resource.realm_id]
                meant = draft.find(Resource, organization_id=organization, name=name)
                made = Resource(id_of("resource", name), organization, of, name, resource.created_at)
                resources[resource.id] = (meant or draft.add(made)).id
        words: dict[int, str] = {}
        for word in self._original.permissions:
            if not word.deleted and word.resource_id in resources:
                name, of = word.allowed, resources[word.resource_id]
                said = draft.find(Permission, resource_id=of, name=name)
                fresh = Permission(id_of("permission", f"{of}/{name}"), organization, of, name, word.created_at)
                words[word.id] = (said or draft.add(fresh)).id
        return words

    def users(self) -> None:
        """Users, with their passwords."""
        for row in self._original.users:
            if row.deleted:
                self._draft.leave("user", row.username, DELETED)
            elif _BCRYPT.fullmatch(row.password) is None:
                self._draft.leave("user", row.username, "its password is not hashed with bcrypt")
            else:
                self._user(row)

    def _user(self, row: rows.User) -> None:
        draft, subject = self._draft, self._subjects.get(row.subject_id)
        user_id = id_of("user", row.username)
        here = draft.get(User, user_id) or draft.find(User, name=row.username)
        if here is None:
            wanted = User(
                user_id, draft.organization_id, row.username, row.password, (), row.created_at,
                title=subject.name if subject else "", description=subject.description if subject else "",
                role_ids=self._roles_of(row.subject_id),
            )  # fmt: skip
            draft.put("user", wanted)
        elif here.id == user_id:
            draft.keep("user", row.username)
        else:
            draft.leave("user", row.username, "the hub has a user of its own of that name, who keeps the password")

    def clients(self, boxes: Boxes | None, jwt_secret: str | None, applications: Mapping[int, str]) -> None:
        """Clients, with the secret that another hub's tokens are signed with. ``applications`` are theirs, by row."""
        bearing = False
        for row in self._original.clients:
            if row.deleted:
                self._draft.leave("client", row.identifier, DELETED)
            elif boxes is None:
                self._draft.leave("client", row.identifier, KEY_NEEDED)
            else:
                try:
                    self._client(row, boxes.word(row.client_secret), jwt_secret, applications.get(row.id))
                except UnreadableError as error:
                    self._draft.leave("client", row.identifier, f"its secret: {error}")
                else:
                    bearing |= bool(row.access_token)
        if bearing and jwt_secret is not None:
            self._signing_key(jwt_secret)

    def _client(self, row: rows.Client, secret: str, jwt_secret: str | None, application_id: str | None) -> None:
        draft, organization = self._draft, self._draft.organization_id
        record_id = id_of("client", row.client_id)
        here = draft.get(Client, record_id)
        named = draft.find(Client, organization_id=organization, name=row.identifier)
        if named is not None and named.id != record_id:
            draft.leave("client", row.identifier, "the hub has a client of its own of that name")
            return
        if application_id is not None:
            other = draft.find(Client, application_id=application_id)
            if other is not None and other.id != record_id:
                draft.note("client", row.identifier, f"its system has the client {other.name!r} here, which stays")
                application_id = None
        subject = self._subjects.get(row.subject_id)
        draft.put(
            "client",
            Client(
                id=record_id,
                organization_id=organization,
                name=row.identifier,
                client_id=row.client_id,
                secret_digest=digest_of(secret),
                created_at=row.created_at,
                updated_at=row.updated_at,
                title=subject.name if subject else "",
                description=subject.description if subject else "",
                role_ids=self._roles_of(row.subject_id),
                application_id=application_id,
                token_digest=here.token_digest if here else None,
                imported_at=self._imported_at(row, here, jwt_secret),
                revoked_at=row.updated_at if row.revoked else None,
            ),
        )

    def _imported_at(self, row: rows.Client, here: Client | None, jwt_secret: str | None) -> int | None:
        """Until when a token was made that goes on being good: now, or when that was said first."""
        kept = here.imported_at if here else None
        if not row.access_token or kept is not None or (here is not None and here.token_digest is not None):
            return kept
        if jwt_secret is None:
            text = "its long-lived token does not count here: give --jwt-secret, or make it another one"
            self._draft.note("client", row.identifier, text)
            return None
        return self._draft.now

    def _signing_key(self, jwt_secret: str) -> None:
        draft = self._draft
        for key in draft.all(SigningKey):
            if key.algorithm == HS256 and draft.vault.open(key.private, key.id) == jwt_secret:
                draft.keep("signing key", "of the long-lived tokens")
                return
        key_id = id_of("signing key", f"{draft.organization_id}/{draft.now}")
        sealed = draft.vault.seal(jwt_secret, key_id)
        draft.make(
            "signing key",
            "of the long-lived tokens",
            SigningKey(key_id, draft.organization_id, HS256, sealed, draft.now),
        )

    def _roles_of(self, subject_id: int) -> tuple[str, ...]:
        given = (one.roles_id for one in self._original.subject_roles if one.subject_id == subject_id)
        return tuple(self._roles[role] for role in given if role in self._roles)
