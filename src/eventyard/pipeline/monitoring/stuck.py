"""Stuck: entries that stay in a status for too long, found when the next of them may be due. Nobody polls.

For each rule with ``stuck_ms`` there is one moment to look, and one alarm for the earliest of them: the oldest open
entry tells when something may be stuck next, and an entry that is made after a look cannot be before a whole
``stuck_ms`` is over. However many entries are open, they cost nothing in between, and a look reads, by the index, those
that were made long enough ago.

A stay is known by when it began. A look takes those that began after the rule's ``reached`` and long enough ago, and
then keeps how far it looked: so each stay is spoken of once, also over a restart. A clock set back makes the rule look
at some stays again; after one set forward, nothing that began before is stuck until the time is over once more.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from msgspec.structs import replace

from eventyard.model.catalog import Project, Record
from eventyard.model.errors import HubError
from eventyard.model.ids import EntryId, Millis
from eventyard.model.journal import Query
from eventyard.model.rules import Rule
from eventyard.pipeline.catalog import Catalog
from eventyard.pipeline.monitoring.monitor import Monitor, sighting_of
from eventyard.pipeline.timing import Alarm
from eventyard.ports import Clock, Store
from eventyard.telemetry.log import Log

PAGE = 500
"""Entries that are read at a time."""

APART_MS = 5_000
"""Between two looks of a rule at least."""

JUMP_MS = 10_000
"""What the wall clock may go ahead of a steady one between two looks without having jumped."""


class Stuck:
    """Finds what is stuck. ``reached`` keeps how far a rule has looked; ``steady`` is a clock that nobody sets."""

    def __init__(
        self,
        catalog: Catalog,
        store: Store,
        monitor: Monitor,
        reached: Callable[[str, Millis], Awaitable[None]],
        log: Log,
        clock: Clock,
        steady: Clock,
    ) -> None:
        self._catalog = catalog
        self._store = store
        self._monitor = monitor
        self._reached = reached
        self._log = log
        self._clock = clock
        self._steady = steady
        self._rules: dict[str, Rule] = {}
        self._next: dict[str, Millis] = {}
        self._alarm = Alarm(clock, self.tick)
        self._task: asyncio.Task[None] | None = None
        self._ahead = clock() - steady()
        self._jumped_at: Millis = 0

    def start(self) -> None:
        """Take the rules from the catalog, and look for each of them."""
        self._catalog.watch(self._changed)
        self._changed(list(self._catalog.all(Rule)))

    async def stop(self) -> None:
        """Look no more."""
        self._alarm.stop()
        self._rules.clear()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def tick(self) -> None:
        """Look for the rules whose moment has come. The alarm calls this; so does a test that moved the clock."""
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._look())

    def _changed(self, records: Sequence[Record]) -> None:
        """Follow the catalog: a rule that is new, or speaks of something else than before, looks at once."""
        for record in records:
            if not isinstance(record, Rule):
                continue
            living = self._catalog.seek(Rule, record.id)
            if living is None or not living.enabled or living.stuck_ms is None:
                self._rules.pop(record.id, None)
                self._next.pop(record.id, None)
                continue
            known, self._rules[record.id] = self._rules.get(record.id), living
            if known is None or replace(known, reached=living.reached) != living:
                self._next[record.id] = self._clock()
                self._alarm.set(self._clock())

    async def _look(self) -> None:
        now = self._clock()
        self._follow_clock(now)
        for rule_id in [rule_id for rule_id, at in self._next.items() if at <= now]:
            if rule_id not in self._next:
                continue
            del self._next[rule_id]  # whoever changes the rule meanwhile sets it anew
            rule = self._rules[rule_id]
            assert rule.stuck_ms is not None
            try:
                following = await self._look_for(rule, rule.stuck_ms, now)
            except HubError as error:  # the journal cannot be read or written now
                self._log.error("rule_look_failed", rule=rule.name, error=error.message)
                following = now
            if rule_id in self._rules:
                self._next.setdefault(rule_id, max(following, self._clock() + APART_MS))
        if self._next:
            self._alarm.set(min(self._next.values()))

    def _follow_clock(self, now: Millis) -> None:
        """See whether the clock was set. Set forward, what began before counts anew; set back, all moments do."""
        jump = now - self._steady() - self._ahead
        self._ahead += jump
        if jump > JUMP_MS:
            self._jumped_at = now
        elif jump < -JUMP_MS:
            self._jumped_at = min(self._jumped_at, now)
            self._next = dict.fromkeys(self._next, now)
        if abs(jump) > JUMP_MS:
            self._log.warning("clock_jumped", by_ms=jump)

    async def _look_for(self, rule: Rule, stuck_ms: Millis, now: Millis) -> Millis:
        """Speak of what is stuck; when something may be next."""
        project = self._catalog.seek(Project, rule.project_id)
        if project is None:
            return now + stuck_ms
        began_by = now - stuck_ms
        if began_by < self._jumped_at:
            return self._jumped_at + stuck_ms
        query = Query(projects=(project.number,), kinds=rule.kinds, statuses=rule.statuses, ascending=True, limit=PAGE)
        reached, earliest, found = min(rule.reached, began_by), now, False
        after: EntryId | None = None
        while True:
            page = await self._store.stories(replace(query, created_to=began_by, after=after), 0)
            for story in page.stories:
                entry, line = story.entry, story.history[-1]
                if line.at > began_by:
                    earliest = min(earliest, line.at)
                elif line.at > reached and self._monitor.concerns(rule, entry.kind, entry.project_id, entry.name_id):
                    found = True
                    self._monitor.speak(rule, [sighting_of(entry, line.comment)])
            if len(page.stories) < PAGE:
                break
            after = page.stories[-1].entry.id
        if found:
            await self._reached(rule.id, began_by)
        younger = await self._store.find(replace(query, created_from=began_by + 1, limit=1))
        return min([earliest, *(entry.created_at for entry in younger.entries)]) + stuck_ms
