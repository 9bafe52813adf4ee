"""The store in an SQLite file: one writer thread, a few readers, one checkpointer, put together.

This file only passes calls on: writes to ``writer.py`` (and through it to ``append.py``, ``record.py``, ``claim.py``,
``moves.py``, ``bundles.py``, ``adopt.py``, ``retain.py``, ``catalog.py``, ``positions.py``), reads to ``pages.py``,
``listing.py``, ``reading.py``, ``stories.py``, ``ways.py`` and ``stream.py`` on a connection of the pool.
"""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from eventyard.model.catalog import Record
from eventyard.model.errors import Unavailable
from eventyard.model.event import Event
from eventyard.model.ids import EntryId, Millis
from eventyard.model.journal import (
    Appended,
    Change,
    Changed,
    Claimed,
    Delayed,
    Delaying,
    EntryDetail,
    HistoryLine,
    Listed,
    Listing,
    NewBundle,
    NewDelivery,
    NewPublication,
    Page,
    Query,
    Recorded,
    Recording,
    Seen,
    Sibling,
    Slice,
    Stories,
    Waiting,
)
from eventyard.model.lifecycle import Trigger
from eventyard.model.past import Past
from eventyard.model.replay import Ways, Window
from eventyard.model.retention import Over, Purged, Term
from eventyard.model.streams import Position
from eventyard.ports import Clock, Watcher
from eventyard.stores.sql import (
    adopt,
    bundles,
    catalog,
    claim,
    faults,
    file,
    moves,
    pages,
    reading,
    retain,
    siblings,
    stream,
    ways,
)
from eventyard.stores.sql import positions as kept
from eventyard.stores.sql.known import Known
from eventyard.stores.sql.listing import listed
from eventyard.stores.sql.stories import stories
from eventyard.stores.sql.writer import Writer

READERS = 3
"""Connections and threads for reading."""

T = TypeVar("T")


