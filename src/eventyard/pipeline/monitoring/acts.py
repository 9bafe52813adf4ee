"""What rules do, one thing after the other, beside everything else: discard, pause, disable, publish what they tell.

Nobody waits for it, and while the store cannot write it is tried again. What waits is bounded and in memory: a process
that is killed forgets it, as it forgets mails; what it was about stands in the journal. What is done to an entry stands
in its history, with the name of the rule; what is done to a subscription or a source stands in the log.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from functools import partial

import msgspec

from eventyard.model.catalog import Mode, Project, Source, Subscription
from eventyard.model.errors import HubError, Unavailable
from eventyard.model.event import Event
from eventyard.model.ids import EntryId
from eventyard.model.journal import HistoryLine
from eventyard.model.lifecycle import Status, Trigger
from eventyard.model.reserved import exchange_of
from eventyard.model.rules import PUBLISHED, Act, Rule, Sighting
from eventyard.pipeline.catalog import Catalog, in_turn
from eventyard.pipeline.persist import persist
from eventyard.pipeline.publish import Publishing
from eventyard.ports import Clock, Store
from eventyard.telemetry.log import Log
from eventyard.telemetry.metrics import Metrics

BOUND = 10_000
"""Things to be done that may wait, and for each rule entries to be discarded."""

ROUND = 500
"""Entries that are discarded in one transaction."""

Job = Callable[[], Awaitable[None]]


class Acts:
    """Does what rules are to do. ``look`` is told of publications of which a delivery was discarded."""

    def __init__(
        self,
        catalog: Catalog,
        store: Store,
        publishing: Publishing,
        look: Callable[[EntryId], None],
        metrics: Metrics,
        log: Log,
        clock: Clock,
        *,
        bound: int = BOUND,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._catalog = catalog
        self._store = store
        self._publishing = publishing
        self._look = look
        self._metrics = metrics
        self._log = log
        self._clock = clock
        self._bound = bound
        self._pause = pause
        self._jobs: deque[Job] = deque()
        self._doomed: dict[str, list[Sighting]] = {}
        self._held: set[tuple[Act | None, str]] = set()
        self._task: asyncio.Task[None] | None = None
        self._full = False
        self._stopped = False

    def of(self, rule: Rule, sighting: Sighting) -> None:
        """Do soon what a rule is to do about an entry."""
        wish = (rule.act, sighting.name_id)
        if rule.act is not None and wish not in self._held and self.put(partial(self._hold, rule, rule.act, sighting)):
            self._held.add(wish)
        if rule.discard:
            doomed = self._doomed.setdefault(rule.id, [])
            if len(doomed) >= self._bound:
                self._complain()
                return
            if doomed or self.put(partial(self._discard, rule)):
                doomed.append(sighting)

    def tell(self, rule: Rule, event: Event) -> None:
        """Publish soon what a rule tells."""
        self.put(partial(self._publish, rule, event))

    def put(self, job: Job) -> bool:
        """Do something soon; not, and the log says so, while too much waits or once the hub stops."""
        if self._stopped or len(self._jobs) >= self._bound:
            self._complain()
            return False
        self._jobs.append(job)
        if self._task is None:
            self._task = asyncio.create_task(self._work())
        return True

    async def stop(self, timeout_ms: int) -> None:
        """Do what waits, for so long at most."""
        if self._task is not None:
            _, running = await asyncio.wait([self._task], timeout=timeout_ms / 1000)
            self._stopped = True
            if running:
                self._task.cancel()
                await asyncio.wait([self._task])
        self._stopped = True

    def _complain(self) -> None:
        if not self._full:
            self._full = True
            self._log.error("rule_acts_dropped", waiting=len(self._jobs))

    async def _work(self) -> None:
        while self._jobs:
            try:
                await persist(self._jobs[0], self._pause)
            except Exception as error:  # a bug in one must not keep the others
                self._log.error("rule_act_failed", error=repr(error))
            self._jobs.popleft()
        self._full = False
        self._task = None

    async def _discard(self, rule: Rule) -> None:
        doomed = self._doomed[rule.id]
        while doomed:
            part = doomed[:ROUND]
            line = HistoryLine(self._clock(), Status.DISCARDED, f"discarded by rule {rule.name!r}", f"rule {rule.name}")
            moved = await self._store.move([one.entry_id for one in part], Trigger.DISCARD, line, None)
            del doomed[: len(part)]
            self._done(rule, "discard", len(moved), entries=len(moved))
            for publication_id in dict.fromkeys(one.parent_id for one in part):
                if publication_id is not None:
                    self._look(publication_id)
        del self._doomed[rule.id]

    async def _hold(self, rule: Rule, act: Act, sighting: Sighting) -> None:
        try:
            changed = await self._change(act, sighting)
        except Unavailable:
            raise
        except HubError as error:
            self._log.error("rule_act_failed", rule=rule.name, error=error.message)
        else:
            if changed is not None:
                name = {"source" if isinstance(changed, Source) else "subscription": changed.name}
                self._done(rule, act.value, 1, entry_id=sighting.entry_id, **name)
        self._held.discard((act, sighting.name_id))

    @in_turn
    async def _change(self, act: Act, sighting: Sighting) -> Source | Subscription | None:
        """Pause or disable what the entry is of; ``None`` when it is that already, or gone."""
        now = self._clock()
        if sighting.kind in PUBLISHED:
            source = self._catalog.seek(Source, sighting.name_id)
            if source is None or not source.enabled or act is not Act.DISABLE:
                return None
            return await self._catalog.save_one(msgspec.structs.replace(source, enabled=False, updated_at=now))
        subscription = self._catalog.seek(Subscription, sighting.name_id)
        mode = Mode.PAUSED if act is Act.PAUSE else Mode.DISABLED
        if subscription is None or subscription.mode in (mode, Mode.DISABLED):
            return None
        return await self._catalog.save_one(msgspec.structs.replace(subscription, mode=mode, updated_at=now))

    async def _publish(self, rule: Rule, event: Event) -> None:
        project = self._catalog.seek(Project, rule.project_id)
        door = None if project is None else self._publishing.find(project, exchange_of(project))
        if door is not None:
            await self._publishing.publish(door, event, key=f"rule:{event.id}", well_formed=True)

    def _done(self, rule: Rule, act: str, count: int, **more: object) -> None:
        self._metrics.rules_acted.labels(rule.name, act).inc(count)
        self._log.warning("rule_acted", rule=rule.name, act=act, **more)
