"""Queues are found by project and name, count what they missed, age in time, and are kept where they stand."""

import asyncio

import pytest

from eventyard.model.access import Scope
from eventyard.model.catalog import Source, Topic
from eventyard.model.errors import NotFound, Unavailable
from eventyard.model.event import Event
from eventyard.model.ids import EntryId
from eventyard.model.streams import Binding, ExchangeSettings, Queue, QueueOptions
from eventyard.pipeline.streams import feed, window
from eventyard.pipeline.streams.exchanges import Exchanges
from eventyard.pipeline.streams.limited import categories_of
from eventyard.pipeline.streams.link import Link
from eventyard.pipeline.streams.outgoing import Outgoing
from eventyard.pipeline.streams.properties import EXPIRATION, PROPERTIES, kept
from eventyard.pipeline.streams.queue import Queue as LiveQueue
from eventyard.pipeline.streams.queues import Queues
from eventyard.testing import builders as b
from eventyard.testing.hub import Yard
from eventyard.wire.amqp.properties import Properties, encode_properties
from tests.unit.pipeline.streams.around import Reader, message
from tests.unit.pipeline.streams.conftest import connect, send
from tests.unit.pipeline.streams.test_link import settle


def again(yard: Yard) -> Queues:
    """The queues of the same hub, as another process would find them."""
    hub = yard.hub
    return Queues(hub.catalog, yard.store, hub.streams.feed, hub.publishing, hub.clock, hub.log)


async def restarted(yard: Yard) -> Queues:
    """The same, in step with what was kept, once they have counted what came meanwhile."""
    await yard.hub.streams.queues.keep()
    queues = again(yard)
    await Exchanges(yard.hub.catalog, queues, yard.hub.publishing).start()
    await queues.start()
    await ended(queues)
    return queues


async def ended(queues: Queues) -> None:
    """Let what was begun beside come to its end."""
    while queues.tasks:
        await asyncio.wait(set(queues.tasks))


async def test_a_queue_is_found_by_its_name_in_its_project(yard: Yard, link: Link) -> None:
    queue = await link.declare_queue("q")
    queues = yard.hub.streams.queues
    assert queues.get(yard.project.id, "q") is queue
    assert list(queues) == [queue]
    with pytest.raises(NotFound):
        queues.get("another", "q")


async def test_a_headers_exchange_looks_at_what_was_published(link: Link) -> None:
    queue = await link.declare_queue("q")
    await link.bind(queue, "amq.headers", "", {"x-match": "all", "tone": "c"})
    for tone in ("c", "d"):
        octets = encode_properties(Properties(headers={"tone": tone}))
        event = Event(f"e{tone}", "/t", "t", 0, b"", "", extensions={PROPERTIES: kept(octets)})
        await link.publish([Outgoing("amq.headers", event)])
    assert queue.depth == 1


