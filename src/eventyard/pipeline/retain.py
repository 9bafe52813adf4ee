"""Retain: what topics keep for how long, done. Looks every few minutes for what is over, and purges it in small groups.

What is over is decided by ``model/retention.py``, anew for every group, in the transaction that deletes it. So nothing
is remembered between two groups: who is killed in the middle goes on at the next round, and doing it twice does no
harm. A group is small, and rests follow each, so that who publishes hardly notices.

A wall clock that jumps ahead would make everything old at once. So when it moved otherwise than time did, nothing is
purged by itself for a day, and somebody has the time to set it right.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import suppress

from eventyard.model.access import Principal, Scope
from eventyard.model.catalog import Topic
from eventyard.model.errors import Unavailable
from eventyard.model.ids import EntryId, Millis
from eventyard.model.retention import Doomed, Purged, Term, term
from eventyard.pipeline.catalog import Catalog
from eventyard.pipeline.streams.queues import Queues
from eventyard.pipeline.view import View
from eventyard.ports import Clock, Store
from eventyard.telemetry.log import Log
from eventyard.telemetry.metrics import Metrics

EVERY_S = 600.0
"""Seconds between two rounds."""

GROUP = 32
"""Entries purged in one transaction, unless a single publication has more."""

REST = 9.0
"""How many times as long as a group took it rests afterwards."""

REST_S = 0.01
"""The least rest, in seconds."""

JUMP_MS: Millis = 3_600_000
"""A wall clock that differs from time by so much has jumped."""

HOLD_MS: Millis = 86_400_000
"""How long after a jump nothing is purged by itself."""


class Retain:
    """Rounds over the journal. ``least_ms`` is how long idempotency promises speak of entries."""

    def __init__(
        self,
        catalog: Catalog,
        store: Store,
        queues: Queues,
        metrics: Metrics,
        log: Log,
        clock: Clock,
        *,
        least_ms: Millis = 0,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
        elapsed: Callable[[], float] | None = None,
    ) -> None:
        self._catalog = catalog
        self._store = store
        self._queues = queues
        self._metrics = metrics
        self._log = log
        self._clock = clock
        self._least_ms = least_ms
        self._pause = pause
        self._elapsed = elapsed or (lambda: asyncio.get_running_loop().time())
        self._trusted: tuple[Millis, Millis] | None = None
        self._held_until: Millis | None = None
        self._wanted = asyncio.Event()
        self._asked: set[str] = set()
        self._working: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin the rounds."""
        self._trusts_clock()
        self._working = asyncio.create_task(self._keep_on())

    async def stop(self) -> None:
        """Leave the rest to the next start."""
        if self._working is not None:
            self._working.cancel()
            await asyncio.gather(self._working, return_exceptions=True)

    async def purge(self, who: Principal, topic_id: str, *, dry_run: bool) -> Purged:
        """What is over in a topic now; unless it is a dry run, that goes from now on, beside what else is done."""
        scope = Scope.CATALOG_READ if dry_run else Scope.CATALOG_WRITE
        topic = View(self._catalog, who).need(scope).get(Topic, topic_id)
        over = await self._counted([topic])
        if not dry_run:
            self._asked.add(topic.id)
            self._wanted.set()
        return over

    async def purge_all(self, *, dry_run: bool) -> Purged:
        """What is over in every topic; it is gone when this returns, unless it is a dry run."""
        topics = list(self._topics())
        return await (self._counted(topics) if dry_run else self._purged(topics))

    async def _keep_on(self) -> None:
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wanted.wait(), EVERY_S)
            self._wanted.clear()
            await self.round()

    async def round(self) -> None:
        """Purge what somebody asked for, and everything if the clock can be trusted."""
        asked, self._asked = self._asked, set()
        trusted = self._trusts_clock()
        topics = [topic for topic in self._topics() if trusted or topic.id in asked]
        try:
            await self._purged(topics)
        except Unavailable as error:
            self._asked |= asked
            self._log.warning("purge_postponed", error=error.message)
        except Exception as error:  # a bug must not end the rounds
            self._log.error("purge_failed", error=repr(error))

    def _topics(self) -> Iterator[Topic]:
        return (topic for topic in self._catalog.all(Topic) if not topic.retention.is_for_ever)

    def _terms(self, topics: Iterable[Topic]) -> list[Term]:
        now, unread = self._clock(), unread_of(self._queues)
        return [
            term(topic.number, topic.retention, _before(unread.get(topic.id)), now, self._least_ms)
            for topic in topics
            if not topic.retention.is_for_ever
        ]

    async def _counted(self, topics: Sequence[Topic]) -> Purged:
        counted = Purged()
        async for doomed in self._over(self._terms(topics)):
            for one in doomed:
                counted.count(one)
        return counted

    async def _purged(self, topics: Sequence[Topic]) -> Purged:
        terms, purged, began = self._terms(topics), Purged(), self._elapsed()
        async for doomed in self._over(terms):
            for group in grouped(doomed):
                since = self._elapsed()
                gone = await self._store.purge(terms, group)
                self._count(gone)
                purged.add(gone)
                await self._pause(max((self._elapsed() - since) * REST, REST_S))
        if purged != Purged():
            self._log.info(
                "purged",
                topics=len(terms),
                consumed=purged.consumed,
                unconsumed=purged.unconsumed,
                payloads=purged.payloads,
                entries=purged.entries,
                ms=round((self._elapsed() - began) * 1000),
            )
        return purged

    async def _over(self, terms: Sequence[Term]) -> AsyncIterator[Sequence[Doomed]]:
        after: EntryId | None = EntryId(0) if terms else None
        while after is not None:
            page = await self._store.over(terms, after)
            yield page.doomed
            after = page.reached

    def _count(self, gone: Purged) -> None:
        for what, number in (
            ("consumed", gone.consumed), ("unconsumed", gone.unconsumed), ("payload", gone.payloads),
        ):  # fmt: skip
            self._metrics.purged.labels(what).inc(number)

    def _trusts_clock(self) -> bool:
        """Whether the wall clock went on as time did, and has done so since it last did not."""
        wall, time = self._clock(), int(self._elapsed() * 1000)
        if self._trusted is not None:
            drift = (wall - self._trusted[0]) - (time - self._trusted[1])
            if abs(drift) >= JUMP_MS:
                self._held_until = time + HOLD_MS
                self._log.warning("clock_jumped", by_ms=drift, detail="nothing is purged by itself for a day")
        self._trusted = wall, time
        return self._held_until is None or time >= self._held_until


def unread_of(queues: Queues) -> dict[str, EntryId]:
    """By the exchange, the first entry that a durable queue may have yet to read; none where all is read."""
    unread: dict[str, EntryId] = {}
    for queue in queues:
        needs = queue.needs if queue.durable else None
        if needs is not None:
            for exchange in queues.upstream(queue):
                unread[exchange] = min(needs, unread.get(exchange, needs))
    return unread


def grouped(doomed: Sequence[Doomed]) -> Iterator[Sequence[EntryId]]:
    """The publications in groups of so many entries."""
    group: list[EntryId] = []
    size = 0
    for one in doomed:
        if group and size + one.size > GROUP:
            yield group
            group, size = [], 0
        group.append(one.id)
        size += one.size
    if group:
        yield group


def _before(entry_id: EntryId | None) -> EntryId | None:
    return None if entry_id is None else EntryId(entry_id - 1)