class SqliteStore:
    """A :class:`eventyard.ports.Store` in one file, which one process has at a time."""

    _writer: Writer
    _engine: Engine
    _readers: ThreadPoolExecutor

    def __init__(self, path: Path, clock: Clock, *, upgrade: bool = True) -> None:
        self._path = path
        self._clock = clock
        self._upgrade = upgrade

    async def start(self, stack: AsyncExitStack) -> None:
        """Lock the file, make or upgrade it, and begin to write. Raises ``Unavailable`` (``store_…``)."""
        file.lock(self._path, stack)
        file.prepare(self._path, self._upgrade)
        try:
            connection = file.writing_connection(self._path)
            stack.callback(connection.close)
            checkpointer = file.Checkpointer(self._path, connection)
            self._writer = Writer(connection, self._clock, self._translate, checkpointer.committed)
        except sqlite3.Error as error:
            raise self._translate(error) from None
        self._engine = file.reading_engine(self._path, READERS)
        stack.callback(self._engine.dispose)
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="journal-reader")
        stack.callback(self._readers.shutdown)
        checkpointer.start()
        stack.callback(checkpointer.stop)
        self._writer.start()
        stack.push_async_callback(asyncio.to_thread, self._writer.stop)

    def _translate(self, error: sqlite3.Error | OSError) -> Unavailable:
        return faults.translate(error, self._path)

    async def _read(self, function: Callable[[Connection], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._in_snapshot, function)

    def _in_snapshot(self, function: Callable[[Connection], T]) -> T:
        try:
            with self._engine.connect() as connection:
                return function(connection)
        except DBAPIError as error:
            if isinstance(error.orig, sqlite3.Error):
                raise faults.translate(error.orig, self._path) from None
            raise

    async def _act(self, function: Callable[..., T], *arguments: Any, known: bool = False) -> T:
        def act(connection: sqlite3.Connection, memory: Any) -> T:
            return function(connection, memory, *arguments) if known else function(connection, *arguments)

        done: T = await self._writer.act(act)
        return done

    # The journal, hot path

    def append(self, publication: NewPublication) -> Awaitable[Appended]:
        """See the port."""
        return self._writer.append(publication)

    def append_batch(self, publications: Sequence[NewPublication]) -> Awaitable[list[Appended]]:
        """See the port."""
        return self._writer.append_batch(publications)

    async def claim(self, room: Mapping[int, int], lease_until: Millis, now: Millis) -> list[Claimed]:
        """See the port."""
        return await self._act(claim.claim, room, lease_until, now, known=True)

    async def extend(self, entry_id: EntryId, lease_until: Millis, now: Millis) -> bool:
        """See the port."""
        return await self._act(claim.extend, entry_id, lease_until, now)

    def record(self, recording: Recording) -> Awaitable[Recorded]:
        """See the port."""
        return self._writer.record(recording)

    async def waiting(self) -> list[Waiting]:
        """See the port."""
        return await self._read(claim.waiting)

    async def release(self) -> int:
        """See the port."""
        return await self._act(claim.release)

    # The journal, acts of an operator

    async def move(
        self, ids: Sequence[EntryId], trigger: Trigger, line: HistoryLine, due_at: Millis | None
    ) -> list[EntryId]:
        """See the port."""
        return await self._act(moves.move, ids, trigger, line, due_at)

    async def redeliver(
        self, publication_id: EntryId, deliveries: Sequence[NewDelivery], supersedes: EntryId | None, line: HistoryLine
    ) -> list[EntryId]:
        """See the port."""
        return await self._act(moves.redeliver, publication_id, deliveries, supersedes, line, known=True)

    async def replay(self, deliveries: Mapping[EntryId, Sequence[NewDelivery]], line: HistoryLine) -> list[EntryId]:
        """See the port."""

        def act(connection: sqlite3.Connection, known: Known) -> list[EntryId]:
            return moves.replay(connection, known, deliveries, line)

        replayed: list[EntryId] = await self._writer.act(act, pages=moves.pages(sum(map(len, deliveries.values()))))
        return replayed

    async def gather(self, bundle: NewBundle, supersedes: EntryId | None = None) -> EntryId | None:
        """See the port."""
        return await self._act(bundles.gather, bundle, supersedes, known=True)

    async def adopt(self, past: Sequence[Past]) -> int:
        """See the port."""
        return await self._act(adopt.adopt, self._clock(), past, known=True)

    async def siblings(self, publication_ids: Sequence[EntryId]) -> list[Sibling]:
        """See the port."""
        return await self._read(partial(siblings.siblings, publication_ids=publication_ids))

    async def delaying(self) -> list[Delaying]:
        """See the port."""
        return await self._read(siblings.delaying)

    async def delayed(
        self,
        number: int,
        after: EntryId,
        through: EntryId | None,
        limit: int,
        *,
        topic: int | None = None,
        newest: bool = False,
    ) -> list[Delayed]:
        """See the port."""
        bounds = (number, topic, after, through, limit)
        return await self._read(partial(siblings.delayed, bounds=bounds, newest=newest))

    # The journal, letting go

    async def over(self, terms: Sequence[Term], after: EntryId) -> Over:
        """See the port."""
        return await self._read(partial(retain.over, terms=terms, after=after))

    async def purge(self, terms: Sequence[Term], ids: Sequence[EntryId]) -> Purged:
        """See the port."""

        def act(connection: sqlite3.Connection, _: Known) -> Purged:
            return retain.purge(connection, terms, ids)

        purged: Purged = await self._writer.act(act, pages=retain.pages(len(ids)))
        return purged

    # The journal, reading

    async def find(self, query: Query) -> Page:
        """See the port."""
        return await self._read(partial(reading.find, query=query))

    async def count(self, query: Query, limit: int) -> int:
        """See the port."""
        return await self._read(partial(pages.total, query=query, limit=limit))

    async def stories(self, query: Query, most: int) -> Stories:
        """See the port."""
        return await self._read(partial(stories, query=query, most=most))

    async def listed(self, listing: Listing) -> Listed:
        """See the port."""
        return await self._read(partial(listed, listing=listing))

    async def detail(self, entry_id: EntryId) -> EntryDetail:
        """See the port."""
        return await self._read(partial(reading.detail, entry_id=entry_id))

    async def totals(self, projects: Sequence[int], seen: Seen | None = None) -> Mapping[tuple[int, int], int]:
        """See the port."""
        return await self._read(partial(reading.totals, projects=projects, seen=seen))

    async def ways(self, window: Window, after: EntryId, until: EntryId, limit: int) -> Ways:
        """See the port."""
        return await self._read(partial(ways.ways, window=window, after=after, until=until, limit=limit))

    async def events(self, ids: Sequence[EntryId]) -> Mapping[EntryId, Event]:
        """See the port."""
        return await self._read(partial(ways.events, ids=ids))

    # The stream

    def watch(self, watcher: Watcher) -> None:
        """See the port."""
        self._writer.watchers.add(watcher)

    async def read(self, topics: Sequence[int], after: EntryId, until: EntryId, limit: int) -> Slice:
        """See the port."""
        return await self._read(partial(stream.read, topics=topics, after=after, until=until, limit=limit))

    async def newest(self, topics: Sequence[int] | None = None) -> EntryId:
        """See the port."""
        return await self._read(partial(stream.newest, topics=topics))

    async def at(self, moment: Millis) -> EntryId:
        """See the port."""
        return await self._read(partial(stream.at, moment=moment))

    async def keep(self, positions: Sequence[Position]) -> None:
        """See the port."""
        await self._act(kept.keep, positions)

    async def forget(self, queue_ids: Sequence[str]) -> None:
        """See the port."""
        await self._act(kept.forget, queue_ids)

    async def positions(self) -> list[Position]:
        """See the port."""
        return await self._read(kept.load)

    # The catalog

    async def load(self) -> list[Record]:
        """See the port."""
        return await self._read(catalog.load)

    async def save(self, records: Sequence[Record]) -> list[Record]:
        """See the port."""
        return await self._act(catalog.save, records, known=True)

    async def remove(self, records: Sequence[Record]) -> None:
        """See the port."""
        await self._act(catalog.remove, records)

    async def change(self, change: Change) -> Changed:
        """See the port."""
        saved: list[Record] = []

        def act(connection: sqlite3.Connection, known: Known) -> None:
            catalog.remove(connection, change.removed)
            saved[:] = catalog.save(connection, known, change.saved)

        appended = await self._writer.act(act, change.publications)
        return Changed(tuple(saved), tuple(appended or ()))