async def test_what_a_binding_brought_stays_when_it_is_taken_away(link: Link, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(window, "MOST", 1)
    queue = await link.declare_queue("q")
    await link.bind(queue, "amq.topic", "#")
    entries = await send(link, "amq.topic", "a", "b", "c")
    await link.unbind(queue, "amq.topic", "#")
    await send(link, "amq.topic", "d")
    monkeypatch.setattr(window, "MOST", 100)
    reader = Reader(no_ack=True)
    await link.consume(queue, reader.consumer)
    await settle(link)
    assert reader.ids == entries


async def test_a_queue_that_nobody_uses_expires(yard: Yard, link: Link) -> None:
    queue = await link.declare_queue("q", arguments={"x-expires": 1_000})
    yard.clock.advance(999)
    await yard.hub.streams.queues.look_at_time()
    assert not queue.gone
    yard.clock.advance(1)
    await yard.hub.streams.queues.look_at_time()
    assert queue.gone


async def test_what_came_after_a_position_was_kept_is_counted_at_the_next_start(yard: Yard, link: Link) -> None:
    queue = await link.declare_queue("q", durable=True)
    await link.bind(queue, "amq.topic", "a.#")
    await send(link, "amq.topic", "a.1")
    await yard.hub.streams.queues.keep()
    await send(link, "amq.topic", "a.2", "b.1", "a.3")
    later = again(yard)
    later.routes = yard.hub.streams.queues.routes
    later.routes.drop(queue)
    await later.start()
    while later.tasks:
        await next(iter(later.tasks))
    assert later.get(yard.project.id, "q").depth == 3
    await later.stop()


async def test_a_durable_queue_without_a_position_begins_where_its_bindings_do(yard: Yard, link: Link) -> None:
    (first, second) = await send(link, "amq.topic", "a", "b")
    topic = yard.hub.catalog.named(Topic, yard.project.id, "amq.topic")
    assert topic is not None
    await yard.hub.catalog.save(
        Queue("id", yard.project.id, "lost", 0, (Binding(topic.id, "#", since=EntryId(first)),))
    )
    later = again(yard)
    later.routes = yard.hub.streams.queues.routes
    await later.start()
    taken = await later.get(yard.project.id, "lost").get(no_ack=True)
    assert taken is not None
    assert taken[0].entry_id == second
    await later.stop()


async def test_a_position_that_could_not_be_kept_is_kept_later(
    yard: Yard, link: Link, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue = await link.declare_queue("q", durable=True)
    await send(link, "", "q")

    async def full(positions: object) -> None:
        raise Unavailable("store_full", "full")

    with monkeypatch.context() as patch:
        patch.setattr(yard.store, "keep", full)
        with pytest.raises(Unavailable):
            await yard.hub.streams.queues.keep()
    await yard.hub.streams.queues.keep()
    assert [position.depth for position in await yard.store.positions()] == [queue.depth] == [1]


async def test_a_dead_letter_that_went_in_a_circle_is_given_up(link: Link) -> None:
    queue = await link.declare_queue("q", arguments={"x-message-ttl": 0, "x-dead-letter-exchange": ""})
    await send(link, "", "q")
    queue.expire()
    await settle(link)
    queue.expire()
    await settle(link)
    assert queue.depth == 0


async def test_a_dead_letter_for_no_exchange_is_dropped(link: Link) -> None:
    queue = await link.declare_queue("q", arguments={"x-dead-letter-exchange": "nowhere"})
    reader = Reader()
    await link.consume(queue, reader.consumer)
    await send(link, "", "q")
    queue.reject(reader.held[0])
    await settle(link)
    assert queue.depth == 0


async def test_a_queue_that_fails_harms_no_other(yard: Yard, link: Link) -> None:
    broken, sound = await link.declare_queue("broken"), await link.declare_queue("sound")
    for queue in (broken, sound):
        await link.bind(queue, "amq.topic", "#")

    def fail(*_: object) -> None:
        raise ZeroDivisionError

    reader = Reader(no_ack=True)
    reader.consumer.deliver = fail
    await link.consume(broken, reader.consumer)
    await send(link, "amq.topic", "a")
    assert sound.depth == 1


async def test_what_a_binding_brought_to_a_durable_queue_outlives_the_binding_and_the_hub(
    yard: Yard, link: Link
) -> None:
    queue = await link.declare_queue("q", durable=True)
    await link.bind(queue, "amq.topic", "#")
    entries = await send(link, "amq.topic", "a", "b")
    await link.unbind(queue, "amq.topic", "#")
    await send(link, "amq.topic", "c")
    queues = await restarted(yard)
    reader = Reader()
    queues.get(yard.project.id, "q").add(reader.consumer)
    await ended(queues)
    await queues.stop()
    assert reader.ids == entries


async def test_a_queue_is_as_old_as_it_is_though_the_hub_began_again(yard: Yard, link: Link) -> None:
    made = (await link.declare_queue("q", durable=True)).created_at
    yard.clock.advance(60_000)
    queues = await restarted(yard)
    again = queues.get(yard.project.id, "q").created_at
    await queues.stop()
    assert again == made


async def test_a_binding_that_was_taken_away_is_forgotten_once_all_it_brought_is_done_with(
    link: Link, yard: Yard
) -> None:
    queue = await link.declare_queue("q", durable=True)
    await link.bind(queue, "amq.topic", "#")
    await send(link, "amq.topic", "a")
    await link.unbind(queue, "amq.topic", "#")
    queues = yard.hub.streams.queues

    def keys() -> list[str]:
        queues.tidy()
        return [binding.key for binding in queues.bindings(queue)]

    assert keys() == ["q", "#"]
    reader = Reader()
    await link.consume(queue, reader.consumer)
    assert keys() == ["q", "#"]
    queue.ack(*reader.held)
    assert keys() == ["q"]


async def test_nothing_is_kept_of_an_exchange_that_is_gone_and_brought_nothing_that_waits(
    link: Link, yard: Yard
) -> None:
    queues = yard.hub.streams.queues
    queue = await link.declare_queue("q")
    for _ in range(3):
        await link.declare_exchange("passing", ExchangeSettings())
        await link.bind(queue, "passing", "#")
        await send(link, "passing", "a")
        await link.delete_exchange("passing")
    queues.tidy()
    assert [binding.key for binding in queues.bindings(queue)] == ["q"]
    assert queue.depth == 3
    assert len(queues.routes.upstream(queue)) == 1


async def test_a_dead_letter_on_its_way_is_not_done_with_when_the_hub_stops(yard: Yard, link: Link) -> None:
    queues = again(yard)

    async def never(*_: object) -> None:
        await asyncio.Event().wait()

    queues.bury = never  # type: ignore[method-assign]
    options = QueueOptions(dead_letter_exchange="amq.topic")
    queue = LiveQueue(queues, "id", yard.project.id, "q", options, durable=True)
    queues.add(queue)
    queue.push([message(1)])
    reader = Reader()
    queue.add(reader.consumer)
    queue.reject(reader.held[0])
    await asyncio.sleep(0)
    await queues.stop()
    [position] = [one for one in await yard.store.positions() if one.queue_id == "id"]
    assert position.cursor < 1
    assert position.depth == 1


async def test_letters_with_a_time_to_live_are_looked_after_again_after_a_start(yard: Yard, link: Link) -> None:
    await link.declare_queue("wait", durable=True, arguments={"x-dead-letter-exchange": "amq.fanout"})
    await send(link, "", "wait", **{EXPIRATION: "1000"})
    queues = await restarted(yard)
    yard.clock.advance(2_000)
    for _ in range(2):
        await queues.look_at_time()
        await ended(queues)
    assert queues.get(yard.project.id, "wait").depth == 0
    await queues.stop()


async def test_time_goes_on_when_the_journal_cannot_be_written(
    yard: Yard, link: Link, monkeypatch: pytest.MonkeyPatch
) -> None:
    queues = yard.hub.streams.queues
    old = await link.declare_queue("old", durable=True, arguments={"x-expires": 10})
    other = await link.declare_queue("other", arguments={"x-message-ttl": 10})
    await send(link, "", "other")

    async def full(*_: object) -> None:
        raise Unavailable("store_full", "the disk is full")

    yard.clock.advance(20)
    with monkeypatch.context() as broken:
        broken.setattr(yard.store, "change", full)
        await queues.look_at_time()
    assert other.depth == 0
    await queues.look_at_time()
    assert old.gone
    assert not list(yard.hub.catalog.all(Queue))


@pytest.mark.parametrize("restart", [False, True])
async def test_what_an_exchange_brought_stays_when_the_exchange_is_deleted(
    yard: Yard, link: Link, monkeypatch: pytest.MonkeyPatch, restart: bool
) -> None:
    monkeypatch.setattr(window, "MOST", 1)
    monkeypatch.setattr(feed, "RECENT", 1)
    await link.declare_exchange("x", ExchangeSettings())
    queue = await link.declare_queue("q", durable=True)
    await link.bind(queue, "x", "a.#")
    entries = []
    for key in ("a.1", "b.1", "a.2", "a.3"):
        entries += await send(link, "x", key)
    await link.delete_exchange("x")
    await send(link, "amq.topic", "a.4")
    monkeypatch.setattr(window, "MOST", 100)
    if restart:
        await yard.hub.streams.stop()
        later = again(yard)
        await later.start()
        queue = later.get(yard.project.id, "q")
    taken = []
    while (one := await queue.get(no_ack=True)) is not None:
        taken.append(one[0].entry_id)
    assert taken == [entries[0], entries[2], entries[3]]


async def test_a_queue_with_categories_is_given_what_may_be_seen_after_a_start_and_counts_that(
    yard: Yard, link: Link
) -> None:
    topic = b.topic("open", project_id=yard.project.id)
    applications = [b.application(name, project_id=yard.project.id, categories=(name,)) for name in ("a", "b")]
    sources = [
        b.source(one.name, project_id=yard.project.id, application_id=one.id, topic_id=topic.id) for one in applications
    ]
    await yard.hub.catalog.save(topic, *applications, *sources)
    limited = connect(yard, await yard.key_for(Scope.EVENTS_READ, categories=("a",)))
    await limited.bind(await limited.declare_queue("q", durable=True), "open", "#")

    async def publish(source: Source, name: str) -> int:
        door = yard.hub.doors.of(source.id)
        return (await yard.hub.publishing.publish(door, Event(name, "/t", "t", 0, b"{}", "k"))).entry_id

    seen = [await publish(sources[0], "1")]
    await yard.hub.streams.queues.keep()
    await publish(sources[1], "2")
    seen.append(await publish(sources[0], "3"))
    queues = await restarted(yard)
    queue, reader = queues.get(yard.project.id, "q"), Reader()
    await ended(queues)
    assert (categories_of(queue), queue.depth, queues.limited) == ({"a"}, 2, {queue})
    queue.add(reader.consumer)
    await ended(queues)
    await queues.stop()
    assert reader.ids == seen
