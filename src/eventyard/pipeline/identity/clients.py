"""Clients: programs that prove themselves with a secret, and are given tokens.

A secret and a long-lived token are random and long, so their SHA-256 is as good at rest as a slow hash. The texts are
told once, by the verb that makes them.
"""

import hashlib
import hmac
import re
import secrets
import string
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from eventyard.model.access import Principal, Scope
from eventyard.model.catalog import Application, Organization, Record
from eventyard.model.categories import given, widened
from eventyard.model.errors import Conflict
from eventyard.model.identity import Client
from eventyard.pipeline.catalog import Catalog, in_turn
from eventyard.pipeline.identity.rights import Rights
from eventyard.pipeline.projects import changed_fields
from eventyard.pipeline.view import View
from eventyard.ports import Clock

SECRET, LONG_LIVED = "eys_", "eyl_"
"""How a secret and a long-lived token begin, so that a leaked one is recognised by scanners."""

_LETTERS = string.ascii_letters + string.digits
_PLAIN = re.compile(r"[A-Za-z0-9._-]{1,64}")
_NOBODYS = "0" * 64


def digest_of(text: str) -> str:
    """The form in which a secret or a long-lived token is kept."""
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def has_token(client: Client) -> bool:
    """Whether a client has a long-lived token, and so is given no others."""
    return client.token_digest is not None or client.imported_at is not None


