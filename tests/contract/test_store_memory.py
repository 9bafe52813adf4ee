"""The fake keeps what every store keeps."""

from contextlib import AsyncExitStack

import pytest

from eventyard.stores.memory import MemoryStore
from eventyard.testing.contracts.store import StoreContract
from eventyard.testing.fakes import HandClock


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
async def store(clock: HandClock) -> MemoryStore:
    made = MemoryStore(clock)
    await made.start(AsyncExitStack())
    return made


class TestMemoryStore(StoreContract):
    pass
