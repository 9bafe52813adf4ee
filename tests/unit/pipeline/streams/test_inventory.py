"""What operators see of the streams is scoped by organization, project and application."""

from collections.abc import AsyncIterator

import pytest

from eventyard.model.access import Principal, Scope
from eventyard.model.errors import NotFound
from eventyard.model.streams import ExchangeSettings
from eventyard.pipeline.streams.inventory import Inventory
from eventyard.pipeline.streams.link import Link
from eventyard.testing.hub import Yard
from tests.unit.pipeline.streams.conftest import connect
from tests.unit.pipeline.streams.test_reach import topic_named


@pytest.fixture
def admin(yard: Yard) -> Principal:
    return yard.hub.keys.by_key(yard.key)


@pytest.fixture
async def two(yard: Yard, admin: Principal) -> tuple[str, str]:
    """Keys of two applications of a project."""
    texts = []
    for name in ("shop", "crm"):
        application = await yard.hub.projects.add_application(admin, project_id=None, name=name, description="")
        texts.append(await yard.key_for(Scope.ADMIN, project_id=application.project_id, application_id=application.id))
    return texts[0], texts[1]


@pytest.fixture
async def links(yard: Yard, two: tuple[str, str]) -> AsyncIterator[tuple[Link, Link]]:
    one, other = connect(yard, two[0]), connect(yard, two[1])
    yield one, other
    await one.close()
    await other.close()


def inventory(yard: Yard) -> Inventory:
    return yard.hub.inventory


async def test_a_caller_of_one_application_sees_its_connections_and_the_administrator_all(
    yard: Yard, admin: Principal, links: tuple[Link, Link]
) -> None:
    one, other = links
    assert inventory(yard).connections(admin, None) == [one, other]
    assert inventory(yard).connections(one.who, None) == [one]
    with pytest.raises(NotFound):
        inventory(yard).connection(one.who, other.number)


async def test_the_exchange_of_another_application_is_not_there_in_the_words_for_what_never_was(
    yard: Yard, admin: Principal, links: tuple[Link, Link]
) -> None:
    one, other = links
    exchange = f"application.{other.who.application_id}"
    queue = await other.declare_queue("work")
    await other.bind(queue, exchange, "#")
    names = [exchange.topic.name for exchange in inventory(yard).exchanges(admin, None)]
    assert exchange in names
    assert exchange not in [exchange.topic.name for exchange in inventory(yard).exchanges(one.who, None)]
    known = inventory(yard).exchange(other.who, exchange, None)
    assert [outlet.name for outlet in inventory(yard).outlets(other.who, known)] == ["work"]
    for name in (exchange, "nothing"):
        with pytest.raises(NotFound, match=f"there is no exchange '{name}'"):
            inventory(yard).exchange(one.who, name, None)
    bound = {name: inventory(yard).bindings(link.who, queue) for name, link in (("one", one), ("other", other))}
    assert [len(bindings) for bindings in bound.values()] == [1, 2]


async def test_queues_are_those_of_the_project(yard: Yard, admin: Principal, link: Link) -> None:
    queue = await link.declare_queue("work")
    stranger = yard.hub.keys.by_key(await yard.stranger_key())
    assert inventory(yard).queues(admin, None) == [queue]
    assert inventory(yard).queue(admin, queue.id) is queue
    with pytest.raises(NotFound):
        inventory(yard).queue(stranger, queue.id)
    await inventory(yard).delete(admin, queue.id)
    assert inventory(yard).queues(admin, None) == []


async def test_a_long_reason_is_told_as_far_as_it_goes(yard: Yard, admin: Principal) -> None:
    told: list[str] = []
    link = yard.hub.streams.connect(
        admin, protocol="test", peer="", name="", end=lambda error: told.append(error.message)
    )
    inventory(yard).disconnect(admin, link.number, "x" * 1000)
    assert told == [f"this connection was ended by bootstrap: {'x' * 100}"]
    await link.close()


async def test_a_queue_with_what_is_for_another_application_is_not_there_either(
    yard: Yard, admin: Principal, links: tuple[Link, Link]
) -> None:
    one, other = links
    queue = await other.declare_queue("work")
    await other.bind(queue, f"application.{other.who.application_id}", "#")
    await other.bind(queue, "amq.topic", "#")
    for who, seen in ((one.who, []), (other.who, [queue]), (admin, [queue])):
        assert inventory(yard).queues(who, None) == seen
        shared = inventory(yard).exchange(who, "amq.topic", None)
        assert [outlet.name for outlet in inventory(yard).outlets(who, shared)] == [one.name for one in seen]
    with pytest.raises(NotFound):
        inventory(yard).purge(one.who, queue.id)
    with pytest.raises(NotFound):
        await inventory(yard).delete(one.who, queue.id)
    assert not queue.gone


async def test_who_holds_some_categories_sees_what_those_do_who_see_no_more(
    yard: Yard, admin: Principal, link: Link, limited: Link
) -> None:
    theirs, mine = await link.declare_queue("everybody's"), await limited.declare_queue("q")
    await link.declare_exchange("grave", ExchangeSettings(alternate="of-b"))
    for queue, by in ((theirs, link), (mine, limited)):
        await by.bind(queue, "open", "#")
    await link.bind_exchange("of-b", "open", "#", {})
    seen = inventory(yard)
    wider = yard.hub.keys.by_key(await yard.key_for(Scope.ADMIN, categories=("a", "b")))
    narrower = yard.hub.keys.by_key(await yard.key_for(Scope.ADMIN, categories=()))
    for who, links, queues, names, outlets, alternate in (
        (admin, [link, limited], [theirs, mine], {"of-a", "of-b"}, ["everybody's", "q", "of-b"], "of-b"),
        (wider, [limited], [mine], {"of-a", "of-b"}, ["q", "of-b"], "of-b"),
        (limited.who, [limited], [mine], {"of-a"}, ["q"], None),
        (narrower, [], [], set[str](), [], None),
    ):
        assert seen.connections(who, None) == links
        assert seen.queues(who, None) == queues
        assert {one.topic.name for one in seen.exchanges(who, None)} & {"of-a", "of-b"} == names
        exchange = seen.exchange(who, "open", None)
        assert [outlet.name for outlet in seen.outlets(who, exchange)] == outlets
        assert exchange.bindings == len(outlets)
        assert seen.exchange(who, "grave", None).settings.alternate == alternate
    with pytest.raises(NotFound):
        seen.disconnect(limited.who, link.number, "")
    for name in ("of-b", topic_named(yard, "of-b").id, "nothing"):
        with pytest.raises(NotFound, match=f"there is no exchange '{name}'"):
            seen.exchange(limited.who, name, None)
    assert seen.purge(admin, mine.id) == 0
