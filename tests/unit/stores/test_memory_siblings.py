from eventyard.model.ids import EntryId
from eventyard.model.journal import Delayed, Delaying, HistoryLine, Sibling
from eventyard.model.lifecycle import Kind, Status
from eventyard.stores.family import Family
from eventyard.stores.memory_catalog import Name
from eventyard.stores.memory_search import Kept
from eventyard.stores.memory_siblings import delayed, delaying, siblings
from eventyard.stores.records import NameKind
from eventyard.testing import builders as b

NAMES = {6: Name(NameKind.SUBSCRIPTION, "nightly", "nightly")}


def kept(entry_id: int, status: Status, parent: int | None = 1) -> Kept:
    return Kept(
        id=EntryId(entry_id), kind=Kind.SUBSCRIPTION, project=1, application=2, topic=3, name=6, event=b.event(),
        created_at=b.NOW, history=[HistoryLine(b.NOW, status)], family=Family(), attempts={}, target=5,
        parent_id=None if parent is None else EntryId(parent),
    )  # fmt: skip


ENTRIES = {
    EntryId(n): kept(n, status, parent)
    for n, status, parent in (
        (1, Status.COMPLETE, None), (2, Status.DELAYED, 1), (3, Status.ERROR, 1), (4, Status.COMPLETE, None),
        (5, Status.DELAYED, 4),
    )
}  # fmt: skip


def test_siblings_are_the_deliveries_of_a_publication():
    found = siblings(ENTRIES, NAMES, [EntryId(1)])
    assert found == [
        Sibling(EntryId(2), EntryId(1), "nightly", 5, Status.DELAYED),
        Sibling(EntryId(3), EntryId(1), "nightly", 5, Status.ERROR),
    ]


def test_delayed_ones_are_found_by_their_subscription():
    assert delaying(ENTRIES, NAMES) == [Delaying(6, "nightly")]
    size = len(b.event().data)
    second, fifth = (Delayed(EntryId(n), EntryId(of), 5, b.NOW, 3, size) for n, of in ((2, 1), (5, 4)))
    assert delayed(ENTRIES, (6, None, EntryId(0), None, 9), newest=False) == [second, fifth]
    assert delayed(ENTRIES, (6, 3, EntryId(0), None, 1), newest=True) == [fifth]
    assert delayed(ENTRIES, (6, 4, EntryId(0), None, 9), newest=False) == []
    assert delayed(ENTRIES, (6, None, EntryId(2), EntryId(4), 9), newest=False) == []
