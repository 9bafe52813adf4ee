"""Group commit under faults: who is refused, who is not, and that nothing is half done."""

import asyncio
import sqlite3
import sys
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from eventyard.model.errors import Conflict, Unavailable
from eventyard.model.journal import NewPublication
from eventyard.stores.sql import catalog, faults, file
from eventyard.stores.sql.file import PAGE
from eventyard.stores.sql.known import Known
from eventyard.stores.sql.writer import LIGHT, MOST_TOGETHER, Writer
from eventyard.testing import builders as b
from eventyard.testing.fakes import HandClock


class Opened:
    """A writer whose thread is started by the test, so that a group is what the test put there."""

    def __init__(self, path: Path) -> None:
        file.prepare(path, upgrade=True)
        self.connection = file.writing_connection(path)
        self.statements: list[str] = []
        self.connection.set_trace_callback(self.statements.append)
        self.writer = Writer(
            self.connection, HandClock(), lambda error: faults.translate(error, path), lambda pages: None
        )

    def entries(self) -> int:
        count: int = self.connection.execute("SELECT count(*) FROM entries").fetchone()[0]
        return count


@pytest.fixture
async def opened(path: Path) -> AsyncIterator[Opened]:
    made = Opened(path)
    yield made
    await asyncio.to_thread(made.writer.stop)
    made.connection.close()


async def answers(*waiting: "asyncio.Future[Any]") -> list[Any]:
    return await asyncio.gather(*waiting, return_exceptions=True)


async def test_what_waits_is_committed_together(opened: Opened) -> None:
    waiting = [opened.writer.append(b.publication()) for _ in range(MOST_TOGETHER + 1)]
    opened.writer.start()
    assert [appended.entry_id for appended in await answers(*waiting)] == list(range(1, MOST_TOGETHER + 2))
    assert opened.statements.count("COMMIT") == 2


async def test_a_large_batch_is_not_cut(opened: Opened) -> None:
    batch = [b.publication()] * (MOST_TOGETHER + 1)
    waiting = [opened.writer.append_batch(batch), opened.writer.append(b.publication())]
    opened.writer.start()
    made, single = await answers(*waiting)
    assert (len(made), single.entry_id) == (MOST_TOGETHER + 1, MOST_TOGETHER + 2)
    assert opened.statements.count("COMMIT") == 2


async def test_a_refused_act_leaves_the_others_alone(opened: Opened) -> None:
    first = opened.writer.append(b.publication())
    refused = opened.writer.act(lambda connection, known: catalog.save(connection, known, [b.topic(), b.topic(id="2")]))
    last = opened.writer.act(lambda connection, known: catalog.save(connection, known, [b.topic("third")]))
    opened.writer.start()
    appended, conflict, saved = await answers(first, refused, last)
    assert appended.entry_id == 1
    assert isinstance(conflict, Conflict)
    assert [topic.number for topic in saved] == [1]


@pytest.mark.parametrize("wrote", [False, True], ids=["before it wrote", "after it wrote"])
async def test_any_number_of_refused_acts_harm_nobody(opened: Opened, wrote: bool) -> None:
    topics = [b.topic(), b.topic(id="2")] if wrote else [b.topic(id="2")]

    def twice(connection: sqlite3.Connection, known: Known) -> Any:
        return catalog.save(connection, known, topics)

    count = sys.getrecursionlimit() if wrote else MOST_TOGETHER
    saved = opened.writer.act(lambda connection, known: catalog.save(connection, known, [b.topic()]))
    refused = [opened.writer.act(twice) for _ in range(count)]
    opened.writer.start()
    assert {type(answer) for answer in await answers(*refused)} == {Conflict}
    assert [topic.number for topic in await saved] == [1]
    assert (await opened.writer.append(b.publication())).entry_id == 1
    assert wrote or opened.statements.count("ROLLBACK") == 0


async def test_an_event_that_cannot_be_written_leaves_the_others_alone(opened: Opened) -> None:
    first = opened.writer.append(b.publication())
    broken = opened.writer.append(b.publication(received_at=1 << 70))
    last = opened.writer.append(b.publication())
    opened.writer.start()
    made, error, again = await answers(first, broken, last)
    assert (made.entry_id, type(error), again.entry_id) == (1, OverflowError, 2)


async def test_text_that_is_not_unicode_is_refused_before_it_meets_others(opened: Opened) -> None:
    with pytest.raises(UnicodeEncodeError):
        opened.writer.append(b.publication(event=b.event(subject="\ud800")))
    opened.writer.start()


