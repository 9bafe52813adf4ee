"""The queue of who may see some categories only: it is given what they may see, and nothing else.

A publication is seen by who sees both its topic and the application that published it (``pipeline/sight.py``), as these
are at the moment: what comes in is looked at, what is read from the journal is, and what waits is looked at again when
the catalog has changed. Other queues know nothing of this, and have no cost of it.

Who may use such a queue is told by ``reach.py``.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from eventyard.pipeline.streams.consumer import Held
from eventyard.pipeline.streams.feed import Message
from eventyard.pipeline.streams.queue import Queue
from eventyard.pipeline.streams.surroundings import Surroundings


class LimitedQueue(Queue):
    """A queue that carries the categories of who declared it."""

    def __init__(self, categories: frozenset[str], around: Surroundings, *facts: Any, **more: Any) -> None:
        """``facts`` and ``more`` are those of every queue."""
        self.categories = categories
        super().__init__(around, *facts, **more)

    def may_have(self, exchange: str, application: int) -> bool:
        """Whether what an application publishes to an exchange may be seen now."""
        return self._around.sight(self.categories).shows_publication(exchange, application)

    def shows(self, message: Message) -> bool:
        """Whether the message may be seen now."""
        return self.may_have(message.exchange, message.application)

    def seen(self, messages: Sequence[Message]) -> list[Message]:
        """Those of the messages that may be seen now."""
        shows = self._around.sight(self.categories).shows_publication
        return [message for message in messages if shows(message.exchange, message.application)]

    def push(self, messages: Sequence[Message]) -> None:
        """Take those of the messages that may be seen."""
        seen = self.seen(messages)
        if seen:
            super().push(seen)
        else:
            self._moved()

    def _admits(self, message: Message) -> bool:
        return self.shows(message) and super()._admits(message)

    def requeue(self, helds: Sequence[Held]) -> None:
        """Put back what may still be seen; the rest is done with."""
        self.ack(*(held for held in helds if not self.shows(held.message)))
        super().requeue([held for held in helds if self.shows(held.message)])

    def look_again(self) -> None:
        """Let go of what waits and may be seen no more. What was given to a consumer stays given."""
        depth = self.depth
        if self._window and (gone := self._window.sift(self.shows)):
            self._depth = depth - gone
            self._moved()
            self.pump()


def queue_for(categories: frozenset[str] | None) -> Callable[..., Queue]:
    """What makes the queues of who holds these categories."""
    return Queue if categories is None else partial(LimitedQueue, categories)


def categories_of(queue: Queue) -> frozenset[str] | None:
    """Those of who declared the queue; ``None``: they may see all."""
    return queue.categories if isinstance(queue, LimitedQueue) else None
