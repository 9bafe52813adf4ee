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

    Those that are safe are confirmed with as few frames as can be: all up to the oldest that is not, with one. As a
    rule they become safe in their order, and then there is nothing to remember but how far.
    """

    def __init__(self) -> None:
        self._last = 0
        self._safe = 0
        """All up to this one are settled, and what is not confirmed of them is safe."""
        self._confirmed = 0
        """All up to this one are confirmed."""
        self._done: dict[int, bool] = {}
        """Others that are settled, and not confirmed."""
        self._ahead: set[int] = set()
        """Others that are confirmed."""

    @property
    def waiting(self) -> int:
        """How many publications were not settled yet."""
        return self._last - self._safe - len(self._done) - len(self._ahead)

    def next_tag(self) -> int:
        """Count a publication; gives its tag."""
        self._last = tag = self._last + 1
        return tag

    def settle(self, tag: int, safe: bool = True) -> None:
        """Note that a publication is safe, or that it failed. To be called once for each."""
        if safe and tag == self._safe + 1 and not self._done and not self._ahead:
            self._safe = tag
        else:
            self._done[tag] = safe

    def take(self) -> list[tuple[int, bool, bool]]:
        """Confirmations to be sent now, in this order: tag, multiple, and whether it is an ack (else a nack)."""
        confirmations: list[tuple[int, bool, bool]] = []
        if self._safe > self._confirmed:
            confirmations.append((self._safe, self._safe - self._confirmed > 1, True))
        if self._done:
            self._take_others(confirmations)
        self._confirmed = self._safe
        return confirmations

    def _take_others(self, confirmations: list[tuple[int, bool, bool]]) -> None:
        done, self._done = self._done, {}
        reached = self._safe + 1
        while reached in done or reached in self._ahead:
            reached += 1
        for tag in sorted(done):
            safe = done[tag]
            if tag < reached and confirmations and confirmations[-1][2] == safe:
                confirmations[-1] = (tag, True, safe)
            else:
                confirmations.append((tag, False, safe))
        self._safe = reached - 1
        self._ahead = {tag for tag in (*self._ahead, *done) if tag >= reached}
