"""API keys: who may come in, proven in microseconds.

An API key is 32 random bytes, so its SHA-256 is as good at rest as a slow hash, and fast enough for every request.
Users, clients and tokens are the business of ``identity/``.
"""

import hashlib
import secrets
from collections.abc import Callable, Sequence

import msgspec

from eventyard.model.access import Principal, Scope
from eventyard.model.catalog import ApiKey
from eventyard.model.categories import given
from eventyard.model.errors import Forbidden, Invalid, NotFound, Unauthenticated
from eventyard.model.ids import Millis
from eventyard.pipeline.catalog import Catalog, in_turn
from eventyard.pipeline.view import View
from eventyard.ports import Clock

PREFIX = "eyk_"
"""How a key made here begins, so that a leaked one is recognised by scanners."""

_HINT = 8


def digest_of(key: str) -> str:
    """The form in which a key is kept and looked up."""
    return hashlib.sha256(key.encode()).hexdigest()


class Keys:
    """Makes keys, and proves callers by them."""

    def __init__(self, catalog: Catalog, clock: Clock, new_id: Callable[[], str]) -> None:
        self._catalog = catalog
        self._clock = clock
        self._new_id = new_id
        self._principals: dict[str, Principal] = {}
        catalog.watch(lambda _: self._principals.clear())

    @in_turn
    async def create(
        self,
        who: Principal,
        *,
        name: str,
        scopes: Sequence[Scope],
        project_id: str | None = None,
        application_id: str | None = None,
        rate_limit: float | None = None,
        expires_at: Millis | None = None,
        categories: Sequence[str] | None = None,
    ) -> tuple[ApiKey, str]:
        """A new key and its text, which is shown this once. Nobody can give a scope or category they do not hold.

        Without ``categories`` it has those of its maker. Raises ``Invalid`` (``invalid_body``), ``Forbidden``.
        """
        view = View(self._catalog, who).need(Scope.KEYS_MANAGE)
        if expires_at is not None and expires_at <= self._clock():
            raise Invalid("invalid_body", "the key would have expired before it is made", pointer="/expires_at")
        if not scopes:
            raise Invalid("invalid_body", "a key needs at least one scope", pointer="/scopes")
        for scope in scopes:
            who.need(scope)
        bound = view.project(project_id).id if project_id is not None else who.project_id
        application = who.application_id
        if application_id is not None:
            chosen = view.application(view.project(bound), application_id)
            if application not in (None, chosen.id):
                raise Forbidden("forbidden", "this key belongs to another application", pointer="/application_id")
            bound, application = chosen.project_id, chosen.id
        text = PREFIX + secrets.token_urlsafe(32)
        words = given(who.categories, categories)
        key = self.record(text, who.organization_id, name, scopes, bound, rate_limit, expires_at, application, words)
        return await self._catalog.save_one(key), text

    def record(
        self,
        text: str,
        organization_id: str,
        name: str,
        scopes: Sequence[Scope],
        project_id: str | None = None,
        rate_limit: float | None = None,
        expires_at: Millis | None = None,
        application_id: str | None = None,
        categories: tuple[str, ...] | None = None,
    ) -> ApiKey:
        """The record of a key with this text, not saved yet."""
        return ApiKey(
            id=self._new_id(),
            organization_id=organization_id,
            name=name,
            digest=digest_of(text),
            hint=text[:_HINT] + "…",
            scopes=tuple(dict.fromkeys(scopes)),
            created_at=self._clock(),
            project_id=project_id,
            rate_limit=rate_limit,
            expires_at=expires_at,
            application_id=application_id,
            categories=categories,
        )

    def list(self, who: Principal) -> list[ApiKey]:
        """The caller's organization's keys (those of their project or application, for a bound one), newest first."""
        who.need(Scope.KEYS_MANAGE)
        return [key for key in reversed(list(self._catalog.all(ApiKey))) if self._manages(who, key)]

    def get(self, who: Principal, key_id: str) -> ApiKey:
        """One key. Raises ``NotFound``."""
        who.need(Scope.KEYS_MANAGE)
        key = self._catalog.seek(ApiKey, key_id)
        if key is None or not self._manages(who, key):
            raise NotFound("not_found", f"there is no key {key_id!r}")
        return key

    @in_turn
    async def revoke(self, who: Principal, key_id: str) -> ApiKey:
        """End a key for good. Raises ``Forbidden`` for the key the call itself is made with."""
        key = self.get(who, key_id)
        if key.id == who.key_id:
            raise Forbidden("forbidden", "a key cannot revoke itself", hint="use another key")
        return await self._catalog.save_one(msgspec.structs.replace(key, revoked_at=self._clock()))

    def has(self, text: str) -> bool:
        """Whether there is, or was, a key of this text."""
        return self._catalog.key(digest_of(text)) is not None

    def by_key(self, text: str) -> Principal:
        """The caller behind a key. Raises ``Unauthenticated`` with the same words for every reason."""
        return self._principal(self._catalog.key(digest_of(text)))

    def by_id(self, key_id: str) -> Principal:
        """The caller with this key, proven otherwise. Raises ``Unauthenticated``."""
        return self._principal(self._catalog.seek(ApiKey, key_id))

    def _principal(self, key: ApiKey | None) -> Principal:
        now = self._clock()
        if key is None or key.revoked_at is not None or (key.expires_at is not None and now >= key.expires_at):
            raise Unauthenticated(
                "unauthenticated", "the API key is not valid", hint="it may be mistyped, revoked or expired"
            )
        principal = self._principals.get(key.digest)
        if principal is None:
            principal = self._principals[key.digest] = Principal(
                key.name, key.organization_id, frozenset(key.scopes), key.project_id, key.id, key.rate_limit,
                key.application_id, key.expires_at,
                categories=None if key.categories is None else frozenset(key.categories),
            )  # fmt: skip
        return principal

    def _manages(self, who: Principal, key: ApiKey) -> bool:
        return (
            key.organization_id == who.organization_id
            and who.project_id in (None, key.project_id)
            and who.application_id in (None, key.application_id)
        )
