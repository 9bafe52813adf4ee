"""Entries put into a hub's memory as they are wanted, ids and times and all, and the same as they are read."""

from eventyard.model.journal import Entry, HistoryLine
from eventyard.model.lifecycle import Descendants, Kind, Status
from eventyard.model.outcome import Counts
from eventyard.stores.family import Family, lived
from eventyard.stores.memory_search import Kept
from eventyard.testing import builders
from eventyard.wire.rfc3339 import parse


def lines(*told):
    """A history, of (time, status, comment)."""
    return [HistoryLine(parse(at), status, comment) for at, status, comment in told]


def place(yard, entry_id, history, *, created_at=None, parent_id=None, kind=Kind.SUBSCRIPTION, run_id=None, **fields):
    """Put an entry under an id. Without a topic, and with those names that are given by their numbers."""
    life = lived(history)
    entry = Kept(
        id=entry_id,
        kind=kind,
        project=yard.project.number,
        application=fields.get("application", 0),
        topic=fields.get("topic", 0),
        name=fields.get("name", 0),
        event=builders.event(id=f"event-{entry_id}"),
        created_at=history[0].at if created_at is None else parse(created_at),
        completed_at=life.completed_at,
        delayed_ms=life.delayed_ms,
        history=history,
        parent_id=parent_id,
        family=Family(),
        attempts={},
        counts=Counts(*fields.get("counts", ())),
        run_id=run_id,
    )
    entries = yard.store._entries
    if parent_id in entries:
        entries[parent_id].family.moved(None, life.status)
    entries[entry_id] = entry
    in_order = sorted(entries.items())
    entries.clear()
    entries.update(in_order)


async def named(yard, application, topics, names):
    """Numbers of an application, topics, and sources or subscriptions of these names, by name."""
    project = yard.project
    owned = {"project_id": project.id}
    made = builders.application(application, **owned)
    records = [made, *(builders.topic(name, **owned) for name in topics)]
    within = {**owned, "application_id": made.id}
    records += [builders.source(name, topic_id=records[1].id, **within) for name in names]
    saved = await yard.hub.catalog.save(*records)
    return {type(record).__name__ + " " + record.name: record.number for record in saved}


def read(kind=Kind.PUBLICATION, **fields):
    """An entry as it is read, by itself."""
    given = {
        "id": 7, "kind": kind, "status": Status.PROCESSING, "project_id": "p", "application_id": None,
        "application": None, "topic_id": None, "topic": None, "name_id": None, "name": None, "event_id": "e",
        "parent_id": None, "created_at": parse("2026-01-02T03:04:05.678Z"), "completed_at": None, "delayed_ms": 0,
        "descendants": Descendants.NONE, "counts": Counts(), "run_id": None,
    }  # fmt: skip
    return Entry(**given | fields)
