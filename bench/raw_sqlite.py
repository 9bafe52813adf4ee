"""The yardstick of batches: SQLite alone, on the same disk, committing 1 KiB rows into one table, so many at a time.

WAL and ``synchronous=FULL``, as the hub's own store. Reads a :class:`Rows`, tells a :class:`Written`.
"""

import sqlite3
import time
from time import perf_counter

import msgspec

from bench.processes import tell, told
from bench.samples import order


class Rows(msgspec.Struct):
    """Where to write, how many rows a commit, for how long."""

    path: str
    per_commit: int
    seconds: float


class Written(msgspec.Struct):
    """How many rows, in how many seconds, and how much CPU time that took."""

    rows: int
    seconds: float
    cpu_seconds: float

    @property
    def per_second(self) -> float:
        return self.rows / self.seconds


def main(job: Rows) -> Written:
    """Commit until the time is over."""
    connection = sqlite3.connect(job.path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE IF NOT EXISTS rows (id INTEGER PRIMARY KEY, data BLOB)")
    row = (order(10**18),)
    rows = [row] * job.per_commit
    written, started, cpu = 0, perf_counter(), time.process_time()
    while perf_counter() - started < job.seconds:
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany("INSERT INTO rows (data) VALUES (?)", rows)
        connection.execute("COMMIT")
        written += job.per_commit
    told_of = Written(written, perf_counter() - started, time.process_time() - cpu)
    connection.close()
    return told_of


if __name__ == "__main__":
    tell(main(told(Rows)))
