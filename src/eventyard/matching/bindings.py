"""The bindings of one exchange, asked at once which of them let a message through.

A binding is filed by what it lets through: one routing key, every one, those of a pattern, or those messages whose
headers it wants. Which of these an exchange uses follows from its type (AMQP 0-9-1, section 3.1.3). Bindings that let
the same through lie in one bucket, so that a thousand clients with the same wish cost a message as much as one.

How exchanges hang together is the matter of ``exchanges.py``.
"""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import chain
from operator import attrgetter
from typing import Any, Generic, TypeAlias, TypeVar

from msgspec import Struct

from eventyard.matching.headers import HeadersTable, HeadersTest
from eventyard.matching.patterns import MANY, ONE, Pattern, split_key
from eventyard.matching.trie import PatternTrie
from eventyard.model.ids import EntryId
from eventyard.model.streams import Binding, ExchangeType

Q = TypeVar("Q", bound=Hashable)


class ToExchange(Struct, frozen=True):
    """Another exchange, as the destination of a binding. Anything else is a queue."""

    id: str


Destination: TypeAlias = Q | ToExchange

_ANY_KEY = (MANY,)


class Bound(Struct, Generic[Q], frozen=True, eq=False):
    """A binding with both its ends. ``number`` counts a project's bindings in the order in which they were made."""

    binding: Binding
    destination: Q | ToExchange
    number: int

    @property
    def stands(self) -> bool:
        """Whether it was not taken away."""
        return self.binding.until is None

    def counts_from(self, entry_id: EntryId) -> bool:
        """Whether the binding counts for that entry or one after it."""
        return self.binding.until is None or entry_id <= self.binding.until

    def counts_for(self, entry_id: EntryId) -> bool:
        """Whether the binding stood when that entry was committed."""
        return self.binding.since < entry_id and self.counts_from(entry_id)


class Bucket(Generic[Q]):
    """Bindings that let the same through, by their number."""

    __slots__ = ("_queues", "to_exchanges", "to_queues")

    def __init__(self, bounds: Iterable[Bound[Q]] = ()) -> None:
        self.to_queues: dict[int, Bound[Q]] = {}
        self.to_exchanges: dict[int, Bound[Q]] = {}
        self._queues: tuple[Q, ...] | None = None
        for bound in bounds:
            self.add(bound)

    def __bool__(self) -> bool:
        return bool(self.to_queues or self.to_exchanges)

    def add(self, bound: Bound[Q]) -> None:
        """Put the binding in."""
        self._side(bound)[bound.number] = bound
        self._queues = None

    def remove(self, bound: Bound[Q]) -> None:
        """Take the binding out again. Raises ``KeyError`` if it is not there."""
        del self._side(bound)[bound.number]
        self._queues = None

    def at(self, entry_id: EntryId) -> "Bucket[Q]":
        """Those that stood when that entry was committed."""
        both = chain(self.to_queues.values(), self.to_exchanges.values())
        return Bucket(bound for bound in both if bound.counts_for(entry_id))

    @property
    def queues(self) -> tuple[Q, ...]:
        """The queues at the other end, remembered until the next change."""
        if self._queues is None:
            self._queues = _distinct(self.to_queues.values())
        return self._queues

    @property
    def exchanges(self) -> list[str]:
        """The exchanges at the other end."""
        ends = (bound.destination for bound in self.to_exchanges.values())
        return [end.id for end in ends if isinstance(end, ToExchange)]

    def _side(self, bound: Bound[Q]) -> dict[int, Bound[Q]]:
        return self.to_exchanges if isinstance(bound.destination, ToExchange) else self.to_queues


def queues_of(buckets: Sequence[Bucket[Q]]) -> tuple[Q, ...]:
    """The queues of several buckets, each once, in the order of their first binding."""
    if len(buckets) > 1:
        return _distinct(chain.from_iterable(bucket.to_queues.values() for bucket in buckets))
    return buckets[0].queues if buckets else ()


