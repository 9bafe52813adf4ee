"""A client does with exchanges and queues what it may, and learns of nothing that is not for its eyes."""

import asyncio
from typing import Any

import pytest

from eventyard.model.access import Scope
from eventyard.model.catalog import Application
from eventyard.model.errors import Conflict, NotFound, Unavailable
from eventyard.model.streams import ExchangeSettings, ExchangeType
from eventyard.model.streams import Queue as QueueRecord
from eventyard.pipeline.streams.deaths import deaths_of
from eventyard.pipeline.streams.link import Link
from eventyard.pipeline.streams.streams import StreamLimits, Streams
from eventyard.telemetry.metrics import Metrics
from eventyard.testing.hub import Yard
from tests.unit.pipeline.streams.around import Reader
from tests.unit.pipeline.streams.conftest import connect, ended, send


async def test_what_is_sent_to_an_exchange_reaches_the_queues_bound_to_it(link: Link) -> None:
    await link.declare_exchange("orders", ExchangeSettings())
    queue = await link.declare_queue("eu")
    await link.bind(queue, "orders", "*.eu.#")
    await send(link, "orders", "order.eu.created", "order.us.created", "order.eu")
    assert queue.depth == 2


async def test_the_default_exchange_leads_to_the_queue_of_that_name(link: Link) -> None:
    queue = await link.declare_queue("work")
    await send(link, "", "work", "elsewhere")
    assert queue.depth == 1


async def test_what_is_published_is_an_event_of_the_journal(link: Link, yard: Yard) -> None:
    (entry,) = await send(link, "amq.topic", "a.b")
    detail = await yard.store.detail(entry)
    assert detail.event is not None
    assert (detail.entry.topic, detail.event.routing_key) == ("amq.topic", "a.b")


async def test_a_private_queue_begins_now_or_in_the_past(link: Link) -> None:
    first, second = await send(link, "amq.topic", "a", "b")
    readers = {}
    for offset in (None, "first", "last", second):
        queue = await link.subscribe("amq.topic", "#", offset)
        readers[offset] = Reader(no_ack=True)
        await link.consume(queue, readers[offset].consumer)
    (third,) = await send(link, "amq.topic", "c")
    await settle(link)
    assert readers[None].ids == [third]
    assert readers["first"].ids == [first, second, third]
    assert readers["last"].ids == [second, third]
    assert readers[second].ids == [second, third]


async def test_a_queue_can_be_read_again_from_the_past_without_harm_to_it(link: Link) -> None:
    queue = await link.declare_queue("work")
    await link.bind(queue, "amq.topic", "a.#")
    entries = await send(link, "amq.topic", "a.1", "b.1", "a.2")
    again = Reader(no_ack=True)
    await link.consume(queue, again.consumer, offset="first")
    await settle(link)
    assert again.ids == [entries[0], entries[2]]
    assert queue.depth == 2


async def test_a_declaration_is_repeated_but_not_altered(link: Link) -> None:
    await link.declare_queue("q", arguments={"x-max-length": 3})
    assert (await link.declare_queue("q", arguments={"x-max-length": 3})).name == "q"
    with pytest.raises(
        Conflict, match="inequivalent arg 'durable' for queue 'q': received 'true' but current is 'false'"
    ):
        await link.declare_queue("q", durable=True)
    with pytest.raises(Conflict, match="inequivalent arg 'x-max-length'"):
        await link.declare_queue("q")
    await link.declare_exchange("x", ExchangeSettings())
    await link.declare_exchange("x", ExchangeSettings())
    with pytest.raises(Conflict, match="inequivalent arg 'type'"):
        await link.declare_exchange("x", ExchangeSettings(type=ExchangeType.FANOUT))


async def test_an_exclusive_queue_is_its_connection_s_own_and_goes_with_it(link: Link, yard: Yard) -> None:
    other = connect(yard)
    await other.declare_queue("mine", exclusive=True)
    with pytest.raises(Conflict, match="cannot obtain exclusive access"):
        link.queue("mine")
    await other.close()
    with pytest.raises(NotFound):
        link.queue("mine")


async def test_an_auto_delete_queue_goes_with_its_last_reader(link: Link) -> None:
    queue = await link.declare_queue("q", auto_delete=True)
    reader = Reader()
    await link.consume(queue, reader.consumer)
    await link.cancel(reader.consumer)
    assert queue.gone


async def test_what_a_lost_connection_held_goes_to_the_next(link: Link, yard: Yard) -> None:
    queue, other = await link.declare_queue("q"), connect(yard)
    lost, next_one = Reader(), Reader()
    await other.consume(queue, lost.consumer)
    entries = await send(link, "", "q")
    await other.close(lost.held)
    await link.consume(queue, next_one.consumer)
    assert (next_one.ids, next_one.counts) == (entries, [1])


async def test_a_dead_letter_is_published_where_the_queue_says(link: Link, yard: Yard) -> None:
    dead = await link.declare_queue("dead")
    queue = await link.declare_queue("q", arguments={"x-dead-letter-exchange": "", "x-dead-letter-routing-key": "dead"})
    reader = Reader()
    await link.consume(queue, reader.consumer)
    await send(link, "", "q")
    queue.reject(reader.held[0])
    await settle(link)
    taken = await link.get(dead, no_ack=True)
    assert taken is not None
    (death,) = deaths_of(taken[0].event)
    assert (death.queue, death.reason, death.exchange, death.key) == ("q", "rejected", "", "q")


