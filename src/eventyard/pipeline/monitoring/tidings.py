"""What a rule says of the entries it speaks of: as a mail for people, and as an event for a target.

Both say which rule it is and why, how many entries there were since when, and show the first few. Comments are the
journal's own words, masked. When something is said, and to whom, is for ``monitor.py`` to know.
"""

from collections.abc import Sequence

import msgspec
from msgspec import Struct

from eventyard.model.catalog import Project, Source, Subscription
from eventyard.model.event import Event
from eventyard.model.ids import EntryId, Millis
from eventyard.model.lifecycle import Kind, labels
from eventyard.model.mail import Mail
from eventyard.model.rules import PUBLISHED, Rule, Sighting
from eventyard.pipeline.catalog import Catalog
from eventyard.pipeline.letters import Letterhead
from eventyard.pipeline.notice import Notice, Part, one_line
from eventyard.pipeline.throttle import Gathered
from eventyard.wire.masking import Masker
from eventyard.wire.rfc3339 import format_millis

TYPE = "eventyard.rule.told"
"""The type of the event."""

COMMENT_CHARS = 300
"""Characters of a comment that are shown."""

_UNITS = ((86_400_000, "d"), (3_600_000, "h"), (60_000, "min"), (1_000, "s"))


class RuleTold(Struct, frozen=True):
    """Which rule told something."""

    id: str
    name: str


class SightingTold(Struct, frozen=True):
    """An entry, as the event shows it. ``name`` is that of the source or subscription with the id ``name_id``."""

    entry_id: EntryId
    kind: str
    status: str
    name_id: str
    name: str
    comment: str


class Told(Struct, frozen=True):
    """The data of the event. ``first`` are the first few of ``count`` entries."""

    rule: RuleTold
    condition: str
    count: int
    since: str
    first: Sequence[SightingTold]


class Tidings:
    """Writes what rules say."""

    def __init__(self, catalog: Catalog, head: Letterhead) -> None:
        self._catalog = catalog
        self._head = head
        self._masker = Masker(head.masked)

    def mail(self, rule: Rule, gathered: Gathered[Sighting], mail_id: str, now: Millis) -> Mail:
        """The mail to whom the rule names."""
        project = self._catalog.seek(Project, rule.project_id)
        facts = [
            ("Rule", rule.name),
            ("Project", project.name if project is not None else rule.project_id),
            ("Condition", condition_of(rule)),
            ("Entries", str(gathered.count)),
            ("Since", format_millis(gathered.since)),
        ]
        shown = [f"{one.entry_id}  {one.status}  {one.name}  {one.comment}" for one in self._shown(gathered)]
        more = f"… and {gathered.count - len(shown)} more" if gathered.count > len(shown) else ""
        few = Part("The first of them", [one_line(line) for line in shown], more)
        notice = Notice("A monitoring rule has something to tell.", facts, [few])
        alias = f"[{self._head.alias}] " if self._head.alias else ""
        what = "1 entry" if gathered.count == 1 else f"{gathered.count} entries"
        return Mail(mail_id, now, rule.mail_to, f"{alias}{rule.name}: {what}", notice.text(), notice.html())

    def event(self, rule: Rule, gathered: Gathered[Sighting], event_id: str, now: Millis) -> Event:
        """The event to the rule's target, and to whoever else listens for it on the exchange of the project."""
        told = Told(
            RuleTold(rule.id, rule.name),
            condition_of(rule),
            gathered.count,
            format_millis(gathered.since),
            self._shown(gathered),
        )
        return Event(
            id=event_id,
            source=f"/projects/{rule.project_id}",
            type=TYPE,
            subject=rule.id,
            time=now,
            data=msgspec.json.encode(told),
            routing_key=key_of(rule),
        )

    def _shown(self, gathered: Gathered[Sighting]) -> list[SightingTold]:
        return [
            SightingTold(
                one.entry_id,
                one.kind.name.lower(),
                one.status.name.lower(),
                one.name_id,
                self._name(one),
                self._masker.text(one.comment)[:COMMENT_CHARS],
            )
            for one in gathered.first
        ]

    def _name(self, sighting: Sighting) -> str:
        found: Source | Subscription | None
        if sighting.kind in PUBLISHED:
            found = self._catalog.seek(Source, sighting.name_id)
        else:
            found = self._catalog.seek(Subscription, sighting.name_id)
        return "deleted meanwhile" if found is None else found.title or found.name


def key_of(rule: Rule) -> str:
    """The routing key of what a rule tells."""
    return f"rules.{rule.id}.told"


def condition_of(rule: Rule) -> str:
    """When a rule speaks of an entry, in words."""
    kinds = f"{labels(rule.kinds)} that is " if rule.kinds and set(rule.kinds) != set(Kind) else ""
    longer = "" if rule.stuck_ms is None else f" for longer than {_lasting(rule.stuck_ms)}"
    return f"{kinds}{labels(rule.statuses)}{longer}"


def _lasting(length_ms: Millis) -> str:
    words = []
    for unit, word in _UNITS:
        count, length_ms = divmod(length_ms, unit)
        if count:
            words.append(f"{count} {word}")
    return " ".join(words)
