"""The journal of the in-memory store: its entries with the work queue beside them, and how they change.

The shortest description of what ``sql/changes.py`` and ``sql/bundles.py`` do. The calls are in ``memory.py``.
"""

from msgspec.structs import replace

from eventyard.model.errors import Conflict, NotFound
from eventyard.model.ids import EntryId, Millis
from eventyard.model.journal import HistoryLine, NewBundle, NewDelivery
from eventyard.model.lifecycle import FINAL, Kind, Status, Trigger, after
from eventyard.stores.family import (
    Family,
    begun,
    completed_at,
    delayed_ms,
    inherits,
    lived,
    payload_gone,
    reflected,
    superseded,
    superseding,
    with_members,
)
from eventyard.stores.memory_catalog import MemoryCatalog
from eventyard.stores.memory_due import Due
from eventyard.stores.memory_search import Kept
from eventyard.stores.records import NameKind


class MemoryEntries(dict[EntryId, Kept]):
    """Entries by id, and what is due of them."""

    def __init__(self, catalog: MemoryCatalog) -> None:
        super().__init__()
        self.due: dict[EntryId, Due] = {}
        self._catalog = catalog

    def next_id(self) -> EntryId:
        """The id of the entry that comes next."""
        return EntryId(next(reversed(self), 0) + 1)

    def entry(self, entry_id: EntryId) -> Kept:
        """The entry. Raises ``NotFound``."""
        try:
            return self[entry_id]
        except KeyError:
            raise NotFound("not_found", f"there is no journal entry {entry_id}") from None

    def has_payload(self, entry: Kept) -> bool:
        """Whether its event is still kept."""
        return self[entry.parent_id or entry.id].has_payload

    def deliver(self, publication: Kept, new: NewDelivery, line: HistoryLine, old: EntryId | None = None) -> EntryId:
        """Add a delivery to a publication, perhaps in the place of an old one."""
        first = replace(line, status=Status.PROCESSING) if new.note else line
        delivery = Kept(
            id=self.next_id(),
            kind=Kind.SUBSCRIPTION,
            project=publication.project,
            application=self._catalog.number(NameKind.APPLICATION, new.subscription.application_id),
            topic=publication.topic,
            name=new.subscription.number,
            event=publication.event,
            created_at=line.at,
            history=[first, replace(line, comment=new.note)] if new.note else [line],
            parent_id=publication.id,
            target=new.target.number,
            supersedes=old,
            family=Family(),
            attempts={},
        )
        self[delivery.id] = delivery
        if new.status is not Status.DELAYED:
            self.due[delivery.id] = Due(new.due_at, new.lease_until, 1)
        publication.family.moved(None, line.status)
        return delivery.id

    def change(self, entry: Kept, line: HistoryLine) -> None:
        """Add a history line: the entry takes its status, the parent counts it, and members of a bundle go with it."""
        last = entry.history[-1]
        entry.completed_at = completed_at(entry.completed_at, last.status, line.status, line.at)
        entry.delayed_ms = delayed_ms(entry.delayed_ms, last.status, last.at, line.at)
        entry.history.append(line)
        if entry.parent_id is not None:
            self[entry.parent_id].family.moved(last.status, line.status)
        for member in map(self.__getitem__, entry.members):
            if inherits(member.status, last.status, line.status):
                self.change(member, reflected(line, entry.id))

    def queue(self, entry: Kept, due_at: Millis | None) -> None:
        """Put a delivery into the work queue, unleased, for its next attempt; or take it out."""
        queued = self.due.pop(entry.id, None)
        if due_at is not None and entry.target:
            attempt = max(max(entry.attempts, default=0) + 1, queued.attempt if queued else 1)
            self.due[entry.id] = Due(due_at, 0, attempt)

    def redeliver(
        self, publication_id: EntryId, new: NewDelivery, old_id: EntryId | None, line: HistoryLine
    ) -> EntryId:
        """Add a delivery to an existing publication, or put it in the place of an old one. Raises ``Conflict``."""
        if old_id is not None:
            self.supersede(self.entry(old_id), line)
            line = superseding(line, old_id)
        return self.deliver(self.entry(publication_id), new, replace(line, status=new.status), old_id)

    def supersede(self, old: Kept, line: HistoryLine) -> None:
        """The entry that comes next takes the place of this one. Raises ``Conflict`` (``illegal_transition``)."""
        last, old.superseded_by = replace(line, status=after(old.status, Trigger.REPROCESS)), self.next_id()
        self.change(old, superseded(last, old.superseded_by))
        self.queue(old, None)

    def gather(self, bundle: NewBundle, old_id: EntryId | None) -> EntryId | None:
        """Begin a bundle with its members; its id, if all of them were delayed and their events are there."""
        asked = bundle.lines[0]
        if old_id is not None:
            if not all(self.has_payload(self[member]) for member in self.entry(old_id).members):
                raise payload_gone(old_id)
            bundle = self._again(bundle, self.entry(old_id))
        members = [self.get(member) for member in bundle.members]
        if not all(one and self._is_free(one) for one in members):
            return None
        delayed = [one for one in members if one is not None]
        event = with_members(bundle.event, [one.event for one in delayed]) if delayed else bundle.event
        for member in delayed:
            self.change(member, begun(bundle))
        if old_id is not None:
            self.supersede(self[old_id], asked)
        made = Kept(
            id=self.next_id(),
            kind=bundle.kind,
            project=bundle.project,
            application=self._catalog.number(NameKind.APPLICATION, bundle.subscription.application_id),
            topic=bundle.topic,
            name=bundle.subscription.number,
            event=event,
            created_at=bundle.lines[0].at,
            history=list(bundle.lines),
            completed_at=lived(bundle.lines).completed_at,
            target=bundle.target.number if bundle.target else 0,
            supersedes=old_id,
            members=bundle.members,
            family=Family(),
            attempts={},
        )
        self[made.id] = made
        if made.target and made.status not in FINAL:
            self.due[made.id] = Due(bundle.lines[-1].at, 0, 1)
        return made.id

    def _is_free(self, entry: Kept) -> bool:
        """Whether a delivery waits, and can be made with others."""
        return entry.status is Status.DELAYED and self.has_payload(entry) and self.bundle_of(entry.id) is None

    def _again(self, bundle: NewBundle, old: Kept) -> NewBundle:
        """The bundle with new deliveries in place of those of an earlier one."""
        after(old.status, Trigger.REPROCESS)
        made = []
        for member in map(self.__getitem__, old.members):
            assert bundle.target is not None and member.parent_id is not None
            delivery = NewDelivery(bundle.subscription, bundle.target, Status.DELAYED, bundle.lines[0].at)
            made.append(self.redeliver(member.parent_id, delivery, member.id, bundle.lines[0]))
        if not made:
            raise Conflict("illegal_transition", f"nothing is left of what entry {old.id} was made of")
        return replace(bundle, members=tuple(made), lines=(superseding(bundle.lines[0], old.id), *bundle.lines[1:]))

    def bundle_of(self, entry_id: EntryId) -> EntryId | None:
        """The bundle as which a delivery is made."""
        return next((one.id for one in self.values() if entry_id in one.members), None)
