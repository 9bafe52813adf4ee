"""Targets: making, changing and removing what subscriptions drive. A job is a target of type ``job``."""

import base64
import secrets
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from eventyard.model.access import Principal, Scope
from eventyard.model.catalog import Subscription, Target
from eventyard.model.errors import Conflict, Invalid
from eventyard.model.retry import RetryPolicy
from eventyard.model.rules import Rule
from eventyard.pipeline.catalog import Catalog, in_turn
from eventyard.pipeline.projects import changed_fields
from eventyard.pipeline.replies import check_reply_to
from eventyard.pipeline.settings import check_kept, check_settings
from eventyard.pipeline.vault import Vault
from eventyard.pipeline.view import View
from eventyard.ports import Clock, TargetType


class Targets:
    """What an operator does with targets."""

    def __init__(
        self,
        catalog: Catalog,
        vault: Vault,
        target_types: Mapping[str, TargetType],
        clock: Clock,
        new_id: Callable[[], str],
    ) -> None:
        self._catalog = catalog
        self._vault = vault
        self.types = target_types
        self._clock = clock
        self._new_id = new_id

    @in_turn
    async def create(
        self,
        who: Principal,
        *,
        project_id: str | None,
        name: str,
        type_: str,
        settings: Mapping[str, Any] | None = None,
        title: str = "",
        description: str = "",
        labels: Mapping[str, str] | None = None,
        concurrency: int = 16,
        timeout_ms: int = 20_000,
        retry: RetryPolicy | None = None,
    ) -> tuple[Target, dict[str, str]]:
        """A new target, and the secrets that were made for it because none were given: they are told this once.

        Secrets stand among the settings and are sealed here. Raises ``Conflict`` (``duplicate``), ``Invalid``
        (``invalid_settings``).
        """
        project = View(self._catalog, who).need(Scope.CATALOG_WRITE).writable(project_id)
        kind = self._type(type_)
        plain, given = check_settings(kind.settings, settings or {})
        kind.check(plain)
        await kind.examine(plain)
        check_reply_to(View(self._catalog, who), project.id, plain)
        made = {s.name: _new_secret() for s in kind.settings if s.generated and s.name not in given}
        target_id, now = self._new_id(), self._clock()
        target = await self._catalog.save_one(
            Target(
                id=target_id,
                project_id=project.id,
                name=name,
                type=type_,
                created_at=now,
                updated_at=now,
                description=description,
                settings=plain,
                secrets={
                    name: (self._vault.seal(secret, target_id),) for name, secret in (given | made).items() if secret
                },
                concurrency=concurrency,
                timeout_ms=timeout_ms,
                retry=retry or RetryPolicy(),
                title=title,
                labels=labels or {},
            )
        )
        return target, made

    @in_turn
    async def change(self, who: Principal, target_id: str, changes: Mapping[str, Any]) -> Target:
        """Change any of name, title, description, labels, settings (merged; ``null`` clears one), concurrency,
        timeout_ms, retry, enabled. A secret given anew replaces the old one at once; :meth:`rotate_secret` keeps both
        for a while. One that is sent to a URL has to be given anew with another scheme, host or port.
        """
        target = View(self._catalog, who).need(Scope.CATALOG_WRITE).get(Target, target_id)
        fields = changed_fields(changes)
        if "settings" in fields:
            fields["settings"], fields["secrets"] = self._merged(who, target, fields["settings"])
            await self._type(target.type).examine(fields["settings"])
        if "enabled" in fields:
            fields["disabled_reason"] = None if fields["enabled"] else "disabled by an operator"
        return await self._catalog.save_one(msgspec.structs.replace(target, **fields, updated_at=self._clock()))

    @in_turn
    async def rotate_secret(
        self, who: Principal, target_id: str, setting: str, secret: str, keep_old_ms: int
    ) -> Target:
        """Put a new secret in front; for ``keep_old_ms`` more both sign, newest first."""
        target = View(self._catalog, who).need(Scope.CATALOG_WRITE).get(Target, target_id)
        check_settings(self._type(target.type).settings, {setting: secret}, partial=True)
        now = self._clock()
        old = tuple(
            msgspec.structs.replace(s, expires_at=now + keep_old_ms) for s in target.secrets.get(setting, ())[:1]
        )
        secrets = {**target.secrets, setting: (self._vault.seal(secret, target.id), *old)}
        return await self._catalog.save_one(msgspec.structs.replace(target, secrets=secrets, updated_at=now))

    @in_turn
    async def disable(self, target: Target, reason: str) -> None:
        """Switch a target off for the hub's own reasons (it answered 410), and say why; one that is gone stays gone."""
        found = self._catalog.seek(Target, target.id)
        if found is not None and found.enabled:
            await self._catalog.save_one(
                msgspec.structs.replace(found, enabled=False, disabled_reason=reason, updated_at=self._clock())
            )

    @in_turn
    async def remove(self, who: Principal, target_id: str) -> None:
        """Remove a target that no rule and no subscription drives or has told. Raises ``Conflict`` (``in_use``)."""
        target = View(self._catalog, who).need(Scope.CATALOG_WRITE).get(Target, target_id)
        rule = next((r for r in self._catalog.all(Rule) if r.target_id == target.id), None)
        if rule is not None:
            raise Conflict("in_use", f"rule {rule.name!r} tells target {target.name!r}", hint="change the rule first")
        user = next((s for s in self._catalog.all(Subscription) if s.target_id == target.id), None)
        if user is not None:
            raise Conflict(
                "in_use",
                f"subscription {user.name!r} drives target {target.name!r}",
                hint="remove the subscription first",
            )
        user = next((s for s in self._catalog.all(Subscription) if s.notify == target.id), None)
        if user is not None:
            told = f"target {target.name!r} tells that something waits for subscription {user.name!r}"
            raise Conflict("in_use", told, hint="change the subscription first")
        await self._catalog.remove(target)

    def _merged(
        self, who: Principal, target: Target, given: Mapping[str, Any]
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        kind = self._type(target.type)
        plain, secrets = check_settings(kind.settings, given, partial=True)
        kept = {name: value for name, value in target.settings.items() if given.get(name, value) is not None}
        merged, _ = check_settings(kind.settings, {**kept, **plain})
        kind.check(merged)
        check_kept(kind.settings, target.settings, merged, target.secrets.keys() - secrets.keys())
        check_reply_to(View(self._catalog, who), target.project_id, plain)
        sealed = dict(target.secrets)
        for name, secret in secrets.items():
            sealed.pop(name, None)
            if secret:
                sealed[name] = (self._vault.seal(secret, target.id),)
        return merged, sealed

    def _type(self, name: str) -> TargetType:
        kind = self.types.get(name)
        if kind is None:
            raise Invalid(
                "invalid_settings",
                f"there is no target type {name!r}",
                pointer="/type",
                hint=f"target types here: {', '.join(sorted(self.types))}",
            )
        return kind


def _new_secret() -> str:
    """A signing secret as Standard Webhooks 1.0.0 wants it."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