async def test_a_durable_queue_outlives_the_hub(yard: Yard, link: Link) -> None:
    queue = await link.declare_queue("q", durable=True)
    await link.bind(queue, "amq.topic", "a.#")
    reader = Reader(prefetch=2)
    await link.consume(queue, reader.consumer)
    entries = await send(link, "amq.topic", "a.1", "a.2", "a.3")
    queue.ack(reader.held[0])
    await yard.hub.streams.stop()
    hub = yard.hub
    again = Streams(
        hub.catalog, yard.store, hub.publishing, hub.clock, hub.publishing.new_id, hub.log, StreamLimits(), Metrics()
    )
    await again.start()
    later = again.connect(hub.keys.by_key(yard.key), protocol="test", peer="", name="", end=lambda _: None)
    found = later.queue("q")
    rest = Reader()
    await later.consume(found, rest.consumer)
    await settle(later)
    assert rest.ids == entries[1:]
    assert rest.counts == [1, 1]
    await again.stop()


async def test_a_revoked_key_ends_its_connections(yard: Yard, link: Link) -> None:
    ended.clear()
    text = await yard.key_for(Scope.EVENTS_READ)
    who = yard.hub.keys.by_key(text)
    connect(yard, text)
    assert who.key_id is not None
    await yard.hub.keys.revoke(yard.hub.keys.by_key(yard.key), who.key_id)
    assert ended == ["access_ended"]


async def test_who_only_publishes_may_know_whether_a_queue_is_there(yard: Yard, link: Link) -> None:
    await link.declare_queue("work")
    writer = connect(yard, await yard.key_for(Scope.EVENTS_PUBLISH))
    assert writer.has_queue("work")
    assert not writer.has_queue("other")
    await writer.close()


async def test_a_link_that_is_paused_while_it_resumes_stays_paused(link: Link) -> None:
    queue = await link.declare_queue("work")
    first, second = Reader(no_ack=True), Reader(no_ack=True)
    taken = first.consumer.deliver

    def deliver(*more: Any) -> None:
        taken(*more)
        link.pause()

    first.consumer.deliver = deliver
    await link.consume(queue, first.consumer)
    await link.consume(queue, second.consumer)
    link.pause()
    await send(link, "", "work", "work", "work")
    link.resume()
    assert (len(first.ids), len(second.ids), link.paused) == (3, 0, True)
    assert second.consumer.paused


def default_application(yard: Yard) -> Application:
    return next(iter(yard.hub.catalog.all(Application)))


async def settle(link: Link) -> None:
    """Let what was begun beside come to its end."""
    tasks = link._streams.queues.tasks
    while tasks:
        await asyncio.wait(set(tasks))


async def test_a_queue_that_could_not_be_kept_is_not_there(
    link: Link, yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*_: object) -> None:
        raise Unavailable("store_full", "the disk is full")

    for verb in ("change", "keep"):
        with monkeypatch.context() as broken:
            broken.setattr(yard.store, verb, full)
            with pytest.raises(Unavailable):
                await link.declare_queue("q", durable=True)
        assert not link.has_queue("q")
    await link.declare_queue("q", durable=True)
    assert [queue.name for queue in yard.hub.catalog.all(QueueRecord)] == ["q"]


async def test_who_leaves_takes_all_its_queues_along_though_the_journal_cannot_be_written(
    yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    link, other = connect(yard), connect(yard)
    await link.declare_exchange("passing", ExchangeSettings(auto_delete=True))
    shared = await link.declare_queue("shared", durable=True, auto_delete=True)
    await link.consume(shared, Reader().consumer)
    for name in ("a", "b"):
        await link.bind(await link.declare_queue(name, exclusive=True), "passing", "#")

    async def full(*_: object) -> None:
        raise Unavailable("store_full", "the disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(yard.store, "change", full)
        await link.close()
    assert [queue.name for queue in yard.hub.streams.queues] == ["shared"]
    assert not shared.consumers
    await other.close()


async def test_who_reads_again_is_not_given_what_a_binding_taken_away_would_bring_today(link: Link) -> None:
    queue = await link.declare_queue("q", durable=True)
    await link.bind(queue, "amq.topic", "#")
    entries = await send(link, "amq.topic", "a")
    await link.unbind(queue, "amq.topic", "#")
    reader = Reader(no_ack=True)
    await link.consume(queue, reader.consumer, offset="first")
    await settle(link)
    await send(link, "amq.topic", "b")
    assert reader.ids == entries


async def test_nobody_reads_a_queue_that_went_meanwhile(link: Link) -> None:
    queue = await link.declare_queue("q")
    await link.delete_queue("q")
    with pytest.raises(NotFound):
        await link.consume(queue, Reader().consumer)


async def test_a_new_durable_queue_can_begin_in_the_past_and_goes_on_from_there(link: Link) -> None:
    entries = await send(link, "amq.topic", "a.1", "b.1", "a.2")
    queue = await link.declare_queue("q", durable=True)
    await link.bind(queue, "amq.topic", "a.#", offset="first")
    entries += await send(link, "amq.topic", "a.3")
    reader = Reader()
    await link.consume(queue, reader.consumer)
    await settle(link)
    assert reader.ids == [entries[0], entries[2], entries[3]]
    assert queue.position().cursor < entries[0]
