import json

import pytest

from eventyard.model.catalog import Application, Mode, Project, Source, Subscription, Target, Topic
from eventyard.model.errors import Conflict
from eventyard.pipeline.announce import Announcer, changed_fields, state_of
from eventyard.pipeline.projects import Projects
from eventyard.pipeline.sources import Sources
from eventyard.pipeline.subscriptions import Subscriptions
from eventyard.pipeline.targets import Targets
from eventyard.testing import builders

PROJECT, APPLICATION = "project.project-default", "application.application-default"


@pytest.fixture
async def listened_to(world):
    """Both exchanges are alive."""
    world.catalog.announcer = Announcer(world.catalog, world.publishing, world.acceptor, world.clock)
    project = world.catalog.get(Project, "project-default")
    for name in (PROJECT, APPLICATION):
        await world.publishing.door(project, name)


@pytest.fixture
def sources(world):
    return Sources(world.catalog, world.topics, world.vault, world.verifiers, world.clock, world.new_id)


@pytest.fixture
def projects(world):
    return Projects(world.catalog, world.clock, world.new_id)


async def told(world, topic=PROJECT):
    return [event.routing_key for event in await world.published(topic)]


async def test_until_somebody_listens_nothing_is_told(world, sources):
    world.catalog.announcer = Announcer(world.catalog, world.publishing, world.acceptor, world.clock)
    await sources.create(world.admin, project_id="default", name="web")
    assert await told(world) == []
    assert world.catalog.named(Topic, "project-default", PROJECT) is None


@pytest.mark.usefixtures("listened_to")
async def test_a_source_is_told_of_to_the_project_and_to_its_application(world, sources):
    made = await sources.create(world.admin, project_id="default", name="web", secret="a-secret", scheme="hmac-sha256")
    world.clock.now += 1
    await sources.change(world.admin, made.id, {"description": "of the shop", "secret": "another"})
    await sources.remove(world.admin, made.id)
    life = [f"sources.{made.id}.{event}" for event in ("create", "update", "delete")]
    assert await told(world) == [f"topics.{made.topic_id}.create", *life]
    assert await told(world, APPLICATION) == life
    [created, updated, _] = await world.published(APPLICATION)
    assert created.source == "/applications/application-default"
    data = json.loads(created.data)
    assert data["actor"] == {"_relType": "keys", "id": "key-of-ada"}
    assert "changed" not in data
    assert data["state"] == {
        "id": made.id,
        "project_id": "project-default",
        "application_id": "application-default",
        "topic_id": made.topic_id,
        "name": "web",
        "created_at": "2026-01-02T03:04:05.678Z",
        "updated_at": "2026-01-02T03:04:05.678Z",
        "description": "",
        "schema": None,
        "enabled": True,
        "scheme": "hmac-sha256",
        "settings": {"header": "X-Signature-256"},
        "title": "",
        "labels": {},
    }
    assert json.loads(updated.data)["changed"] == ["description", "secrets"]


@pytest.mark.usefixtures("listened_to")
async def test_so_are_topics_targets_subscriptions_and_applications(world, projects):
    targets = Targets(world.catalog, world.vault, world.target_types, world.clock, world.new_id)
    subscriptions = Subscriptions(world.catalog, world.target_types, world.backlogs, world.clock, world.new_id)
    topic = await world.topics.create(world.admin, project_id="default", name="prices")
    await world.topics.add_schema(world.admin, topic.id, {"type": "object"})
    target, _ = await targets.create(world.admin, project_id="default", name="job", type_="job")
    wish = await subscriptions.create(world.admin, project_id="default", topics=["prices"], target_id=target.id)
    await subscriptions.change(world.admin, wish.id, {"mode": Mode.PAUSED})
    crm = await projects.add_application(world.admin, project_id="default", name="crm")
    await projects.change_application(world.admin, "application-default", {"description": "the first"})
    assert await told(world) == [
        f"topics.{topic.id}.create",
        f"topics.{topic.id}.update",
        f"targets.{target.id}.create",
        f"subscriptions.{wish.id}.create",
        f"subscriptions.{wish.id}.update",
        f"applications.{crm.id}.create",
        "applications.application-default.update",
    ]
    assert await told(world, APPLICATION) == [
        f"subscriptions.{wish.id}.create",
        f"subscriptions.{wish.id}.update",
        "applications.application-default.update",
    ]


@pytest.mark.usefixtures("listened_to")
async def test_what_the_hub_makes_itself_is_not_told_of(world):
    await world.publishing.door(world.catalog.get(Project, "project-default"), "amq.topic")
    assert await told(world) == []


@pytest.mark.usefixtures("listened_to")
async def test_a_change_that_changes_nothing_is_not_told_of(world, projects):
    world.clock.now += 1
    await projects.change_application(world.admin, "application-default", {"name": "default"})
    assert await told(world) == []


@pytest.mark.usefixtures("listened_to")
async def test_what_the_hub_does_by_itself_has_no_actor(world):
    targets = Targets(world.catalog, world.vault, world.target_types, world.clock, world.new_id)
    await targets.disable(world.catalog.get(Target, "target-receiver"), "it answered 410")
    [event] = await world.published(PROJECT)
    data = json.loads(event.data)
    assert (data["actor"], data["changed"]) == (None, ["enabled", "disabled_reason"])


@pytest.mark.usefixtures("listened_to")
async def test_a_change_that_is_refused_is_not_told_of(world):
    with pytest.raises(Conflict):
        await world.topics.create(world.admin, project_id="default", name="orders")
    assert await told(world) == []


@pytest.mark.usefixtures("listened_to")
async def test_a_subscription_to_the_exchange_gets_it_delivered(world, sources):
    exchange = world.catalog.named(Topic, "project-default", PROJECT)
    await world.catalog.save(builders.subscription("watch", topic_ids=(exchange.id,), pattern="sources.#"))
    await sources.create(world.admin, project_id="default", name="web")
    [claimed] = world.lanes.offered
    assert claimed.subscription_id == "subscription-watch"
    assert claimed.event.type == "entity.sources.create"


@pytest.mark.usefixtures("listened_to")
async def test_with_an_application_goes_its_exchange_and_the_last_word_is_told(world, projects):
    await world.catalog.remove(*world.catalog.all(Subscription), world.catalog.get(Source, "source-shop"))
    await projects.add_application(world.admin, project_id="default", name="heir")
    await projects.remove_application(world.admin, "application-default")
    assert (await told(world))[-1] == "applications.application-default.delete"
    assert (await told(world, APPLICATION))[-1] == "applications.application-default.delete"
    assert world.catalog.named(Topic, "project-default", APPLICATION) is None
    assert world.catalog.named(Source, "project-default", APPLICATION) is None
    heir = world.catalog.named(Application, "project-default", "heir")
    assert world.catalog.named(Source, "project-default", PROJECT).application_id == heir.id


def test_a_record_is_shown_without_any_secret(world):
    sealed = world.vault.seal("hush", "target-receiver")
    before = builders.target(number=5, secrets={"secret": (sealed,)})
    state = state_of(before)
    assert state["settings"] == {"url": "https://receiver.example/hook", "secret": {"set": True}}
    assert not {"secrets", "number"} & state.keys()
    assert "exchange" not in state_of(builders.topic())
    after = builders.target(secrets={"secret": (world.vault.seal("other", "target-receiver"),)}, concurrency=2)
    assert changed_fields(before, after) == ("concurrency", "settings")
    assert changed_fields(before, builders.target(secrets={})) == ("settings",)
