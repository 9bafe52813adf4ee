import asyncio
from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace

from eventyard.model.ids import EntryId
from eventyard.model.journal import Appended, Committed
from eventyard.stores.watchers import Watchers
from eventyard.testing import builders as b


def appended(entry_id: int, key: str | None = None) -> Appended:
    return Appended(EntryId(entry_id), f"e-{entry_id}", 0, b.NOW + entry_id, key)


def test_there_is_nobody_to_tell_at_first() -> None:
    watchers = Watchers()
    assert not watchers
    watchers.add(lambda committed: None)
    assert watchers


def test_a_watcher_is_told_what_was_committed_when_and_by_whom() -> None:
    told: list[Committed] = []
    watchers = Watchers()
    watchers.add(told.extend)
    new = b.publication()
    watchers.tell([(new, appended(4)), (new, appended(1, key="k")), (new, appended(5))])
    first = Committed(EntryId(4), b.NOW + 4, project=1, application=2, topic=3, source=4, event=b.event())
    assert told == [first, replace(first, entry_id=5, at=b.NOW + 5)]


def test_duplicates_alone_are_no_news() -> None:
    told: list[Sequence[Committed]] = []
    watchers = Watchers()
    watchers.add(told.append)
    watchers.tell([(b.publication(), appended(1, key="k"))])
    watchers.tell([])
    assert told == []


async def test_what_a_watcher_raises_is_reported_and_the_next_one_is_told() -> None:
    def fail(committed: Sequence[Committed]) -> None:
        raise RuntimeError("no")

    reported: list[dict[str, Any]] = []
    told: list[Committed] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: reported.append(context))
    watchers = Watchers()
    watchers.add(fail)
    watchers.add(told.extend)
    watchers.tell([(b.publication(), appended(1))])
    assert len(told) == 1
    assert [repr(context["exception"]) for context in reported] == ["RuntimeError('no')"]


def test_a_watcher_that_brings_another_brings_it_for_later_commits() -> None:
    told: list[Committed] = []
    watchers = Watchers()
    watchers.add(lambda committed: watchers.add(told.extend))
    watchers.tell([(b.publication(), appended(1))])
    assert told == []
