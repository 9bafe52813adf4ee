import asyncio

import pytest

from eventyard.model.catalog import Project, Topic
from eventyard.model.errors import Conflict, Forbidden, Invalid, NotFound
from eventyard.pipeline.topics import Topics


@pytest.fixture
def topics(world):
    return Topics(world.catalog, world.clock, world.new_id)


async def test_a_topic_made_with_a_schema_enforces_its_first_version(world, topics):
    topic = await topics.create(world.admin, project_id="default", name="invoices", schema={"type": "object"})
    assert topic.schema_version == 1
    assert [s.schema for s in world.catalog.schemas(topic.id)] == [{"type": "object"}]


async def test_versions_count_up_and_the_newest_is_enforced_unless_told_otherwise(world, topics):
    first = await topics.add_schema(world.admin, "topic-orders", {"type": "object"})
    second = await topics.add_schema(world.admin, "topic-orders", {"type": "array"}, enforce=False)
    assert (first.version, second.version) == (1, 2)
    assert world.catalog.get(Topic, "topic-orders").schema_version == 1
    await topics.change(world.admin, "topic-orders", {"schema_version": 2})
    assert world.catalog.topic_schema(world.catalog.get(Topic, "topic-orders")).schema == {"type": "array"}


@pytest.mark.usefixtures("slow_disk")
async def test_two_versions_added_at_once_are_two(world, topics):
    schemas = [{"type": "object"}, {"type": "array"}]
    await asyncio.gather(*(topics.add_schema(world.admin, "topic-orders", schema) for schema in schemas))
    assert [(s.version, s.schema) for s in world.catalog.schemas("topic-orders")] == [(1, schemas[0]), (2, schemas[1])]


async def test_a_version_that_does_not_exist_cannot_be_enforced(world, topics):
    with pytest.raises(Invalid) as refused:
        await topics.change(world.admin, "topic-orders", {"schema_version": 9})
    assert refused.value.pointer == "/schema_version"


async def test_a_schema_that_is_none_is_refused_before_anything_is_saved(world, topics):
    with pytest.raises(Invalid) as refused:
        await topics.add_schema(world.admin, "topic-orders", {"type": "objekt"})
    assert refused.value.code == "invalid_schema"
    assert world.catalog.schemas("topic-orders") == []


async def test_a_topic_in_use_stays_and_an_unused_one_goes(world, topics):
    with pytest.raises(Conflict, match="source 'shop'"):
        await topics.remove(world.admin, "topic-orders")
    spare = await topics.create(world.admin, project_id="default", name="spare")
    await topics.remove(world.admin, spare.id)
    with pytest.raises(NotFound):
        world.catalog.get(Topic, spare.id)


async def test_the_names_of_the_hubs_own_topics_are_nobody_elses(world, topics):
    with pytest.raises(Forbidden) as refused:
        await topics.create(world.admin, project_id="default", name="project.mine")
    assert (refused.value.code, refused.value.pointer) == ("reserved_name", "/name")
    with pytest.raises(Forbidden):
        await topics.change(world.admin, "topic-orders", {"name": "amq.orders"})


async def test_the_hubs_own_topics_stay_as_they_are(world, topics):
    door = await world.publishing.door(world.catalog.get(Project, "project-default"), "amq.topic")
    for attempt in (
        topics.change(world.admin, door.topic.id, {"locked": True}),
        topics.add_schema(world.admin, door.topic.id, {"type": "object"}),
        topics.remove(world.admin, door.topic.id),
    ):
        with pytest.raises(Forbidden) as refused:
            await attempt
        assert refused.value.code == "reserved_name"
