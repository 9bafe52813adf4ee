"""What a store keeps of several deliveries that are made as one."""

import json

import pytest
from msgspec.structs import replace

from eventyard.model.errors import Conflict, NotFound
from eventyard.model.ids import EntryId
from eventyard.model.journal import MULTIPLE, HistoryLine, NewBundle, Query
from eventyard.model.lifecycle import Descendants, Kind, Status, Trigger
from eventyard.model.retention import Fate, Term
from eventyard.ports import Store
from eventyard.testing import builders as b

LATER = b.NOW + 60_000
WHY, PART = "Compound subscription.", "This event is a part of a compound subscription."
BEGUN, RELEASED = HistoryLine(b.NOW + 100, Status.NEW), HistoryLine(b.NOW + 115, Status.PROCESSING, "Released")
BY_ADMIN = HistoryLine(b.NOW + 900, Status.NEW, "by hand", "user:admin")


def _bundle(scene: b.Scene, *members: int, **fields: object) -> NewBundle:
    bundle = NewBundle(
        kind=Kind.COMPOUND_SUBSCRIPTION,
        project=scene.project.number,
        topic=0,
        subscription=scene.subscription,
        target=scene.target,
        event=b.event(b"", id="bundle-1", type="eventyard.compound"),
        lines=(BEGUN, RELEASED),
        members=tuple(EntryId(member) for member in members),
        note=PART,
    )
    return replace(bundle, **fields)


async def _two_delayed(store: Store) -> b.Scene:
    """Publications 1 and 3, each with a delivery that waits: 2 and 4."""
    scene = await b.saved(store)
    for data in (b'{"order": 1}', b"two"):
        media = "application/json" if data.startswith(b"{") else "text/plain"
        waiting = scene.delivery(status=Status.DELAYED, note=WHY)
        await store.append(scene.publication(b.event(data, content_type=media), deliveries=[waiting]))
    return scene


async def _statuses(store: Store, *ids: int) -> list[Status]:
    return [(await store.detail(EntryId(one))).entry.status for one in ids]


