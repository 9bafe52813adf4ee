"""Monitoring: each entry that ends passes by here once that is on disk, and the rules that watch it speak of it.

``recorder.py`` tells of deliveries, the store of publications, and who moves entries by hand of those. Nobody waits for
a rule: who is told of an end looks into a table of the rules for its status, and returns. What is to be done then,
``acts.py`` does one after the other; messages go through the throttle, so that a thousand failures are two of them.
Entries that do *not* end are found by ``stuck.py``, which comes here with them.

A rule never speaks of what rules make themselves: the events they tell, and their deliveries.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from functools import partial

from eventyard.model.catalog import Project, Record, Source, Subscription
from eventyard.model.ids import EntryId, Millis
from eventyard.model.journal import Committed, Entry, Query, Recording
from eventyard.model.lifecycle import FINAL, Kind, Status
from eventyard.model.mail import Mail
from eventyard.model.reserved import is_reserved
from eventyard.model.rules import INTERVAL_MS, MADE_BY_RULE, PUBLISHED, Rule, Sighting
from eventyard.pipeline.catalog import Catalog
from eventyard.pipeline.mail import Mails
from eventyard.pipeline.monitoring.acts import Acts
from eventyard.pipeline.monitoring.tidings import Tidings
from eventyard.pipeline.throttle import Gathered, Throttle
from eventyard.ports import Clock, Store
from eventyard.telemetry.log import Log
from eventyard.telemetry.metrics import Metrics


class Monitor:
    """Has rules speak of entries."""

    def __init__(
        self,
        catalog: Catalog,
        store: Store,
        acts: Acts,
        tidings: Tidings,
        mails: Mails,
        metrics: Metrics,
        log: Log,
        clock: Clock,
        new_id: Callable[[], str],
    ) -> None:
        self._catalog = catalog
        self._store = store
        self._acts = acts
        self._tidings = tidings
        self._mails = mails
        self._metrics = metrics
        self._log = log
        self._clock = clock
        self._new_id = new_id
        self._throttle: Throttle[Sighting] = Throttle(self._tell, self._interval, clock)
        self._by_status: dict[Status, list[Rule]] = {}
        self._publications: list[Rule] = []
        self._watching = False
        catalog.watch(self._changed)

    def start(self) -> None:
        """Take the rules from the catalog, once that is loaded."""
        by_status: dict[Status, list[Rule]] = defaultdict(list)
        for rule in self._catalog.all(Rule):
            if rule.enabled and rule.stuck_ms is None:
                for status in rule.statuses:
                    by_status[status].append(rule)
        self._by_status = dict(by_status)
        self._publications = [one for one in by_status[Status.COMPLETE] if one.all_sources or one.source_ids]
        if self._publications and not self._watching:
            self._watching = True
            self._store.watch(self.committed)

    def stop(self) -> None:
        """Tell now what there is to tell."""
        untold = self._throttle.stop()
        if untold:
            self._log.error("rules_untold", rules=len(untold))

    def tick(self) -> None:
        """Tell what has come in the intervals that are over. The throttle's own alarm does so too."""
        self._throttle.tick()

    def recorded(self, recording: Recording) -> None:
        """The status of a delivery changed, and that is on disk. Returns at once."""
        line = recording.line
        rules = None if line is None else self._by_status.get(line.status)
        if line is None or not rules:
            return
        subscription = self._catalog.seek(Subscription, recording.subscription_id)
        if subscription is None:  # deleted meanwhile: the journal knows in which project it was
            self._acts.put(partial(self._find, [recording.entry_id], line.status, line.comment))
            return
        sighting = Sighting(
            recording.entry_id, Kind.SUBSCRIPTION, line.status, subscription.project_id, subscription.id, line.comment,
            recording.publication_id,
        )  # fmt: skip
        self._speak(rules, sighting)

    def moved(self, ids: Sequence[EntryId], status: Status, comment: str) -> None:
        """Entries were given a status by hand, and that is on disk. Returns at once."""
        if ids and status in FINAL and self._by_status.get(status):
            self._acts.put(partial(self._find, ids, status, comment))

    def committed(self, publications: Sequence[Committed]) -> None:
        """Events were accepted, and that is on disk. Returns at once."""
        if not self._publications:
            return
        for one in publications:
            source = self._catalog.numbered(Source, one.source)
            if source is not None:
                sighting = Sighting(one.entry_id, Kind.PUBLICATION, Status.COMPLETE, source.project_id, source.id)
                self._speak(self._publications, sighting)

    def concerns(self, rule: Rule, kind: Kind, project_id: str, name_id: str | None) -> bool:
        """Whether a rule may speak of an entry: one that it watches, and that rules did not make themselves."""
        if project_id != rule.project_id or name_id is None or name_id.startswith(MADE_BY_RULE):
            return False
        if kind in PUBLISHED:
            source = self._catalog.seek(Source, name_id)
            if source is not None and is_reserved(source.name):
                return False
        return rule.concerns(kind, name_id)

    def speak(self, rule: Rule, sightings: Iterable[Sighting]) -> None:
        """Have a rule do what it is to do about entries that it watches."""
        for sighting in sightings:
            self._metrics.rules_matched.labels(rule.name).inc()
            self._acts.of(rule, sighting)
            if rule.mail_to or rule.target_id is not None:
                self._throttle.add(rule.id, sighting)

    def _speak(self, rules: Iterable[Rule], sighting: Sighting) -> None:
        for rule in rules:
            if self.concerns(rule, sighting.kind, sighting.project_id, sighting.name_id):
                self.speak(rule, [sighting])

    async def _find(self, ids: Sequence[EntryId], status: Status, comment: str) -> None:
        """Speak of entries of which only the ids are known."""
        projects = tuple(project.number for project in self._catalog.all(Project))
        for entry_id in ids:
            page = await self._store.find(Query(projects=projects, entry_id=entry_id, limit=1))
            for entry in page.entries:
                rules = self._by_status.get(status, ())
                self._speak(rules, sighting_of(entry, comment, status))

    def _changed(self, records: Sequence[Record]) -> None:
        if any(isinstance(record, Rule) for record in records):
            self.start()

    def _interval(self, rule_id: str) -> Millis:
        rule = self._catalog.seek(Rule, rule_id)
        return INTERVAL_MS if rule is None else rule.interval_ms

    def _tell(self, rule_id: str, gathered: Gathered[Sighting]) -> bool:
        rule = self._catalog.seek(Rule, rule_id)
        if rule is None:
            return True
        now = self._clock()
        if rule.mail_to and self._mails.can_send():
            mail = self._tidings.mail(rule, gathered, self._new_id(), now)
            if self._mails.outbox is not None and not self._mails.outbox.put(partial(_same, mail)):
                return False
        if rule.target_id is not None:
            self._acts.tell(rule, self._tidings.event(rule, gathered, self._new_id(), now))
        self._metrics.rules_told.labels(rule.name).inc()
        self._log.info("rule_told", rule=rule.name, entries=gathered.count)
        return True


async def _same(mail: Mail) -> Mail:
    return mail


def sighting_of(entry: Entry, comment: str, status: Status | None = None) -> Sighting:
    """An entry as rules see it; in that ``status``, if it has another by now."""
    return Sighting(
        entry.id, entry.kind, status or entry.status, entry.project_id, entry.name_id or "", comment, entry.parent_id
    )
