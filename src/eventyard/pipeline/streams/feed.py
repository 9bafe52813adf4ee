"""The feed: every committed publication, in commit order, from the journal's past to this moment, without a gap.

The store tells of each commit. What is recent is kept in memory, within bounds, so that who is up to date, or nearly,
is served without a read back; what is older is read from the journal in slices. Where the two meet there is neither
gap nor duplicate, because both go by the entry's id. Which queues a message reaches is asked in ``queues.py``.
"""

from bisect import bisect_right
from collections.abc import Callable, Hashable, Sequence
from operator import attrgetter
from typing import Any

from msgspec import Struct

from eventyard.model.catalog import Project, Topic
from eventyard.model.event import Event
from eventyard.model.ids import EntryId, Millis
from eventyard.model.journal import Committed, Query, Seen
from eventyard.model.lifecycle import Kind
from eventyard.pipeline.catalog import Catalog
from eventyard.ports import Store

RECENT = 8_192
"""Publications kept in memory at most twice over, before the older half is let go."""

RECENT_BYTES = 32 << 20
"""Bytes of their data, beyond which they are let go earlier."""

WARM = 1_024
"""Publications of which is kept what gateways encoded: what nearly all who are given a message in time are given."""

_entry_id = attrgetter("entry_id")


class _Nothing(dict[Hashable, Any]):
    """Keeps nothing: of a message that so few will want that each has it encoded anew."""

    def __setitem__(self, form: Hashable, made: Any) -> None:
        pass


_NOTHING = _Nothing()


class Message(Struct, eq=False, gc=False):
    """One committed publication on its way to queues.

    ``exchange`` is its topic's id, ``application`` the journal number of the one that published (0: of none that
    anybody sees), ``size`` that of its data. ``made`` holds what gateways encoded of it, once for all.
    """

    entry_id: EntryId
    at: Millis
    exchange: str
    event: Event
    application: int = 0
    size: int = 0
    made: dict[Hashable, Any] = {}

    def __repr__(self) -> str:
        return f"Message({self.entry_id}, {self.event.routing_key!r})"


Listener = Callable[[Sequence[Message]], None]


class Feed:
    """The ordered feed of one hub. ``head`` is the newest publication's entry."""

    def __init__(self, catalog: Catalog, store: Store) -> None:
        self.head = EntryId(0)
        self._catalog = catalog
        self._store = store
        self._recent: list[Message] = []
        self._bytes = 0
        self._cold = 0
        """So many of them, from the oldest on, keep nothing of what is encoded."""
        self._past = EntryId(0)
        """Every publication past this one, up to the head, is in ``_recent``."""
        self._gone: dict[str, int] = {}
        self._by_number: dict[int, str] = {}
        """Exchanges whose topics are gone: number by id, and the other way round."""
        self._listener: Listener | None = None

    async def start(self) -> None:
        """Begin where the journal ends."""
        self._store.watch(self._committed)
        self.head = self._past = max(self.head, await self._store.newest())

    def listen(self, listener: Listener | None) -> None:
        """Call ``listener`` with what each commit brings, or (``None``) nobody: then nothing is kept either."""
        self._listener = listener

    def since(self, cursor: EntryId) -> Sequence[Message] | None:
        """The messages past ``cursor`` if memory holds them all, else ``None``."""
        if cursor < self._past:
            return None
        return self._recent[bisect_right(self._recent, cursor, key=_entry_id) :]

    async def history(self, exchanges: Sequence[str], cursor: EntryId, limit: int) -> tuple[list[Message], EntryId]:
        """Some messages past ``cursor`` that were sent to these exchanges, and up to which entry those are all."""
        topics = [number for number in map(self._number, exchanges) if number is not None]
        until = self.head
        if not topics:
            return [], until
        read = await self._store.read(topics, cursor, until, limit)
        return self._messages(read.publications), read.reached

    async def newest_of(self, exchange: str, seen: Seen | None) -> EntryId:
        """The newest publication in an exchange that may be seen; 0 when there is none."""
        topic = self._topic(exchange)
        if topic is None:
            return EntryId(0)
        project = self._catalog.get(Project, topic.project_id).number
        kinds = (Kind.PUBLICATION, Kind.COMPOUND_PUBLICATION)
        page = await self._store.find(Query(projects=(project,), kinds=kinds, topic=topic.name, limit=1, seen=seen))
        return page.entries[0].id if page.entries else EntryId(0)

    async def before(self, moment: Millis) -> EntryId:
        """The newest entry committed before a moment."""
        return await self._store.at(moment)

    def remember(self, number: int, exchange: str) -> None:
        """Go on telling of an exchange whose topic is gone: what it was sent may still wait in a queue."""
        self._gone[exchange] = number
        self._by_number[number] = exchange

    def forget_gone(self) -> None:
        """Nothing of exchanges that are gone waits anywhere."""
        self._gone.clear()
        self._by_number.clear()

    def _topic(self, exchange: str) -> Topic | None:
        return self._catalog.seek(Topic, exchange)

    def _number(self, exchange: str) -> int | None:
        topic = self._topic(exchange)
        return self._gone.get(exchange) if topic is None else topic.number

    def _committed(self, publications: Sequence[Committed]) -> None:
        self.head = publications[-1].entry_id
        if self._listener is None:
            self._recent, self._bytes, self._cold, self._past = [], 0, 0, self.head
            return
        messages = self._messages(publications)
        self._recent += messages
        self._bytes += sum([message.size for message in messages])
        if len(self._recent) > 2 * RECENT or self._bytes > RECENT_BYTES:
            self._forget()
        self._listener(messages)
        self._cool()

    def _messages(self, publications: Sequence[Committed]) -> list[Message]:
        messages = []
        number, exchange = -1, None
        for one in publications:
            if one.topic != number:
                number, exchange = one.topic, self._exchange(one.topic)
            if exchange is not None:
                event = one.event
                messages.append(Message(one.entry_id, one.at, exchange, event, one.application, len(event.data)))
        return messages

    def _exchange(self, number: int) -> str | None:
        topic = self._catalog.numbered(Topic, number)
        return self._by_number.get(number) if topic is None else topic.id

    def _cool(self) -> None:
        """Forget what was encoded of all but the newest."""
        cold = max(len(self._recent) - WARM, self._cold)
        for message in self._recent[self._cold : cold]:
            message.made = _NOTHING
        self._cold = cold

    def _forget(self) -> None:
        """Let the older half go, and more while what is left is too large."""
        keep = len(self._recent) // 2
        left = sum(message.size for message in self._recent[-keep:]) if keep else 0
        while keep and left > RECENT_BYTES // 2:
            left -= self._recent[-keep].size
            keep -= 1
        gone = len(self._recent) - keep
        self._past = self._recent[gone - 1].entry_id
        self._recent = self._recent[gone:]
        self._cold = max(0, self._cold - gone)
        self._bytes = left
