"""Tokens: what clients and users show instead of a secret. Given for a while, or to a client for good.

A short-lived one is a JSON Web Token that anybody can verify by the published keys; a long-lived one is random text, of
which the hub keeps the SHA-256. Either is verified whole, once: what it proved is remembered under its digest, until it
expires or somebody's rights change, so that the next time costs a lookup.
"""

import hashlib
import hmac
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from eventyard.model.access import Principal, Scope
from eventyard.model.catalog import Record, User
from eventyard.model.errors import Forbidden, Unauthenticated
from eventyard.model.identity import Client, Permission, Resource, Role, SigningKey
from eventyard.model.ids import Millis
from eventyard.pipeline.catalog import Catalog
from eventyard.pipeline.identity.clients import LONG_LIVED, Clients, digest_of, has_token
from eventyard.pipeline.identity.rights import Rights
from eventyard.pipeline.identity.signing import HS256, LONGEST_MS, SigningKeys
from eventyard.ports import Clock
from eventyard.wire import jwt

PASSWORD = "pwd"
"""The claim by which a token ends with the password that it was given for."""

_REMEMBERED = 4096

_Matters = User | Client | Role | Permission | Resource | SigningKey


class Issued(Struct, frozen=True):
    """A token as it is given: its text, for how many seconds it counts, and the scopes it has."""

    text: str
    expires_in: int
    scopes: frozenset[Scope]


class Proven(Struct, frozen=True):
    """Whom a token proves, and what it lets them do. Exactly one of ``client`` and ``user`` is set."""

    client: Client | None
    user: User | None
    permissions: frozenset[str]
    roles: tuple[str, ...]
    principal: Principal
    long_lived: bool


class Tokens:
    """Gives tokens, and proves who shows them."""

    def __init__(
        self,
        catalog: Catalog,
        rights: Rights,
        clients: Clients,
        keys: SigningKeys,
        clock: Clock,
        *,
        lifetime_ms: Millis = 3_600_000,
    ) -> None:
        self._catalog = catalog
        self._rights = rights
        self._clients = clients
        self._keys = keys
        self._clock = clock
        self._lifetime_ms = lifetime_ms
        self._proven: dict[bytes, Proven] = {}
        catalog.watch(self._follow)

    def _follow(self, records: Sequence[Record]) -> None:
        if any(isinstance(record, _Matters) for record in records):
            self._proven.clear()

    async def issue(
        self,
        subject: Client | User,
        *,
        issuer: str,
        lifetime_ms: Millis | None = None,
        scopes: frozenset[Scope] | None = None,
    ) -> Issued:
        """A short-lived token of somebody who has proven themselves. ``scopes`` narrow what it is good for.

        Raises ``Unauthenticated`` (``token_revoked``), ``Forbidden`` (``token_superseded``) for a client that has a
        long-lived one.
        """
        if isinstance(subject, Client):
            _need_live(subject)
            if has_token(subject):
                raise Forbidden("token_superseded", "the client has a long-lived token, and is given no others")
        key = await self._keys.current(subject.organization_id)
        lasts = min(self._lifetime_ms if lifetime_ms is None else lifetime_ms, LONGEST_MS) // 1000
        now = self._clock() // 1000
        claims: dict[str, Any] = {
            "iss": issuer, "iat": now, "exp": now + lasts, "jti": secrets.token_urlsafe(16), **_who(subject),
        }  # fmt: skip
        granted = self._rights.principal(subject).scopes
        if scopes is not None:
            granted = _narrowed(granted, scopes)
            claims["scope"] = " ".join(sorted(granted))
        return Issued(jwt.sign(claims, key), lasts, granted)

    def is_one(self, text: str) -> bool:
        """Whether a text looks like a token rather than an API key."""
        return text.startswith(LONG_LIVED) or (text.startswith("ey") and text.count(".") == 2)

    def verify(self, text: str) -> Proven:
        """Whom a token proves.

        Raises ``Unauthenticated`` (``token_invalid``, ``token_expired``, ``token_revoked``, ``token_superseded``).
        """
        digest = hashlib.sha256(text.encode(errors="surrogatepass")).digest()
        proven = self._proven.get(digest)
        if proven is None:
            proven = self._prove(text)
            if len(self._proven) >= _REMEMBERED:
                self._proven.clear()
            self._proven[digest] = proven
        until = proven.principal.until
        if until is not None and self._clock() >= until:
            raise _expired()
        return proven

    def client_token(self, text: str) -> Client:
        """The client that a token proves. Raises as :meth:`verify`; ``token_invalid`` for a user's, too."""
        client = self.verify(text).client
        if client is None:
            raise _invalid("the token is a user's, not a client's")
        return client

    def _prove(self, text: str) -> Proven:
        if text.startswith(LONG_LIVED):
            return self._as(self._of_long_lived(text), long_lived=True)
        try:
            key, claims = self._verified(text)
        except jwt.JwtExpired:
            raise _expired() from None
        except jwt.JwtError as error:
            raise _invalid(str(error)) from None
        subject = self._subject(claims)
        if key.algorithm == HS256:
            return self._as(_imported(subject, claims), long_lived=True)
        if isinstance(subject, Client):
            _need_live(subject)
            if has_token(subject):
                raise _superseded()
        elif claims.get(PASSWORD) != _password_mark(subject):
            raise _invalid("it was given for a password that was changed since")
        scope = claims.get("scope")
        scopes = None if scope is None else frozenset(Scope(word) for word in scope.split())
        return self._as(subject, until=jwt.expires_at(claims), scopes=scopes)

    def _of_long_lived(self, text: str) -> Client:
        number = text[len(LONG_LIVED) :].partition("_")[0]
        client = None
        if number.isascii() and number.isdigit() and len(number) < 20:
            client = self._catalog.numbered(Client, int(number))
        if client is None or client.token_digest is None:
            raise _invalid("the token is not one of this hub's")
        if not hmac.compare_digest(client.token_digest, digest_of(text)):
            raise _superseded()
        return _need_live(client)

    def _verified(self, text: str) -> tuple[jwt.Key, dict[str, Any]]:
        """The key that signed a token, and what it says."""
        key_id = jwt.key_id_of(text)
        now = self._clock()
        if key_id is not None:
            key = self._keys.known(key_id)
            if key is None:
                raise jwt.JwtError("the token is signed with a key that is not in use")
            return key, jwt.verify(text, key, now)
        refusal = jwt.JwtError("the token names no key")
        for key in self._keys.imported():
            try:
                return key, jwt.verify(text, key, now)
            except jwt.JwtError as error:
                refusal = error
        raise refusal

    def _subject(self, claims: Mapping[str, Any]) -> Client | User:
        data = claims.get("data")
        found: Client | User | None = None
        match data:
            case {"subjectType": "client", "id": str(client_id)}:
                found = self._clients.known_as(client_id)
            case {"subjectType": "user", "id": int(number)}:
                found = self._catalog.numbered(User, number)
        if found is None:
            raise _invalid("whom the token was given to is gone")
        return found

    def _as(
        self,
        subject: Client | User,
        *,
        long_lived: bool = False,
        until: Millis | None = None,
        scopes: frozenset[Scope] | None = None,
    ) -> Proven:
        principal = msgspec.structs.replace(self._rights.principal(subject), until=until)
        if scopes is not None:
            narrowed = _narrowed(principal.scopes, scopes)
            principal = msgspec.structs.replace(principal, scopes=narrowed, permissions=frozenset())
        return Proven(
            client=subject if isinstance(subject, Client) else None,
            user=subject if isinstance(subject, User) else None,
            permissions=principal.permissions,
            roles=tuple(role.name for role in self._rights.roles(subject)),
            principal=principal,
            long_lived=long_lived,
        )


