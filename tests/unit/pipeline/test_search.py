from math import inf

import pytest
from msgspec.structs import replace

from eventyard.model.access import Scope
from eventyard.model.errors import Forbidden, Invalid, NotFound
from eventyard.model.lifecycle import Kind
from eventyard.pipeline.arrivals import Arrival
from eventyard.pipeline.search import Search, data_of
from eventyard.testing import builders


@pytest.fixture
def search(world):
    return Search(world.catalog, world.store)


async def accepted(world, **fields):
    return await world.acceptor.accept(Arrival(world.doors.of("source-shop"), builders.event(**fields)))


async def test_an_entry_is_found_by_its_number_and_by_its_public_id(world, search):
    one = await accepted(world, id="evt-7")
    assert (await search.detail(world.admin, str(one.entry_id))).entry.event_id == "evt-7"
    assert (await search.detail(world.admin, "evt-7")).entry.id == one.entry_id


@pytest.mark.parametrize("entry", ["nope", "999", "9" * 40, "", "-1", "²"])
async def test_an_entry_that_is_not_there_is_not_found(world, search, entry):
    await accepted(world)
    with pytest.raises(NotFound):
        await search.detail(world.admin, entry)


async def test_nobody_finds_what_lies_outside_their_sight(world, search):
    one = await accepted(world)
    elsewhere = world.bound(Scope.EVENTS_READ, project_id="project-other")
    for who in (world.stranger, elsewhere):
        with pytest.raises(NotFound):
            await search.detail(who, str(one.entry_id))
        assert (await search.find(who, None, {})).entries == ()
        assert await search.totals(who, None) == {}


async def test_reading_wants_its_scope(world, search):
    with pytest.raises(Forbidden):
        await search.find(world.bound(Scope.CATALOG_READ), None, {})


async def test_a_page_holds_what_the_criteria_ask_for(world, search):
    await accepted(world)
    page = await search.find(world.admin, "default", {"kinds": (Kind.SUBSCRIPTION,)})
    assert [entry.name for entry in page.entries] == ["fulfilment"]


async def test_a_recorded_event_is_explained_also_through_its_delivery(world, search):
    one = await accepted(world)
    for entry in (one.entry_id, one.entry_id + 1):
        [explanation] = await search.explain_entry(world.admin, str(entry), None)
        assert (explanation.subscription_id, explanation.matches) == ("subscription-fulfilment", True)


async def test_a_number_beyond_every_float_and_what_is_no_json_are_explained_all_the_same(world, search):
    made = await accepted(world, data=b'{"order": 1e999}')
    [explanation] = await search.explain_entry(world.admin, str(made.entry_id), None)
    assert explanation.matches
    assert data_of(builders.event(b'{"order": 1e999}')) == {"order": inf}
    assert data_of(builders.event(b"\xff", content_type="text/plain")) is None
    assert data_of(builders.event(b'{"order": 1}')) == {"order": 1}


async def test_an_event_nobody_sent_is_explained_too(world, search):
    ask = {
        "source_id": None,
        "topic": None,
        "project_id": "default",
        "routing_key": "a",
        "data": {},
        "subscription_id": None,
    }
    [explanation] = search.explain_sample(world.admin, **ask | {"topic": "orders"})
    assert explanation.matches
    [explanation] = search.explain_sample(world.admin, **ask | {"source_id": "source-shop"})
    assert explanation.matches
    with pytest.raises(Invalid):
        search.explain_sample(world.admin, **ask)


async def test_a_key_of_one_application_finds_nothing_that_was_told_to_another(world, search):
    entries = {}
    for name in ("a", "b"):
        topic = builders.topic(f"application.{name}")
        source = builders.source(topic.name, topic_id=topic.id)
        await world.catalog.save(topic, source)
        for number in range(3):
            event = builders.event(id=f"{name}{number}")
            entries[event.id] = (await world.acceptor.accept(Arrival(world.doors.of(source.id), event))).entry_id
    who = replace(world.bound(Scope.EVENTS_READ), application_id="a")
    for ascending in (False, True):
        found, page = [], {"limit": 1, "ascending": ascending}
        more = True
        while more:
            answer = await search.find(who, None, page)
            found += [entry.event_id for entry in answer.entries]
            more = answer.more and bool(answer.entries)
            if more:
                page["after" if ascending else "before"] = answer.entries[-1].id
        assert sorted(found) == ["a0", "a1", "a2"]
    assert (await search.detail(who, "a1")).entry.id == entries["a1"]
    for entry in ("b1", str(entries["b1"])):
        with pytest.raises(NotFound):
            await search.detail(who, entry)


async def test_numbered_pages_are_of_the_projects_in_sight(world, search):
    one = await accepted(world)
    listed = await search.listed(world.admin, None, {"name": "shop"})
    assert ([found.entry.id for found in listed.publications], listed.total) == ([one.entry_id], 1)
    assert (await search.listed(world.stranger, None, {})).total == 0
    with pytest.raises(Forbidden):
        await search.listed(world.bound(Scope.EVENTS_PUBLISH), None, {})
