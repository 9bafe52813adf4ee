"""The keys that tokens are signed with: made when first needed, sealed by the vault, replaced with an overlap.

What a retired key signed counts until it expires, so its public half stays published that long.
"""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from eventyard.model.access import Principal, Scope
from eventyard.model.catalog import Record
from eventyard.model.identity import SigningKey
from eventyard.model.ids import Millis
from eventyard.pipeline.catalog import Catalog, in_turn
from eventyard.pipeline.vault import Vault
from eventyard.ports import Clock
from eventyard.wire.jwt import Key, jwk_of, key_of, new_key, shared_key

LONGEST_MS: Millis = 24 * 3_600_000
"""The longest that a token with an end counts."""

ES256, HS256 = "ES256", "HS256"


class SigningKeys:
    """The keys of every organization."""

    def __init__(self, catalog: Catalog, vault: Vault, clock: Clock, new_id: Callable[[], str]) -> None:
        self._catalog = catalog
        self._vault = vault
        self._clock = clock
        self._new_id = new_id
        self._public: dict[str, Key] = {}
        self._private: dict[str, Key] = {}
        catalog.watch(self._follow)

    def _follow(self, records: Sequence[Record]) -> None:
        if any(isinstance(record, SigningKey) for record in records):
            self._public.clear()
            self._private.clear()

    async def current(self, organization_id: str) -> Key:
        """The key that signs now. Raises ``Unavailable`` (``secret_unreadable``, or what the store raises)."""
        record = self._signing(organization_id) or await self._make(organization_id)
        key = self._private.get(record.id)
        if key is None:
            text = self._vault.open(record.private, record.id)
            key = self._private[record.id] = key_of(msgspec.json.decode(text))
        return key

    def known(self, key_id: str) -> Key | None:
        """What verifies the tokens that the key of this id signed."""
        record = self._catalog.seek(SigningKey, key_id)
        if record is None or self._is_over(record):
            return None
        key = self._public.get(key_id)
        if key is None:
            key = self._public[key_id] = self._verifying(record)
        return key

    def imported(self) -> list[Key]:
        """The shared secrets of other systems, whose tokens name no key."""
        records = (record for record in self._catalog.all(SigningKey) if record.algorithm == HS256)
        return [key for record in records if (key := self.known(record.id)) is not None]

    def published(self) -> list[dict[str, Any]]:
        """The public halves, as JSON Web Keys."""
        records = self._catalog.all(SigningKey)
        return [msgspec.json.decode(r.public) for r in records if r.public and not self._is_over(r)]

    @in_turn
    async def rotate(self, who: Principal) -> SigningKey:
        """A new key signs from now on. Removes those whose tokens have all expired."""
        who.need(Scope.ADMIN)
        own = [r for r in self._catalog.all(SigningKey) if r.organization_id == who.organization_id]
        now = self._clock()
        retired = [
            msgspec.structs.replace(record, retired_at=now)
            for record in own
            if record.algorithm == ES256 and record.retired_at is None
        ]
        fresh = self._fresh(who.organization_id)
        await self._catalog.change([*retired, fresh], [record for record in own if self._is_over(record)])
        return fresh

    def record(self, organization_id: str, secret: str) -> SigningKey:
        """The record of another system's shared secret, not saved yet."""
        key_id = self._new_id()
        return SigningKey(key_id, organization_id, HS256, self._vault.seal(secret, key_id), self._clock())

    @in_turn
    async def _make(self, organization_id: str) -> SigningKey:
        record = self._signing(organization_id)  # somebody else may have made it meanwhile
        return record or await self._catalog.save_one(self._fresh(organization_id))

    def _fresh(self, organization_id: str) -> SigningKey:
        key = new_key(self._new_id())
        private, public = (msgspec.json.encode(jwk_of(half)).decode() for half in (key, key.public))
        return SigningKey(
            key.id, organization_id, ES256, self._vault.seal(private, key.id), self._clock(), public=public
        )

    def _signing(self, organization_id: str) -> SigningKey | None:
        for record in self._catalog.all(SigningKey):
            if (record.organization_id, record.algorithm, record.retired_at) == (organization_id, ES256, None):
                return record
        return None

    def _verifying(self, record: SigningKey) -> Key:
        if record.algorithm == HS256:
            return shared_key(record.id, self._vault.open(record.private, record.id))
        return key_of(msgspec.json.decode(record.public))

    def _is_over(self, record: SigningKey) -> bool:
        return record.retired_at is not None and self._clock() >= record.retired_at + LONGEST_MS
