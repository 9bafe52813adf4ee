"""Who has acknowledged what on a channel: deliveries by the client, publications by us. Pure bookkeeping.

Both count from 1 on each channel. What an acknowledgement does to a queue, and when a publication counts as safe, is
decided by the gateway.
"""

from collections import OrderedDict
from typing import Generic, TypeVar

from eventyard.wire.amqp.errors import AmqpError, ReplyCode

Item = TypeVar("Item")


class Unacked(Generic[Item]):
    """Deliveries that a client has yet to acknowledge, in the order they were made, under their tags.

    One costs the same however many there are; several cost as many steps as they are. An ordered dict, because
    taking a plain one's first entry again and again steps over all that were taken before.
    """

    def __init__(self) -> None:
        self._items: OrderedDict[int, Item] = OrderedDict()
        self._last = 0

    def __len__(self) -> int:
        return len(self._items)

    def next_tag(self) -> int:
        """The tag of a delivery that needs no acknowledgement."""
        self._last += 1
        return self._last

    def add(self, item: Item) -> int:
        """Keep what is delivered now until it is acknowledged; gives its tag."""
        self._last = tag = self._last + 1
        self._items[tag] = item
        return tag

    def settle(self, tag: int, multiple: bool) -> list[Item]:
        """What one ``basic.ack``, ``nack`` or ``reject`` is about, in the order of delivery; it is outstanding no more.

        With ``multiple`` it is all up to the tag, and all there is for tag 0. Raises :class:`AmqpError` (406) for a
        tag that is not outstanding, and then nothing is settled.
        """
        if multiple and tag == 0:
            return self.clear()
        items = self._items
        if tag not in items:
            raise AmqpError(ReplyCode.PRECONDITION_FAILED, f"unknown delivery tag {tag}")
        if not multiple:
            return [items.pop(tag)]
        settled = []
        reached = 0
        while reached != tag:
            reached, item = items.popitem(last=False)
            settled.append(item)
        return settled

    def clear(self) -> list[Item]:
        """All that is outstanding, as when a channel ends or a client asks for recovery. Tags go on counting."""
        settled = list(self._items.values())
        self._items.clear()
        return settled


class Confirms:
    """Publications on a channel in confirm mode, and which confirmations are to be sent for them.

    Those that are safe are confirmed with as few frames as can be: all up to the oldest that is not, with one.
    """

    def __init__(self) -> None:
        self._waiting: OrderedDict[int, None] = OrderedDict()
        self._done: dict[int, bool] = {}
        self._last = 0

    @property
    def waiting(self) -> int:
        """How many publications were not settled yet."""
        return len(self._waiting)

    def next_tag(self) -> int:
        """Count a publication; gives its tag."""
        self._last = tag = self._last + 1
        self._waiting[tag] = None
        return tag

    def settle(self, tag: int, safe: bool = True) -> None:
        """Note that a publication is safe, or that it failed. To be called once for each."""
        del self._waiting[tag]
        self._done[tag] = safe

    def take(self) -> list[tuple[int, bool, bool]]:
        """Confirmations to be sent now, in this order: tag, multiple, and whether it is an ack (else a nack)."""
        if not self._done:
            return []
        oldest = next(iter(self._waiting), self._last + 1)
        latest = max(self._done)
        if latest < oldest and all(self._done.values()):
            confirmed, self._done = len(self._done), {}
            return [(latest, confirmed > 1, True)]
        done = sorted(self._done.items())
        self._done = {}
        confirmations: list[tuple[int, bool, bool]] = []
        for tag, safe in done:
            if tag < oldest and confirmations and confirmations[-1][2] == safe:
                confirmations[-1] = (tag, True, safe)
            else:
                confirmations.append((tag, False, safe))
        return confirmations
