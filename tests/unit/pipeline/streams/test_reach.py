"""A client reaches what is its own, and learns of nothing else that it exists."""

import pytest
from msgspec.structs import replace

from eventyard.model.access import Scope
from eventyard.model.catalog import Application, Topic
from eventyard.model.errors import Conflict, Forbidden, NotFound
from eventyard.model.event import Event
from eventyard.model.streams import ExchangeSettings
from eventyard.pipeline.streams.link import Link
from eventyard.pipeline.streams.outgoing import Outgoing
from eventyard.testing import builders
from eventyard.testing.hub import Yard
from tests.unit.pipeline.streams.conftest import connect, send


def default_application(yard: Yard) -> Application:
    return next(iter(yard.hub.catalog.all(Application)))


def topic_named(yard: Yard, name: str) -> Topic:
    topic = yard.hub.catalog.named(Topic, yard.project.id, name)
    assert topic is not None
    return topic


async def test_a_reader_may_read_and_nothing_else(yard: Yard) -> None:
    reader = connect(yard, await yard.key_for(Scope.EVENTS_READ))
    queue = await reader.declare_queue("")
    await reader.bind(queue, f"project.{yard.project.id}", "#")
    with pytest.raises(Forbidden):
        await reader.declare_exchange("x", ExchangeSettings())
    (refused,) = await reader.publish([Outgoing("amq.topic", Event("e", "/t", "t", 0, b"{}", "a"))])
    assert isinstance(refused, Forbidden)


async def test_nobody_learns_of_an_exchange_of_others(yard: Yard, link: Link) -> None:
    stranger = connect(yard, await yard.stranger_key())
    queue = await stranger.declare_queue("")
    application = default_application(yard)
    for name in (f"project.{yard.project.id}", f"application.{application.id}", "project.nothing", "nothing"):
        with pytest.raises(NotFound, match="no exchange"):
            await stranger.bind(queue, name, "#")


async def test_a_key_of_one_application_reads_no_other_s_exchange(yard: Yard) -> None:
    application = default_application(yard)
    key = await yard.key_for(Scope.EVENTS_READ, project_id=yard.project.id, application_id="another")
    bound = connect(yard, key)
    with pytest.raises(NotFound):
        await bound.subscribe(f"application.{application.id}", "#")
    own = connect(
        yard, await yard.key_for(Scope.EVENTS_READ, project_id=yard.project.id, application_id=application.id)
    )
    assert await own.subscribe(f"application.{application.id}", "#")


async def test_a_key_of_one_application_reads_no_queue_with_what_is_for_another(yard: Yard, link: Link) -> None:
    application = default_application(yard)
    queue = await link.declare_queue("theirs")
    await link.bind(queue, f"application.{application.id}", "#")
    await link.declare_queue("anyone's")
    key = await yard.key_for(Scope.EVENTS_READ, project_id=yard.project.id, application_id="another")
    bound = connect(yard, key)
    assert bound.queue("anyone's")
    with pytest.raises(NotFound, match="no queue"):
        bound.queue("theirs")


async def test_a_project_is_called_by_its_id_or_its_name(yard: Yard, link: Link) -> None:
    for name in (yard.project.id, yard.project.name):
        assert await link.subscribe(f"project.{name}", "#")


async def test_dead_letters_go_only_where_their_queue_s_client_may_publish(yard: Yard, link: Link) -> None:
    reader = connect(yard, await yard.key_for(Scope.EVENTS_READ))
    with pytest.raises(Forbidden):
        await reader.declare_queue("", arguments={"x-dead-letter-exchange": "amq.topic"})
    with pytest.raises(NotFound, match="no exchange"):
        await link.declare_queue("", arguments={"x-dead-letter-exchange": "application.unknown"})
    assert await link.declare_queue("", arguments={"x-dead-letter-exchange": "declared-later"})


async def test_nobody_learns_of_a_queue_of_others_by_locking_or_deleting_it(yard: Yard, link: Link) -> None:
    queue = await link.declare_queue("theirs", exclusive=True)
    await link.bind(queue, f"application.{default_application(yard).id}", "#")
    bound = connect(
        yard, await yard.key_for(Scope.ADMIN, project_id=yard.project.id, application_id="another"),
    )  # fmt: skip
    with pytest.raises(NotFound, match="no queue"):
        bound.queue("theirs")
    assert await bound.delete_queue("theirs") == await bound.delete_queue("nobody's") == 0
    assert not queue.gone


