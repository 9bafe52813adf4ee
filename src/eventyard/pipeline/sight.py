"""What a caller who holds some categories only may see: of the catalog, and as numbers for a search of the journal.

Applications and topics bear categories. All else inherits, and the most restrictive governs: a source is seen by who
sees its application and its topic, a subscription by who sees its application, all its topics and its source, a target
by who sees every subscription and rule that drives it, a rule by who sees each thing it watches (and one that watches
everything, by nobody with categories). An entry is seen by who sees its application and its topic as they are now; so
of what is deleted nobody with categories sees the entries. Nor do they see what the hub tells of itself.

Worked out once for each set of categories, and again when the catalog has changed; nothing is looked up entry by entry
in a search. Who sees what by organization, project and application is the business of ``view.py``.
"""

from typing import TYPE_CHECKING

from eventyard.model.catalog import Application, Source, Subscription, Target, Topic
from eventyard.model.categories import sees
from eventyard.model.journal import Entry, Seen
from eventyard.model.reserved import is_hub_made, is_reserved
from eventyard.model.rules import Rule

if TYPE_CHECKING:
    from eventyard.pipeline.catalog import Catalog

Shown = Application | Topic | Source | Subscription | Target | Rule


class Sight:
    """What is seen with these categories, of the catalog as it is."""

    def __init__(self, catalog: "Catalog", held: frozenset[str]) -> None:
        self._held = held
        applications = [one for one in catalog.all(Application) if self.shows(one)]
        topics = [one for one in catalog.all(Topic) if self.shows(one)]
        self._applications = {one.id for one in applications}
        self._numbers = {one.number for one in applications}
        self._topics = {one.id for one in topics}
        sources = [one for one in catalog.all(Source) if self.shows(one)]
        self._sources = {one.id for one in sources}
        subscriptions = [one for one in catalog.all(Subscription) if self.shows(one)]
        self._subscriptions = {one.id for one in subscriptions}
        self._hidden_targets: set[str | None] = {
            one.target_id for one in catalog.all(Subscription) if not is_hub_made(one) and not self.shows(one)
        }
        self._hidden_targets |= {one.notify for one in catalog.all(Subscription) if not self.shows(one)}
        self._hidden_targets |= {one.target_id for one in catalog.all(Rule) if not self.shows(one)}
        named: list[Source | Subscription] = [*sources, *subscriptions]
        self.seen = Seen(
            tuple(one.number for one in applications),
            tuple(one.number for one in topics),
            tuple(one.number for one in named),
        )

    def shows(self, record: Shown) -> bool:
        """Whether a record is seen."""
        match record:
            case Application():
                return sees(self._held, record.categories)
            case Topic():
                return sees(self._held, record.categories) and not is_reserved(record.name)
            case Source():
                return record.application_id in self._applications and record.topic_id in self._topics
            case Subscription():
                return (
                    record.application_id in self._applications
                    and self._topics.issuperset(record.topic_ids)
                    and (record.source_id is None or record.source_id in self._sources)
                )
            case Target():
                return record.id not in self._hidden_targets
            case Rule():
                return (
                    not (record.all_sources or record.all_subscriptions)
                    and self._sources.issuperset(record.source_ids)
                    and self._subscriptions.issuperset(record.subscription_ids)
                )

    def shows_publication(self, topic_id: str, application: int) -> bool:
        """Whether what an application, known by its journal number, published into a topic is seen."""
        return topic_id in self._topics and application in self._numbers

    def shows_entry(self, entry: Entry) -> bool:
        """Whether an entry is seen; one without a topic of its own, as its source or subscription is."""
        if entry.application_id not in self._applications:
            return False
        if entry.topic_id is not None:
            return entry.topic_id in self._topics
        return entry.name_id in self._sources or entry.name_id in self._subscriptions
