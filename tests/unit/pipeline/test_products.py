import asyncio
import json

import pytest
from msgspec.structs import replace

from eventyard.model.access import Principal, Scope
from eventyard.model.catalog import Project, Source, Subscription
from eventyard.model.errors import Conflict, Forbidden, Invalid, NotFound
from eventyard.model.products import Failure, Family, ProductState, Terms, Version
from eventyard.pipeline.catalog import Catalog
from eventyard.pipeline.products import Products, Step
from eventyard.pipeline.projects import Projects
from eventyard.testing import builders

TOPIC = "application.application-default"
ONE, TWO = Version("1", "1.0"), Version("2", "2.0")


@pytest.fixture
def products(world):
    return Products(world.catalog, world.publishing, world.acceptor, world.clock)


@pytest.fixture
def take(world, products):
    """Takes a step of the product ``application-default``, in the project ``default`` unless another is named."""

    async def take(family, state, *, who=None, **fields):
        if family.in_project:
            fields.setdefault("project", "default")
        return await products.step(who or world.admin, "application-default", family, Step(state=state, **fields))

    return take


async def last(world):
    event = (await world.published(TOPIC))[-1]
    return event, json.loads(event.data)


async def test_an_activation_is_told_with_version_actor_and_reason(world, take):
    state, accepted = await take(Family.ACTIVATION, "activated", version=ONE, reason="they paid")
    event, data = await last(world)
    assert (event.id, event.type, event.routing_key) == (accepted.event_id, *["product.activation.activated"] * 2)
    assert (event.source, event.subject) == ("/applications/application-default", "projects/project-default")
    assert data == {
        "application": {"_relType": "applications", "id": "application-default"},
        "product": {"_relType": "products", "id": "application-default"},
        "project": {"_relType": "projects", "id": "project-default"},
        "organization": {"_relType": "organizations", "id": "organization-default"},
        "state": "activated",
        "previousState": None,
        "version": {"id": "1", "label": "1.0"},
        "actor": {"_relType": "keys", "id": "key-of-ada"},
        "reason": "they paid",
        "occurredAt": "2026-01-02T03:04:05.678Z",
    }
    assert state == world.catalog.get(ProductState, "application-default/activation/project-default")


async def test_an_update_tells_the_version_before(world, take):
    await take(Family.ACTIVATION, "activated", version=ONE)
    state, _ = await take(Family.ACTIVATION, "updated", version=TWO)
    _, data = await last(world)
    assert (data["previousState"], data["state"]) == ("activated", "updated")
    assert (data["previousVersion"], data["version"]) == ({"id": "1", "label": "1.0"}, {"id": "2", "label": "2.0"})
    assert (state.previous_version, state.version) == (ONE, TWO)
    again, _ = await take(Family.ACTIVATION, "updated")
    assert (again.previous_version, again.version) == (TWO, TWO)
    await take(Family.ACTIVATION, "deactivated")
    _, data = await last(world)
    assert data["version"] == {"id": "2", "label": "2.0"}
    assert "previousVersion" not in data


async def test_a_provisioning_has_an_id_and_counts_its_attempts(world, take):
    first, _ = await take(Family.PROVISIONING, "started", run_id="run-1")
    await take(Family.PROVISIONING, "failed", failure=Failure("quota", "no room"))
    _, data = await last(world)
    assert (data["provisioningId"], data["attempt"], data["state"]) == ("run-1", 1, "failed")
    assert data["error"] == {"code": "quota", "detail": "no room"}
    second, _ = await take(Family.PROVISIONING, "started")
    assert (first.run_id, second.attempt) == ("run-1", 2)
    assert second.run_id not in (None, "run-1")
    await take(Family.PROVISIONING, "finished", run_id=second.run_id)
    _, data = await last(world)
    assert (data["provisioningId"], data["previousState"]) == (second.run_id, "started")
    assert "error" not in data


async def test_a_failure_without_a_reason_is_told_as_unknown(world, take):
    await take(Family.PROVISIONING, "started")
    await take(Family.PROVISIONING, "failed")
    _, data = await last(world)
    assert data["error"] == {"code": "unknown", "detail": ""}


async def test_a_step_of_a_run_that_is_not_under_way_is_refused(take):
    await take(Family.PROVISIONING, "started", run_id="run-1")
    with pytest.raises(Invalid, match="'run-1'") as refused:
        await take(Family.PROVISIONING, "finished", run_id="run-2")
    assert refused.value.pointer == "/provisioningId"


