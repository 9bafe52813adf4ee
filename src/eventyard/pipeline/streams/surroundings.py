"""What a queue needs of the house around it: the feed, who else is there, a clock, and somebody to do things beside.

The queues of a hub are its surroundings (``queues.py``); in tests, plain lists are.
"""

from collections.abc import Coroutine, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from eventyard.model.ids import Millis
from eventyard.pipeline.sight import Sight
from eventyard.pipeline.streams.feed import Feed, Message

if TYPE_CHECKING:
    from eventyard.pipeline.streams.queue import Queue


class Surroundings(Protocol):
    """What a queue needs of the house around it."""

    feed: Feed

    def wanted(self, queue: "Queue", message: Message) -> bool:
        """Whether the message is one that was routed to the queue."""

    def upstream(self, queue: "Queue") -> Sequence[str]:
        """The exchanges from which messages reach the queue."""

    def sight(self, held: frozenset[str]) -> Sight:
        """What is seen by who holds these categories, as it is now."""

    def bury(self, queue: "Queue", message: Message, reason: str, count: int) -> Coroutine[Any, Any, None]:
        """Send a dead letter where the queue's options say; returns when that is committed."""

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run something beside, to its end."""

    def changed(self, queue: "Queue") -> None:
        """A durable queue's position is another than was kept."""

    def watch_time(self, queue: "Queue") -> None:
        """Call :meth:`Queue.expire` now and then: something in it may grow too old."""

    def now(self) -> Millis:
        """The wall clock."""
