"""The catalog as one caller may see it: every lookup of the front doors is scoped here, and nowhere else.

What lies in another organization, or outside a key's project, does not exist for the caller: the answer is the same
``not_found`` as for an id that was never given. So it is, for a key of one application, with the topic that tells of
another one, and what it told; and, for who holds some categories, with what bears others only (``sight.py``).
"""

from collections.abc import Iterable
from typing import TypeVar

from eventyard.model.access import Principal, Scope
from eventyard.model.catalog import Application, Organization, Project, Source, Subscription, Target, Topic
from eventyard.model.errors import Forbidden, Invalid, NotFound
from eventyard.model.journal import Entry, Seen
from eventyard.model.reserved import APPLICATION
from eventyard.model.rules import Rule
from eventyard.pipeline.catalog import WORDS, Catalog

Owned = TypeVar("Owned", Application, Topic, Source, Subscription, Target, Rule)
"""Kinds that belong to a project, within which their names are unique."""


class View:
    """One principal's sight of the catalog."""

    def __init__(self, catalog: Catalog, principal: Principal) -> None:
        self.catalog = catalog
        self.principal = principal

    def need(self, scope: Scope) -> "View":
        """The view itself, once the caller proved to hold the scope."""
        self.principal.need(scope)
        return self

    def operating(self, changes: Iterable[str], mode: str) -> "View":
        """The view itself, for a change of the catalog; one of the mode alone is a matter of operating, too."""
        operates = list(changes) == [mode] and self.principal.may(Scope.EVENTS_MANAGE)
        return self.need(Scope.EVENTS_MANAGE if operates else Scope.CATALOG_WRITE)

    def organization(self) -> Organization:
        """The caller's organization."""
        return self.catalog.get(Organization, self.principal.organization_id)

    def projects(self) -> list[Project]:
        """Every project the caller may see, in the order they were made."""
        bound = self.principal.project_id
        return [
            project
            for project in self.catalog.all(Project)
            if project.organization_id == self.principal.organization_id and bound in (None, project.id)
        ]

    def project(self, id_or_name: str | None) -> Project:
        """The project named, or the only one there is for this caller.

        Raises ``NotFound``, or ``Invalid`` (``no_project``) when none is named and several could be meant.
        """
        seen = self.projects()
        if id_or_name is None:
            if len(seen) == 1:
                return seen[0]
            raise Invalid(
                "no_project",
                "the call needs a project and names none",
                pointer="project_id",
                hint="give project_id; GET /v1/projects lists the projects of this key",
            )
        for project in seen:
            if project.id == id_or_name:
                return project
        for project in seen:
            if project.name == id_or_name:
                return project
        raise NotFound("not_found", f"there is no project {id_or_name!r}", pointer="project_id")

    def writable(self, id_or_name: str | None) -> Project:
        """As :meth:`project`, for making things in it: another project than the key's own is ``Forbidden``."""
        bound = self.principal.project_id
        if bound is not None and id_or_name is not None:
            other = self.catalog.seek(Project, id_or_name)
            if other is not None and other.id != bound and other.organization_id == self.principal.organization_id:
                raise Forbidden("forbidden", "this key belongs to another project", pointer="/project_id")
        return self.project(id_or_name)

    def scope(self, id_or_name: str | None) -> tuple[int, ...]:
        """The journal numbers of the projects a search may look into: the one named, or all the caller sees."""
        if id_or_name is not None:
            return (self.project(id_or_name).number,)
        return tuple(project.number for project in self.projects())

    def get(self, kind: type[Owned], record_id: str) -> Owned:
        """A record in one of the caller's projects, by id."""
        record = self.catalog.get(kind, record_id)
        if not self.sees(record.project_id) or not self.shows(record):
            raise NotFound("not_found", f"there is no {WORDS[kind]} {record_id!r}")
        return record

    def reach(
        self,
        kind: type[Owned],
        id_or_name: str,
        project_id: str | None,
        word: str | None = None,
        *,
        at: str | None = None,
    ) -> Owned:
        """A record in any of the caller's projects by its id, or by its name in the one named, or the only one.

        Raises ``NotFound``, in the same words for what is not there and what the caller may not see; ``word`` and
        ``at`` as for :meth:`named`.
        """
        record = self.catalog.seek(kind, id_or_name)
        if record is not None and self.sees(record.project_id) and self.shows(record):
            return record
        try:
            return self.named(kind, self.project(project_id), id_or_name, word, at=at)
        except Invalid:
            message = f"there is no {word or WORDS[kind]} {id_or_name!r}"
            raise NotFound("not_found", message, pointer=at, hint="a name needs its project: project_id") from None

    def sees(self, project_id: str) -> bool:
        """Whether a project is within the caller's sight."""
        project = self.catalog.seek(Project, project_id)
        return (
            project is not None
            and project.organization_id == self.principal.organization_id
            and self.principal.project_id in (None, project_id)
        )

    def knows(self, topic: str | None) -> bool:
        """Whether the caller may know of a topic of that name: it does not tell of another application than theirs."""
        own = self.principal.application_id
        return own is None or topic is None or not topic.startswith(APPLICATION) or topic == APPLICATION + own

    def seen(self) -> Seen | None:
        """What a search may find, by the caller's categories; ``None``: everything."""
        held = self.principal.categories
        return None if held is None else self.catalog.sight(held).seen

    def shows_entry(self, entry: Entry) -> bool:
        """Whether an entry is within the caller's sight."""
        held = self.principal.categories
        return self.sees(entry.project_id) and (held is None or self.catalog.sight(held).shows_entry(entry))

    def shows(self, record: Application | Topic | Source | Subscription | Target | Rule) -> bool:
        """Whether a record of a project within sight is there for the caller."""
        held = self.principal.categories
        if held is not None and not self.catalog.sight(held).shows(record):
            return False
        if self.principal.application_id is None:
            return True
        topic = self.catalog.seek(Topic, record.topic_id) if isinstance(record, Source) else record
        return not isinstance(topic, Topic) or self.knows(topic.name)

    def called(self, record: Source | Subscription) -> str:
        """How a refusal names a record; one that is not there for the caller has no name."""
        return repr(record.name) if self.shows(record) else "that is out of sight"

    def list(self, kind: type[Owned], project: Project) -> list[Owned]:
        """A project's records of a kind, newest first."""
        found = [one for one in self.catalog.all(kind) if one.project_id == project.id and self.shows(one)]
        found.reverse()
        return found

    def named(
        self, kind: type[Owned], project: Project, id_or_name: str, word: str | None = None, *, at: str | None = None
    ) -> Owned:
        """A record of a project by its id or its name; ``word`` is what the caller calls its kind, if otherwise.

        Raises ``NotFound``, pointing ``at`` where it is named.
        """
        record = self.catalog.seek(kind, id_or_name)
        if record is None or record.project_id != project.id:
            record = self.catalog.named(kind, project.id, id_or_name)
        if record is not None and self.shows(record):
            return record
        message = f"there is no {word or WORDS[kind]} {id_or_name!r} in project {project.name!r}"
        raise NotFound("not_found", message, pointer=at)

    def application(self, project: Project, id_or_name: str | None) -> Application:
        """The application named, or the project's first (``default`` on a fresh project)."""
        if id_or_name is not None:
            return self.named(Application, project, id_or_name)
        for application in self.catalog.all(Application):
            if application.project_id == project.id and self.shows(application):
                return application
        raise NotFound(
            "not_found", f"project {project.name!r} has no application yet", hint="POST /v1/applications first"
        )
