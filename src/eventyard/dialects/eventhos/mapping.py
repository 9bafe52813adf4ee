"""The catalog in eventhos' words: which records are systems, events, actions and contracts, and how they hang together.

system = application, event = source, action = target, contract = subscription; their ids are the records' numbers. What
was made under ``/v1`` carries no label from here: it is shown all the same, and what eventhos wants to know beyond that
is filled in here. What the hub made itself is not shown.
"""

from collections.abc import Mapping
from functools import cached_property
from typing import TypeVar

from eventyard.model.catalog import Application, Project, Source, Subscription, Target
from eventyard.model.identity import Client
from eventyard.model.reserved import is_hub_made, is_reserved
from eventyard.pipeline.view import View

CLASS, TYPE, OPERATION, SYSTEM = "class", "type", "operation", "application"
"""Labels: of a system its class and type, of an event or action its operation, of an action the id of its system."""

HYBRID = "hybrid"
"""The class of a system that was given none: it may publish and subscribe, as every application may."""

REQUEST = "request"
"""The type of the targets that are made as actions."""

Shown = TypeVar("Shown", Application, Source, Subscription, Target)


class Sight:
    """One caller's sight of the project that all of eventhos lives in, for the length of one call."""

    def __init__(self, view: View, project: Project) -> None:
        self.view = view
        self.project = project

    def all(self, kind: type[Shown]) -> list[Shown]:
        """Every record of a kind, oldest first."""
        return [one for one in reversed(self.view.list(kind, self.project)) if _is_shown(one)]

    def find(self, kind: type[Shown], number: int) -> Shown | None:
        """The record with that id, if there is one in this project."""
        record = self.view.catalog.numbered(kind, number)
        if record is None or record.project_id != self.project.id or not _is_shown(record):
            return None
        return record if self.view.sees(record.project_id) and self.view.shows(record) else None

    def system_of(self, record: Source | Target) -> Application:
        """The system of an event or action; that of an action which names none, or one that is gone, is the first."""
        catalog = self.view.catalog
        named = record.application_id if isinstance(record, Source) else record.labels.get(SYSTEM, "")
        found = catalog.seek(Application, named)
        return found if found is not None and self.view.shows(found) else self.view.application(self.project, None)

    def client_of(self, system: Application) -> Client | None:
        """The client whose tokens prove the senders of a system."""
        return self._clients.get(system.id)

    @cached_property
    def _clients(self) -> Mapping[str, Client]:
        """By their application's id."""
        return {one.application_id: one for one in self.view.catalog.all(Client) if one.application_id is not None}

    def event_of(self, contract: Subscription) -> Source | None:
        """The event that a contract is made for: its source, or the only one there is of its topics."""
        catalog = self.view.catalog
        if contract.source_id is not None:
            return catalog.seek(Source, contract.source_id)
        sources = [one for topic_id in contract.topic_ids for one in self._publishers.get(topic_id, ())]
        return sources[0] if len(sources) == 1 else None

    @cached_property
    def _publishers(self) -> Mapping[str, list[Source]]:
        """The events by their topic's id."""
        publishers: dict[str, list[Source]] = {}
        for one in self.all(Source):
            publishers.setdefault(one.topic_id, []).append(one)
        return publishers

    def publishes_alone(self, event: Source) -> bool:
        """Whether nobody else publishes into the topic of an event."""
        return len(self._publishers.get(event.topic_id, ())) == 1

    def action_of(self, contract: Subscription) -> Target | None:
        """The action that a contract drives."""
        found = self.view.catalog.seek(Target, contract.target_id)
        return found if found is not None and self.view.shows(found) else None

    def contracts_of(self, event: Source) -> list[Subscription]:
        """The contracts of an event, in their order; those alike in that, oldest first."""
        found = [one for one in self.all(Subscription) if (of := self.event_of(one)) is not None and of.id == event.id]
        return sorted(found, key=lambda one: one.order or 0)


def _is_shown(record: Application | Source | Subscription | Target) -> bool:
    return not (isinstance(record, Source) and (is_hub_made(record) or is_reserved(record.name)))


def title_of(record: Application | Source | Subscription | Target) -> str:
    """What eventhos calls the name."""
    return record.title or record.name


def relabelled(labels: Mapping[str, str], **given: str | None) -> dict[str, str]:
    """Labels with some of them given anew; ``None`` leaves one as it is, and an empty one goes."""
    changed = {name: value for name, value in given.items() if value is not None}
    return {name: value for name, value in {**labels, **changed}.items() if value or name not in changed}
