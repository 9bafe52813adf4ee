"""The embedded default keeps what every store keeps."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from eventyard.stores.sql.store import SqliteStore
from eventyard.testing.contracts.store import StoreContract
from eventyard.testing.fakes import HandClock


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
async def store(tmp_path: Path, clock: HandClock) -> AsyncIterator[SqliteStore]:
    made = SqliteStore(tmp_path / "journal.db", clock)
    async with AsyncExitStack() as stack:
        await made.start(stack)
        yield made


class TestSqliteStore(StoreContract):
    pass
