from eventyard.model.ids import EntryId
from eventyard.model.lifecycle import Descendants, Status
from eventyard.stores.memory_catalog import MemoryCatalog
from eventyard.stores.memory_past import adopted
from eventyard.testing import builders as b


def test_a_past_is_a_publication_followed_by_its_deliveries() -> None:
    catalog, scene = MemoryCatalog(), b.scene()
    failed = (b.line(Status.PROCESSING), b.line(Status.ERROR, at=b.NOW + 5))
    past = scene.past("1", deliveries=[scene.past_delivery(), scene.past_delivery(failed, [b.attempt()])])
    publication, first, second = adopted(past, scene.source.number, EntryId(7), catalog)
    assert [entry.id for entry in (publication, first, second)] == [7, 8, 9]
    assert (publication.topic, publication.name) == (0, scene.source.number)
    assert publication.family.descendants is Descendants.ERROR
    assert (first.parent_id, first.completed_at, second.completed_at) == (7, b.NOW, b.NOW + 5)
    assert second.attempts == {1: b.attempt()}