class Clients:
    """What an administrator does with clients, and how they are found."""

    def __init__(self, catalog: Catalog, rights: Rights, clock: Clock, new_id: Callable[[], str]) -> None:
        self._catalog = catalog
        self._rights = rights
        self._clock = clock
        self._new_id = new_id
        self._by_application: dict[str, Client] | None = None
        self._by_client_id: dict[str, Client] = {}
        catalog.watch(self._follow)

    def _follow(self, records: Sequence[Record]) -> None:
        if any(isinstance(record, Client) for record in records):
            self._by_application = None

    def _index(self) -> dict[str, Client]:
        if self._by_application is None:
            everyone = list(self._catalog.all(Client))
            self._by_client_id = {client.client_id: client for client in everyone}
            self._by_application = {c.application_id: c for c in everyone if c.application_id is not None}
        return self._by_application

    # Finding

    def of(self, application_id: str) -> Client | None:
        """The client of an application: whose tokens may publish through its sources."""
        return self._index().get(application_id)

    def known_as(self, client_id: str) -> Client | None:
        """The client that shows this id."""
        self._index()
        return self._by_client_id.get(client_id)

    def proves(self, client: Client | None, secret: str) -> bool:
        """Whether it is the client's secret. Takes as long for nobody's."""
        kept = _NOBODYS if client is None else client.secret_digest
        return hmac.compare_digest(digest_of(secret), kept) and client is not None

    def list(self, who: Principal) -> list[Client]:
        """The clients of the caller's organization, in the order they were made."""
        who.need_permission("OAUTH2_client:select")
        return [client for client in self._catalog.all(Client) if client.organization_id == who.organization_id]

    def get(self, who: Principal, id: str) -> Client:
        """One client, by the id of its record. Raises ``NotFound``."""
        who.need_permission("OAUTH2_client:select")
        return self._rights.find(Client, who, id)

    # Changing

    @in_turn
    async def create(
        self,
        who: Principal,
        *,
        name: str,
        title: str = "",
        description: str = "",
        role_ids: Sequence[str] = (),
        application_id: str | None = None,
        categories: Sequence[str] | None = None,
    ) -> tuple[Client, str]:
        """A new client and its secret, which is shown this once. Without ``categories`` it has those of the caller.

        Raises ``Conflict`` (``duplicate``, or ``in_use`` for an application that has a client), ``Forbidden`` for roles
        or categories with more than the caller holds, ``NotFound``.
        """
        who.need_permission("OAUTH2_client:create")
        roles = self._rights.need_roles(who, role_ids)
        application = None if application_id is None else self._free(who, application_id, None)
        words = given(who.categories, categories)
        client, secret = self.record(who.organization_id, name, title, description, roles, application, words)
        return await self._catalog.save_one(client), secret

    def record(
        self,
        organization_id: str,
        name: str,
        title: str = "",
        description: str = "",
        role_ids: tuple[str, ...] = (),
        application_id: str | None = None,
        categories: tuple[str, ...] | None = None,
    ) -> tuple[Client, str]:
        """The record of a new client, not saved yet, and its secret."""
        organization = self._catalog.get(Organization, organization_id)
        shown = organization.name if _PLAIN.fullmatch(organization.name) else "eventyard"
        random = "".join(secrets.choice(_LETTERS) for _ in range(20))
        secret = SECRET + secrets.token_urlsafe(32)
        now = self._clock()
        return Client(
            self._new_id(), organization_id, name, f"{random}::{shown}", digest_of(secret), now, now,
            title, description, role_ids, application_id, categories=categories,
        ), secret  # fmt: skip

    @in_turn
    async def change(self, who: Principal, id: str, changes: Mapping[str, Any]) -> Client:
        """Change any of name, title, description, role_ids, categories (``None``: all), application_id (``None``: of
        none).

        The application is the catalog's business: that takes the scope ``catalog:write`` and nothing else. Raises what
        :meth:`create` does.
        """
        fields = changed_fields(changes)
        if fields.keys() - {"application_id"}:
            who.need_permission("OAUTH2_client:update")
        client = self._rights.find(Client, who, id)
        if "role_ids" in fields:
            self._rights.need_roles(who, [role for role in fields["role_ids"] if role not in client.role_ids])
            fields["role_ids"] = tuple(dict.fromkeys(fields["role_ids"]))
        if "categories" in fields:
            fields["categories"] = widened(who.categories, fields["categories"])
        if "application_id" in fields:
            fields["application_id"] = self._free(who, fields["application_id"], client)
        return await self._save(client, **fields)

    @in_turn
    async def assign(self, who: Principal, id: str, application_id: str | None) -> Client:
        """Let a client publish through the sources of this application, or of none.

        Unlike :meth:`change` it takes none from another application, but raises ``Conflict`` (``in_use``).
        """
        client = self._rights.find(Client, who, id)
        owner = client.application_id and self._catalog.seek(Application, client.application_id)
        if owner and application_id not in (None, owner.id):
            raise Conflict("in_use", f"client {client.name!r} belongs to the application {owner.name!r}")
        return await self._save(client, application_id=self._free(who, application_id, client))

    @in_turn
    async def rotate_secret(self, who: Principal, id: str) -> tuple[Client, str]:
        """A new secret, shown this once; the old one is of no use from now on."""
        client = self._mine(who, "update", id)
        self._need_above(who, client)
        secret = SECRET + secrets.token_urlsafe(32)
        return await self._save(client, secret_digest=digest_of(secret)), secret

    @in_turn
    async def revoke(self, who: Principal, id: str) -> Client:
        """Let nothing count that the client shows, until it is restored."""
        client = self._mine(who, "update", id)
        if client.id == who.client_id:
            raise Conflict("in_use", "a client cannot revoke itself", hint="use another one")
        return client if client.revoked_at is not None else await self._save(client, revoked_at=self._clock())

    @in_turn
    async def restore(self, who: Principal, id: str) -> Client:
        """Let it count again."""
        client = self._mine(who, "update", id)
        return await self._save(client, revoked_at=None)

    @in_turn
    async def make_token(self, who: Principal, id: str) -> tuple[Client, str]:
        """A long-lived token, shown this once. From now on it is the only one of this client that counts."""
        client = self._mine(who, "update", id)
        self._need_above(who, client)
        text = f"{LONG_LIVED}{client.number}_{secrets.token_urlsafe(32)}"
        return await self._save(client, token_digest=digest_of(text), imported_at=None), text

    @in_turn
    async def remove_token(self, who: Principal, id: str) -> Client:
        """Let the long-lived token be of no use; the client is given short-lived ones again."""
        client = self._mine(who, "update", id)
        return await self._save(client, token_digest=None, imported_at=None)

    @in_turn
    async def remove(self, who: Principal, id: str) -> None:
        """Remove a client, with whatever it was given."""
        await self._catalog.remove(self._mine(who, "delete", id))

    def _mine(self, who: Principal, word: str, id: str) -> Client:
        who.need_permission(f"OAUTH2_client:{word}")
        return self._rights.find(Client, who, id)

    def _need_above(self, who: Principal, client: Client) -> None:
        """As :meth:`Rights.need_above`; and who has its secret publishes for its application, which takes who may let a
        client do so.
        """
        self._rights.need_above(who, client)
        if client.application_id is not None and self._catalog.seek(Application, client.application_id) is not None:
            self._free(who, client.application_id, client)

    async def _save(self, client: Client, **fields: Any) -> Client:
        return await self._catalog.save_one(msgspec.structs.replace(client, **fields, updated_at=self._clock()))

    def _free(self, who: Principal, application_id: str | None, client: Client | None) -> str | None:
        """The id of an application that has no other client."""
        who.need(Scope.CATALOG_WRITE)
        if application_id is None:
            return None
        application = View(self._catalog, who).get(Application, application_id)
        other = self.of(application.id)
        if other is not None and (client is None or other.id != client.id):
            raise Conflict(
                "in_use", f"application {application.name!r} has the client {other.name!r}", pointer="/application_id",
                hint="take it from that one first",
            )  # fmt: skip
        return application.id
