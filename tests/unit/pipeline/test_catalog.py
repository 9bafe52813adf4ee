import pytest

from eventyard.model.catalog import Source, Subscription, Target
from eventyard.model.errors import Conflict, NotFound
from eventyard.pipeline.catalog import Catalog
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
