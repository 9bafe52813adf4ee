"""Letters: a mail about failed deliveries is written from what the journal and the catalog say, when its turn comes.

Who is to know is the subscription's to say, else the operator's. What the mail looks like is ``notice.py``, when one is
due ``mail.py``.
"""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from eventyard.model.catalog import Application, Project, Source, Subscription, Target
from eventyard.model.errors import NotFound
from eventyard.model.ids import EntryId, Millis
from eventyard.model.journal import Entry, EntryDetail, Query
from eventyard.model.mail import Mail
from eventyard.pipeline.catalog import Catalog
from eventyard.pipeline.notice import Notice, parts_of
from eventyard.ports import Store
from eventyard.wire.masking import Masker
from eventyard.wire.rfc3339 import format_millis


class Failures(Struct, frozen=True):
    """So many failed deliveries of one subscription ``since`` a moment, and the last of them."""

    id: str
    """The id of the mail that tells of them."""
    subscription_id: str
    entry_id: EntryId
    count: int
    since: Millis


class Letterhead(Struct, frozen=True):
    """What is the same in every mail. Without ``public_url`` there are no links."""

    default_recipients: tuple[str, ...] = ()
    alias: str = ""
    public_url: str | None = None
    masked: tuple[str, ...] = ()
    """Names of parameters whose values nobody is shown (see ``wire/masking.py``)."""


class Letters:
    """Writes mails."""

    def __init__(self, catalog: Catalog, store: Store, head: Letterhead) -> None:
        self._catalog = catalog
        self._store = store
        self._head = head
        self._masker = Masker(head.masked)

    def recipients(self, subscription_id: str) -> Sequence[str]:
        """Who is told when a delivery for that subscription fails."""
        subscription = self._catalog.seek(Subscription, subscription_id)
        return (subscription.mail_to if subscription is not None else ()) or self._head.default_recipients

    async def write(self, failures: Failures) -> Mail | None:
        """The mail about those failures; ``None`` when nobody is to know any more. Raises ``Unavailable``."""
        to = self.recipients(failures.subscription_id)
        if not to:
            return None
        try:
            detail = await self._store.detail(failures.entry_id)
        except NotFound:
            return None
        attempt = detail.attempts[-1] if detail.attempts else None
        facts = tuple(self._facts(failures, detail, await self._publication(detail.entry)))
        notice = Notice(_lead(failures), facts, tuple(parts_of(detail.event, attempt, self._masker)))
        subject = self._subject(failures, *(fact for _, fact in facts[:2]))
        return Mail(failures.id, detail.history[-1].at, tuple(to), subject, notice.text(), notice.html())

    def _subject(self, failures: Failures, subscription: str, application: str) -> str:
        what = "Delivery failed" if failures.count == 1 else f"{failures.count} deliveries failed"
        alias = f"[{self._head.alias}] " if self._head.alias else ""
        return f"{alias}{what}: {subscription} ({application})"

    def _facts(self, failures: Failures, detail: EntryDetail, publication: Entry | None) -> Iterator[tuple[str, str]]:
        entry, end = detail.entry, detail.history[-1]
        subscription = self._catalog.seek(Subscription, failures.subscription_id)
        application = target = None
        if subscription is not None:
            application = self._catalog.seek(Application, subscription.application_id)
            target = self._catalog.seek(Target, subscription.target_id)
        yield "Subscription", _called(subscription, entry.name)
        yield "Application", _called(application, entry.application)
        if publication is not None:
            yield "Source", _called(self._catalog.seek(Source, publication.name_id or ""), publication.name)
        yield "Target", _called(target, "deleted meanwhile")
        yield "When", format_millis(end.at)
        yield "Why", self._masker.text(end.comment)
        yield "Attempts", str(len(detail.attempts))
        yield "Journal entry", str(entry.id)
        yield "Event", entry.event_id
        if self._head.public_url is not None:
            yield "See", f"{self._head.public_url.rstrip('/')}/v1/events/{entry.id}"

    async def _publication(self, delivery: Entry) -> Entry | None:
        """The publication's entry, and not its detail, which would bring along all of its deliveries."""
        project = self._catalog.seek(Project, delivery.project_id)
        if project is None or delivery.parent_id is None:
            return None
        page = await self._store.find(Query(projects=(project.number,), entry_id=delivery.parent_id, limit=1))
        return page.entries[0] if page.entries else None


def _called(record: Application | Source | Subscription | Target | None, name: str | None) -> str:
    """What people call a record; the name it had, when it is gone."""
    return name or "" if record is None else record.title or record.name


def _lead(failures: Failures) -> str:
    if failures.count == 1:
        return "A delivery failed, and is not tried again."
    since = format_millis(failures.since)
    return f"{failures.count} deliveries failed since {since}, and are not tried again. This is the last of them."
