"""Announce: what happens to the hub's own catalog, told as events of entities, so that who listens stays in step.

Sources, topics, subscriptions, targets and applications are told of on the exchange of their project; applications and
what belongs to one on that application's exchange as well. An event is committed in the transaction of the change it
tells of: none is lost when the process dies, and none tells of what did not happen.

An exchange comes to life when somebody first listens or publishes there (``publish.py``). Until then nobody could have
heard, and the journal of a hub without streams holds no word of this. What the hub makes itself is never told of.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Raw

from eventyard.model.catalog import Application, Project, Record, Source, Subscription, Target, Topic
from eventyard.model.reserved import is_hub_made
from eventyard.model.sealed import Sealed
from eventyard.pipeline.accept import Acceptor
from eventyard.pipeline.arrivals import Arrival
from eventyard.pipeline.catalog import Catalog, Commit
from eventyard.pipeline.entities import EntityChange, Happening, Place, actor_of, entity_event
from eventyard.pipeline.publish import Publishing
from eventyard.ports import Clock
from eventyard.wire.rfc3339 import format_millis

Told = Source | Topic | Subscription | Target | Application

TYPES: Mapping[type[Any], str] = {
    Source: "sources", Topic: "topics", Subscription: "subscriptions", Target: "targets", Application: "applications",
}  # fmt: skip
"""What is told of, and as which type of entity."""

_UNTOLD = ("number", "secrets", "exchange")


class Announcer:
    """Commits each change of the catalog with the events that tell of it. ``app.py`` puts it into the catalog."""

    def __init__(self, catalog: Catalog, publishing: Publishing, acceptor: Acceptor, clock: Clock) -> None:
        self._catalog = catalog
        self._publishing = publishing
        self._acceptor = acceptor
        self._clock = clock

    async def __call__(self, saved: Sequence[Record], removed: Sequence[Record], commit: Commit) -> None:
        """See ``catalog.Announcer``."""
        arrivals = [
            arrival for record, change in self._changes(saved, removed) for arrival in self._tell(record, change)
        ]
        if arrivals:
            await self._acceptor.accept_within(arrivals, commit)
        else:
            await commit(())

    def _changes(self, saved: Sequence[Record], removed: Sequence[Record]) -> Iterator[tuple[Told, EntityChange]]:
        for record in saved:
            if isinstance(record, Told) and not is_hub_made(record):
                before = self._catalog.seek(type(record), record.id)
                if before is None:
                    yield record, _change(record, Happening.CREATE)
                elif changed := changed_fields(before, record):
                    yield record, _change(record, Happening.UPDATE, changed)
        for record in removed:
            if isinstance(record, Told) and not is_hub_made(record):
                yield record, _change(record, Happening.DELETE)

    def _tell(self, record: Told, change: EntityChange) -> Iterator[Arrival]:
        """The events that tell of a change, one for each exchange that is alive."""
        actor = actor_of(self._catalog.acting)
        for place in self._places(record):
            door = self._publishing.find(place.project, place.topic)
            if door is not None:
                event = entity_event(change, place, actor, self._publishing.new_id(), self._clock())
                yield Arrival(door, event, well_formed=True)

    def _places(self, record: Told) -> Iterator[Place]:
        project = self._catalog.seek(Project, record.project_id)
        if project is None:
            return  # both are being made
        yield Place(project)
        application: Application | None = None
        if isinstance(record, Application):
            application = record
        elif isinstance(record, Source | Subscription):
            application = self._catalog.seek(Application, record.application_id)
        if application is not None:
            yield Place(project, application)


def _change(record: Told, happening: Happening, changed: tuple[str, ...] | None = None) -> EntityChange:
    return EntityChange(TYPES[type(record)], record.id, happening, Raw(msgspec.json.encode(state_of(record))), changed)


def state_of(record: Told) -> dict[str, Any]:
    """A record as the API shows it, without any secret and without what is not the record's own."""
    state = {name: getattr(record, name) for name in record.__struct_fields__ if name not in _UNTOLD}
    for moment in ("created_at", "updated_at"):
        state[moment] = format_millis(state[moment])
    if isinstance(record, Target):
        state["settings"] = {**record.settings, **{name: {"set": True} for name in record.secrets}}
    return state


def changed_fields(before: Told, after: Told) -> tuple[str, ...]:
    """The names of the fields that differ, by their names in the API; a new secret counts, and is not told."""
    was, is_ = state_of(before), state_of(after)
    changed = [name for name in is_ if name != "updated_at" and was[name] != is_[name]]
    if isinstance(after, Source | Target) and _sealed(before) != _sealed(after):
        secrets = "secrets" if isinstance(after, Source) else "settings"
        changed += [secrets] if secrets not in changed else []
    return tuple(changed)


def _sealed(record: Told) -> "tuple[Sealed, ...] | Mapping[str, tuple[Sealed, ...]] | None":
    return getattr(record, "secrets", None)
