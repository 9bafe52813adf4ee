"""A trial: what a rule would have spoken of, had it been there. Nobody is told, and nothing is done."""

from msgspec.structs import replace

from eventyard.model.access import Principal, Scope
from eventyard.model.catalog import Project
from eventyard.model.ids import EntryId, Millis
from eventyard.model.journal import HistoryLine, Query, Story
from eventyard.model.rules import Rule, Trial
from eventyard.pipeline.catalog import Catalog
from eventyard.pipeline.monitoring.monitor import Monitor
from eventyard.pipeline.view import View
from eventyard.ports import Clock, Store

MOST = 10_000
"""Entries that a trial looks at."""

PAGE = 500
FEW = 20
"""Entries that a trial names."""

HOUR_MS = 3_600_000


class Trials:
    """Tries rules on what is in the journal."""

    def __init__(self, catalog: Catalog, store: Store, monitor: Monitor, clock: Clock) -> None:
        self._catalog = catalog
        self._store = store
        self._monitor = monitor
        self._clock = clock

    async def of(self, who: Principal, rule_id: str, hours: int) -> Trial:
        """Which entries made in the last so many hours a rule would have spoken of. Raises ``NotFound``."""
        view = View(self._catalog, who).need(Scope.CATALOG_READ).need(Scope.EVENTS_READ)
        rule = view.get(Rule, rule_id)
        project = self._catalog.get(Project, rule.project_id)
        now = self._clock()
        query = Query(
            projects=(project.number,), seen=view.seen(), kinds=rule.kinds, created_from=now - hours * HOUR_MS,
            limit=PAGE,
        )  # fmt: skip
        matched = looked_at = 0
        newest: list[EntryId] = []
        while True:
            page = await self._store.stories(query, 0)
            for story in page.stories:
                if self._speaks_of(rule, story, now):
                    matched += 1
                    if len(newest) < FEW:
                        newest.append(story.entry.id)
            looked_at += len(page.stories)
            last = len(page.stories) < PAGE
            if last or looked_at >= MOST:
                return Trial(matched, looked_at, last, newest)
            query = replace(query, before=page.stories[-1].entry.id)

    def _speaks_of(self, rule: Rule, story: Story, now: Millis) -> bool:
        entry = story.entry
        if not self._monitor.concerns(rule, entry.kind, entry.project_id, entry.name_id):
            return False
        if rule.stuck_ms is None:
            return any(line.status in rule.statuses for line in story.history)
        return longest_stay(rule, story.history, now) >= rule.stuck_ms


def longest_stay(rule: Rule, history: tuple[HistoryLine, ...], now: Millis) -> Millis:
    """How long an entry has been, at most, in one of the statuses of a rule."""
    ends = [*(line.at for line in history[1:]), now]
    stays = (end - line.at for line, end in zip(history, ends, strict=True) if line.status in rule.statuses)
    return max(stays, default=0)
