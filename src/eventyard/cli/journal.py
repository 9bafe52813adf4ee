"""A journal file looked at from outside, also while a hub has it: its schema, its soundness, who holds it.

Nothing here writes. What changes a journal goes through the store, which locks it first.
"""

import fcntl
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from eventyard.cli.failure import Failure


class State(NamedTuple):
    """``revision`` is the schema's, ``None`` for a file that is not there yet; ``newest`` the one of this version."""

    revision: str | None
    newest: str
    known: bool
    held: bool
    bytes: int

    @property
    def current(self) -> bool:
        """Whether this version can work on it as it is."""
        return self.revision == self.newest


def state_of(path: Path) -> State:
    """What a journal file says about itself. Raises :class:`Failure` for one that is no journal."""
    from eventyard.stores.sql.migrations import HEAD, REVISIONS  # noqa: PLC0415 - clients of a hub do not need it

    if not path.exists() or not path.stat().st_size:
        return State(None, HEAD, True, held(path), 0)
    with reading(path) as connection:
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    revision = row[0] if row else None
    return State(revision, HEAD, revision in REVISIONS, held(path), path.stat().st_size)


def faults_of(path: Path, *, thorough: bool) -> list[str]:
    """What is wrong inside the file, in SQLite's words; empty if it is sound. Thorough reads every page and index."""
    check = "integrity_check" if thorough else "quick_check"
    try:
        with reading(path) as connection:
            lines = [row[0] for row in connection.execute(f"PRAGMA {check}(20)")]
    except Failure as failure:
        return [failure.message]
    return [line for line in lines if line != "ok"]


def mailing(path: Path) -> int:
    """How many subscriptions name somebody who is to be told by mail; none, where they cannot be read."""
    if not path.exists():
        return 0
    try:
        with reading(path) as connection:
            sql = "SELECT count(*) FROM subscriptions WHERE json_array_length(record, '$.mail_to') > 0"
            return int(connection.execute(sql).fetchone()[0])
    except Failure:
        return 0  # what is wrong with the file, others say


def held(path: Path) -> bool:
    """Whether a running hub has the journal."""
    lock = path.with_name(f"{path.name}.lock")
    if not lock.exists():
        return False
    with lock.open() as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return True
    return False


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection that cannot write. Raises :class:`Failure` for what SQLite cannot read."""
    try:
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)
        try:
            yield connection
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise Failure(
            f"{path} cannot be read as a journal: {error}",
            hint="restore it from a backup, or name another directory with --data",
            code="store_corrupt",
        ) from None