class BundlesContract:
    """Runs and their members."""

    async def test_a_delivery_that_says_why_it_waits_was_processing_at_first(self, store: Store) -> None:
        """As the seed's example shows it."""
        await _two_delayed(store)
        member = await store.detail(EntryId(2))
        assert member.history == (HistoryLine(b.NOW, Status.PROCESSING), HistoryLine(b.NOW, Status.DELAYED, WHY))
        assert (member.entry.status, member.bundle, member.members) == (Status.DELAYED, None, ())
        assert (await store.detail(EntryId(1))).entry.descendants is Descendants.DELAYED

    async def test_a_bundle_is_a_root_that_is_due_with_the_events_of_its_members(self, store: Store) -> None:
        """They are Processing from then on, and know it; their parents count them as open."""
        scene = await _two_delayed(store)
        assert await store.gather(_bundle(scene, 2, 4)) == 5
        bundle, member = await store.detail(EntryId(5)), await store.detail(EntryId(4))
        entry = bundle.entry
        assert (entry.kind, entry.status, entry.topic, entry.parent_id, entry.name, entry.descendants) == (
            Kind.COMPOUND_SUBSCRIPTION, Status.PROCESSING, MULTIPLE, None, "fulfilment", Descendants.NONE,
        )  # fmt: skip
        assert (bundle.history, bundle.members, bundle.due_at) == ((BEGUN, RELEASED), (2, 4), RELEASED.at)
        assert (entry.created_at, entry.completed_at, entry.event_id) == (BEGUN.at, None, "bundle-1")
        assert (member.bundle, member.entry.delayed_ms) == (5, 100)
        assert member.history[-1] == HistoryLine(BEGUN.at, Status.PROCESSING, PART)
        assert (await store.detail(EntryId(1))).entry.descendants is Descendants.IN_PROCESS
        (claimed,) = await store.claim({scene.target.number: 9}, LATER, b.NOW + 200)
        assert (claimed.entry_id, claimed.publication_id, claimed.subscription_id) == (5, 5, scene.subscription.id)
        assert claimed.event.content_type == "application/cloudevents-batch+json"
        first, second = json.loads(claimed.event.data)
        assert (first["data"], second["data_base64"]) == ({"order": 1}, "dHdv")

    async def test_members_take_the_status_that_the_bundle_takes(self, store: Store) -> None:
        """In the same transaction; its end is theirs, its retry too, and the hand that closes it closes them."""
        scene = await _two_delayed(store)
        await store.gather(_bundle(scene, 2, 4))
        await store.record(b.failed(5, 5))
        assert await _statuses(store, 5, 2, 4) == [Status.ERROR] * 3
        assert (await store.detail(EntryId(4))).history[-1].comment == "reflected by event 5"
        assert (await store.detail(EntryId(3))).entry.descendants is Descendants.ERROR
        assert await store.move([EntryId(5)], Trigger.RETRY, BY_ADMIN, b.NOW + 900) == [5]
        assert await _statuses(store, 5, 2, 4) == [Status.PROCESSING] * 3
        (claimed,) = await store.claim({scene.target.number: 9}, LATER, b.NOW + 900)
        assert (claimed.entry_id, claimed.attempt) == (5, 2)
        await store.record(b.delivered(5, 5, number=2))
        assert await _statuses(store, 5, 2, 4) == [Status.COMPLETE] * 3
        assert (await store.detail(EntryId(3))).entry.descendants is Descendants.FINAL

    async def test_what_ended_on_its_own_account_stays_so(self, store: Store) -> None:
        """A member that was discarded by hand is not completed with the rest; and alone none is retried."""
        scene = await _two_delayed(store)
        await store.gather(_bundle(scene, 2, 4))
        assert await store.move([EntryId(2)], Trigger.DISCARD, BY_ADMIN, None) == [2]
        await store.record(b.failed(5, 5))
        assert await _statuses(store, 2, 4) == [Status.DISCARDED, Status.ERROR]
        assert await store.move([EntryId(4)], Trigger.RETRY, BY_ADMIN, b.NOW + 900) == []
        assert await store.move([EntryId(5)], Trigger.CLOSE, BY_ADMIN, None) == [5]
        assert await _statuses(store, 2, 4) == [Status.DISCARDED, Status.COMPLETE]

    async def test_a_bundle_begins_with_all_of_its_members_or_not_at_all(self, store: Store) -> None:
        """One that is not delayed any more, or is not there, keeps the others where they are."""
        scene = await _two_delayed(store)
        assert await store.gather(_bundle(scene, 2, 4, 77)) is None
        await store.move([EntryId(2)], Trigger.DISCARD, BY_ADMIN, None)
        assert await store.gather(_bundle(scene, 2, 4)) is None
        assert await _statuses(store, 2, 4) == [Status.DISCARDED, Status.DELAYED]
        assert await store.gather(_bundle(scene, 4)) == 5
        assert await store.gather(_bundle(scene, 4)) is None

    async def test_a_bundle_that_is_over_as_it_begins_ends_its_members_too(self, store: Store) -> None:
        """And is in no queue."""
        scene = await _two_delayed(store)
        over = HistoryLine(b.NOW + 100, Status.DISCARDED, "another bundle is under way")
        assert await store.gather(_bundle(scene, 2, 4, lines=(BEGUN, over), note="with its bundle")) == 5
        assert await _statuses(store, 5, 2, 4) == [Status.DISCARDED] * 3
        assert (await store.detail(EntryId(5))).entry.completed_at == over.at
        assert await store.claim({scene.target.number: 9}, LATER, LATER) == []

    async def test_without_members_a_bundle_has_the_event_it_is_given(self, store: Store) -> None:
        """As those of unbound subscriptions have; without a target it is a note of the hub's own."""
        scene = await b.saved(store)
        unbound = _bundle(scene, kind=Kind.UNBOUND_SUBSCRIPTION, event=b.event(b"{}", id="bundle-7"))
        assert await store.gather(unbound) == 1
        (claimed,) = await store.claim({scene.target.number: 9}, LATER, b.NOW + 200)
        assert (claimed.entry_id, claimed.event.data) == (1, b"{}")
        said = HistoryLine(b.NOW, Status.ERROR, "the set is not complete")
        note = _bundle(scene, kind=Kind.SYSTEM, target=None, lines=(said,), event=b.event(b"{}", id="note-1"))
        assert await store.gather(note) == 2
        found = await store.find(Query(projects=(scene.project.number,), event_id="note-1"))
        assert [(one.id, one.kind, one.status, one.topic) for one in found.entries] == [
            (2, Kind.SYSTEM, Status.ERROR, None)
        ]

    async def test_reprocessed_it_is_made_anew_of_new_deliveries(self, store: Store) -> None:
        """Each knows which one it is made in place of, and which one took its place."""
        scene = await _two_delayed(store)
        await store.gather(_bundle(scene, 2, 4))
        await store.record(b.failed(5, 5))
        again = _bundle(scene, lines=(BY_ADMIN, RELEASED), event=b.event(b"", id="bundle-2"))
        assert await store.gather(again, EntryId(5)) == 8
        assert await _statuses(store, 5, 2, 4, 6, 7, 8) == [Status.REPROCESSED] * 3 + [Status.PROCESSING] * 3
        old, new = await store.detail(EntryId(5)), await store.detail(EntryId(8))
        assert (old.superseded_by, new.supersedes, new.members) == (8, 5, (6, 7))
        assert old.history[-1].comment == "by hand; superseded by entry 8"
        assert new.history[0].comment == "by hand; in place of entry 5"
        member = await store.detail(EntryId(6))
        assert (member.entry.parent_id, member.supersedes, member.bundle) == (1, 2, 8)
        (claimed,) = await store.claim({scene.target.number: 9}, LATER, LATER)
        assert (claimed.entry_id, len(json.loads(claimed.event.data))) == (8, 2)

    async def test_one_that_is_open_or_unknown_is_not_reprocessed(self, store: Store) -> None:
        """And nothing is done."""
        scene = await _two_delayed(store)
        await store.gather(_bundle(scene, 2, 4))
        with pytest.raises(Conflict):
            await store.gather(_bundle(scene), EntryId(5))
        with pytest.raises(NotFound):
            await store.gather(_bundle(scene), EntryId(99))
        assert await _statuses(store, 5, 2, 4) == [Status.PROCESSING] * 3

    async def test_a_bundle_goes_with_the_last_of_its_members(self, store: Store) -> None:
        """Its event goes with the event of the first of them."""
        scene = await _two_delayed(store)
        await store.gather(_bundle(scene, 2, 4))
        await store.record(b.delivered(5, 5))
        await store.append(scene.publication())
        payload = Term(scene.topic.number, None, None, LATER)
        fates = {one.id: one.fate for one in (await store.over([payload], EntryId(0))).doomed}
        assert fates[EntryId(1)] is Fate.PAYLOAD
        await store.purge([payload], [EntryId(1)])
        assert (await store.detail(EntryId(5))).event is None
        consumed = Term(scene.topic.number, LATER, None, None)
        assert (await store.purge([consumed], [EntryId(1)])).entries == 2
        assert (await store.detail(EntryId(5))).members == (4,)
        assert (await store.purge([consumed], [EntryId(3)])).entries == 3
        with pytest.raises(NotFound):
            await store.detail(EntryId(5))

    async def test_one_about_a_topic_goes_with_its_members_too(self, store: Store) -> None:
        """However long its topic keeps what is consumed: as long as a member is there, it is."""
        scene = await _two_delayed(store)
        bundle = _bundle(scene, 2, 4, kind=Kind.AGGREGATED_SUBSCRIPTION, topic=scene.topic.number)
        await store.gather(bundle)
        await store.record(b.delivered(5, 5))
        await store.append(scene.publication())
        consumed = Term(scene.topic.number, LATER, None, None)
        assert [one.id for one in (await store.over([consumed], EntryId(0))).doomed] == [1, 3]
        assert (await store.purge([consumed], [EntryId(5)])).entries == 0
        assert (await store.purge([consumed], [EntryId(1), EntryId(3)])).entries == 5

    async def test_without_members_one_about_a_topic_goes_when_it_is_over(self, store: Store) -> None:
        """And not while it is open, or somebody is at it."""
        scene = await b.saved(store)
        unbound = _bundle(scene, kind=Kind.UNBOUND_SUBSCRIPTION, topic=scene.topic.number)
        assert await store.gather(unbound) == 1
        await store.append(scene.publication())
        consumed = Term(scene.topic.number, LATER, None, None)
        unconsumed = Term(scene.topic.number, None, LATER, None)
        assert (await store.over([consumed], EntryId(0))).doomed == ()
        await store.claim({scene.target.number: 9}, LATER, b.NOW + 200)
        assert (await store.over([unconsumed], EntryId(0))).doomed == ()
        await store.record(b.delivered(1, 1))
        assert [one.id for one in (await store.over([consumed], EntryId(0))).doomed] == [1]

    async def test_a_member_is_in_one_bundle_only(self, store: Store) -> None:
        """Also one that was made to wait again: it waits with its bundle, and for nothing else."""
        scene = await _two_delayed(store)
        await store.gather(_bundle(scene, 2))
        assert await store.move([EntryId(5)], Trigger.WAIT, BY_ADMIN, None) == [5]
        assert await _statuses(store, 5, 2) == [Status.DELAYED] * 2
        assert [one.entry_id for one in await store.delayed(scene.subscription.number, EntryId(0), None, 9)] == [4]
        assert await store.gather(_bundle(scene, 2, 4)) is None
        assert await _statuses(store, 5, 2, 4) == [Status.DELAYED] * 3

    async def test_one_whose_events_are_gone_is_not_reprocessed(self, store: Store) -> None:
        """And nothing of it is done: there is no new delivery, and the old ones are as they were."""
        scene = await _two_delayed(store)
        await store.gather(_bundle(scene, 2, 4))
        await store.record(b.delivered(5, 5))
        await store.append(scene.publication())
        await store.purge([Term(scene.topic.number, None, None, LATER)], [EntryId(3)])
        for _ in range(2):
            with pytest.raises(NotFound, match="no longer kept"):
                await store.gather(_bundle(scene, lines=(BY_ADMIN, RELEASED)), EntryId(5))
        assert await _statuses(store, 5, 2, 4) == [Status.COMPLETE] * 3
        assert len((await store.detail(EntryId(1))).children) == 1
