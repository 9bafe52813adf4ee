"""A window holds the next few, knows where the rest lies, and says how far all before it is done with."""

import asyncio

import pytest

from eventyard.model.ids import EntryId
from eventyard.model.streams import Position
from eventyard.pipeline.streams import window as module
from eventyard.pipeline.streams.window import Window
from tests.unit.pipeline.streams.around import Around, message


def make(around: Around, cursor: int | None = None, position: Position | None = None) -> Window:
    return Window(
        around.feed, lambda one: one.event.routing_key != around.unwanted, lambda: ["exchange"],
        cursor=None if cursor is None else EntryId(cursor), position=position,
    )  # fmt: skip


def ids(window: Window) -> list[int]:
    return [window.pop()[0].entry_id for _ in range(len(window))]


def commit(around: Around, *entries: int, key: str = "a") -> None:
    around.list.all += [message(entry, key) for entry in entries]


def test_what_fits_is_kept_and_what_does_not_is_left_in_the_journal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 2)
    around = Around()
    window = make(around)
    for entry in (1, 2, 3, 4):
        commit(around, entry)
        window.add(around.list.all[-1])
    assert not window.live
    assert ids(window) == [1, 2]


def test_bytes_are_bounded_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_BYTES", 3)
    around = Around()
    window = make(around)
    for entry in (1, 2, 3):
        commit(around, entry)
        window.add(around.list.all[-1])
    assert (len(window), window.bytes, window.live) == (2, 4, False)


async def test_filling_ends_with_the_newest_and_is_live_again() -> None:
    around = Around()
    commit(around, 1, 2)
    commit(around, 3, key=around.unwanted)
    window = make(around, cursor=1)
    await window.fill()
    assert window.live
    assert ids(window) == [2]
    await window.fill()
    assert ids(window) == []


def test_what_came_back_is_first_with_its_count() -> None:
    around = Around()
    window = make(around)
    window.add(message(5))
    window.put_back(message(3), 2)
    window.put_back(message(2), 1)
    assert window.head().entry_id == 2
    assert [(one.entry_id, count) for one, count in (window.pop(), window.pop(), window.pop())] == [
        (2, 1), (3, 2), (5, 0),
    ]  # fmt: skip


def test_a_position_names_what_is_out_as_gaps_in_what_is_done() -> None:
    around = Around()
    window = make(around)
    commit(around, *range(1, 11))
    position = window.position("q", 2, {EntryId(3): 1, EntryId(7): 2})
    assert position == Position("q", EntryId(2), ((4, 6), (8, 10)), 2, EntryId(10), {3: 1, 7: 2})  # type: ignore[arg-type, dict-item]


def test_a_position_stops_before_what_waits() -> None:
    around = Around()
    window = make(around)
    commit(around, *range(1, 11))
    window.add(around.list.all[5])
    assert window.position("q", 1, {}) == Position("q", EntryId(5), (), 1, EntryId(10))


async def test_a_position_gives_back_what_was_out_and_nothing_that_was_done() -> None:
    around = Around()
    commit(around, *range(1, 11))
    kept = Position("q", EntryId(2), ((EntryId(4), EntryId(6)),), 0, EntryId(10), {EntryId(3): 2})
    window = make(around, position=kept)
    await window.fill()
    assert window.pop()[1] == 2
    assert ids(window) == [7, 8, 9, 10]


def test_emptied_it_begins_anew_here_and_now() -> None:
    around = Around()
    commit(around, 1, 2, 3)
    window = make(around, cursor=0)
    window.clear()
    assert window.live
    assert window.position("q", 0, {}).cursor == 3


async def test_the_lag_is_from_the_next_message_to_the_newest() -> None:
    around = Around()
    commit(around, 3, 4)
    window = make(around)
    assert window.lag == 0
    for entry in (7, 9):
        commit(around, entry)
        window.add(around.list.all[-1])
    assert window.lag == 3
    window.pop()
    assert window.lag == 1
    assert make(around, cursor=4).lag == 5


async def test_a_page_of_what_was_dropped_meanwhile_does_not_bring_it_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 2)
    around = Around()
    around.list.remembered = 0
    commit(around, 1, 2)
    window = make(around, cursor=0)
    around.list.gate.clear()
    filling = asyncio.create_task(window.fill())
    await asyncio.sleep(0)
    window.clear()
    for entry in (3, 4, 5):
        commit(around, entry)
        window.add(around.list.all[-1])
    around.list.gate.set()
    await filling
    taken = ids(window)
    await window.fill()
    assert taken + ids(window) == [3, 4, 5]


async def test_who_gives_up_waiting_for_a_page_leaves_it_to_the_others() -> None:
    around = Around()
    around.list.remembered = 0
    commit(around, 1)
    window = make(around, cursor=0)
    around.list.gate.clear()
    filling, impatient = asyncio.create_task(window.fill()), asyncio.create_task(window.fill())
    await asyncio.sleep(0)
    impatient.cancel()
    await asyncio.sleep(0)
    around.list.gate.set()
    await filling
    assert ids(window) == [1]


async def test_a_full_window_is_not_filled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_BYTES", 2)
    around = Around()
    commit(around, 1, 2)
    window = make(around, cursor=0)
    for _ in range(2):
        await window.fill()
    assert ids(window) == [1]


def test_what_is_wanted_no_more_is_let_go_wherever_it_lies() -> None:
    around = Around()
    window = Window(around.feed, lambda one: True, lambda: ["exchange"], cursor=None, position=None, rank=lambda one: 0)
    plain = make(around)
    for one in (window, plain):
        for entry in (1, 2, 3):
            one.add(message(entry))
        one.put_back(message(9), 2)
        assert one.sift(lambda found: found.entry_id not in (2, 9)) == 2
        assert one.sift(lambda found: True) == 0
        assert one.bytes == 4
        assert ids(one) == [1, 3]
        assert one.bytes == 0
