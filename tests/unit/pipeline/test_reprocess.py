import asyncio

import pytest
from msgspec.structs import replace

from eventyard.model.access import Scope
from eventyard.model.catalog import Subscription
from eventyard.model.errors import Conflict, Forbidden, Invalid, NotFound
from eventyard.model.ids import EntryId
from eventyard.model.journal import Query
from eventyard.model.lifecycle import Descendants, Status, Trigger
from eventyard.pipeline import reprocess
from eventyard.pipeline.arrivals import Arrival
from eventyard.pipeline.ends import Ends
from eventyard.pipeline.reprocess import Acted, Reprocessing
from eventyard.testing import builders
from eventyard.testing.fakes import settle


@pytest.fixture
def ends(world):
    return Ends(world.store)


@pytest.fixture
def reprocessing(world, ends):
    return Reprocessing(
        world.catalog, world.store, world.lanes, world.releases, ends, world.waiting.bundles,
        world.target_types, world.clock,
    )  # fmt: skip


async def delivery(world, *, failed=False):
    accepted = await world.acceptor.accept(Arrival(world.doors.of("source-shop"), builders.event()))
    entry_id = EntryId(accepted.entry_id + 1)
    if failed:
        await world.store.record(builders.failed(entry_id, accepted.entry_id))
    return entry_id


async def test_retry_puts_a_failed_delivery_back_to_work_and_says_who_did(world, reprocessing):
    entry_id = await delivery(world, failed=True)
    entry = await reprocessing.retry(world.admin, entry_id)
    assert entry.status is Status.PROCESSING
    last = (await world.store.detail(entry_id)).history[-1]
    assert (last.status, last.comment, last.actor) == (Status.PROCESSING, "retried by hand", "ada")
    assert [target.id for target in world.lanes.waiting] == ["target-receiver"]


async def test_what_a_status_does_not_allow_is_a_conflict_naming_what_it_does(world, reprocessing):
    entry_id = await delivery(world)
    with pytest.raises(Conflict) as refused:
        await reprocessing.retry(world.admin, entry_id)
    assert refused.value.code == "illegal_transition"
    assert "discard" in refused.value.hint


async def test_discard_ends_a_delivery(world, reprocessing):
    entry_id = await delivery(world)
    assert (await reprocessing.discard(world.admin, entry_id, "not wanted")).status is Status.DISCARDED
    assert (await world.store.detail(entry_id)).history[-1].comment == "not wanted"
    assert await world.store.waiting() == []


@pytest.mark.parametrize("status", [Status.COMPLETE, Status.ERROR, Status.DISCARDED])
async def test_an_operator_says_how_an_entry_ended_and_the_history_who_it_was(world, reprocessing, status):
    entry_id = await delivery(world)
    assert (await reprocessing.change_status(world.admin, entry_id, status, "seen at the shop")).status is status
    last = (await world.store.detail(entry_id)).history[-1]
    assert (last.status, last.comment, last.actor) == (status, "seen at the shop", "ada")
    assert await world.store.waiting() == []


async def test_a_publication_may_be_given_a_status_too_and_no_comment_is_needed(world, reprocessing):
    publication_id = await delivery(world) - 1
    assert (await reprocessing.change_status(world.admin, publication_id, Status.ERROR)).status is Status.ERROR
    assert (await world.store.detail(EntryId(publication_id))).history[-1].comment == "made Error by hand"


async def test_not_every_status_is_given_by_hand_nor_any_twice(world, reprocessing):
    entry_id = await delivery(world, failed=True)
    for status in (Status.PROCESSING, Status.REPROCESSED):
        with pytest.raises(Invalid, match="by hand"):
            await reprocessing.change_status(world.admin, entry_id, status)
    with pytest.raises(Conflict):
        await reprocessing.change_status(world.admin, entry_id, Status.ERROR)
    with pytest.raises(NotFound):
        await reprocessing.change_status(world.stranger, entry_id, Status.COMPLETE)


