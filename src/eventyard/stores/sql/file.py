"""The SQLite file: locked for one process, opened, brought to the current schema, and kept from growing a long tail.

Everything that is SQLite's own way of being a file is here. The statements are elsewhere.
"""

import fcntl
import sqlite3
import threading
from contextlib import AsyncExitStack, suppress
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import QueuePool

from eventyard.stores.sql import faults
from eventyard.stores.sql.migrations import HEAD, REVISIONS
from eventyard.stores.sql.statements import CACHED, bind_plainly
from eventyard.stores.sql.tables import metadata

PAGES_PER_CHECKPOINT = 4_000
"""The background checkpointer works when the log has grown by about so many pages."""

MOST_LOG_PAGES = 16_000
"""Beyond so many pages the writer itself moves the log into the file: the bound on the log's size, about 64 MB."""

PAGE = 4_096

BUSY_MS = 5_000
"""How long a connection waits for another one of this process."""


def lock(path: Path, stack: AsyncExitStack) -> None:
    """Hold the journal for this process until the stack unwinds. Raises ``Unavailable`` (``store_locked``)."""
    try:
        handle = stack.enter_context(path.with_name(f"{path.name}.lock").open("w"))
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise faults.locked(path) from None
    except OSError as error:
        raise faults.translate(error, path) from None


def prepare(path: Path, upgrade: bool) -> None:
    """See that the file is there and has the current schema, making or upgrading it if that is allowed.

    The stored revision is read with plain SQL, and a new file is made from the tables as they are now, which is what
    all migrations come to (a test holds the two together): the migration machinery is imported only when an older file
    is upgraded, because importing it takes longer than everything else at start-up. Raises ``Unavailable`` for a file
    that is no journal, too new, or too old.
    """
    try:
        revision = _revision(path)
    except (sqlite3.Error, OSError) as error:
        raise faults.translate(error, path) from None
    if revision == HEAD:
        return
    if revision is not None and revision not in REVISIONS:
        raise faults.newer(path, revision)
    if revision is not None and not upgrade:
        raise faults.older(path, revision)
    try:
        _make(path) if revision is None else _upgrade(path)
    except DBAPIError as error:
        raise (faults.translate(error.orig, path) if isinstance(error.orig, sqlite3.Error) else error) from None


def _make(path: Path) -> None:
    """Make the tables in a new file, all in one transaction."""
    engine = create_engine(f"sqlite:///{path}")
    try:
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA journal_mode = WAL")
            connection.commit()
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            metadata.create_all(connection)
            connection.exec_driver_sql("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)")
            connection.exec_driver_sql("INSERT INTO alembic_version VALUES (?)", (HEAD,))
            connection.commit()
    finally:
        engine.dispose()


def _upgrade(path: Path) -> None:
    from eventyard.stores.sql.migrations.run import upgrade_file  # noqa: PLC0415 - see prepare

    upgrade_file(path)


def _revision(path: Path) -> str | None:
    """The schema revision of the file; ``None`` for one that is new or empty."""
    if not path.exists() or not path.stat().st_size:
        return None
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        connection.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if not tables:
            return None
        if "alembic_version" not in tables:
            raise faults.corrupt(path, "it is a database of something else")
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        return row[0] if row else None
    finally:
        connection.close()


def writing_connection(path: Path) -> sqlite3.Connection:
    """The connection of the writer: every commit is on disk before it returns."""
    bind_plainly()
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=CACHED)
    for pragma in (
        "journal_mode = WAL",
        "synchronous = FULL",
        "busy_timeout = 0",  # the writer waits where waiting holds up nobody else
        f"wal_autocheckpoint = {MOST_LOG_PAGES}",
        f"journal_size_limit = {MOST_LOG_PAGES * PAGE}",
        "cache_size = -32000",
        "temp_store = MEMORY",
    ):
        connection.execute(f"PRAGMA {pragma}").fetchall()
    return connection


def reading_engine(path: Path, connections: int) -> Engine:
    """A pool of connections that cannot write. Each use of one sees a single state of the journal."""
    engine = create_engine(
        "sqlite://",
        creator=lambda: sqlite3.connect(path, isolation_level=None, check_same_thread=False),
        poolclass=QueuePool,
        pool_size=connections,
        max_overflow=0,
    )

    @event.listens_for(engine, "connect")
    def opened(connection: sqlite3.Connection, _: object) -> None:
        connection.execute("PRAGMA query_only = ON")
        connection.execute("PRAGMA cache_size = -8000")

    @event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN")

    return engine


class Checkpointer:
    """Moves the log into the file beside the writer, so that the writer seldom waits for that.

    A thread with its own connection moves what the log holds while the writer goes on adding to it. So it never
    catches up quite; the writer, told how far it got, moves the little that is left between two commits, and the log
    begins again from its start. A reader in the midst of an old state can put that off, up to :data:`MOST_LOG_PAGES`.
    """

    def __init__(self, path: Path, writing: sqlite3.Connection) -> None:
        self._path = path
        self._writing = writing
        self._wake = threading.Event()
        self._stopping = False
        self._pages = 0
        self._nearly_done = False
        self._thread = threading.Thread(target=self._run, name="journal-checkpointer", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread. Blocks until it has ended."""
        self._stopping = True
        self._wake.set()
        self._thread.join()

    def committed(self, pages: int) -> None:
        """Called by the writer after each commit, in its thread, with about how many pages it added to the log."""
        self._pages += pages
        if self._nearly_done:
            self._nearly_done = False
            _move(self._writing)
        elif self._pages >= PAGES_PER_CHECKPOINT:
            self._pages = 0
            self._wake.set()

    def _run(self) -> None:
        connection = sqlite3.connect(self._path, isolation_level=None)
        while not self._stopping:
            self._wake.wait()
            self._wake.clear()
            _move(connection)
            self._nearly_done = True
        connection.close()


def _move(connection: sqlite3.Connection) -> None:
    """Move what can be moved from the log into the file, without waiting for anybody."""
    # A disk that refuses this refuses the writer as well, who tells those that wait; here one tries again.
    with suppress(sqlite3.Error):
        connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
