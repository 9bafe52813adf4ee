"""Whom dispatch asks about targets and subscriptions: the live catalog, with each target's secrets opened once.

A target's secrets are opened when first needed after a change of its record or the end of one, not per attempt.
"""

from collections.abc import Mapping
from math import inf
from types import MappingProxyType

from msgspec import Struct

from eventyard.model.catalog import Subscription, Target
from eventyard.model.ids import Millis
from eventyard.pipeline.catalog import Catalog
from eventyard.pipeline.vault import Vault
from eventyard.ports import Clock

Secrets = Mapping[str, tuple[str, ...]]
"""Secrets in clear by name, the newest first. Target types see them, and cannot change them."""

_NONE: Secrets = MappingProxyType({})


class _Opened(Struct, frozen=True):
    """The live secrets of a target, from when they were opened ``until`` one of them is over."""

    target: Target
    live: Secrets
    since: Millis
    until: float


class Directory:
    """The ``Directory`` of ``attempt.py``, over a catalog and a vault."""

    def __init__(self, catalog: Catalog, vault: Vault, clock: Clock) -> None:
        self._catalog = catalog
        self._vault = vault
        self._clock = clock
        self._opened: dict[str, _Opened] = {}

    def target(self, number: int) -> Target | None:
        """The target with this journal number, or ``None`` when it is gone."""
        return self._catalog.numbered(Target, number)

    def subscription(self, subscription_id: str) -> Subscription | None:
        """The subscription with this id, or ``None`` when it is gone."""
        return self._catalog.seek(Subscription, subscription_id)

    def secrets(self, target: Target) -> Secrets:
        """The target's live secrets in clear, newest first. Raises ``Unavailable`` (``secret_unreadable``)."""
        if not target.secrets:
            return _NONE
        kept, now = self._opened.get(target.id), self._clock()
        if kept is None or kept.target is not target or not kept.since <= now < kept.until:
            kept = self._opened[target.id] = self._open(target, now)
        return kept.live

    def _open(self, target: Target, now: Millis) -> _Opened:
        living = {
            name: [one for one in secrets if one.expires_at is None or now < one.expires_at]
            for name, secrets in target.secrets.items()
        }
        live = {name: tuple(self._vault.open(one, target.id) for one in secrets) for name, secrets in living.items()}
        ends = (one.expires_at for secrets in living.values() for one in secrets if one.expires_at is not None)
        return _Opened(target, MappingProxyType(live), now, min(ends, default=inf))
