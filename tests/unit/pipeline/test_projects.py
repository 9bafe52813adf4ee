import pytest
from msgspec.structs import replace

from eventyard.model.access import Scope
from eventyard.model.catalog import Application, Project, Source, Topic
from eventyard.model.errors import Conflict, Forbidden, Invalid, NotFound
from eventyard.model.identity import Client
from eventyard.pipeline.projects import Projects
from eventyard.testing import builders


@pytest.fixture
def projects(world):
    return Projects(world.catalog, world.clock, world.new_id)


async def test_a_new_project_comes_with_an_application(world, projects):
    project = await projects.create(world.admin, name="billing")
    assert project.number > 0
    assert [a.name for a in world.catalog.all(Application) if a.project_id == project.id] == ["default"]


async def test_two_projects_of_one_name_conflict(world, projects):
    with pytest.raises(Conflict):
        await projects.create(world.admin, name="default")


async def test_a_key_of_one_project_makes_no_other(world, projects):
    with pytest.raises(Forbidden):
        await projects.create(world.bound(Scope.CATALOG_WRITE), name="billing")


async def test_renaming_keeps_the_number_and_moves_the_time(world, projects):
    world.clock.now += 5
    renamed = await projects.change(world.admin, "default", {"name": "main"})
    assert (renamed.id, renamed.name, renamed.updated_at) == ("project-default", "main", world.clock.now)


async def test_a_change_of_nothing_is_refused(world, projects):
    with pytest.raises(Invalid) as refused:
        await projects.change(world.admin, "default", {})
    assert refused.value.code == "empty_patch"


async def test_only_an_empty_project_can_go_and_takes_its_applications_along(world, projects):
    with pytest.raises(Conflict, match="sources"):
        await projects.remove(world.admin, "default")
    await projects.remove(world.admin, "other")
    assert world.catalog.seek(Project, "project-other") is None
    assert world.catalog.seek(Application, "application-other") is None


async def test_applications_are_added_renamed_and_removed(world, projects):
    made = await projects.add_application(world.admin, project_id="default", name="crm")
    renamed = await projects.change_application(world.admin, made.id, {"name": "crm2"})
    assert renamed.name == "crm2"
    await projects.remove_application(world.admin, made.id)
    with pytest.raises(NotFound):
        world.catalog.get(Application, made.id)


async def test_an_application_with_a_source_stays(world, projects):
    with pytest.raises(Conflict, match="source 'shop'"):
        await projects.remove_application(world.admin, "application-default")


async def test_what_the_hub_made_goes_with_its_project(world, projects):
    other = world.catalog.get(Project, "project-other")
    await world.publishing.door(other, "project.project-other")
    await world.publishing.door(other, "amq.topic")
    await projects.remove(world.admin, "other")
    assert [topic.name for topic in world.catalog.all(Topic)] == ["orders"]
    assert [source.name for source in world.catalog.all(Source)] == ["shop"]


async def test_the_last_application_stays_while_the_project_has_streams(world, projects):
    await world.publishing.door(world.catalog.get(Project, "project-other"), "amq.topic")
    with pytest.raises(Conflict, match="the last one"):
        await projects.remove_application(world.admin, "application-other")
    heir = await projects.add_application(world.admin, project_id="other", name="heir")
    await projects.remove_application(world.admin, "application-other")
    assert world.catalog.named(Source, "project-other", "amq.topic").application_id == heir.id


async def test_an_application_stays_while_its_exchange_is_read(world, projects):
    crm = await projects.add_application(world.admin, project_id="default", name="crm")
    door = await world.publishing.door(world.catalog.get(Project, "project-default"), f"application.{crm.id}")
    watching = await world.catalog.save_one(builders.subscription("watching", topic_ids=(door.topic.id,)))
    with pytest.raises(Conflict, match="subscription 'watching'"):
        await projects.remove_application(world.admin, crm.id)
    await world.catalog.remove(watching)
    await projects.remove_application(world.admin, crm.id)
    assert world.catalog.named(Topic, "project-default", f"application.{crm.id}") is None


async def test_a_client_outlives_its_application_and_its_project(world, projects):
    kept = []
    for name in ("shop", "brief"):
        project = await projects.create(world.admin, name=name)
        application = await projects.add_application(world.admin, project_id=project.id, name="a")
        client = Client(f"client-{name}", "organization-default", name, f"{name}::x", "digest", 1, 1)
        await world.catalog.save(replace(client, application_id=application.id))
        kept.append((project, application))
    await projects.remove_application(world.admin, kept[0][1].id)
    await projects.remove(world.admin, kept[1][0].id)
    assert [client.application_id for client in world.catalog.all(Client)] == [None, None]
