"""A queue gives what was routed to it, in order and in turn, holds it until it is settled, and forgets nothing."""

from typing import Any

import pytest

from eventyard.model.errors import Forbidden, NotFound, Unavailable
from eventyard.model.ids import EntryId
from eventyard.model.streams import Overflow, Position, QueueOptions
from eventyard.pipeline import persist
from eventyard.pipeline.streams import window
from eventyard.pipeline.streams.properties import EXPIRATION, PROPERTIES, kept
from eventyard.pipeline.streams.queue import Queue
from eventyard.wire.amqp.properties import Properties, encode_properties
from tests.unit.pipeline.streams.around import Around, Reader


@pytest.fixture
def around() -> Around:
    return Around()


def make(around: Around, options: QueueOptions | None = None, **more: Any) -> Queue:
    queue = Queue(around, f"q{len(around.queues)}", "p", "q", options or QueueOptions(), **more)
    around.queues.append(queue)
    return queue


async def test_what_comes_while_nobody_reads_waits_in_order(around: Around) -> None:
    queue = make(around)
    around.publish(1, 2, 3)
    assert queue.depth == 3
    reader = Reader()
    queue.add(reader.consumer)
    assert reader.ids == [1, 2, 3]
    assert queue.depth == 0
    assert sorted(queue.unacked) == [1, 2, 3]


async def test_a_sole_reader_without_acknowledgement_is_given_everything_at_once(around: Around) -> None:
    queue, reader = make(around), Reader(no_ack=True)
    queue.add(reader.consumer)
    around.publish(1, 2)
    assert reader.ids == [1, 2]
    assert not queue.unacked
    assert reader.consumer.delivered == 2


async def test_readers_take_turns(around: Around) -> None:
    queue, one, other = make(around), Reader(no_ack=True), Reader(no_ack=True)
    queue.add(one.consumer)
    queue.add(other.consumer)
    around.publish(1, 2, 3, 4)
    assert (one.ids, other.ids) == ([1, 3], [2, 4])


async def test_a_reader_of_higher_priority_is_served_first_while_it_has_room(around: Around) -> None:
    queue, low, high = make(around), Reader(), Reader(prefetch=2, priority=5)
    queue.add(low.consumer)
    queue.add(high.consumer)
    around.publish(1, 2, 3)
    assert (high.ids, low.ids) == ([1, 2], [3])


async def test_credit_bounds_what_is_out_and_an_ack_lets_the_next_out(around: Around) -> None:
    queue, reader = make(around), Reader(prefetch=2)
    queue.add(reader.consumer)
    around.publish(1, 2, 3, 4)
    assert reader.ids == [1, 2]
    queue.ack(reader.held[0])
    assert reader.ids == [1, 2, 3]
    reader.credit.change(0)
    assert reader.ids == [1, 2, 3, 4]


async def test_a_paused_reader_is_given_nothing_and_then_what_it_missed(around: Around) -> None:
    queue, reader = make(around), Reader(no_ack=True)
    queue.add(reader.consumer)
    reader.consumer.pause()
    around.publish(1, 2)
    assert reader.ids == []
    reader.consumer.resume()
    around.publish(3)
    assert reader.ids == [1, 2, 3]


async def test_what_comes_back_goes_out_again_before_the_rest_and_says_so(around: Around) -> None:
    queue, reader = make(around), Reader(prefetch=2)
    queue.add(reader.consumer)
    around.publish(1, 2, 3)
    queue.requeue(reader.held[:2])
    assert reader.ids == [1, 2, 1, 2]
    assert reader.counts == [0, 0, 1, 1]
    assert queue.depth == 1


async def test_an_acknowledgement_counts_once(around: Around) -> None:
    queue, reader = make(around), Reader(prefetch=1)
    queue.add(reader.consumer)
    around.publish(1, 2, 3)
    queue.ack(reader.held[0])
    queue.ack(reader.held[0])
    assert reader.ids == [1, 2]
    assert reader.credit.used == 1