def _distinct(bounds: Iterable[Bound[Q]]) -> tuple[Q, ...]:
    ends = (bound.destination for bound in sorted(bounds, key=attrgetter("number")))
    return tuple(dict.fromkeys(ends))  # type: ignore[arg-type]  # those of bindings to queues


class BindingTable(Generic[Q]):
    """The bindings of an exchange of one type."""

    def __init__(self, type: ExchangeType) -> None:
        self.type = type
        self._exact: dict[str, Bucket[Q]] = {}
        self._every: Bucket[Q] = Bucket()
        self._patterns: PatternTrie[Bucket[Q]] = PatternTrie()
        self._headers: HeadersTable[Bucket[Q]] = HeadersTable()

    def add(self, bound: Bound[Q]) -> None:
        """Put the binding in. Raises :class:`eventyard.model.errors.Invalid` for arguments without a meaning."""
        self._bucket(bound.binding).add(bound)

    def remove(self, bound: Bound[Q]) -> None:
        """Take the binding out again. Raises ``KeyError`` if it is not there."""
        bucket = self._bucket(bound.binding)
        bucket.remove(bound)
        if not bucket:
            self._discard(bound.binding)

    def find(self, key: str, headers: Mapping[str, Any]) -> list[Bucket[Q]]:
        """The buckets of the bindings that let such a message through; none of them is empty."""
        found = self._patterns.find(key) if self._patterns else []
        if exact := self._exact.get(key):
            found.append(exact)
        if self._every:
            found.append(self._every)
        if self._headers:
            found += self._headers.find(headers)
        return found

    def lets_through(self, binding: Binding, key: str, headers: Mapping[str, Any]) -> bool:
        """The same question to one binding alone."""
        match self.type:
            case ExchangeType.DIRECT:
                return key == binding.key
            case ExchangeType.FANOUT:
                return True
            case ExchangeType.TOPIC:
                return _fits(binding.key, key)
            case ExchangeType.HEADERS:
                return HeadersTest(binding.arguments).passes(headers)

    def only_key(self, binding: Binding) -> str | None:
        """The one routing key that the binding can let through; ``None`` if there are others."""
        return binding.key if self._words(binding.key) is None else None

    def _bucket(self, binding: Binding) -> Bucket[Q]:
        if self.type is ExchangeType.HEADERS:
            return self._headers.setdefault(binding.arguments, Bucket)
        words = self._words(binding.key)
        if words is None:
            return self._exact.setdefault(binding.key, Bucket())
        return self._every if words == _ANY_KEY else self._patterns.setdefault(words, Bucket)

    def _discard(self, binding: Binding) -> None:
        if self.type is ExchangeType.HEADERS:
            self._headers.remove(binding.arguments)
        elif (words := self._words(binding.key)) is None:
            del self._exact[binding.key]
        elif words != _ANY_KEY:
            self._patterns.remove(words)

    def _words(self, key: str) -> tuple[str, ...] | None:
        """The pattern that a binding key stands for, or ``None`` if it stands for itself."""
        match self.type:
            case ExchangeType.DIRECT:
                return None
            case ExchangeType.TOPIC:
                words = topic_words(key)
                return words if ONE in words or MANY in words else None
            case _:
                return _ANY_KEY


def topic_words(key: str) -> tuple[str, ...]:
    """The words of a topic exchange's binding key in normal form, in which no ``#`` comes before another or a ``*``.

    Unlike the pattern of a subscription the key may be anything. Only whole words ``*`` and ``#`` have a meaning; a
    word may be empty, and the empty key has none.
    """
    words: list[str] = []
    many = False
    for word in split_key(key):
        if word == MANY:
            many = True
            continue
        if many and word != ONE:
            words.append(MANY)
            many = False
        words.append(word)
    return (*words, MANY) if many else tuple(words)


@lru_cache(4096)
def _fits(pattern: str, key: str) -> bool:
    return _pattern(pattern).matches(key)


@lru_cache(1024)
def _pattern(key: str) -> Pattern:
    return Pattern(key, topic_words(key))
