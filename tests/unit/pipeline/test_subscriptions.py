import pytest

from eventyard.model.catalog import Mode, Topic
from eventyard.model.errors import Conflict, Invalid, NotFound
from eventyard.model.schedule import Schedule, When
from eventyard.pipeline.subscriptions import Subscriptions
from eventyard.testing import builders


@pytest.fixture
def subscriptions(world):
    return Subscriptions(world.catalog, world.target_types, world.backlogs, world.clock, world.new_id)


async def test_on_a_source_it_reads_the_sources_topic(world, subscriptions):
    made = await subscriptions.create(world.admin, source_id="source-shop", target_id="target-receiver")
    assert (made.topic_ids, made.source_id, made.target_type) == (("topic-orders",), "source-shop", "webhook")
    assert made.name == "shop to receiver"


async def test_on_topics_both_topics_and_target_may_be_named(world, subscriptions):
    made = await subscriptions.create(world.admin, project_id="default", topics=["orders"], target_id="receiver")
    assert (made.topic_ids, made.source_id, made.target_id) == (("topic-orders",), None, "target-receiver")


async def test_what_it_names_may_be_named_by_name(world, subscriptions):
    given = {"source_id": "shop", "project_id": "default", "target_id": "receiver", "name": "first"}
    first = await subscriptions.create(world.admin, **given)
    assert first.source_id == "source-shop"
    after = Schedule(When.AFTER, after="first")
    second = await subscriptions.create(
        world.admin, project_id="default", topics=["orders"], target_id="receiver", name="second", schedule=after
    )
    assert second.schedule.after == first.id
    third = await subscriptions.create(
        world.admin, project_id="default", topics=["orders"], target_id="receiver", name="third"
    )
    changed = await subscriptions.change(world.admin, third.id, {"schedule": Schedule(When.AFTER, after="second")})
    assert changed.schedule.after == second.id
    with pytest.raises(Invalid) as refused:
        await subscriptions.change(world.admin, third.id, {"schedule": Schedule(When.AFTER, after="fourth")})
    assert (refused.value.code, refused.value.pointer) == ("invalid_body", "/schedule/after")


async def test_no_two_of_a_project_have_one_name(world, subscriptions):
    given = {"project_id": "default", "topics": ["orders"], "target_id": "receiver"}
    unnamed = await subscriptions.create(world.admin, **given)
    assert unnamed.name == "orders to receiver"
    other = await subscriptions.create(world.admin, **given, name="other")
    for again in (
        subscriptions.create(world.admin, **given),
        subscriptions.create(world.admin, **given, name="other"),
        subscriptions.change(world.admin, other.id, {"name": unnamed.name}),
    ):
        with pytest.raises(Conflict) as refused:
            await again
        assert (refused.value.code, refused.value.pointer) == ("duplicate", "/name")
    assert (await subscriptions.change(world.admin, other.id, {"name": "other", "order": 7})).order == 7
    await subscriptions.remove(world.admin, unnamed.id)
    assert (await subscriptions.create(world.admin, **given)).name == "orders to receiver"


async def test_one_on_a_source_finds_a_name_for_itself(world, subscriptions):
    given = {"project_id": "default", "topics": ["orders"], "target_id": "receiver"}
    for name in ("shop to receiver", "shop to receiver (1)"):
        await subscriptions.create(world.admin, **given, name=name)
    assert (
        await subscriptions.create(world.admin, source_id="source-shop", target_id="target-receiver")
    ).name == "shop to receiver (2)"


async def test_the_same_source_and_target_twice_is_a_conflict(world, subscriptions):
    await subscriptions.create(world.admin, source_id="source-shop", target_id="target-receiver")
    with pytest.raises(Conflict) as refused:
        await subscriptions.create(world.admin, source_id="source-shop", target_id="target-receiver")
    assert refused.value.code == "duplicate"