async def test_reprocess_makes_a_new_delivery_and_the_old_one_is_reprocessed(world, reprocessing):
    entry_id = await delivery(world, failed=True)
    new = await reprocessing.reprocess(world.admin, entry_id)
    assert new.id != entry_id
    assert new.status is Status.PROCESSING
    assert (await world.store.detail(entry_id)).entry.status is Status.REPROCESSED


async def test_reprocess_needs_the_subscription(world, reprocessing):
    entry_id = await delivery(world, failed=True)
    await world.catalog.remove(world.catalog.get(Subscription, "subscription-fulfilment"))
    with pytest.raises(NotFound, match="subscription"):
        await reprocessing.reprocess(world.admin, entry_id)


async def test_a_publication_is_no_delivery(world, reprocessing):
    entry_id = await delivery(world)
    with pytest.raises(Conflict, match="not a delivery"):
        await reprocessing.retry(world.admin, entry_id - 1)


async def test_who_may_not_manage_or_see_it_cannot_touch_it(world, reprocessing):
    entry_id = await delivery(world, failed=True)
    with pytest.raises(Forbidden):
        await reprocessing.retry(world.bound(Scope.EVENTS_READ), entry_id)
    with pytest.raises(NotFound):
        await reprocessing.discard(world.stranger, entry_id)


async def test_all_that_failed_are_retried_together_after_a_dry_run_that_counts(world, reprocessing):
    failed = [await delivery(world, failed=True) for _ in range(3)]
    await delivery(world)
    query = Query(projects=(world.doors.of("source-shop").project.number,))
    assert await reprocessing.act_all(world.admin, Trigger.RETRY, query, dry_run=True) == Acted(3, 0)
    assert (await world.store.detail(failed[0])).entry.status is Status.ERROR
    assert await reprocessing.act_all(world.admin, Trigger.RETRY, query, dry_run=False) == Acted(3, 3)
    assert (await world.store.detail(failed[0])).entry.status is Status.PROCESSING
    assert len(world.lanes.waiting) == 1


def all_of(world, *statuses):
    return Query(projects=(world.doors.of("source-shop").project.number,), statuses=statuses)


async def test_many_are_discarded_and_those_that_are_so_already_are_not_found(world, reprocessing):
    failed, open_ = await delivery(world, failed=True), await delivery(world)
    assert await reprocessing.act_all(
        world.admin, Trigger.DISCARD, all_of(world, Status.ERROR), dry_run=False, comment="too old"
    ) == Acted(1, 1)
    last = (await world.store.detail(failed)).history[-1]
    assert (last.status, last.comment, last.actor) == (Status.DISCARDED, "too old", "ada")
    assert await reprocessing.act_all(world.admin, Trigger.DISCARD, all_of(world), dry_run=False) == Acted(1, 1)
    assert (await world.store.detail(open_)).history[-1].comment == "discarded by hand, with others"


async def test_many_are_reprocessed_and_what_came_of_them_is_not_found_again(world, reprocessing):
    old = [await delivery(world, failed=True) for _ in range(3)]
    assert await reprocessing.act_all(world.admin, Trigger.REPROCESS, all_of(world), dry_run=False) == Acted(3, 3)
    assert {(await world.store.detail(one)).entry.status for one in old} == {Status.REPROCESSED}
    await world.catalog.remove(world.catalog.get(Subscription, "subscription-fulfilment"))
    await reprocessing.act_all(world.admin, Trigger.DISCARD, all_of(world), dry_run=False)
    assert await reprocessing.act_all(world.admin, Trigger.REPROCESS, all_of(world), dry_run=False) == Acted(3, 0)


async def test_a_bulk_act_ends_after_so_many_or_when_it_is_told_to_and_says_where_to_go_on(world, reprocessing):
    old = [await delivery(world, failed=True) for _ in range(3)]
    first = await reprocessing.act_all(world.admin, Trigger.RETRY, all_of(world), dry_run=False, most=2)
    assert first == Acted(2, 2, old[1])
    rest = replace(all_of(world), before=first.before)
    assert await reprocessing.act_all(world.admin, Trigger.RETRY, rest, dry_run=False, most=2) == Acted(1, 1)