async def test_a_refused_message_is_buried_where_there_is_a_place_for_it(around: Around) -> None:
    queue, reader = make(around, QueueOptions(dead_letter_exchange="dead")), Reader()
    queue.add(reader.consumer)
    around.publish(1)
    queue.reject(reader.held[0])
    await around.settle()
    assert around.buried == [(1, "rejected")]


async def test_beyond_its_length_a_queue_drops_from_the_head(around: Around) -> None:
    queue = make(around, QueueOptions(max_length=2, dead_letter_exchange="dead"))
    around.publish(1, 2, 3, 4)
    await around.settle()
    assert around.buried == [(1, "maxlen"), (2, "maxlen")]
    assert queue.depth == 2
    assert (await queue.get(no_ack=True) or [None])[0].entry_id == 3  # type: ignore[union-attr]


async def test_a_queue_that_refuses_says_that_it_is_full(around: Around) -> None:
    queue = make(around, QueueOptions(max_length=1, overflow=Overflow.REJECT_PUBLISH))
    assert not queue.is_full()
    assert queue.is_full(number=1)
    around.publish(1)
    assert queue.is_full()


async def test_a_queue_that_refuses_drops_nothing_that_came_by_another_door(around: Around) -> None:
    queue = make(around, QueueOptions(max_length=1, overflow=Overflow.REJECT_PUBLISH))
    around.publish(1, 2)
    assert queue.depth == 2


async def test_what_a_reader_takes_at_once_never_makes_a_queue_too_long(around: Around) -> None:
    queue, reader = make(around, QueueOptions(max_length=0)), Reader()
    queue.add(reader.consumer)
    around.publish(1)
    assert reader.ids == [1]


async def test_what_was_to_be_dropped_is_dropped_after_another_start(around: Around) -> None:
    options = QueueOptions(max_length=2)
    begin = Position("q0", EntryId(0))
    queue = make(around, options, durable=True, position=begin)
    around.publish(1, 2, 3, 4, 5)
    position = queue.position()
    assert (position.depth, position.to_drop) == (2, 3)
    around.queues.clear()
    later, reader = make(around, options, durable=True, position=position), Reader()
    later.add(reader.consumer)
    await around.settle()
    assert reader.ids == [4, 5]


async def test_what_was_counted_late_makes_a_queue_too_long_as_well(around: Around) -> None:
    queue = make(around, QueueOptions(max_length=2), durable=True, position=Position("q0", EntryId(0), depth=2))
    queue.count(1)
    assert (queue.depth, queue.position().to_drop) == (2, 1)


async def test_a_queue_knows_from_where_on_it_may_look_at_the_journal_again(around: Around) -> None:
    passing, lasting = make(around), make(around, durable=True)
    assert (passing.needs, lasting.needs) == (None, None)
    around.publish(1, 2)
    assert (passing.needs, lasting.needs) == (None, 1)
    reader = Reader(prefetch=1)
    lasting.add(reader.consumer)
    assert lasting.needs == 1
    lasting.ack(*reader.held)
    assert lasting.needs == 2
    assert make(around, cursor=EntryId(0)).needs == 1


async def test_a_message_too_old_is_not_given_to_anybody(around: Around) -> None:
    queue = make(around, QueueOptions(ttl_ms=1_000, dead_letter_exchange="dead"))
    around.publish(1)
    around.now.advance(1_000)
    queue.expire()
    await around.settle()
    assert (queue.depth, around.buried) == (0, [(1, "expired")])
    assert around.timed == [queue]


async def test_a_message_may_bring_its_own_time_to_live(around: Around) -> None:
    queue = make(around)
    around.publish(1, **{EXPIRATION: "500"})
    around.now.advance(500)
    assert await queue.get(no_ack=True) is None
    assert around.timed == [queue]


