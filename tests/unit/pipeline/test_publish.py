import asyncio

import pytest

from eventyard.model.catalog import Application, Project, Source, Topic
from eventyard.model.errors import NotFound, Unavailable
from eventyard.model.streams import ExchangeSettings, ExchangeType
from eventyard.pipeline.accept import Accepted
from eventyard.pipeline.arrivals import Arrival
from eventyard.testing import builders


@pytest.fixture
def project(world):
    return world.catalog.get(Project, "project-default")


async def test_an_exchange_is_made_when_it_is_first_asked_for(world, project):
    assert world.publishing.find(project, "project.project-default") is None
    door = await world.publishing.door(project, "project.project-default")
    assert (door.source.name, door.source.scheme) == ("project.project-default", "internal")
    assert (door.topic.name, door.topic.exchange) == ("project.project-default", None)
    assert door.application.name == "default"
    assert await world.publishing.door(project, "project.project-default") is door
    assert world.publishing.find(project, "project.project-default") is door


@pytest.mark.usefixtures("slow_disk")
async def test_asked_for_by_many_at_once_it_is_made_once(world, project):
    doors = await asyncio.gather(*(world.publishing.door(project, "amq.topic") for _ in range(5)))
    assert len({door.source.id for door in doors}) == 1
    assert [topic.name for topic in world.catalog.all(Topic)].count("amq.topic") == 1


async def test_that_of_an_application_is_the_applications_own(world, project):
    await world.catalog.save(builders.application("crm"))
    door = await world.publishing.door(project, "application.application-crm")
    assert door.application.id == "application-crm"


@pytest.mark.parametrize(
    "name",
    ["project.project-other", "project.", "application.application-other", "application.none", "amq.mine", "nothing"],
)
async def test_no_other_is_made(world, project, name):
    with pytest.raises(NotFound):
        await world.publishing.door(project, name)
    assert world.catalog.named(Topic, project.id, name) is None


async def test_without_an_application_there_is_nobody_to_own_it(world, project):
    await world.catalog.save(bare := builders.project("bare"))
    with pytest.raises(NotFound):
        await world.publishing.door(bare, "amq.topic")
    assert [a.project_id for a in world.catalog.all(Application)].count(bare.id) == 0


async def test_a_topic_that_is_there_gets_a_door_beside_the_one_of_its_name(world, project):
    await world.catalog.save(builders.source("orders"))
    door = await world.publishing.door(project, "orders")
    assert (door.topic.id, door.source.name) == ("topic-orders", "orders (streams)")
    assert await world.publishing.door(project, "orders") is door
    other = await world.publishing.door(project, "amq.fanout")
    assert other.source.name == "amq.fanout"


async def test_a_topic_that_a_client_declares_carries_what_it_declared(world, project):
    settings = ExchangeSettings(ExchangeType.FANOUT)
    topic = world.publishing.topic(project, "prices", settings)
    assert (topic.name, topic.exchange, topic.number) == ("prices", settings, 0)
    await world.catalog.save(topic)
    assert (await world.publishing.door(project, "prices")).topic.exchange == settings


async def test_an_event_is_committed_like_any_other(world, project):
    door = await world.publishing.door(project, "amq.topic")
    event = builders.event(b"not JSON", content_type="text/plain")
    first = await world.publishing.publish(door, event, key="key:1")
    again = await world.publishing.publish(door, event, key="key:1")
    assert (first.replayed, again.replayed, again.entry_id) == (False, True, first.entry_id)
    assert await world.published("amq.topic") == [event]


async def test_many_events_have_a_result_each(world, project):
    door = await world.publishing.door(project, "amq.topic")
    wrong = NotFound("not_found", "no such exchange")
    results = await world.publishing.publish_many([wrong, Arrival(door, builders.event())])
    assert results[0] is wrong
    assert isinstance(results[1], Accepted)


async def test_a_door_that_could_not_be_saved_is_made_at_the_next_try(world, project, monkeypatch):
    async def full(change):
        raise Unavailable("store_full", "the disk is full")

    with monkeypatch.context() as broken, pytest.raises(Unavailable):
        broken.setattr(world.store, "change", full)
        await world.publishing.door(project, "amq.topic")
    await world.publishing.door(project, "amq.topic")
    assert [source.name for source in world.catalog.all(Source)].count("amq.topic") == 1


async def test_an_application_publishes_by_a_door_of_its_own(world, project):
    await world.catalog.save(crm := builders.application("crm"))
    await world.publishing.door(project, "orders")
    door = await world.publishing.door(project, "orders", crm)
    assert (door.topic.id, door.source.name, door.application.id) == ("topic-orders", "orders (streams of crm)", crm.id)
    assert world.publishing.find(project, "orders", crm) is door
