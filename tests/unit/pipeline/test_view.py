import pytest
from msgspec.structs import replace

from eventyard.model.access import Scope
from eventyard.model.catalog import Application, Project, Source, Target, Topic
from eventyard.model.errors import Forbidden, Invalid, NotFound
from eventyard.pipeline.view import View
from eventyard.testing import builders


def test_a_project_is_found_by_id_and_by_name(world):
    view = View(world.catalog, world.admin)
    assert view.project("project-default").name == "default"
    assert view.project("default").id == "project-default"


def test_with_several_projects_one_must_be_named(world):
    with pytest.raises(Invalid) as refused:
        View(world.catalog, world.admin).project(None)
    assert refused.value.code == "no_project"


def test_a_key_of_one_project_need_not_name_it_and_sees_no_other(world):
    view = View(world.catalog, world.bound(Scope.CATALOG_READ))
    assert view.project(None).id == "project-default"
    assert [p.id for p in view.projects()] == ["project-default"]
    with pytest.raises(NotFound):
        view.project("other")


def test_making_things_in_another_project_of_ones_own_organization_is_forbidden(world):
    with pytest.raises(Forbidden):
        View(world.catalog, world.bound(Scope.CATALOG_WRITE)).writable("project-other")


def test_to_another_organization_nothing_here_exists(world):
    view = View(world.catalog, world.stranger)
    assert view.projects() == []
    assert view.scope(None) == ()
    for look in (
        lambda: view.project("project-default"),
        lambda: view.writable("project-default"),
        lambda: view.get(Source, "source-shop"),
    ):
        with pytest.raises(NotFound):
            look()


def test_what_exists_elsewhere_is_refused_in_the_same_words_as_what_does_not_exist(world):
    def words(view, record_id):
        with pytest.raises(NotFound) as refused:
            view.get(Target, record_id)
        return refused.value.message.replace(record_id, "ID")

    assert words(View(world.catalog, world.stranger), "target-receiver") == words(
        View(world.catalog, world.admin), "nope"
    )


def test_records_are_listed_newest_first_and_found_by_name_within_their_project(world):
    view = View(world.catalog, world.admin)
    project = view.project("default")
    assert [s.id for s in view.list(Source, project)] == ["source-shop"]
    assert view.named(Source, project, "shop").id == "source-shop"
    with pytest.raises(NotFound):
        view.named(Source, view.project("other"), "source-shop")


def test_without_an_application_named_the_projects_first_is_meant(world):
    view = View(world.catalog, world.admin)
    assert view.application(view.project("other"), None).name == "other"
    assert isinstance(view.application(view.project("default"), "default"), Application)


def test_a_missing_scope_is_refused_by_its_name(world):
    with pytest.raises(Forbidden, match="catalog:write"):
        View(world.catalog, world.bound(Scope.CATALOG_READ)).need(Scope.CATALOG_WRITE)


async def test_a_key_of_one_application_knows_nothing_that_tells_of_another(world):
    topics = [builders.topic(f"application.{name}") for name in "ab"]
    sources = [builders.source(topic.name, topic_id=topic.id, scheme="internal") for topic in topics]
    await world.catalog.save(*topics, *sources)
    project = world.catalog.get(Project, "project-default")
    bound = View(world.catalog, replace(world.bound(Scope.ADMIN), application_id="a"))
    everyone = View(world.catalog, world.admin)
    for kind, own, other in ((Topic, topics[0], topics[1]), (Source, sources[0], sources[1])):
        assert {own.id, other.id} <= {record.id for record in everyone.list(kind, project)}
        assert own.id in {record.id for record in bound.list(kind, project)}
        assert other.id not in {record.id for record in bound.list(kind, project)}
        assert bound.get(kind, own.id).id == bound.named(kind, project, own.name).id == own.id
        with pytest.raises(NotFound):
            bound.get(kind, other.id)
        with pytest.raises(NotFound):
            bound.named(kind, project, other.name)


def test_who_operates_may_change_a_mode_and_nothing_else_with_it(world):
    operator = View(world.catalog, replace(world.admin, scopes=frozenset({Scope.EVENTS_MANAGE})))
    designer = View(world.catalog, replace(world.admin, scopes=frozenset({Scope.CATALOG_WRITE})))
    assert operator.operating(["mode"], "mode") is operator
    for changes in (["mode", "name"], ["name"], []):
        with pytest.raises(Forbidden):
            operator.operating(changes, "mode")
        assert designer.operating(changes, "mode") is designer
    assert designer.operating(["mode"], "mode") is designer