def _who(subject: Client | User) -> dict[str, Any]:
    """The claims that say who somebody is, for OAuth 2.0 and for eventhos."""
    data: dict[str, Any]
    if isinstance(subject, Client):
        data = {"id": subject.client_id, "subjectType": "client", "identifier": subject.name}
        return {"sub": subject.client_id, "client_id": subject.client_id, "data": data}
    data = {"id": subject.number, "subjectType": "user", "username": subject.name}
    return {"sub": subject.id, "data": data, PASSWORD: _password_mark(subject)}


def _password_mark(user: User) -> str:
    """Tells one password of a user from another, and nothing of either: what is digested here is salted already."""
    return digest_of(user.password_hash)[:16]


def _narrowed(held: frozenset[Scope], wanted: frozenset[Scope]) -> frozenset[Scope]:
    return wanted if Scope.ADMIN in held else wanted & held


def _imported(subject: Client | User, claims: Mapping[str, Any]) -> Client:
    """The client that a token of another system proves: only a long-lived one does, from before it moved here."""
    if isinstance(subject, User) or claims.get("exp") is not None:
        raise _invalid("of another system's tokens only long-lived ones of clients count")
    _need_live(subject)
    if subject.token_digest is not None:
        raise _superseded()
    given_at = claims.get("iat")
    if not isinstance(given_at, int) or subject.imported_at is None or given_at * 1000 > subject.imported_at:
        raise _invalid("the token is not one that was brought along")
    return subject


def _need_live(client: Client) -> Client:
    if client.revoked_at is not None:
        raise Unauthenticated("token_revoked", "the client is revoked", hint="an administrator can restore it")
    return client


def _invalid(message: str) -> Unauthenticated:
    return Unauthenticated("token_invalid", message, hint="get another token")


def _expired() -> Unauthenticated:
    return Unauthenticated("token_expired", "the token has expired", hint="get another token")


def _superseded() -> Unauthenticated:
    return Unauthenticated("token_superseded", "the client has a long-lived token, and this is another one")