async def test_a_key_of_one_project_reads_no_queue_with_what_is_for_another(yard: Yard, link: Link) -> None:
    other = await yard.hub.projects.create(link.who, name="other")
    queue = await link.declare_queue("both")
    await link.bind(queue, f"project.{other.id}", "#")
    bound = connect(yard, await yard.key_for(Scope.EVENTS_READ, project_id=yard.project.id))
    with pytest.raises(NotFound, match="no queue"):
        bound.queue("both")


async def test_nothing_is_passed_on_to_an_exchange_of_others(yard: Yard, link: Link) -> None:
    application = default_application(yard)
    bound = connect(yard, await yard.key_for(Scope.ADMIN, project_id=yard.project.id, application_id="another"))
    with pytest.raises(NotFound, match="no exchange"):
        await bound.declare_exchange("mine", ExchangeSettings(alternate=f"application.{application.id}"))
    await bound.declare_exchange("mine", ExchangeSettings(alternate="later"))


async def test_an_exchange_that_bears_other_categories_is_not_there(yard: Yard, link: Link, limited: Link) -> None:
    await link.subscribe(f"project.{yard.project.id}", "#")
    application = default_application(yard)
    for name in ("of-b", "amq.topic", f"project.{yard.project.id}", f"application.{application.id}", "nothing"):
        with pytest.raises(NotFound) as refused:
            await limited.subscribe(name, "#", "first")
        assert refused.value.message == f"no exchange {name!r}"
    for name in ("of-a", "open"):
        assert await limited.subscribe(name, "#", "first")
    await yard.hub.catalog.save(replace(topic_named(yard, "of-a"), categories=("b",)))
    with pytest.raises(NotFound):
        await limited.subscribe("of-a", "#")


async def test_a_queue_is_for_those_who_hold_the_same_categories(yard: Yard, link: Link, limited: Link) -> None:
    async def other(*categories: str) -> Link:
        return connect(yard, await yard.key_for(Scope.ADMIN, categories=categories))

    same, wider, narrower, another = await other("a"), await other("a", "b"), await other(), await other("b")
    await limited.declare_queue("q", durable=True)
    await link.declare_queue("everybody's", durable=True)
    assert same.queue("q") is limited.queue("q")
    assert await same.declare_queue("q", durable=True) is limited.queue("q")
    assert limited.has_queue("q")
    for one in (narrower, another):
        with pytest.raises(NotFound, match="no queue 'q'"):
            one.queue("q")
        with pytest.raises(NotFound, match="no queue 'q'"):
            await one.declare_queue("q", durable=True)
        assert await one.delete_queue("q") == 0
        assert not one.has_queue("q")
    for one in (link, wider):
        with pytest.raises(Conflict, match="some categories only") as locked:
            await one.declare_queue("q", durable=True)
        assert locked.value.code == "resource_locked"
        assert not one.has_queue("q")
    with pytest.raises(NotFound, match="no queue"):
        limited.queue("everybody's")


async def test_a_queue_with_categories_stays_that_of_its_project(yard: Yard, link: Link, limited: Link) -> None:
    other = await yard.hub.projects.create(link.who, name="other")
    queue = await limited.declare_queue("q")
    await limited.bind(queue, "open", "#")
    await link.bind_exchange("open", f"project.{other.id}", "#", {})
    bound = connect(yard, await yard.key_for(Scope.EVENTS_READ, project_id=yard.project.id, categories=("a",)))
    with pytest.raises(NotFound, match="no queue"):
        bound.queue("q")
    assert limited.queue("q") is queue


async def test_what_a_key_of_one_application_publishes_is_an_event_of_that_application(yard: Yard) -> None:
    crm = builders.application("crm", project_id=yard.project.id)
    await yard.hub.catalog.save(crm, builders.topic("orders", project_id=yard.project.id))
    key = await yard.key_for(Scope.ADMIN, project_id=yard.project.id, application_id=crm.id)
    link = connect(yard, key)
    for exchange in ("orders", "amq.topic"):
        (entry,) = await send(link, exchange, "a.b")
        assert (await yard.hub.search.detail(link.who, str(entry))).entry.application == "crm"
    (entry,) = await send(connect(yard), "orders", "a.b")
    assert (await yard.hub.search.detail(link.who, str(entry))).entry.application == "default"
