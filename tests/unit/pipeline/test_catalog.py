import pytest
from msgspec.structs import replace

from eventyard.model.catalog import Source, Subscription, Target
from eventyard.model.errors import Conflict, NotFound
from eventyard.pipeline.catalog import Catalog, in_turn
from eventyard.testing import builders


async def test_a_record_is_found_by_id_by_name_and_by_number(world):
    source = world.catalog.get(Source, "source-shop")
    assert source.number > 0
    assert world.catalog.named(Source, "project-default", "shop") is source
    assert world.catalog.numbered(Source, source.number) is source
    assert world.catalog.numbered(Target, source.number) is None


async def test_a_renamed_record_is_found_by_its_new_name_only(world):
    source = world.catalog.get(Source, "source-shop")
    renamed = await world.catalog.save_one(builders.source("store", id=source.id, number=source.number))
    assert world.catalog.named(Source, "project-default", "shop") is None
    assert world.catalog.named(Source, "project-default", "store") is renamed


async def test_two_subscriptions_of_one_name_which_an_older_journal_may_hold_can_be_renamed_and_removed(world):
    first = world.catalog.get(Subscription, "subscription-fulfilment")
    second = await world.catalog.save_one(replace(first, id="second", number=0))
    renamed = await world.catalog.save_one(replace(first, name="other"))
    assert world.catalog.named(Subscription, "project-default", "fulfilment") is second
    assert world.catalog.named(Subscription, "project-default", "other") is renamed
    await world.catalog.save_one(replace(renamed, name="fulfilment"))
    await world.catalog.remove(second)
    await world.catalog.remove(renamed)
    assert world.catalog.named(Subscription, "project-default", "fulfilment") is None


async def test_what_is_removed_is_gone_from_everywhere(world):
    subscription = world.catalog.get(Subscription, "subscription-fulfilment")
    await world.catalog.remove(subscription)
    with pytest.raises(NotFound, match="no subscription"):
        world.catalog.get(Subscription, subscription.id)
    assert world.catalog.numbered(Subscription, subscription.number) is None
    assert world.catalog.index.match("topic-orders", "source-shop", "order.created", {}) == []


async def test_a_saved_subscription_routes_at_once(world):
    matched = world.catalog.index.match("topic-orders", "source-shop", "order.created", {})
    assert [s.id for s in matched] == ["subscription-fulfilment"]


async def test_a_change_the_store_refuses_changes_nothing_here(world):
    with pytest.raises(Conflict) as refused:
        await world.catalog.save(builders.source("shop", id="another"))
    assert refused.value.code == "duplicate"
    assert world.catalog.seek(Source, "another") is None


async def test_a_catalog_loaded_again_is_the_same(world):
    again = Catalog(world.store)
    await again.start()
    for kind in (Source, Subscription, Target):
        assert list(again.all(kind)) == list(world.catalog.all(kind))


async def test_watchers_hear_of_changes_after_they_took_effect(world):
    heard = []
    world.catalog.watch(lambda records: heard.extend((r, world.catalog.seek(Target, r.id)) for r in records))
    saved = await world.catalog.save_one(builders.target("second"))
    assert heard == [(saved, saved)]


async def test_a_topics_schemas_are_kept_by_version(world):
    await world.catalog.save(builders.topic_schema({"type": "object"}), builders.topic_schema({"type": "array"}, 2))
    assert [s.version for s in world.catalog.schemas("topic-orders")] == [1, 2]
    topic = builders.topic("orders", schema_version=2)
    assert world.catalog.topic_schema(topic).schema == {"type": "array"}
    assert world.catalog.topic_schema(builders.topic("orders")) is None


async def test_some_are_saved_and_others_removed_in_one_go(world):
    wish, other = world.catalog.get(Subscription, "subscription-fulfilment"), builders.target("other")
    [saved] = await world.catalog.change([other], [wish])
    assert (saved.number > 0, world.catalog.seek(Subscription, wish.id)) == (True, None)
    [heir] = await world.catalog.change([builders.target("other", id="heir")], [saved])
    assert world.catalog.named(Target, "project-default", "other") is heir
    with pytest.raises(Conflict):
        await world.catalog.change([builders.target("receiver", id="clash")], [heir])
    assert world.catalog.get(Target, "heir") is heir


async def test_the_announcer_is_shown_a_change_before_it_is_made(world):
    seen = []

    async def announce(saved, removed, commit):
        seen.append((saved, removed, world.catalog.seek(Target, "target-other")))
        await commit(())

    world.catalog.announcer = announce
    other = builders.target("other")
    saved = await world.catalog.save_one(other)
    await world.catalog.remove(saved)
    assert seen == [((other,), (), None), ((), (saved,), saved)]


async def test_whose_turn_it_is_is_known_while_it_lasts(world):
    acting = []

    class Verbs:
        _catalog = world.catalog

        @in_turn
        async def act(self, who):
            acting.append(self._catalog.acting)

    for who in (world.admin, "the hub itself"):
        await Verbs().act(who)
    assert acting == [world.admin, None]
    assert world.catalog.acting is None
