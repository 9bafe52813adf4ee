"""A client reaches what is its own, and learns of nothing else that it exists."""

import pytest

from eventyard.model.access import Scope
from eventyard.model.catalog import Application
from eventyard.model.errors import Forbidden, NotFound
from eventyard.model.event import Event
from eventyard.model.streams import ExchangeSettings
from eventyard.pipeline.streams.link import Link
from eventyard.pipeline.streams.outgoing import Outgoing
from eventyard.testing.hub import Yard
from tests.unit.pipeline.streams.conftest import connect


def default_application(yard: Yard) -> Application:
    return next(iter(yard.hub.catalog.all(Application)))


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
