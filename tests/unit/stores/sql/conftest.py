from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from eventyard.stores.sql.store import SqliteStore
from eventyard.testing.fakes import HandClock


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


@pytest.fixture
async def store(path: Path, clock: HandClock) -> AsyncIterator[SqliteStore]:
    made = SqliteStore(path, clock)
    async with AsyncExitStack() as stack:
        await made.start(stack)
        yield made
