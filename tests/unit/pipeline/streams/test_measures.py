"""What the metrics tell of the streams is true whenever somebody looks, and only then is it gathered."""

from eventyard.model.errors import Unauthenticated
from eventyard.pipeline.streams.link import Link
from eventyard.testing.hub import Yard
from tests.unit.pipeline.streams.around import Reader
from tests.unit.pipeline.streams.conftest import connect, send


def told(yard: Yard) -> dict[str, float]:
    """The metrics of the streams as Prometheus reads them."""
    lines = yard.hub.metrics.render().decode().splitlines()
    pairs = (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    return {name.removeprefix("eventyard_"): float(value) for name, value in pairs}


async def test_connections_queues_consumers_and_messages_are_counted_as_they_are(yard: Yard, link: Link) -> None:
    queue = await link.declare_queue("work")
    await send(link, "", "work", "work.x", "x")
    reader = Reader(prefetch=1)
    await link.consume(queue, reader.consumer)
    await send(link, "", "work")
    metrics = told(yard)
    assert metrics['connections{protocol="test"}'] == 1
    assert (metrics["queues"], metrics["consumers"]) == (1, 1)
    assert (metrics["messages_ready"], metrics["messages_unacked"]) == (1, 1)
    assert metrics['messages_published_total{protocol="test"}'] == 4
    assert metrics['messages_delivered_total{protocol="test"}'] == 1


async def test_what_a_connection_did_stays_counted_once_when_it_and_its_consumers_are_gone(yard: Yard) -> None:
    link = connect(yard)
    queue = await link.declare_queue("work")
    other = await link.declare_queue("rest")
    readers = [Reader(no_ack=True), Reader(no_ack=True)]
    await link.consume(queue, readers[0].consumer)
    await link.consume(other, readers[1].consumer)
    await send(link, "", "work", "rest")
    assert told(yard)['messages_delivered_total{protocol="test"}'] == 2
    await link.cancel(readers[0].consumer)
    await link.delete_queue("rest")
    assert readers[1].cancelled == ["not_found"]
    await send(link, "", "work")
    assert await link.get(queue, no_ack=True)
    assert not await link.get(queue, no_ack=True)
    assert link.delivered == 3
    await link.close()
    metrics = told(yard)
    assert metrics['messages_delivered_total{protocol="test"}'] == 3
    assert metrics['messages_published_total{protocol="test"}'] == 3
    assert metrics['connections{protocol="test"}'] == 0


async def test_logins_that_are_refused_and_clients_that_are_too_slow_are_counted(yard: Yard, link: Link) -> None:
    yard.hub.streams.refused(Unauthenticated("unauthenticated", "no"), protocol="test", peer="here", login="guest")
    yard.hub.streams.too_slow(link)
    metrics = told(yard)
    assert metrics['logins_refused_total{protocol="test"}'] == 1
    assert metrics['connections_too_slow_total{protocol="test"}'] == 1
