"""What a client publishes: to an exchange it may publish to, all of it in one commit, each message with its result.

How bytes become an event is the gateway's business; from here it goes the way of every event, ``accept.py``.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from eventyard.model.errors import Conflict, HubError
from eventyard.model.event import Event
from eventyard.model.ids import EntryId
from eventyard.pipeline.arrivals import Arrival
from eventyard.pipeline.doors import Door
from eventyard.pipeline.streams.queue import Queue
from eventyard.pipeline.streams.reach import Reach, knows_queue

if TYPE_CHECKING:
    from eventyard.pipeline.streams.streams import Streams


class Outgoing(Struct, frozen=True):
    """What a client publishes: to which exchange, and the event.

    If it is ``mandatory``, the client wants to know whether it reached anybody.
    """

    exchange: str
    event: Event
    mandatory: bool = False


class Unrouted(Struct, frozen=True):
    """A mandatory message reached nobody. It is in the journal all the same, under this entry."""

    entry_id: EntryId


Published = EntryId | Unrouted | HubError
"""What became of a message: its entry, or why there is none."""


async def publish(
    streams: "Streams", reach: Reach, messages: Sequence[Outgoing], *, whole: bool = False
) -> list[Published]:
    """Commit what a client publishes, all in one transaction; for each message what became of it.

    If it is a ``whole``, what is wrong with one message is raised, and none is published.
    """
    results: list[Published] = []
    arrivals: list[Arrival] = []
    places: list[int] = []
    unrouted: set[int] = set()
    doors: dict[str, Door] = {}
    coming: dict[Queue, tuple[int, int]] = {}
    refusing = streams.queues.refusing
    for message in messages:
        try:
            door = doors.get(message.exchange)
            if door is None:
                door = doors[message.exchange] = await reach.door(message.exchange)
            if refusing:
                _refuse_full(streams, reach, door, message.event, coming)
        except HubError as error:
            if whole:
                raise
            results.append(error)
            continue
        if message.mandatory and not streams.reaches(door, message.event):
            unrouted.add(len(results))
        places.append(len(results))
        results.append(EntryId(0))
        arrivals.append(Arrival(door, message.event, None, None, False, True))
    if arrivals:
        verb = streams.publishing.publish_whole if whole else streams.publishing.publish_many
        for place, one in zip(places, await verb(arrivals), strict=True):
            if isinstance(one, HubError):
                results[place] = one
            else:
                results[place] = Unrouted(one.entry_id) if place in unrouted else one.entry_id
    return results


def _refuse_full(
    streams: "Streams", reach: Reach, door: Door, event: Event, coming: dict[Queue, tuple[int, int]]
) -> None:
    """Raise ``Conflict`` for an event that reaches a full queue, else count it among those that are ``coming``."""
    given = streams.queues.given(door.topic.id, door.application.number, event)
    reached = [queue for queue in given if queue in streams.queues.refusing]
    for queue in reached:
        if queue.is_full(*coming.get(queue, ())):
            called = f"queue {queue.name!r}" if knows_queue(streams, reach.who, queue) else "a queue out of your sight"
            raise Conflict("queue_full", f"{called} is full")
    for queue in reached:
        number, octets = coming.get(queue, (0, 0))
        coming[queue] = number + 1, octets + len(event.data)
