"""The file itself: whose it is, what is in it, and what is said when it cannot be used."""

import asyncio
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from eventyard.model.errors import Unavailable
from eventyard.model.ids import EntryId
from eventyard.model.streams import Position
from eventyard.stores.sql import file
from eventyard.stores.sql.migrations import REVISIONS
from eventyard.stores.sql.store import SqliteStore
from eventyard.testing import builders as b
from eventyard.testing.fakes import HandClock


async def refusal(path: Path, *, upgrade: bool = True) -> str:
    async with AsyncExitStack() as stack:
        with pytest.raises(Unavailable) as refused:
            await SqliteStore(path, HandClock(), upgrade=upgrade).start(stack)
    assert str(path) in refused.value.message
    return refused.value.code


def revise(path: Path, revision: str) -> None:
    connection = sqlite3.connect(path)
    connection.execute("UPDATE alembic_version SET version_num = ?", (revision,))
    connection.commit()
    connection.close()


async def test_a_journal_survives_the_process(path: Path) -> None:
    for expected in (1, 2, 3):
        async with AsyncExitStack() as stack:
            store = SqliteStore(path, HandClock())
            await store.start(stack)
            scene = await b.saved(store)
            assert (await store.append(scene.publication())).entry_id == expected
            assert scene.project.number == 1


async def test_one_process_has_the_file(path: Path, store: SqliteStore) -> None:
    assert await refusal(path) == "store_locked"


def test_a_file_of_something_else_is_left_alone(path: Path) -> None:
    before = b"this is no database, and it is long enough to be looked at" * 100
    path.write_bytes(before)
    assert asyncio.run(refusal(path)) == "store_corrupt"
    assert path.read_bytes() == before


def test_a_damaged_journal_is_refused(path: Path) -> None:
    file.prepare(path, upgrade=True)
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    path.write_bytes(content)
    assert asyncio.run(refusal(path)) == "store_corrupt"


async def test_a_database_of_something_else_is_left_alone(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE recipes (id)")
    connection.close()
    assert await refusal(path) == "store_corrupt"


async def test_a_newer_schema_is_refused(path: Path) -> None:
    file.prepare(path, upgrade=True)
    revise(path, "9999")
    assert await refusal(path) == "store_newer"


async def test_an_older_schema_waits_for_permission(path: Path, downgrade: Callable[[Path, str], None]) -> None:
    file.prepare(path, upgrade=True)
    downgrade(path, REVISIONS[0])
    assert await refusal(path, upgrade=False) == "store_older"


async def test_an_older_journal_is_upgraded_with_all_that_is_in_it(
    path: Path, downgrade: Callable[[Path, str], None]
) -> None:
    async with AsyncExitStack() as stack:
        store = SqliteStore(path, HandClock())
        await store.start(stack)
        scene = await b.saved(store)
        await store.append(scene.publication())
    downgrade(path, REVISIONS[0])
    async with AsyncExitStack() as stack:
        store = SqliteStore(path, HandClock())
        await store.start(stack)
        assert sorted(map(repr, await store.load())) == sorted(map(repr, scene.records))
        assert (await store.detail(EntryId(1))).event == b.event()
        await store.save([b.queue()])
        await store.keep([Position("queue-inbox", EntryId(1))])


async def test_a_folder_that_is_not_there_is_said_to_be_unusable(path: Path) -> None:
    assert await refusal(path.parent / "nowhere/journal.db") == "store_unavailable"


def test_a_current_file_is_opened_without_the_migration_machinery(path: Path) -> None:
    file.prepare(path, upgrade=True)
    program = (
        "import sys, pathlib; from eventyard.stores.sql import file, store;"
        f" file.prepare(pathlib.Path({str(path)!r}), upgrade=True); sys.exit('alembic' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_every_commit_is_synced(path: Path) -> None:
    file.prepare(path, upgrade=True)
    connection = file.writing_connection(path)
    pragmas = [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous")]
    connection.close()
    assert pragmas == ["wal", 2]


def test_readers_cannot_write(path: Path) -> None:
    file.prepare(path, upgrade=True)
    engine = file.reading_engine(path, 1)
    with engine.connect() as connection, pytest.raises(Exception, match="readonly"):
        connection.exec_driver_sql("DELETE FROM entries")
    engine.dispose()


def test_the_log_begins_again_from_its_start(path: Path) -> None:
    file.prepare(path, upgrade=True)
    connection = file.writing_connection(path)
    connection.execute("PRAGMA wal_autocheckpoint = 0")
    checkpointer = file.Checkpointer(path, connection)
    checkpointer.start()
    for start in range(0, 20_000, 100):
        connection.execute("BEGIN")
        rows = ((n, bytes(3_000)) for n in range(start, start + 100))
        connection.executemany("INSERT INTO payloads VALUES (?, '{}', ?)", rows)
        connection.execute("COMMIT")
        checkpointer.committed(100)
    checkpointer.stop()
    log = path.with_name(f"{path.name}-wal").stat().st_size
    connection.close()
    assert log < 20_000 * file.PAGE
    assert path.stat().st_size > 10_000 * file.PAGE
