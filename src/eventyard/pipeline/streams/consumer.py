"""A consumer: who reads a queue, what it may still be given, and what it was given and has not acknowledged.

How a message becomes bytes is the gateway's business, behind ``deliver``; which consumer gets it is the queue's.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from eventyard.model.errors import HubError
from eventyard.pipeline.streams.feed import Message

if TYPE_CHECKING:
    from eventyard.pipeline.streams.queue import Queue


NO_BOUND = 1 << 62


class Credit:
    """How many unacknowledged messages there may be, and how large in all: of one consumer, or of several together.

    0 is no bound. The last message may go beyond the octets.
    """

    __slots__ = ("_limit", "_octets", "_stalled", "octets", "used")

    def __init__(self, limit: int = 0, octets: int = 0) -> None:
        self._limit = limit
        self._octets = octets
        self.used = 0
        self.octets = 0
        self._stalled: dict[Consumer, None] = {}

    @property
    def limit(self) -> int:
        """The bound; 0 is none."""
        return self._limit

    @property
    def left(self) -> int:
        """How many more may be given now."""
        if self._octets and self.octets >= self._octets:
            return 0
        return self._limit - self.used if self._limit else NO_BOUND

    def change(self, limit: int) -> None:
        """Set another bound, and go on where the old one held up."""
        self._limit = limit
        self._wake()

    def room(self, consumer: "Consumer") -> bool:
        """Whether one more may be given; if not, the consumer is woken when it may."""
        if self.left > 0:
            return True
        self._stalled[consumer] = None
        return False

    def forget(self, consumer: "Consumer") -> None:
        """It reads no more, and is not to be woken."""
        self._stalled.pop(consumer, None)

    def take(self, number: int, octets: int) -> None:
        """So many were given, which are so large."""
        self.used += number
        self.octets += octets

    def give_back(self, number: int, octets: int) -> None:
        """So many were settled."""
        self.used -= number
        self.octets -= octets
        self._wake()

    def _wake(self) -> None:
        if self._stalled and self.left > 0:
            stalled, self._stalled = self._stalled, {}
            for consumer in stalled:
                consumer.wake()


class Held:
    """A message given to somebody who has not acknowledged it. ``count`` is how often it had been given before."""

    __slots__ = ("count", "credits", "message", "queue")

    def __init__(self, queue: "Queue", message: Message, credits: tuple[Credit, ...], count: int) -> None:
        self.queue = queue
        self.message = message
        self.credits = credits
        """Those that it takes up."""
        self.count = count


Deliver = Callable[[Sequence[Message], Sequence[Held] | None, int], None]
"""Takes messages in their order, their handles if they want acknowledgements, and how often each of them was delivered
before."""


class Consumer:
    """One reader of one queue."""

    __slots__ = (
        "cancelled", "credits", "deliver", "delivered", "exclusive", "no_ack", "paused", "priority", "queue", "tag",
        "waiting",
    )  # fmt: skip

    def __init__(
        self,
        tag: str,
        deliver: Deliver,
        *,
        cancelled: Callable[["Consumer", HubError], None],
        no_ack: bool,
        credits: Sequence[Credit] = (),
        priority: int = 0,
        exclusive: bool = False,
    ) -> None:
        """``cancelled`` is called when the queue ends the consumer, with the reason.

        The first of its credits is its own; the others it shares.
        """
        self.tag = tag
        self.deliver = deliver
        self.cancelled = cancelled
        self.no_ack = no_ack
        self.credits = tuple(credits)
        self.priority = priority
        self.exclusive = exclusive
        self.paused = False
        """Its connection takes no more bytes for now."""
        self.delivered = 0
        self.waiting = False
        """It stands in its queue's line of those that may be given something."""
        self.queue: Queue | None = None

    @property
    def unacked(self) -> int:
        """Messages it was given and has not settled."""
        return self.credits[0].used if self.credits else 0

    def room(self) -> bool:
        """Whether it may be given a message now."""
        return not self.paused and all(credit.room(self) for credit in self.credits)

    @property
    def left(self) -> int:
        """How many messages it may be given now."""
        return 0 if self.paused else min([credit.left for credit in self.credits], default=NO_BOUND)

    def pause(self) -> None:
        """Take nothing for now."""
        self.paused = True
        if self.queue is not None:
            self.queue.rearrange()

    def resume(self) -> None:
        """Take messages again."""
        self.paused = False
        self.wake()

    def wake(self) -> None:
        """Stand in line again, if there is a queue and room."""
        if self.queue is not None:
            self.queue.line_up(self)


def acknowledge(held: Sequence[Held]) -> None:
    """Tell the queues that messages came from that they were dealt with."""
    for queue, of_queue in _by_queue(held):
        queue.ack(*of_queue)


def release(held: Sequence[Held]) -> None:
    """Put messages back into the queues they came from."""
    for queue, of_queue in _by_queue(held):
        queue.requeue(of_queue)


def _by_queue(held: Sequence[Held]) -> Iterable[tuple["Queue", list[Held]]]:
    by_queue: dict[Queue, list[Held]] = {}
    for one in held:
        by_queue.setdefault(one.queue, []).append(one)
    return by_queue.items()


def give_credit(helds: Sequence[Held]) -> None:
    """Give back the credit of what was settled, to each who lent it at once."""
    taken: dict[tuple[Credit, ...], tuple[int, int]] = {}
    for held in helds:
        number, octets = taken.get(held.credits, (0, 0))
        taken[held.credits] = number + 1, octets + held.message.size
    for credits, (number, octets) in taken.items():
        for credit in credits:
            credit.give_back(number, octets)
