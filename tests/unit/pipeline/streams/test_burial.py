"""A dead letter goes where its queue's options say, if who declared the queue may publish there."""

import pytest

from eventyard.model.catalog import Application
from eventyard.pipeline.streams.feed import Message
from eventyard.pipeline.streams.link import Link
from eventyard.pipeline.streams.queue import Queue
from eventyard.testing.hub import Yard
from tests.unit.pipeline.streams.conftest import send


async def died(yard: Yard, queue: Queue) -> None:
    """Wait until every dead letter is where it is to be."""
    while yard.hub.streams.queues.tasks:
        await next(iter(yard.hub.streams.queues.tasks))


async def graves(yard: Yard, link: Link, *names: str) -> list[Queue]:
    """Queues that are given what is sent to exchanges."""
    found = []
    for name in names:
        queue = await link.declare_queue("")
        await link.bind(queue, name, "#")
        found.append(queue)
    return found


async def test_a_letter_tells_where_it_died_and_why(yard: Yard, link: Link) -> None:
    queue = await link.declare_queue("q", arguments={"x-message-ttl": 0, "x-dead-letter-exchange": "amq.fanout"})
    await link.bind(queue, "amq.topic", "#")
    (grave,) = await graves(yard, link, "amq.fanout")
    await send(link, "amq.topic", "a.b")
    queue.expire()
    await died(yard, queue)
    fetched = await link.get(grave, no_ack=True)
    assert fetched is not None
    message: Message = fetched[0]
    assert message.event.routing_key == "a.b"
    assert '"q","expired","amq.topic","a.b"' in message.event.extensions["deaths"]


@pytest.mark.parametrize(("grave", "arrives"), [("open", 1), ("of-b", 0), ("", 0), ("nowhere", 0)])
async def test_a_letter_goes_nowhere_that_is_hidden_from_who_declared_its_queue(
    yard: Yard, link: Link, limited: Link, grave: str, arrives: int
) -> None:
    arguments = {"x-message-ttl": 0, "x-dead-letter-exchange": grave, "x-dead-letter-routing-key": "theirs"}
    queue = await limited.declare_queue("q", arguments=arguments)
    await limited.bind(queue, "of-a", "#")
    theirs = await link.declare_queue("theirs")
    for exchange in ("of-b", "open"):
        await link.bind(theirs, exchange, "#")
    await send(link, "of-a", "a.b")
    queue.expire()
    await died(yard, queue)
    assert (queue.depth, theirs.depth) == (0, arrives)


async def test_a_letter_is_not_published_in_the_name_of_a_hidden_application(
    yard: Yard, link: Link, limited: Link
) -> None:
    from msgspec.structs import replace  # noqa: PLC0415

    queue = await limited.declare_queue("q", arguments={"x-dead-letter-exchange": "open"})
    await limited.bind(queue, "of-a", "#")
    (theirs,) = await graves(yard, link, "open")
    await send(link, "of-a", "a.b")
    fetched = await limited.get(queue, no_ack=False)
    assert fetched is not None
    assert fetched[1] is not None
    application = next(iter(yard.hub.catalog.all(Application)))
    await yard.hub.catalog.save(replace(application, categories=("b",)))
    queue.reject(fetched[1])
    await died(yard, queue)
    assert theirs.depth == 0
