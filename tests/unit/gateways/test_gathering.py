"""What comes while a commit is under way is committed with the next, in order, however often that has to be tried."""

import asyncio

import pytest

from eventyard.gateways import gathering as module
from eventyard.gateways.gathering import Gathering
from eventyard.model.errors import Unavailable


class Writer:
    """Commits when it is let, and keeps what was committed together."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.full = 0
        self.go = asyncio.Event()
        self.go.set()
        self.faults: list[Exception] = []
        self.held_up: list[str | None] = []
        self.gathering: Gathering[str] = Gathering(
            self._commit,
            len,
            broken=self.faults.append,
            held_up=lambda reason: self.held_up.append(None if reason is None else reason.message),
        )

    async def _commit(self, batch: list[str]) -> None:
        await self.gathering.written(lambda: self._write(batch))

    async def _write(self, batch: list[str]) -> None:
        await self.go.wait()
        if self.full:
            self.full -= 1
            raise Unavailable("store_full", "the disk is full")
        if "bug" in batch:
            raise RuntimeError("a bug")
        self.batches.append(batch)


async def test_what_comes_in_one_turn_is_one_commit_and_what_comes_meanwhile_the_next() -> None:
    writer = Writer()
    writer.go.clear()
    writer.gathering.put("a")
    writer.gathering.put("b")
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    writer.gathering.put("c")
    writer.gathering.put("d")
    assert writer.gathering.busy
    writer.go.set()
    await writer.gathering.done()
    assert writer.batches == [["a", "b"], ["c", "d"]]
    assert not writer.gathering.busy


async def test_a_commit_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TOGETHER", 2)
    writer = Writer()
    for item in "abcde":
        writer.gathering.put(item)
    await writer.gathering.done()
    assert writer.batches == [["a", "b"], ["c", "d"], ["e"]]


async def test_what_waits_is_counted_in_octets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "AHEAD_BYTES", 3)
    monkeypatch.setattr(module, "TOGETHER", 1)
    writer = Writer()
    writer.gathering.put("abc")
    assert not writer.gathering.crowded
    writer.gathering.put("d")
    assert writer.gathering.crowded
    await writer.gathering.done()
    assert not writer.gathering.crowded


async def test_while_the_journal_cannot_be_written_it_is_tried_again_and_said_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "AGAIN_S", 0)
    writer = Writer()
    writer.full = 3
    writer.gathering.put("a")
    await writer.gathering.done()
    assert writer.batches == [["a"]]
    assert writer.held_up == ["the disk is full"] * 3 + [None]
    assert not writer.gathering.blocked


async def test_nobody_waits_for_a_journal_that_cannot_be_written_once_the_client_is_gone() -> None:
    writer = Writer()
    writer.full = 1_000
    writer.gathering.put("a")
    await writer.gathering.stop()
    assert (writer.batches, writer.faults, writer.gathering.blocked) == ([], [], True)
    with pytest.raises(Unavailable):
        await writer.gathering.written(lambda: writer._write(["b"]))


async def test_what_came_before_the_client_left_is_committed() -> None:
    writer = Writer()
    writer.gathering.put("a")
    await writer.gathering.stop()
    assert writer.batches == [["a"]]


async def test_a_fault_of_ours_is_told_and_what_comes_later_is_committed() -> None:
    writer = Writer()
    writer.gathering.put("bug")
    await writer.gathering.done()
    writer.gathering.put("a")
    await writer.gathering.done()
    assert [repr(fault) for fault in writer.faults] == ["RuntimeError('a bug')"]
    assert writer.batches == [["a"]]
