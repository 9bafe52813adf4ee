import json

import pytest
from msgspec import Raw
from msgspec.structs import replace

from eventyard.model.access import Principal, Scope
from eventyard.model.catalog import Application, Project
from eventyard.model.errors import Conflict, Forbidden, HubError, Invalid, NotFound
from eventyard.pipeline.accept import Accepted
from eventyard.pipeline.entities import Entities, EntityChange, Happening, Place, Relation, actor_of, check

CREATED = EntityChange("vehicles", "v-1", Happening.CREATE, Raw(b'{"mass": 1.50}'))


@pytest.fixture
def entities(world):
    return Entities(world.catalog, world.publishing, world.clock)


@pytest.fixture
def place(world):
    return Place(world.catalog.get(Project, "project-default"))


@pytest.fixture
def application(world, place):
    return Place(place.project, world.catalog.get(Application, "application-default"))


async def test_what_happens_in_a_project_is_told_on_its_exchange(world, entities, place):
    change = EntityChange("vehicles", "v-1", Happening.UPDATE, Raw(b'{"mass": 1.50}'), ("mass",), 7)
    accepted = await entities.publish(world.admin, place, change)
    [event] = await world.published("project.project-default")
    assert event.id == accepted.event_id
    assert (event.source, event.type) == ("/projects/project-default", "entity.vehicles.update")
    assert (event.subject, event.routing_key) == ("vehicles/v-1", "vehicles.v-1.update")
    assert event.data == (
        b'{"event":"update","entity":{"_relType":"vehicles","id":"v-1"},'
        b'"project":{"_relType":"projects","id":"project-default"},"application":null,'
        b'"actor":{"_relType":"keys","id":"key-of-ada"},"changed":["mass"],"revision":7,"state":{"mass": 1.50}}'
    )


async def test_what_happens_in_an_application_is_told_on_its_own(world, entities, application):
    await entities.publish(world.admin, application, EntityChange("users", "u", Happening.DELETE))
    [event] = await world.published("application.application-default")
    assert (event.source, event.type) == ("/applications/application-default", "entity.users.delete")
    assert json.loads(event.data) == {
        "event": "delete",
        "entity": {"_relType": "users", "id": "u"},
        "project": {"_relType": "projects", "id": "project-default"},
        "application": {"_relType": "applications", "id": "application-default"},
        "actor": {"_relType": "keys", "id": "key-of-ada"},
    }


async def test_the_same_key_tells_it_once(world, entities, place):
    first = await entities.publish(world.admin, place, CREATED, "key:1")
    world.clock.now += 1000
    again = await entities.publish(world.admin, place, CREATED, "key:1")
    assert (again.replayed, again.event_id) == (True, first.event_id)
    with pytest.raises(Conflict) as refused:
        await entities.publish(world.admin, place, replace(CREATED, id="v-2"), "key:1")
    assert refused.value.code == "idempotency_mismatch"


async def test_of_many_the_wrong_ones_harm_no_other(world, entities, place):
    wrong = Invalid("invalid_body", "no", pointer="/1")
    changes = [CREATED, wrong, replace(CREATED, type="a.b"), replace(CREATED, id="v-2")]
    results = await entities.publish_many(world.admin, place, changes, "key:1")
    assert [type(result) for result in results] == [Accepted, Invalid, Invalid, Accepted]
    assert isinstance(results[2], HubError)
    assert (results[2].code, results[2].pointer) == ("invalid_body", "/entity_type")
    again = await entities.publish_many(world.admin, place, changes, "key:1")
    assert [isinstance(result, Accepted) and result.replayed for result in again] == [True, False, False, True]
    keys = [event.routing_key for event in await world.published("project.project-default")]
    assert keys == ["vehicles.v-1.create", "vehicles.v-2.create"]


async def test_what_cannot_be_told_brings_no_exchange_to_life(world, entities, place):
    with pytest.raises(Invalid):
        await entities.publish(world.admin, place, replace(CREATED, type="product"))
    assert world.publishing.find(place.project, place.topic) is None


async def test_it_takes_the_right_to_publish(world, entities, place):
    for attempt in (entities.publish(world.bound(Scope.EVENTS_READ), place, CREATED),
                    entities.publish_many(world.bound(Scope.EVENTS_READ), place, [CREATED])):  # fmt: skip
        with pytest.raises(Forbidden):
            await attempt


async def test_a_caller_bound_to_another_application_knows_nothing_of_this_one(world, entities, application):
    who = replace(world.admin, application_id="application-crm")
    with pytest.raises(NotFound):
        await entities.publish(who, application, CREATED)
    await entities.publish(replace(who, application_id="application-default"), application, CREATED)


@pytest.mark.parametrize("word", ["", "a.b", "a*", "#", "a/b", "a b", "a\n", "\x7f"])
def test_a_word_is_one_word(word):
    for field in ("type", "id"):
        with pytest.raises(Invalid) as refused:
            check(replace(CREATED, **{field: word}))
        assert (refused.value.code, refused.value.pointer) == ("invalid_parameter", f"entity_{field}")


def test_product_is_no_type_of_entity():
    with pytest.raises(Invalid, match="kept for the events of products"):
        check(replace(CREATED, type="product"))
    check(replace(CREATED, type="products"))


def test_a_routing_key_fits_into_a_short_string():
    room = 255 - len("vehicles..create")
    check(replace(CREATED, id="i" * room))
    with pytest.raises(Invalid, match="256 bytes"):
        check(replace(CREATED, id="i" * (room + 1)))
    with pytest.raises(Invalid):
        check(replace(CREATED, id="ü" * (room // 2 + 1)))


def test_an_actor_is_a_key_a_user_a_client_or_nobody_that_is_known():
    nobody = Principal("ada", "organization-default", frozenset())
    assert actor_of(replace(nobody, key_id="key-of-ada")) == Relation("keys", "key-of-ada")
    assert actor_of(replace(nobody, user_id="user-ada")) == Relation("users", "user-ada")
    assert actor_of(replace(nobody, client_id="client-ada")) == Relation("clients", "client-ada")
    assert actor_of(nobody) is None
    assert actor_of(None) is None
