"""Projects and their applications: making, renaming and removing them."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import msgspec

from eventyard.model.access import Principal, Scope
from eventyard.model.catalog import Application, Project, Source, Subscription, Target, Topic
from eventyard.model.categories import borne, changed
from eventyard.model.errors import Conflict, Forbidden, Invalid
from eventyard.model.identity import Client
from eventyard.model.products import ProductState
from eventyard.model.reserved import exchange_of, is_hub_made
from eventyard.model.rules import Rule
from eventyard.pipeline.catalog import WORDS, Catalog, in_turn
from eventyard.pipeline.view import View
from eventyard.ports import Clock


def changed_fields(changes: Mapping[str, Any]) -> dict[str, Any]:
    """The changes as a dict. Raises ``Invalid`` (``empty_patch``) when there are none."""
    if not changes:
        raise Invalid("empty_patch", "the change names no field", hint="name at least one field to change")
    return dict(changes)


class Projects:
    """What an operator does with projects and applications."""

    def __init__(self, catalog: Catalog, clock: Clock, new_id: Callable[[], str]) -> None:
        self._catalog = catalog
        self._clock = clock
        self._new_id = new_id

    @in_turn
    async def create(self, who: Principal, *, name: str, description: str = "") -> Project:
        """A new project with an application ``default``. Raises ``Conflict`` (``duplicate``)."""
        who.need(Scope.CATALOG_WRITE)
        if who.project_id is not None:
            raise Forbidden("forbidden", "a key of one project cannot make another project")
        now = self._clock()
        project = Project(self._new_id(), who.organization_id, name, now, now, description)
        application = Application(self._new_id(), project.id, "default", now, now)
        saved = await self._catalog.save(project, application)
        assert isinstance(saved[0], Project)
        return saved[0]

    @in_turn
    async def change(self, who: Principal, project_id: str, changes: Mapping[str, Any]) -> Project:
        """Rename or redescribe a project."""
        project = View(self._catalog, who).need(Scope.CATALOG_WRITE).project(project_id)
        fields = changed_fields(changes)
        return await self._catalog.save_one(msgspec.structs.replace(project, **fields, updated_at=self._clock()))

    @in_turn
    async def remove(self, who: Principal, project_id: str) -> None:
        """Remove an empty project and its applications. Raises ``Conflict`` (``in_use``) naming what is still in it.

        What the hub made by itself goes along.
        """
        project = View(self._catalog, who).need(Scope.CATALOG_WRITE).project(project_id)
        if who.categories is not None:
            raise Forbidden("forbidden", "a project is not removed by who may see some categories only")
        content: list[Rule | Source | Subscription | Target | Topic] = [
            *self._catalog.all(Rule),
            *self._catalog.all(Source),
            *self._catalog.all(Subscription),
            *self._catalog.all(Target),
            *self._catalog.all(Topic),
        ]
        inside = [record for record in content if record.project_id == project.id]
        left = next((record for record in inside if not is_hub_made(record)), None)
        if left is not None:
            word = WORDS[type(left)]
            raise Conflict("in_use", f"project {project.name!r} still has {word}s", hint=f"remove its {word}s first")
        applications = [a for a in self._catalog.all(Application) if a.project_id == project.id]
        gone = {project.id, *(application.id for application in applications)}
        states = [s for s in self._catalog.all(ProductState) if s.application_id in gone or s.subject_id in gone]
        await self._catalog.change(self._clients_without(gone), [*states, *inside, *applications, project])

    @in_turn
    async def add_application(
        self,
        who: Principal,
        *,
        project_id: str | None,
        name: str,
        title: str = "",
        description: str = "",
        labels: Mapping[str, str] | None = None,
        categories: Sequence[str] = (),
    ) -> Application:
        """A new application in a project. Raises ``Conflict`` (``duplicate``), ``Forbidden`` for others' categories."""
        project = View(self._catalog, who).need(Scope.CATALOG_WRITE).writable(project_id)
        now = self._clock()
        words = borne(who.categories, categories)
        return await self._catalog.save_one(
            Application(self._new_id(), project.id, name, now, now, description, title, labels or {}, categories=words)
        )

    @in_turn
    async def change_application(self, who: Principal, application_id: str, changes: Mapping[str, Any]) -> Application:
        """Change any of name, title, description, labels, categories. Raises ``Forbidden`` (``categories.py``)."""
        application = View(self._catalog, who).need(Scope.CATALOG_WRITE).get(Application, application_id)
        fields = changed_fields(changes)
        if "categories" in fields:
            fields["categories"] = changed(who.categories, application.categories, fields["categories"])
        return await self._catalog.save_one(msgspec.structs.replace(application, **fields, updated_at=self._clock()))

    @in_turn
    async def remove_application(self, who: Principal, application_id: str) -> None:
        """Remove an application nothing belongs to, with its exchange. Raises ``Conflict`` (``in_use``)."""
        view = View(self._catalog, who).need(Scope.CATALOG_WRITE)
        application = view.get(Application, application_id)
        exchange = self._catalog.named(Topic, application.project_id, exchange_of(application))
        records: list[Source | Subscription] = [*self._catalog.all(Source), *self._catalog.all(Subscription)]
        owned = [record for record in records if record.application_id == application.id or _uses(record, exchange)]
        user = next((record for record in owned if not is_hub_made(record)), None)
        if user is not None:
            word = WORDS[type(user)]
            called = view.called(user)
            raise Conflict("in_use", f"{word} {called} belongs to application {application.name!r}")
        along = [record for record in owned if _uses(record, exchange)]
        heirs = self._inherit(application, [record for record in owned if not _uses(record, exchange)])
        states = [state for state in self._catalog.all(ProductState) if state.application_id == application.id]
        topics = [] if exchange is None else [exchange]
        left = [*heirs, *self._clients_without({application.id})]
        await self._catalog.change(left, [*states, *along, *topics, application])

    def _clients_without(self, gone: Collection[str]) -> list[Client]:
        """The clients of applications that go, as they are without them."""
        return [
            msgspec.structs.replace(client, application_id=None)
            for client in self._catalog.all(Client)
            if client.application_id in gone
        ]

    def _inherit(self, application: Application, left: Sequence[Source | Subscription]) -> list[Source | Subscription]:
        """What the hub made in an application's name for the whole project, in the name of its next oldest one."""
        others = (a for a in self._catalog.all(Application) if a.project_id == application.project_id)
        heir = next((other for other in others if other.id != application.id), None)
        if left and heir is None:
            raise Conflict(
                "in_use",
                f"application {application.name!r} is the last one, and the project has streams",
                hint="make another application first, or delete the project",
            )
        return [msgspec.structs.replace(record, application_id=heir.id) for record in left if heir is not None]


def _uses(record: Source | Subscription, topic: Topic | None) -> bool:
    """Whether a source publishes into a topic, or a subscription reads it."""
    topic_ids = (record.topic_id,) if isinstance(record, Source) else record.topic_ids
    return topic is not None and topic.id in topic_ids