async def test_one_active_reader_at_a_time_where_that_is_asked_for(around: Around) -> None:
    queue, one, other = make(around, QueueOptions(single_active=True)), Reader(no_ack=True), Reader(no_ack=True)
    queue.add(one.consumer)
    queue.add(other.consumer)
    around.publish(1, 2)
    queue.drop(one.consumer)
    around.publish(3)
    assert (one.ids, other.ids) == ([1, 2], [3])


async def test_an_exclusive_reader_is_alone(around: Around) -> None:
    queue, one, other = make(around), Reader(exclusive=True), Reader()
    queue.add(one.consumer)
    with pytest.raises(Forbidden, match="exclusive use"):
        queue.check(other.consumer)


async def test_purged_is_what_waits_and_not_what_is_out(around: Around) -> None:
    queue, reader = make(around), Reader(prefetch=1)
    queue.add(reader.consumer)
    around.publish(1, 2, 3)
    assert queue.purge() == 2
    queue.ack(reader.held[0])
    assert reader.ids == [1]
    around.publish(4)
    assert reader.ids == [1, 4]


async def test_the_end_of_a_queue_is_told_to_its_readers(around: Around) -> None:
    queue, reader = make(around), Reader()
    queue.add(reader.consumer)
    around.publish(1)
    queue.close(NotFound("not_found", "gone"))
    assert reader.cancelled == ["not_found"]
    queue.requeue(reader.held)
    assert reader.ids == [1]


