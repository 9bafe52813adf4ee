import pytest

from eventyard.model.errors import NotFound
from eventyard.model.event import Event
from eventyard.model.ids import EntryId
from eventyard.model.journal import HistoryLine, NewBundle
from eventyard.model.lifecycle import Kind, Status
from eventyard.stores.family import Family
from eventyard.stores.memory_catalog import MemoryCatalog
from eventyard.stores.memory_entries import MemoryEntries
from eventyard.stores.memory_search import Kept
from eventyard.testing import builders as b


def entries_of(event: Event) -> MemoryEntries:
    entries = MemoryEntries(MemoryCatalog())
    entries[EntryId(1)] = Kept(
        id=EntryId(1), kind=Kind.PUBLICATION, project=1, application=2, topic=3, name=4, event=event,
        created_at=b.NOW, history=[HistoryLine(b.NOW, Status.COMPLETE)], family=Family(), attempts={},
    )  # fmt: skip
    return entries


def test_a_bundle_is_queued_and_its_members_are_not() -> None:
    scene, entries = b.scene(), entries_of(b.event())
    waiting = scene.delivery(status=Status.DELAYED, note="waits")
    member = entries.deliver(entries[EntryId(1)], waiting, b.line(Status.DELAYED))
    lines = (b.line(Status.NEW), b.line(Status.PENDING, "Released"))
    bundle = NewBundle(
        Kind.AGGREGATED_SUBSCRIPTION, 1, 3, scene.subscription, scene.target, b.event(b""), lines, (member,)
    )
    assert entries.gather(bundle, None) == 3
    assert list(entries.due) == [3]
    assert (entries[member].status, entries.bundle_of(member)) == (Status.PROCESSING, 3)
    assert [line.status for line in entries[member].history] == [
        Status.PROCESSING, Status.DELAYED, Status.PROCESSING,
    ]  # fmt: skip
    assert entries.gather(bundle, None) is None


def test_an_entry_that_is_not_there_is_missed() -> None:
    with pytest.raises(NotFound, match="there is no journal entry 7"):
        entries_of(b.event()).entry(EntryId(7))
