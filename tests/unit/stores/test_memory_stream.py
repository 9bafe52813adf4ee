"""What every store's stream is, is said by tests/contract; here, that this one is a view of the entries it got."""

from eventyard.model.ids import EntryId
from eventyard.model.journal import HistoryLine, Slice
from eventyard.model.lifecycle import Kind, Status
from eventyard.model.replay import Way, Ways, Window
from eventyard.stores.family import Family
from eventyard.stores.memory_search import Kept
from eventyard.stores.memory_stream import MemoryStream
from eventyard.testing import builders as b


def entry(entry_id: int, topic: int, at: int, parent_id: EntryId | None = None) -> Kept:
    return Kept(
        id=EntryId(entry_id),
        kind=Kind.PUBLICATION if parent_id is None else Kind.SUBSCRIPTION,
        project=1,
        application=2,
        topic=topic,
        name=4,
        event=b.event(),
        created_at=b.NOW,
        completed_at=b.NOW + at,
        history=[HistoryLine(b.NOW, Status.COMPLETE)],
        parent_id=parent_id,
        family=Family(),
        attempts={},
    )


def test_it_shows_what_is_added_to_the_entries() -> None:
    entries: dict[EntryId, Kept] = {}
    stream = MemoryStream(entries)
    assert stream.newest(None) == 0
    for one in (entry(1, 3, 5), entry(2, 3, 9, EntryId(1)), entry(3, 8, 5), entry(4, 3, 7)):
        entries[one.id] = one
    assert (stream.newest(None), stream.newest([8])) == (4, 3)
    part = stream.read([3], EntryId(0), EntryId(9), 10)
    assert [(one.entry_id, one.at - b.NOW) for one in part.publications] == [(1, 5), (4, 7)]
    assert stream.read([3], EntryId(1), EntryId(3), 10) == Slice((), EntryId(3))
    assert [stream.at(b.NOW + at) for at in (5, 6, 8)] == [0, 3, 4]


def test_it_tells_by_which_way_they_came() -> None:
    bundle = entry(6, 3, 0)
    bundle.kind = Kind.COMPOUND_PUBLICATION
    entries = {
        one.id: one for one in (entry(1, 3, 5), entry(2, 3, 9, EntryId(1)), entry(3, 8, 5), entry(4, 3, 7), bundle)
    }
    stream = MemoryStream(entries)
    window = Window(topics=(3,), created_from=b.NOW, created_to=b.NOW)
    first, last = (Way(EntryId(n), 3, 4, len(b.event().data), b.event().routing_key) for n in (1, 4))
    assert stream.ways(window, EntryId(0), EntryId(9), 10) == Ways((first, last), EntryId(9))
    assert stream.ways(window, EntryId(0), EntryId(9), 1) == Ways((first,), EntryId(1))
    assert stream.events([EntryId(4), EntryId(7)]) == {4: b.event()}