async def test_what_does_not_fit_the_window_is_read_again_without_gap_or_duplicate(
    around: Around, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(window, "MOST", 4)
    queue = make(around)
    around.publish(*range(1, 11))
    around.publish(11, key=around.unwanted)
    around.publish(12, 13)
    assert queue.depth == 12
    reader = Reader(no_ack=True)
    queue.add(reader.consumer)
    await around.settle()
    around.publish(14)
    assert reader.ids == [*range(1, 11), 12, 13, 14]


async def test_what_memory_lost_is_read_from_the_journal_page_by_page(
    around: Around, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(window, "MOST", 4)
    monkeypatch.setattr(window, "PAGE", 3)
    queue = make(around)
    around.list.remembered = 2
    around.publish(*range(1, 21))
    reader = Reader(prefetch=3)
    queue.add(reader.consumer)
    while len(reader.held) < 20:
        queue.ack(reader.held[len(reader.held) - 1 - reader.credit.used + 1])
        await around.settle()
    assert reader.ids == list(range(1, 21))
    assert around.list.pages >= 4


async def test_what_is_committed_while_the_past_is_read_joins_it(around: Around) -> None:
    around.list.remembered = 0
    around.publish(1, 2, 3)
    queue, reader = make(around, cursor=EntryId(0)), Reader(no_ack=True)
    around.list.gate.clear()
    queue.add(reader.consumer)
    around.publish(4, 5)
    around.list.gate.set()
    await around.settle()
    around.publish(6)
    assert reader.ids == [1, 2, 3, 4, 5, 6]


async def test_fetching_one_by_one_goes_through_the_past_too(around: Around) -> None:
    around.publish(1, 2)
    queue = make(around, cursor=EntryId(0))
    first, second, third = await queue.get(no_ack=True), await queue.get(no_ack=False), await queue.get(no_ack=True)
    assert first is not None
    assert second is not None
    assert (first[0].entry_id, second[0].entry_id, third) == (1, 2, None)
    assert second[1] is queue.unacked[EntryId(2)]


async def test_a_durable_queue_goes_on_where_it_was_and_gives_again_what_was_out(around: Around) -> None:
    queue, reader = make(around, durable=True), Reader(prefetch=3)
    queue.add(reader.consumer)
    around.publish(*range(1, 7))
    queue.ack(reader.held[0])
    queue.ack(reader.held[2])
    position = queue.position()
    assert around.kept
    around.queues.clear()
    again = make(around, durable=True, position=position)
    assert again.depth == 4
    later = Reader()
    again.add(later.consumer)
    await around.settle()
    assert later.ids == [2, 4, 5, 6]
    assert later.counts == [1, 1, 1, 0]


async def test_a_position_taken_while_the_past_is_still_read_forgets_nothing(
    around: Around, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue, reader = make(around, durable=True), Reader(prefetch=5)
    queue.add(reader.consumer)
    around.publish(*range(1, 9))
    queue.ack(reader.held[4])
    first = queue.position()
    around.queues.clear()
    monkeypatch.setattr(window, "MOST", 2)
    second = make(around, durable=True, position=first)
    reading = Reader(prefetch=1)
    second.add(reading.consumer)
    await around.settle()
    monkeypatch.setattr(window, "MOST", 100)
    around.queues.clear()
    third = make(around, durable=True, position=second.position())
    last = Reader()
    third.add(last.consumer)
    await around.settle()
    assert last.ids == [1, 2, 3, 4, 6, 7, 8]
    assert last.counts[0] == 2


async def test_what_lives_no_time_at_all_is_for_who_can_take_it_at_once(around: Around) -> None:
    queue, reader = make(around, QueueOptions(ttl_ms=0)), Reader(prefetch=1)
    queue.add(reader.consumer)
    around.now.advance(5)
    around.publish(1, 2)
    queue.ack(reader.held[0])
    assert reader.ids == [1]
    assert queue.depth == 0


# Priorities

BY_PRIORITY = QueueOptions(max_priority=5)


def urgent(priority: int) -> dict[str, str]:
    return {PROPERTIES: kept(encode_properties(Properties(priority=priority)))}


async def test_the_most_urgent_goes_first_and_equals_in_the_order_they_came(around: Around) -> None:
    queue, reader = make(around, BY_PRIORITY), Reader()
    around.publish(1)
    around.publish(2, 3, **urgent(4))
    around.publish(4, **urgent(5))
    around.publish(5, **urgent(200))
    queue.add(reader.consumer)
    assert reader.ids == [4, 5, 2, 3, 1]


async def test_what_comes_back_waits_for_the_more_urgent(around: Around) -> None:
    queue, reader = make(around, BY_PRIORITY), Reader(prefetch=2)
    around.publish(1)
    around.publish(2, **urgent(3))
    queue.add(reader.consumer)
    assert reader.ids == [2, 1]
    reader.consumer.pause()
    queue.requeue(reader.held)
    around.publish(3, **urgent(4))
    reader.consumer.resume()
    assert reader.ids == [2, 1, 3, 2]
    assert reader.counts == [0, 0, 0, 1]


async def test_no_more_is_held_than_a_window_holds(around: Around, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(window, "MOST", 4)
    queue, reader = make(around, BY_PRIORITY), Reader(no_ack=True)
    around.publish(*range(1, 8))
    around.publish(8, **urgent(5))
    assert (queue.depth, queue.live) == (8, False)
    queue.add(reader.consumer)
    await around.settle()
    assert reader.ids == [1, 2, 3, 4, 8, 5, 6, 7]
    assert queue.depth == 0


async def test_what_went_out_before_its_turn_is_done_with_and_the_rest_is_not(around: Around) -> None:
    queue, reader = make(around, BY_PRIORITY, durable=True), Reader(prefetch=1)
    around.publish(1, 2)
    around.publish(3, **urgent(5))
    queue.add(reader.consumer)
    queue.ack(reader.held[0])
    position = queue.position()
    assert (position.cursor, position.done, position.depth) == (0, ((3, 3),), 2)


async def test_a_queue_reads_on_once_the_journal_can_be_read_again(
    around: Around, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(persist, "FIRST_PAUSE", 0)
    around.publish(1)
    around.list.remembered = 0
    queue, reader, history = make(around, cursor=EntryId(0)), Reader(), around.list.history
    broken = [Unavailable("store_unavailable", "broken")] * 2

    async def failing(*given: Any) -> Any:
        if broken:
            raise broken.pop()
        return await history(*given)

    around.list.history = failing  # type: ignore[method-assign]
    queue.add(reader.consumer)
    await around.settle()
    assert reader.ids == [1]
