"""Topics and their schema versions. A version, once made, never changes; a topic enforces one of them or none."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from eventyard.matching.schema import compile_schema
from eventyard.model.access import Principal, Scope
from eventyard.model.catalog import Project, Source, Subscription, Topic, TopicSchema
from eventyard.model.categories import borne, changed
from eventyard.model.errors import Conflict, Invalid
from eventyard.model.reserved import need_free, need_not_ours
from eventyard.model.retention import FOR_EVER, Retention
from eventyard.pipeline.catalog import Catalog, in_turn
from eventyard.pipeline.projects import changed_fields
from eventyard.pipeline.view import View
from eventyard.ports import Clock


class Topics:
    """What an operator does with topics."""

    def __init__(self, catalog: Catalog, clock: Clock, new_id: Callable[[], str]) -> None:
        self._catalog = catalog
        self._clock = clock
        self._new_id = new_id

    @in_turn
    async def create(
        self,
        who: Principal,
        *,
        project_id: str | None,
        name: str,
        description: str = "",
        schema: Any = None,
        retention: Retention = FOR_EVER,
        categories: Sequence[str] = (),
    ) -> Topic:
        """A new topic, with its first schema version if one is given. Raises ``Conflict``, ``Invalid``, ``Forbidden``
        (``reserved_name``, or for categories that the caller does not hold).
        """
        project = View(self._catalog, who).need(Scope.CATALOG_WRITE).writable(project_id)
        need_free(name)
        retention.check()
        words = borne(who.categories, categories)
        topic = msgspec.structs.replace(
            self.new(project, name, description), retention=retention, categories=words
        )  # fmt: skip
        if schema is None:
            return await self._catalog.save_one(topic)
        compile_schema(schema, at="/schema")
        first = TopicSchema(topic.id, 1, schema, topic.created_at)
        saved = await self._catalog.save(msgspec.structs.replace(topic, schema_version=1), first)
        assert isinstance(saved[0], Topic)
        return saved[0]

    def new(self, project: Project, name: str, description: str = "") -> Topic:
        """A topic record, not saved yet."""
        now = self._clock()
        return Topic(self._new_id(), project.id, name, now, now, description)

    @in_turn
    async def change(self, who: Principal, topic_id: str, changes: Mapping[str, Any]) -> Topic:
        """Change name, description, lock, retention, categories, or which schema version is enforced (``None``: none).

        Raises ``Forbidden`` for categories as ``categories.py`` says.
        """
        topic = View(self._catalog, who).need(Scope.CATALOG_WRITE).get(Topic, topic_id)
        need_not_ours(topic)
        fields = changed_fields(changes)
        need_free(fields.get("name", ""))
        if "categories" in fields:
            fields["categories"] = changed(who.categories, topic.categories, fields["categories"])
        fields.get("retention", FOR_EVER).check()
        version = fields.get("schema_version")
        if version is not None and version not in {s.version for s in self._catalog.schemas(topic.id)}:
            raise Invalid(
                "invalid_body", f"topic {topic.name!r} has no schema version {version}", pointer="/schema_version"
            )
        return await self._catalog.save_one(msgspec.structs.replace(topic, **fields, updated_at=self._clock()))

    @in_turn
    async def add_schema(self, who: Principal, topic_id: str, schema: Any, *, enforce: bool = True) -> TopicSchema:
        """Add the next schema version and, unless told otherwise, enforce it from now on."""
        topic = View(self._catalog, who).need(Scope.CATALOG_WRITE).get(Topic, topic_id)
        need_not_ours(topic)
        compile_schema(schema, at="/schema")
        version = TopicSchema(topic.id, len(self._catalog.schemas(topic.id)) + 1, schema, self._clock())
        records: list[Topic | TopicSchema] = [version]
        if enforce:
            records.append(
                msgspec.structs.replace(topic, schema_version=version.version, updated_at=version.created_at)
            )
        await self._catalog.save(*records)
        return version

    @in_turn
    async def remove(self, who: Principal, topic_id: str) -> None:
        """Remove a topic nobody publishes into or subscribes to. Raises ``Conflict`` (``in_use``)."""
        view = View(self._catalog, who).need(Scope.CATALOG_WRITE)
        topic = view.get(Topic, topic_id)
        need_not_ours(topic)
        source = next((s for s in self._catalog.all(Source) if s.topic_id == topic.id), None)
        if source is not None:
            raise Conflict("in_use", f"source {view.called(source)} publishes into topic {topic.name!r}")
        reader = next((s for s in self._catalog.all(Subscription) if topic.id in s.topic_ids), None)
        if reader is not None:
            raise Conflict("in_use", f"subscription {view.called(reader)} reads topic {topic.name!r}")
        await self._catalog.remove(topic)
