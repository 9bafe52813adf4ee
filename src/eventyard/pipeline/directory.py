"""Whom dispatch asks about targets and subscriptions: the live catalog, with each target's secrets opened once.

A target's secrets are opened when first needed after a change of its record, not per attempt.
"""

from collections.abc import Mapping

from eventyard.model.catalog import Subscription, Target
from eventyard.model.ids import Millis
from eventyard.pipeline.catalog import Catalog
from eventyard.pipeline.vault import Vault
from eventyard.ports import Clock

_Opened = dict[str, tuple[tuple[str, Millis | None], ...]]


class Directory:
    """The ``Directory`` of ``attempt.py``, over a catalog and a vault."""

    def __init__(self, catalog: Catalog, vault: Vault, clock: Clock) -> None:
        self._catalog = catalog
        self._vault = vault
        self._clock = clock
        self._opened: dict[str, tuple[Target, _Opened]] = {}

    def target(self, number: int) -> Target | None:
        """The target with this journal number, or ``None`` when it is gone."""
        return self._catalog.numbered(Target, number)

    def subscription(self, subscription_id: str) -> Subscription | None:
        """The subscription with this id, or ``None`` when it is gone."""
        return self._catalog.seek(Subscription, subscription_id)

    def secrets(self, target: Target) -> Mapping[str, tuple[str, ...]]:
        """The target's live secrets in clear, newest first. Raises ``Unavailable`` (``secret_unreadable``)."""
        if not target.secrets:
            return {}
        kept = self._opened.get(target.id)
        if kept is None or kept[0] is not target:
            opened = {
                name: tuple((self._vault.open(sealed, target.id), sealed.expires_at) for sealed in secrets)
                for name, secrets in target.secrets.items()
            }
            kept = self._opened[target.id] = (target, opened)
        now = self._clock()
        return {
            name: tuple(secret for secret, until in secrets if until is None or now < until)
            for name, secrets in kept[1].items()
        }