async def test_a_full_disk_refuses_whole_and_is_forgotten_when_there_is_room(opened: Opened) -> None:
    pages = opened.connection.execute("PRAGMA page_count").fetchone()[0]
    opened.connection.execute(f"PRAGMA max_page_count = {pages + 40}")
    large = b.event(bytes(16 * 1024))
    waiting = [opened.writer.append(b.publication(event=large, deliveries=[b.scene().delivery()])) for _ in range(20)]
    opened.writer.start()
    for error in await answers(*waiting):
        assert isinstance(error, Unavailable)
        assert error.code == "store_full"
    assert opened.entries() == 0
    (small,) = await answers(opened.writer.append(b.publication()))
    assert small.entry_id == 1
    opened.connection.execute(f"PRAGMA max_page_count = {pages + 4000}")
    (large_now,) = await answers(opened.writer.append(b.publication(event=large)))
    assert large_now.entry_id == 2


async def test_a_damaged_file_is_reported_and_stays_reported(opened: Opened) -> None:
    def damaged(connection: sqlite3.Connection, known: object) -> None:
        error = sqlite3.DatabaseError("database disk image is malformed")
        error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise error

    opened.writer.start()
    (error,) = await answers(opened.writer.act(damaged))
    assert isinstance(error, Unavailable)
    assert error.code == "store_corrupt"


async def test_a_thread_that_dies_leaves_nobody_waiting(opened: Opened) -> None:
    def die(pages: int) -> None:
        raise RuntimeError("nobody thought of this")

    opened.writer._committed = die
    opened.writer.start()
    assert (await opened.writer.append(b.publication())).entry_id == 1
    for _ in range(2):
        with pytest.raises(Unavailable, match="writer has died: RuntimeError"):
            await opened.writer.act(lambda connection, known: None)


async def test_light_groups_are_written_on_the_loop_and_committed_beside_it(opened: Opened) -> None:
    opened.writer.start()
    waiting = opened.writer.append(b.publication())
    written: list[str] = []
    asyncio.get_running_loop().call_soon(lambda: written.extend(opened.statements))
    await waiting
    assert any(statement.startswith("INSERT INTO entries") for statement in written)


async def test_watchers_are_told_of_a_commit_before_the_callers_of_its_appends(opened: Opened) -> None:
    told: list[tuple[list[int], bool]] = []
    waiting = [opened.writer.append(b.publication()), opened.writer.append_batch([b.publication()] * 2)]
    opened.writer.watchers.add(
        lambda committed: told.append(([one.entry_id for one in committed], any(one.done() for one in waiting)))
    )
    opened.writer.start()
    await answers(*waiting)
    assert told == [([1, 2, 3], False)]


async def test_watchers_are_told_of_nothing_that_was_refused(opened: Opened) -> None:
    told: list[list[int]] = []
    opened.writer.watchers.add(lambda committed: told.append([one.entry_id for one in committed]))
    first = opened.writer.append(b.publication())
    broken = opened.writer.append_batch([b.publication(received_at=1 << 70)])
    last = opened.writer.append(b.publication())
    opened.writer.start()
    await answers(first, broken, last)
    assert told == [[1], [2]]


async def test_a_commit_is_told_though_its_caller_went_away(opened: Opened) -> None:
    told: list[int] = []
    opened.writer.watchers.add(lambda committed: told.extend(one.entry_id for one in committed))
    opened.writer.append(b.publication()).cancel()
    stays = opened.writer.append(b.publication())
    opened.writer.start()
    await stays
    assert told == [1, 2]


async def test_a_refused_act_takes_its_publications_along_and_no_others(opened: Opened) -> None:
    first = opened.writer.append(b.publication())
    topics = [b.topic(), b.topic(id="2")]
    told = [b.publication(), b.publication()]
    refused = opened.writer.act(lambda connection, known: catalog.save(connection, known, topics), told)
    done = opened.writer.act(lambda connection, known: catalog.save(connection, known, topics[:1]), told)
    opened.writer.start()
    appended, conflict, answers_of_told = await answers(first, refused, done)
    assert isinstance(conflict, Conflict)
    assert [appended.entry_id, *(answer.entry_id for answer in answers_of_told)] == [1, 2, 3]
    assert opened.entries() == 3


LARGE = b.publication(event=b.event(data=b"x" * PAGE * LIGHT))


@pytest.mark.parametrize(("batch", "on_the_loop"), [([b.publication()] * LIGHT, True), ([LARGE], False)])
async def test_much_data_is_written_beside_the_loop(
    opened: Opened, batch: list[NewPublication], on_the_loop: bool
) -> None:
    opened.writer.start()
    waiting = opened.writer.append_batch(batch)
    threads: set[int] = set()
    opened.writer._connection.set_trace_callback(lambda _: threads.add(threading.get_ident()))
    await waiting
    assert (threading.get_ident() in threads) is on_the_loop
