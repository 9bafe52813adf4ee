"""A queue: what was routed to it waits in its window, goes to its consumers in turn, and is held until it is settled.

A message that is routed here while somebody can take it goes straight through. A queue whose consumers are slow or
absent costs its window and no more, however much waits in it (``window.py``).

It must not know protocols, nor who may do what; ``exchanges.py`` makes queues and ends them, ``link.py`` uses them.
"""

from collections import deque
from collections.abc import Sequence
from functools import partial

from msgspec.structs import replace

from eventyard.model.errors import Forbidden, HubError
from eventyard.model.ids import EntryId, Millis
from eventyard.model.streams import Overflow, Position, QueueOptions
from eventyard.pipeline.persist import persist
from eventyard.pipeline.streams.consumer import Consumer, Credit, Held, give_credit
from eventyard.pipeline.streams.feed import Message
from eventyard.pipeline.streams.properties import EXPIRATION, deadline_of, priority_of
from eventyard.pipeline.streams.surroundings import Surroundings
from eventyard.pipeline.streams.window import Window

AT_ONCE = 64
"""Messages given to a sole consumer at a time: few enough that one that takes no more is noticed."""

AT_ONCE_BYTES = 64 << 10
"""Bytes of data given at a time, beyond which no more are added."""


class Queue:
    """One queue, as long as it lives. Everything happens on the event loop."""

    def __init__(
        self,
        around: Surroundings,
        id: str,
        project_id: str,
        name: str,
        options: QueueOptions,
        *,
        durable: bool = False,
        auto_delete: bool = False,
        owner: object | None = None,
        key_id: str | None = None,
        created_at: Millis | None = None,
        cursor: EntryId | None = None,
        position: Position | None = None,
    ) -> None:
        """``owner`` is the connection of an exclusive queue. Where it begins is told in ``window.py``."""
        self.id = id
        self.project_id = project_id
        self.name = name
        self.options = options
        self.durable = durable
        self.auto_delete = auto_delete
        self.owner = owner
        self.key_id = key_id
        self.created_at = around.now() if created_at is None else created_at
        self.consumers: list[Consumer] = []
        self.unacked: dict[EntryId, Held] = {}
        self.gone = False
        self.used_at = around.now()
        self._around = around
        self._window = Window(
            around.feed, self._admits, lambda: around.upstream(self), cursor=cursor, position=position,
            rank=None if options.max_priority is None else partial(priority_of, most=options.max_priority),
        )  # fmt: skip
        self._depth = position.depth if position else 0
        self._dying: dict[EntryId, int] = {}
        self._to_drop = position.to_drop if position else 0
        self._filling = False
        self._line: dict[int, deque[Consumer]] = {}
        self._taker: Consumer | None = None
        self._bounded = options.max_length is not None or options.max_bytes is not None
        self._plain = not durable and options.ttl_ms is None
        if options.ttl_ms is not None or options.expires_ms is not None:
            around.watch_time(self)

    @property
    def depth(self) -> int:
        """Messages that wait. Exact, but for a queue that reads the past and has not counted it."""
        return len(self._window) if self._window.live else max(self._depth, len(self._window))

    @property
    def live(self) -> bool:
        """Whether all that waits is in the window."""
        return self._window.live

    @property
    def needs(self) -> EntryId | None:
        """From which entry on it may have to look at the journal, also after another start; ``None``: at none."""
        if self.live and not (self.durable and (self._window or self.unacked or self._dying)):
            return None
        return self._window.begin((*self.unacked, *self._dying))

    @property
    def lag(self) -> int:
        """How many entries of the journal lie between the next message and the newest entry; 0 if nothing waits."""
        return self._window.lag

    def is_full(self, number: int = 0, octets: int = 0) -> bool:
        """Whether the queue refuses what publishers would add, once so many that are on their way are in it."""
        options = self.options
        at_bound = options.max_length is not None and self.depth + number >= options.max_length
        at_bound = at_bound or (options.max_bytes is not None and self._window.bytes + octets >= options.max_bytes)
        return options.overflow is not Overflow.DROP_HEAD and at_bound

    # What comes in

    def push(self, messages: Sequence[Message]) -> None:
        """Take messages that were routed here just now: about as many as may be given to a consumer at once."""
        taker = self._taker
        if taker is not None:
            taker.delivered += len(messages)
            taker.deliver(messages, None, 0)
            return
        if self._bounded:
            # What goes straight through never counts as waiting.
            for message in messages:
                self._take_up([message])
                self.pump(fresh=True)
                self._trim()
        else:
            self._take_up(messages)
            self.pump(fresh=True)
        self._moved()

    def _take_up(self, messages: Sequence[Message]) -> None:
        self._depth = self.depth + len(messages)
        for message in messages:
            self._window.add(message)
            if EXPIRATION in message.event.extensions:
                self._around.watch_time(self)

    def rewind(self, cursor: EntryId) -> None:
        """Read again from there, what has been bound since; for a queue that was given nothing yet."""
        self._window.rewind(cursor)
        self.rearrange()

    def count(self, number: int) -> None:
        """So many were routed here that :meth:`push` was not told of, before the hub began."""
        self._depth += number
        self._trim()

    def _trim(self) -> None:
        """Drop from the head what is beyond the queue's bounds, unless it is for publishers to mind them."""
        options = self.options
        if options.overflow is not Overflow.DROP_HEAD:
            return
        if options.max_length is not None:
            while self.depth > options.max_length:
                self._drop_head()
        if options.max_bytes is not None:
            while self._window.bytes > options.max_bytes:
                self._drop_head()

    def _drop_head(self) -> None:
        if self._window:
            message, count = self._pop()
            self._lay_out(message, "maxlen", count)
        else:
            self._depth -= 1
            self._to_drop += 1

    def _admits(self, message: Message) -> bool:
        """Whether a message of the past is the queue's, and still wanted."""
        if not self._around.wanted(self, message):
            return False
        if self._to_drop:
            self._to_drop -= 1
            self._lay_out(message, "maxlen", 0)
            return False
        return True

    # What goes out

    def check(self, consumer: Consumer) -> None:
        """Raise ``Forbidden`` where another has the queue for itself, or this one would."""
        if self.consumers and (consumer.exclusive or self.consumers[0].exclusive):
            raise Forbidden("forbidden", f"queue {self.name!r} is in exclusive use by another consumer")

    def add(self, consumer: Consumer) -> None:
        """Let a consumer read, from now on."""
        consumer.queue = self
        self.consumers.append(consumer)
        self.line_up(consumer)

    def drop(self, consumer: Consumer) -> None:
        """Let a consumer read no more; what it holds stays held until it is settled or its connection ends."""
        consumer.queue = None
        self.consumers.remove(consumer)
        for credit in consumer.credits:
            credit.forget(consumer)
        if consumer.waiting:
            self._line[consumer.priority].remove(consumer)
            consumer.waiting = False
        self.used_at = self._around.now()
        if self.options.single_active and self.consumers:
            self.line_up(self.consumers[0])
        self.rearrange()

    def line_up(self, consumer: Consumer) -> None:
        """Give a consumer its turn again, once it has room."""
        if not consumer.waiting and consumer.room():
            consumer.waiting = True
            self._line.setdefault(consumer.priority, deque()).append(consumer)
        self.pump()

    def pump(self, *, fresh: bool = False) -> None:
        """Give what waits to those who can take it, in turn; and see that more comes.

        What came just now is given, however short its time to live: at 0 it is for who can take it at once.
        """
        window = self._window
        if not fresh:
            self._bury_expired()
        while window:
            consumer = self._next()
            if consumer is None:
                break
            alone = len(self._line) == 1 and len(self._line[consumer.priority]) == 1
            self._hand_over(consumer, min(consumer.left, AT_ONCE) if alone else 1)
        if window.low and self._line:
            self._fill_beside()
        self.rearrange()

    def rearrange(self) -> None:
        """Find out whether messages can go straight through: to a sole consumer that acknowledges nothing."""
        self._taker = None
        if self._plain and len(self.consumers) == 1 and self._window.live and not self._window:
            (consumer,) = self.consumers
            if consumer.no_ack and consumer.room():
                self._taker = consumer

    def _next(self) -> Consumer | None:
        for priority in sorted(self._line, reverse=True):
            line = self._line[priority]
            while line:
                consumer = line[0]
                if consumer.room() and (not self.options.single_active or consumer is self.consumers[0]):
                    line.rotate(-1)
                    return consumer
                consumer.waiting = False
                line.popleft()
            del self._line[priority]
        return None

    def _hand_over(self, consumer: Consumer, most: int) -> None:
        depth = self.depth
        messages, count = self._window.take(most, AT_ONCE_BYTES)
        number = len(messages)
        self._depth = depth - number
        consumer.delivered += number
        if consumer.no_ack:
            self._moved()
            consumer.deliver(messages, None, count)
            return
        helds = [Held(self, message, consumer.credits, count) for message in messages]
        for held in helds:
            self.unacked[held.message.entry_id] = held
        octets = sum([message.size for message in messages])
        for credit in consumer.credits:
            credit.take(number, octets)
        consumer.deliver(messages, helds, count)

    def _pop(self) -> tuple[Message, int]:
        self._depth = self.depth - 1
        return self._window.pop()

    async def get(self, *, no_ack: bool, credit: Credit | None = None) -> tuple[Message, Held | None, int] | None:
        """Fetch one message; ``None`` when there is none. Until it is settled it takes up the ``credit``."""
        self.used_at = self._around.now()
        self._bury_expired()
        while not self._window:
            if self._window.live:
                return None
            await self._window.fill()
            self._bury_expired()
        message, count = self._pop()
        held = None
        if no_ack:
            self._moved()
        else:
            held = self.unacked[message.entry_id] = Held(self, message, () if credit is None else (credit,), count)
            for taken in held.credits:
                taken.take(1, message.size)
        return message, held, count

    def _fill_beside(self) -> None:
        if not self._filling and not self.gone:
            self._filling = True
            self._around.spawn(self._fill_and_pump())

    async def _fill_and_pump(self) -> None:
        try:
            await persist(self._fill)
        finally:
            self._filling = False
        if not self.gone:
            self.pump()

    async def _fill(self) -> None:
        if not self.gone:
            await self._window.fill()

    # What comes back

    def ack(self, *helds: Held) -> None:
        """They were dealt with."""
        done = [held for held in helds if self._take_in(held)]
        if done:
            self._moved()
            give_credit(done)

    def reject(self, held: Held) -> None:
        """It was refused for good: a dead letter, where the queue has a place for those."""
        if self._take_in(held):
            self._lay_out(held.message, "rejected", held.count)
            self._moved()
            give_credit([held])

    def requeue(self, helds: Sequence[Held]) -> None:
        """They were not dealt with: put them back where they were, all before the first goes out again."""
        back = [held for held in helds if self._take_in(held)]
        for held in back:
            self._depth = self.depth + 1
            self._window.put_back(held.message, held.count + 1)
        if back:
            self._moved()
            give_credit(back)
        self.pump()

    def _take_in(self, held: Held) -> bool:
        """Whether it was out, which it is no more."""
        if self.unacked.get(held.message.entry_id) is not held:
            return False
        del self.unacked[held.message.entry_id]
        return True

    def _moved(self) -> None:
        if self.durable:
            self._around.changed(self)

    # What leaves otherwise

    def purge(self) -> int:
        """Drop all that waits; how many that was."""
        number, self._depth, self._to_drop = self.depth, 0, 0
        self._window.clear()
        self._moved()
        self.rearrange()
        return number

    def close(self, reason: HubError) -> None:
        """End the queue and all that reads it."""
        self.gone = True
        for consumer in list(self.consumers):
            self.drop(consumer)
            consumer.cancelled(consumer, reason)
        self._taker = None

    def expire(self) -> None:
        """Drop from the head what has waited too long."""
        self._bury_expired()
        if self._window.low and not self._window:
            self._fill_beside()

    def _bury_expired(self) -> None:
        window = self._window
        while window:
            deadline = deadline_of(window.head(), self.options.ttl_ms)
            if deadline is None or deadline > self._around.now():
                return
            message, count = self._pop()
            self._lay_out(message, "expired", count)
            self._moved()

    def _lay_out(self, message: Message, reason: str, count: int) -> None:
        """Send a dead letter on its way, if the queue has a place for it; it is not done with before it is there."""
        if self.options.dead_letter_exchange is None:
            return

        async def buried() -> None:
            await self._around.bury(self, message, reason, count)
            del self._dying[message.entry_id]
            self._moved()

        self._dying[message.entry_id] = count
        self._around.spawn(buried())

    # Where it stands

    def position(self) -> Position:
        """How far it has been read: what would be read again if the hub began anew now is not done with."""
        given = {entry_id: held.count + 1 for entry_id, held in self.unacked.items()}
        given.update(self._dying)
        position = self._window.position(self.id, self.depth + len(given), given)
        return replace(position, to_drop=self._to_drop) if self._to_drop else position
