"""A queue that carries categories is given what who declared it may see, at any moment, and nothing else."""

from collections.abc import AsyncIterator, Callable

import pytest

from eventyard.model.streams import QueueOptions
from eventyard.pipeline.streams.limited import LimitedQueue, categories_of, queue_for
from eventyard.pipeline.streams.queue import Queue
from tests.unit.pipeline.streams.around import Around, Reader

PLAIN = QueueOptions()
OPEN, HIDDEN = 1, 2
"""Applications that publish."""


@pytest.fixture
async def around() -> AsyncIterator[Around]:
    around = Around()
    around.hidden = {HIDDEN}
    yield around
    await around.settle()


@pytest.fixture
def make(around: Around) -> Callable[..., LimitedQueue]:
    def make(options: QueueOptions = PLAIN, **more: object) -> LimitedQueue:
        queue = queue_for(frozenset({"a"}))(around, "id", "project", "q", options, **more)
        assert isinstance(queue, LimitedQueue)
        around.queues.append(queue)
        return queue

    return make


def test_who_may_see_everything_has_a_queue_without_categories(around: Around) -> None:
    queue = queue_for(None)(around, "id", "project", "q", QueueOptions())
    assert type(queue) is Queue
    assert categories_of(queue) is None


async def test_only_what_is_seen_comes_in_and_counts(around: Around, make: Callable[..., LimitedQueue]) -> None:
    queue, reader = make(), Reader()
    around.publish(1, 2, application=OPEN)
    around.publish(3, application=HIDDEN)
    assert categories_of(queue) == {"a"}
    assert queue.depth == 2
    queue.add(reader.consumer)
    around.publish(4, application=HIDDEN)
    around.publish(5, application=OPEN)
    assert reader.ids == [1, 2, 5]


async def test_what_goes_straight_through_is_looked_at_too(around: Around, make: Callable[..., LimitedQueue]) -> None:
    queue, reader = make(), Reader(no_ack=True)
    queue.add(reader.consumer)
    around.publish(1, application=OPEN)
    around.publish(2, application=HIDDEN)
    around.publish(3, application=OPEN)
    assert reader.ids == [1, 3]


async def test_the_past_is_given_as_it_may_be_seen_now(around: Around, make: Callable[..., LimitedQueue]) -> None:
    around.publish(1, 3, application=OPEN)
    around.publish(2, 4, application=HIDDEN)
    around.list.all.sort(key=lambda one: one.entry_id)
    reader = Reader()
    make(cursor=0).add(reader.consumer)
    await around.settle()
    assert reader.ids == [1, 3]


async def test_what_waits_and_is_hidden_now_is_let_go(around: Around, make: Callable[..., LimitedQueue]) -> None:
    queue = make(durable=True)
    around.publish(1, 2, application=OPEN)
    around.publish(3, application=7)
    around.hidden = {HIDDEN, OPEN}
    queue.look_again()
    reader = Reader()
    assert queue.depth == 1
    queue.add(reader.consumer)
    assert reader.ids == [3]
    queue.ack(*reader.held)
    assert queue.position().cursor == 3


async def test_what_was_given_and_comes_back_is_not_given_again_once_it_is_hidden(
    around: Around, make: Callable[..., LimitedQueue]
) -> None:
    queue, reader = make(), Reader(prefetch=2)
    queue.add(reader.consumer)
    around.publish(1, application=OPEN)
    around.publish(2, application=7)
    around.hidden = {HIDDEN, OPEN}
    queue.look_again()
    queue.requeue(reader.held)
    assert reader.ids == [1, 2, 2]
    assert reader.credit.used == 1


async def test_a_queue_that_was_hidden_everything_has_nothing_to_keep_of_it(
    around: Around, make: Callable[..., LimitedQueue]
) -> None:
    queue = make(durable=True)
    around.publish(1, 2, application=HIDDEN)
    assert around.kept == [queue, queue]
    assert queue.position().cursor == 2


async def test_bounds_count_what_is_seen(around: Around, make: Callable[..., LimitedQueue]) -> None:
    queue, reader = make(QueueOptions(max_length=1)), Reader()
    around.publish(1, application=OPEN)
    around.publish(2, 3, application=HIDDEN)
    queue.add(reader.consumer)
    assert reader.ids == [1]
