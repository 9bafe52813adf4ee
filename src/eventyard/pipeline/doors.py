"""Doors: each source, made ready for the hot path once per configuration change instead of once per event.

A door holds the verifier, the opened secrets and the compiled schemas of its source. It is built when first asked for
after a change, and dropped when its source, topic or application changes.
"""

from collections.abc import Mapping, Sequence
from urllib.parse import quote

from msgspec import Struct

from eventyard.matching.schema import Schema, compile_schema
from eventyard.model.catalog import Application, Project, Record, Source, Topic, TopicSchema
from eventyard.model.errors import Unavailable
from eventyard.model.ids import Millis
from eventyard.model.sealed import Sealed
from eventyard.pipeline.catalog import Catalog
from eventyard.pipeline.vault import Vault
from eventyard.ports import Request, Verified, Verifier

_FOREVER = 1 << 62


class Door(Struct, frozen=True):
    """A source with everything that accepting an event through it takes."""

    source: Source
    uri: str
    """The CloudEvents ``source`` of events that state none."""
    topic: Topic
    project: Project
    application: Application
    verifier: Verifier
    schemas: tuple[Schema, ...]
    secrets: tuple[tuple[str, Millis], ...]
    """Secrets in clear, newest first, each with the moment it stops counting."""
    secrets_until: Millis
    """When the first of the secrets stops counting."""
    live: tuple[str, ...]

    def verify(self, request: Request) -> Verified:
        """Prove the sender. Raises ``Unauthenticated``, or ``Unavailable`` (``signature_misconfigured``)."""
        live = self.live
        if request.now >= self.secrets_until:
            live = tuple(secret for secret, until in self.secrets if request.now < until)
        if self.verifier.needs_secret and not live:
            raise Unavailable(
                "signature_misconfigured",
                f"source {self.source.name!r} wants {self.source.scheme} signatures and has no secret",
                hint="set the source's signature_secret",
            )
        return self.verifier.verify(request, self.source.settings, live)


class Doors:
    """The doors of the catalog's sources, by source id."""

    def __init__(self, catalog: Catalog, vault: Vault, verifiers: Mapping[str, Verifier]) -> None:
        self._catalog = catalog
        self._vault = vault
        self._verifiers = verifiers
        self._doors: dict[str, Door] = {}
        catalog.watch(self._changed)

    def of(self, source_id: str) -> Door:
        """The door of a source. Raises ``NotFound``."""
        door = self._doors.get(source_id)
        if door is None:
            door = self._doors[source_id] = self._build(self._catalog.get(Source, source_id))
        return door

    def _build(self, source: Source) -> Door:
        topic = self._catalog.get(Topic, source.topic_id)
        verifier = self._verifiers.get(source.scheme)
        if verifier is None:
            raise Unavailable(
                "signature_misconfigured",
                f"source {source.name!r} names the scheme {source.scheme!r}, which is not installed",
                hint=f"installed: {', '.join(sorted(self._verifiers))}",
            )
        wanted = self._catalog.topic_schema(topic)
        schemas = [wanted.schema] if wanted is not None else []
        if source.schema is not None:
            schemas.append(source.schema)
        secrets = tuple((self._vault.open(s, source.id), _until(s)) for s in source.secrets)
        return Door(
            source=source,
            uri=uri_of(source),
            topic=topic,
            project=self._catalog.get(Project, source.project_id),
            application=self._catalog.get(Application, source.application_id),
            verifier=verifier,
            schemas=tuple(compile_schema(schema) for schema in schemas),
            secrets=secrets,
            secrets_until=min((until for _, until in secrets), default=_FOREVER),
            live=tuple(secret for secret, _ in secrets),
        )

    def _changed(self, records: Sequence[Record]) -> None:
        if any(isinstance(r, Project | Application | Topic | TopicSchema) for r in records):
            self._doors.clear()
        for record in records:
            if isinstance(record, Source):
                self._doors.pop(record.id, None)


def _until(sealed: Sealed) -> Millis:
    return _FOREVER if sealed.expires_at is None else sealed.expires_at


def uri_of(source: Source) -> str:
    """The CloudEvents ``source`` of what comes in by a source and states none."""
    return f"/sources/{quote(source.name)}"
