import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from sqlalchemy import Connection, create_engine, event

from eventyard.stores.records import Numbered
from eventyard.stores.sql import file
from eventyard.stores.sql.append import append, prepare
from eventyard.stores.sql.known import Known
from eventyard.stores.sql.migrations.run import configuration
from eventyard.stores.sql.store import SqliteStore
from eventyard.testing import builders as b
from eventyard.testing.builders import scene
from eventyard.testing.fakes import HandClock

Downgrade = Callable[[Path, str], None]


@pytest.fixture
def downgrade() -> Downgrade:
    """Bring a file back to an older revision."""

    def to(path: Path, revision: str) -> None:
        engine = create_engine(f"sqlite:///{path}")
        with engine.connect() as connection:
            command.downgrade(configuration(connection), revision)
        engine.dispose()

    return to


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


@pytest.fixture
def connection(path: Path) -> Iterator[sqlite3.Connection]:
    """The writer's connection, without the writer."""
    file.prepare(path, upgrade=True)
    made = file.writing_connection(path)
    yield made
    made.close()


@pytest.fixture
def known(connection: sqlite3.Connection) -> Known:
    """The writer's memory, with the numbers of ``builders.scene()``."""
    known = Known(connection)
    for record in scene().records:
        if isinstance(record, Numbered):
            known.name(record)
    return known


class Asked(list[tuple[str, Any]]):
    """The statements that a reader sent, with their values."""


@pytest.fixture
def asked() -> Asked:
    return Asked()


@pytest.fixture
def reader(path: Path, connection: sqlite3.Connection, asked: Asked) -> Iterator[Connection]:
    engine = file.reading_engine(path, 1)

    @event.listens_for(engine, "before_cursor_execute")
    def executed(_: object, __: object, statement: str, values: Any, *more: object) -> None:
        asked.append((statement, values))

    with engine.connect() as made:
        yield made
    engine.dispose()


def published(connection: sqlite3.Connection, known: Known, *topics: int) -> None:
    append(connection, known, b.NOW, [prepare(b.publication(topic_number=topic)) for topic in topics])