async def test_a_subscription_is_an_organizations_and_keeps_its_terms(world, take):
    terms = Terms(builders.NOW, None, "gold")
    made, _ = await take(Family.SUBSCRIPTION, "created", terms=terms)
    await take(Family.SUBSCRIPTION, "active", organization="default", terms=Terms(valid_until=builders.NOW + 1))
    event, data = await last(world)
    assert event.subject == "organizations/organization-default"
    assert (data["project"], data["subscriptionId"], data["plan"]) == (None, made.run_id, "gold")
    assert (data["validFrom"], data["validUntil"]) == ("2026-01-02T03:04:05.678Z", "2026-01-02T03:04:05.679Z")
    await take(Family.SUBSCRIPTION, "terminated")
    renewed, _ = await take(Family.SUBSCRIPTION, "created", project="default")
    assert renewed.run_id != made.run_id
    assert renewed.terms == Terms()


async def test_an_illegal_step_changes_nothing_and_tells_nothing(world, take):
    with pytest.raises(Conflict) as refused:
        await take(Family.ACTIVATION, "updated")
    assert (refused.value.code, refused.value.hint) == ("illegal_transition", "legal steps: activated")
    assert await world.published(TOPIC) == []
    assert list(world.catalog.all(ProductState)) == []


@pytest.mark.usefixtures("slow_disk")
async def test_of_two_equal_steps_at_once_one_is_taken(world, take):
    steps = [take(Family.ACTIVATION, "activated") for _ in range(3)]
    ends = await asyncio.gather(*steps, return_exceptions=True)
    assert sorted(type(end).__name__ for end in ends) == ["Conflict", "Conflict", "tuple"]
    assert len(await world.published(TOPIC)) == 1


async def test_the_three_families_and_the_projects_stand_apart(world, take):
    for family, state in ((Family.ACTIVATION, "activated"), (Family.PROVISIONING, "started")):
        await take(family, state)
        await take(family, state, project="other")
    assert {state.subject_id for state in world.catalog.all(ProductState)} == {"project-default", "project-other"}


async def test_states_are_read_newest_first_and_outlive_a_restart(world, products, take):
    await take(Family.ACTIVATION, "activated")
    world.clock.now += 1
    await take(Family.ACTIVATION, "activated", project="other")
    await take(Family.SUBSCRIPTION, "created")
    found = products.states(world.admin, "application-default", Family.ACTIVATION)
    assert [state.subject_id for state in found] == ["project-other", "project-default"]
    bound = products.states(world.bound(Scope.CATALOG_READ), "application-default", Family.ACTIVATION)
    assert [state.subject_id for state in bound] == ["project-default"]
    again = Catalog(world.store)
    await again.start()
    assert list(again.all(ProductState)) == list(world.catalog.all(ProductState))


async def test_who_may_take_a_step_and_where(world, products, take):
    with pytest.raises(Forbidden):
        await take(Family.ACTIVATION, "activated", who=world.bound(Scope.CATALOG_WRITE))
    with pytest.raises(NotFound):
        await take(Family.ACTIVATION, "activated", who=world.bound(Scope.EVENTS_PUBLISH), project="other")
    with pytest.raises(NotFound):
        await products.step(world.stranger, "application-default", Family.ACTIVATION, Step(state="activated"))
    with pytest.raises(NotFound):
        await take(Family.ACTIVATION, "activated", who=replace(world.admin, application_id="application-crm"))
    with pytest.raises(NotFound) as refused:
        await take(Family.SUBSCRIPTION, "created", organization="elsewhere")
    assert refused.value.pointer == "/organizationId"
    with pytest.raises(Invalid) as misplaced:
        await take(Family.ACTIVATION, "activated", project=None, organization="default")
    assert misplaced.value.pointer == "/projectId"


async def test_a_user_is_told_by_the_id_and_somebody_unknown_not_at_all(world, take):
    for user_id, actor in (("user-ada", {"_relType": "users", "id": "user-ada"}), (None, None)):
        who = Principal("ada", "organization-default", frozenset({Scope.ADMIN}), user_id=user_id)
        await take(Family.ACTIVATION, "updated" if user_id is None else "activated", who=who)
        assert (await last(world))[1]["actor"] == actor


async def test_states_go_with_their_project_and_with_their_application(world, take):
    projects = Projects(world.catalog, world.clock, world.new_id)
    await take(Family.ACTIVATION, "activated", project="other")
    await take(Family.ACTIVATION, "activated")
    await projects.remove(world.admin, "other")
    assert [state.subject_id for state in world.catalog.all(ProductState)] == ["project-default"]
    await world.catalog.remove(world.catalog.get(Source, "source-shop"))
    await world.catalog.remove(*world.catalog.all(Subscription))
    await projects.remove_application(world.admin, "application-default")
    assert list(world.catalog.all(ProductState)) == []
    assert world.catalog.seek(Project, "project-other") is None