async def test_a_bulk_act_stops_between_two_pages_for_who_is_gone(world, reprocessing, monkeypatch):
    async def gone():
        return True

    monkeypatch.setattr(reprocess, "BULK_PAGE", 2)
    old = [await delivery(world, failed=True) for _ in range(3)]
    act = reprocessing.act_all(world.admin, Trigger.DISCARD, all_of(world), dry_run=False, stop=gone)
    assert await act == Acted(2, 2, old[1])
    rest = await reprocessing.act_all(world.admin, Trigger.DISCARD, all_of(world, Status.ERROR), dry_run=True)
    assert rest == Acted(1, 0)


async def test_many_entries_of_any_kind_are_given_a_status_that_they_do_not_have(world, reprocessing):
    failed, open_ = await delivery(world, failed=True), await delivery(world)
    asked = replace(all_of(world, Status.ERROR), any=True, descendants=(Descendants.ERROR,))
    change = reprocessing.change_all
    assert await change(world.admin, Status.COMPLETE, asked, dry_run=True) == Acted(1, 0)
    assert await change(world.admin, Status.COMPLETE, asked, dry_run=False, comment="known") == Acted(1, 1)
    last = (await world.store.detail(failed)).history[-1]
    assert (last.status, last.comment, last.actor) == (Status.COMPLETE, "known", "ada")
    first = await change(world.admin, Status.ERROR, all_of(world), dry_run=False, most=3)
    assert first == Acted(3, 3, failed)
    rest = replace(all_of(world), before=first.before)
    assert await change(world.admin, Status.ERROR, rest, dry_run=False) == Acted(1, 1)
    assert (await world.store.detail(open_)).history[-1].comment == "made Error by hand, with others"
    publication = (await world.store.detail(failed)).entry.parent_id
    assert (await world.store.detail(publication)).entry.status is Status.ERROR
    with pytest.raises(Invalid, match="does not become Processing by hand"):
        await change(world.admin, Status.PROCESSING, all_of(world), dry_run=True)


async def test_an_act_that_no_status_asked_for_allows_finds_nothing(world, reprocessing):
    await delivery(world)
    asked = all_of(world, Status.PROCESSING)
    assert await reprocessing.act_all(world.admin, Trigger.RETRY, asked, dry_run=False) == Acted(0, 0)


async def test_what_an_operator_ends_or_begins_is_looked_at_for_those_that_wait(world, reprocessing, monkeypatch):
    looked = []
    monkeypatch.setattr(world.releases, "look", looked.append)
    await reprocessing.discard(world.admin, await delivery(world))
    await reprocessing.retry(world.admin, await delivery(world, failed=True))
    await reprocessing.reprocess(world.admin, await delivery(world, failed=True))
    assert looked == [1, 3, 5]
    await delivery(world, failed=True)
    await reprocessing.act_all(world.admin, Trigger.RETRY, Query(projects=(1,)), dry_run=False)
    assert looked == [1, 3, 5, 8]


async def test_who_waits_for_a_delivery_is_told_how_it_ended(world, reprocessing, ends):
    entry_id = await delivery(world)
    waiting = asyncio.create_task(reprocessing.ended(world.admin, entry_id))
    await settle()
    assert not waiting.done()
    recording = builders.failed(entry_id, entry_id - 1)
    await world.store.record(recording)
    ends.recorded(recording)
    assert (await waiting).status is Status.ERROR
    assert (await reprocessing.ended(world.admin, entry_id)).status is Status.ERROR


async def test_what_waits_for_a_worker_is_not_waited_for(world, reprocessing):
    entry_id = await delivery(world)
    world.target_types["webhook"].pull = True
    assert (await reprocessing.ended(world.admin, entry_id)).status is Status.PROCESSING
