"""The entries that the in-memory store keeps of another system's past. ``sql/adopt.py`` says the same to a database."""

from eventyard.model.ids import EntryId
from eventyard.model.lifecycle import Kind
from eventyard.model.past import Past, PastDelivery
from eventyard.stores.family import NO_TOPIC, Family, lived
from eventyard.stores.memory_catalog import MemoryCatalog
from eventyard.stores.memory_search import Kept


def adopted(one: Past, source: int, first: EntryId, catalog: MemoryCatalog) -> list[Kept]:
    """The publication, whose id is ``first`` and whose source has the number ``source``, and its deliveries."""
    life = lived(one.history)
    publication = Kept(
        id=first,
        kind=Kind.PUBLICATION,
        project=one.project.number,
        application=catalog.remembered(one.application),
        topic=NO_TOPIC,
        name=source,
        event=one.event,
        created_at=one.history[0].at,
        completed_at=life.completed_at,
        delayed_ms=life.delayed_ms,
        history=list(one.history),
        family=Family(),
        attempts={},
    )
    made = [publication]
    for entry_id, delivery in enumerate(one.deliveries, start=first + 1):
        made.append(_delivery(publication, EntryId(entry_id), delivery, catalog))
        publication.family.moved(None, made[-1].status)
    return made


def _delivery(publication: Kept, entry_id: EntryId, delivery: PastDelivery, catalog: MemoryCatalog) -> Kept:
    life = lived(delivery.history)
    return Kept(
        id=entry_id,
        kind=Kind.SUBSCRIPTION,
        project=publication.project,
        application=catalog.remembered(delivery.application),
        topic=NO_TOPIC,
        name=catalog.remembered(delivery.subscription),
        event=publication.event,
        created_at=delivery.history[0].at,
        completed_at=life.completed_at,
        delayed_ms=life.delayed_ms,
        history=list(delivery.history),
        parent_id=publication.id,
        target=catalog.remembered(delivery.target),
        family=Family(),
        attempts={attempt.number: attempt for attempt in delivery.attempts},
    )
