"""Credit is a bound that several consumers may share, and a consumer that waited for it is woken."""

from eventyard.model.streams import QueueOptions
from eventyard.pipeline.streams.consumer import Credit
from eventyard.pipeline.streams.queue import Queue
from tests.unit.pipeline.streams.around import Around, Reader


def test_no_bound_is_room_for_everything() -> None:
    credit = Credit()
    credit.used = 1_000_000
    assert credit.room(Reader().consumer)


async def test_consumers_of_two_queues_share_one_credit() -> None:
    around = Around()
    one, other = (Queue(around, name, "p", name, QueueOptions()) for name in ("one", "other"))
    readers = Reader(), Reader()
    shared = Credit(1)
    for queue, reader in zip((one, other), readers, strict=True):
        reader.consumer.credits = (shared,)
        queue.add(reader.consumer)
    around.queues = [one, other]
    around.publish(1)
    assert [reader.ids for reader in readers] == [[1], []]
    one.ack(readers[0].held[0])
    assert [reader.ids for reader in readers] == [[1], [1]]
    assert shared.used == 1


def test_a_larger_bound_wakes_who_waits() -> None:
    credit, reader = Credit(1), Reader()
    credit.used = 1
    assert not credit.room(reader.consumer)
    credit.change(2)
    assert credit.room(reader.consumer)
    assert credit.limit == 2


async def test_what_is_unacknowledged_is_bounded_by_its_size_as_well() -> None:
    around, reader = Around(), Reader()
    reader.consumer.credits = (Credit(octets=3),)
    queue = Queue(around, "q", "p", "q", QueueOptions())
    queue.add(reader.consumer)
    around.queues = [queue]
    around.publish(1, 2, 3)
    assert reader.ids == [1, 2]
    queue.ack(*reader.held)
    assert reader.ids == [1, 2, 3]
    assert reader.consumer.credits[0].octets == 2


async def test_nothing_is_kept_of_a_consumer_that_waited_for_credit_and_is_gone() -> None:
    around, reader, shared = Around(), Reader(), Credit(1)
    queue = Queue(around, "q", "p", "q", QueueOptions())
    shared.used = 1
    reader.consumer.credits = (shared,)
    queue.add(reader.consumer)
    queue.drop(reader.consumer)
    assert not shared._stalled


def test_a_consumer_without_a_queue_sleeps_on() -> None:
    reader = Reader()
    reader.consumer.pause()
    assert not reader.consumer.room()
    reader.consumer.resume()
    assert reader.consumer.room()


async def test_what_a_consumer_holds_is_what_its_own_credit_gave() -> None:
    around, reader = Around(), Reader()
    queue = Queue(around, "q", "p", "q", QueueOptions())
    queue.add(reader.consumer)
    around.queues = [queue]
    around.publish(1, 2)
    assert reader.consumer.unacked == 2
    queue.ack(reader.held[0])
    assert reader.consumer.unacked == 1
    assert Reader(no_ack=True).consumer.unacked == 0