@pytest.mark.parametrize(
    ("fields", "code", "pointer"),
    [
        ({"filter": {"eq": "x"}}, "invalid_filter", "/eq"),
        ({"filter": "payload.a == 1"}, "invalid_filter", None),
        ({"pattern": "a.b*"}, "invalid_pattern", None),
        ({"target_type": "workflow"}, "invalid_body", "/target_type"),
        ({"target_type": "job"}, "invalid_body", "/target_type"),
        ({"source_id": None}, "invalid_body", "/topics"),
        ({"mail_to": ["nobody"]}, "invalid_body", "/mail_to/0"),
    ],
)
async def test_what_could_never_match_or_run_is_refused_when_it_is_written(world, subscriptions, fields, code, pointer):
    given = {"source_id": "source-shop", "project_id": "default", "target_id": "target-receiver"} | fields
    with pytest.raises(Invalid) as refused:
        await subscriptions.create(world.admin, **given)
    assert refused.value.code == code
    if pointer is not None:
        assert pointer in refused.value.pointer


async def test_a_target_of_another_project_does_not_exist(world, subscriptions):
    elsewhere = await world.catalog.save_one(builders.target("far", project_id="project-other"))
    with pytest.raises(NotFound):
        await subscriptions.create(world.admin, source_id="source-shop", target_id=elsewhere.id)


async def test_a_locked_topic_takes_no_new_subscription(world, subscriptions):
    topic = world.catalog.get(Topic, "topic-orders")
    await world.catalog.save(builders.topic("orders", number=topic.number, locked=True))
    with pytest.raises(Conflict) as refused:
        await subscriptions.create(world.admin, source_id="source-shop", target_id="target-receiver")
    assert refused.value.code == "topic_locked"


async def test_a_change_of_filter_is_validated_and_takes_effect(world, subscriptions):
    with pytest.raises(Invalid):
        await subscriptions.change(world.admin, "subscription-fulfilment", {"filter": {"nope": []}})
    await subscriptions.change(world.admin, "subscription-fulfilment", {"filter": {"eq": [["order", "2"]]}})
    assert world.catalog.index.match("topic-orders", "source-shop", "k", {"order": 1}) == []
    await subscriptions.change(world.admin, "subscription-fulfilment", {"filter": None, "mode": Mode.DISABLED})
    assert world.catalog.index.match("topic-orders", "source-shop", "k", {"order": 2}) == []


async def test_orders_are_changed_all_or_none(world, subscriptions):
    one = await subscriptions.create(world.admin, source_id="source-shop", target_id="target-receiver")
    with pytest.raises(NotFound):
        await subscriptions.reorder(world.admin, {one.id: 2, "nobody": 3})
    assert world.catalog.get(type(one), one.id).order is None
    await subscriptions.reorder(world.admin, {one.id: 2, "subscription-fulfilment": 1})
    assert world.catalog.get(type(one), one.id).order == 2
    assert world.catalog.get(type(one), "subscription-fulfilment").order == 1


async def test_removed_it_matches_no_more(world, subscriptions):
    await subscriptions.remove(world.admin, "subscription-fulfilment")
    assert world.catalog.index.match("topic-orders", "source-shop", "k", {}) == []


async def test_its_order_recipients_title_and_labels_are_kept_and_change(world, subscriptions):
    made = await subscriptions.create(
        world.admin, source_id="source-shop", target_id="target-receiver", order=3, stop_on_error=True,
        mail_to=["ops@shop.example"], title="Shop", labels={"team": "a"},
    )  # fmt: skip
    kept = (made.order, made.stop_on_error, made.mail_to, made.title, made.labels)
    assert kept == (3, True, ("ops@shop.example",), "Shop", {"team": "a"})
    with pytest.raises(Invalid) as refused:
        await subscriptions.change(world.admin, made.id, {"mail_to": ["nobody"]})
    assert refused.value.pointer == "/mail_to/0"
    changed = await subscriptions.change(world.admin, made.id, {"order": None, "mail_to": ["a@b.example"]})
    assert (changed.order, changed.stop_on_error, changed.mail_to) == (None, True, ("a@b.example",))
