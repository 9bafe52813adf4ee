"""Sources: making, changing and removing the doors that events come in by."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from eventyard.matching.schema import compile_schema
from eventyard.model.access import Principal, Scope
from eventyard.model.catalog import Record, Source, Subscription, Topic
from eventyard.model.errors import Conflict, Invalid
from eventyard.model.reserved import INTERNAL, need_free, need_not_ours
from eventyard.model.sealed import Sealed
from eventyard.pipeline.catalog import Catalog, in_turn
from eventyard.pipeline.projects import changed_fields
from eventyard.pipeline.settings import check_settings
from eventyard.pipeline.topics import Topics
from eventyard.pipeline.vault import Vault
from eventyard.pipeline.view import View
from eventyard.ports import Clock, Verifier


class Sources:
    """What an operator does with sources."""

    def __init__(
        self,
        catalog: Catalog,
        topics: Topics,
        vault: Vault,
        verifiers: Mapping[str, Verifier],
        clock: Clock,
        new_id: Callable[[], str],
    ) -> None:
        self._catalog = catalog
        self._topics = topics
        self._vault = vault
        self.verifiers = verifiers
        self._clock = clock
        self._new_id = new_id

    @in_turn
    async def create(
        self,
        who: Principal,
        *,
        project_id: str | None,
        name: str,
        title: str = "",
        description: str = "",
        labels: Mapping[str, str] | None = None,
        schema: Any = None,
        enabled: bool = True,
        scheme: str = "none",
        settings: Mapping[str, Any] | None = None,
        secret: str | None = None,
        topic: str | None = None,
        application: str | None = None,
    ) -> Source:
        """A new source. Without a ``topic`` (id or name) it gets one of its own name, made with it.

        Raises ``Conflict`` (``duplicate``, or ``topic_locked``), ``Invalid`` (``invalid_schema``,
        ``invalid_settings``), ``NotFound``, ``Forbidden`` (``reserved_name``).
        """
        view = View(self._catalog, who).need(Scope.CATALOG_WRITE)
        project = view.writable(project_id)
        need_free(name)
        if self._catalog.named(Source, project.id, name) is not None:
            raise Conflict(
                "duplicate", f"project {project.name!r} has a source {name!r} already", pointer="/name",
                hint="choose another name, or change the source that has this one",
            )  # fmt: skip
        if schema is not None:
            compile_schema(schema, at="/schema")
        verifier = self._verifier(scheme)
        plain, _ = check_settings(verifier.settings, settings or {})
        if secret:
            verifier.check(secret)
        records: list[Record] = []
        if topic is None:
            channel = self._catalog.named(Topic, project.id, name)
            if channel is None:
                channel = self._topics.new(project, name)
                records.append(channel)
            else:
                view.get(Topic, channel.id)
        else:
            channel = view.named(Topic, project, topic, at="/topic")
        if channel.locked:
            raise Conflict(
                "topic_locked", f"topic {channel.name!r} is locked", pointer="/topic", hint="unlock the topic first"
            )
        now = self._clock()
        source_id = self._new_id()
        source = Source(
            id=source_id,
            project_id=project.id,
            application_id=view.application(project, application).id,
            topic_id=channel.id,
            name=name,
            created_at=now,
            updated_at=now,
            description=description,
            schema=schema,
            enabled=enabled,
            scheme=scheme,
            settings=plain,
            secrets=(self._vault.seal(secret, source_id),) if secret else (),
            title=title,
            labels=labels or {},
        )
        saved = (await self._catalog.save(*records, source))[-1]
        assert isinstance(saved, Source)
        return saved

    @in_turn
    async def change(self, who: Principal, source_id: str, changes: Mapping[str, Any]) -> Source:
        """Change any of name, title, description, labels, schema, enabled, scheme, settings, secret.

        An empty secret clears it. Who operates may enable and disable, too.
        """
        source = View(self._catalog, who).operating(changes, "enabled").get(Source, source_id)
        need_not_ours(source)
        fields = changed_fields(changes)
        need_free(fields.get("name", ""))
        if fields.get("schema") is not None:
            compile_schema(fields["schema"], at="/schema")
        if "secret" in fields:
            secret = fields.pop("secret")
            if secret:
                self._verifier(fields.get("scheme", source.scheme)).check(secret)
            fields["secrets"] = (self._vault.seal(secret, source.id),) if secret else ()
        elif fields.get("scheme", source.scheme) != source.scheme:
            self._need_usable(source, fields["scheme"])
        if "scheme" in fields or "settings" in fields:
            verifier = self._verifier(fields.get("scheme", source.scheme))
            known = {setting.name for setting in verifier.settings}
            kept = {name: value for name, value in source.settings.items() if name in known}
            fields["settings"], _ = check_settings(verifier.settings, {**kept, **fields.get("settings", {})})
        return await self._catalog.save_one(msgspec.structs.replace(source, **fields, updated_at=self._clock()))

    @in_turn
    async def rotate_secret(self, who: Principal, source_id: str, secret: str, keep_old_ms: int) -> Source:
        """Put a new secret in front; the one before it counts for ``keep_old_ms`` more, any older one no longer."""
        source = View(self._catalog, who).need(Scope.CATALOG_WRITE).get(Source, source_id)
        need_not_ours(source)
        self._verifier(source.scheme).check(secret)
        now = self._clock()
        secrets = (self._vault.seal(secret, source.id), *_retiring(source.secrets, now + keep_old_ms))
        return await self._catalog.save_one(msgspec.structs.replace(source, secrets=secrets, updated_at=now))

    @in_turn
    async def remove(self, who: Principal, source_id: str, *, along: bool = True) -> None:
        """Remove a source, and the subscriptions made on it along with it. Its journal entries stay.

        Unless they may go along, raises ``Conflict`` (``in_use``) while there are any.
        """
        source = View(self._catalog, who).need(Scope.CATALOG_WRITE).get(Source, source_id)
        need_not_ours(source)
        made = self.subscriptions(source)
        if made and not along:
            raise Conflict(
                "in_use",
                f"subscription {made[0].name!r} is made on source {source.name!r}",
                hint="remove the subscription first",
            )
        await self._catalog.remove(*made, source)

    def subscriptions(self, source: Source) -> list[Subscription]:
        """The subscriptions made on a source, oldest first."""
        return [s for s in self._catalog.all(Subscription) if s.source_id == source.id]

    def _need_usable(self, source: Source, scheme: str) -> None:
        """Raise ``Invalid`` (``invalid_settings``) where the secrets that a source has are none for another scheme."""
        verifier, now = self._verifier(scheme), self._clock()
        if not verifier.needs_secret:
            return
        for sealed in source.secrets:
            if sealed.expires_at is None or now < sealed.expires_at:
                verifier.check(self._vault.open(sealed, source.id))

    def _verifier(self, scheme: str) -> Verifier:
        verifier = None if scheme == INTERNAL else self.verifiers.get(scheme)
        if verifier is None:
            why = "the hub's own" if scheme == INTERNAL else "not there"
            raise Invalid(
                "invalid_settings",
                f"the verification scheme {scheme!r} is {why}",
                pointer="/scheme",
                hint=f"schemes here: {', '.join(sorted(self.verifiers.keys() - {INTERNAL}))}",
            )
        return verifier


def _retiring(secrets: tuple[Sealed, ...], until: int) -> tuple[Sealed, ...]:
    """The newest of the old secrets, with an end; two live secrets are the most there are."""
    if not secrets:
        return ()
    end = until if secrets[0].expires_at is None else min(until, secrets[0].expires_at)
    return (Sealed(secrets[0].box, end),)
