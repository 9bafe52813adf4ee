"""A transaction of a channel: what is published and settled in it is kept until it is committed, or forgotten.

What it publishes is one transaction of the journal too: all of it is on disk, or nothing. What it settles is settled
after that, so that a hub that dies in between delivers again what was worked off, and loses nothing.
"""

from collections.abc import Callable, Sequence

from msgspec import Struct

from eventyard.gateways.amqp.publisher import OVERHEAD, Publisher, size_of
from eventyard.pipeline.streams.consumer import Held, release
from eventyard.wire.amqp.acknowledgements import Unacked
from eventyard.wire.amqp.errors import AmqpError, ReplyCode
from eventyard.wire.amqp.events import Publish

MOST_BYTES = 64 << 20
"""What a transaction may hold before it ends."""


class Settlement(Struct, frozen=True):
    """What a client decided about deliveries: about which, and what is to be done with them."""

    tag: int
    multiple: bool
    settle: Callable[[Sequence[Held]], None]


class Transaction:
    """One after the other, as long as the channel lives."""

    def __init__(self) -> None:
        self._begin()

    def _begin(self) -> None:
        self._published: list[Publish] = []
        self._settlements: list[Settlement] = []
        self._bytes = 0

    def publish(self, publish: Publish) -> None:
        """Keep a message. Raises :class:`AmqpError` (506) for a transaction that grows too large."""
        self._grow(size_of(publish))
        self._published.append(publish)

    def settle(self, settlement: Settlement) -> None:
        """Keep a decision. Raises as :meth:`publish` does."""
        self._grow(OVERHEAD)
        self._settlements.append(settlement)

    def _grow(self, octets: int) -> None:
        self._bytes += octets
        if self._bytes > MOST_BYTES:
            raise AmqpError(ReplyCode.RESOURCE_ERROR, f"a transaction is {MOST_BYTES} octets at most")

    async def commit(self, publisher: Publisher, unacked: Unacked[Held]) -> None:
        """Do what was kept, and begin anew. Raises ``HubError``, :class:`AmqpError`; then nothing was done."""
        published, settlements = self._published, self._settlements
        self._begin()
        settled: list[tuple[Settlement, list[Held]]] = []
        try:
            for settlement in settlements:
                settled.append((settlement, unacked.settle(settlement.tag, settlement.multiple)))
            await publisher.publish_together(published)
        except BaseException:
            for _, helds in settled:
                release(helds)
            raise
        for settlement, helds in settled:
            settlement.settle(helds)

    def rollback(self) -> None:
        """Forget what was kept, and begin anew."""
        self._begin()
