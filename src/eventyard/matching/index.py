"""Which subscriptions does this event concern? Asked once per accepted event, and answered from memory.

An event costs the subscriptions that match it and not those that exist. Three narrowings, each a lookup:

1. by topic, source and routing key to the *buckets* whose pattern fits, remembered for keys seen before;
2. within a bucket by equality: a subscription whose filter wants ``["action", "opened"]`` is filed under that path and
   string, so that one lookup per path finds it among ten thousand;
3. what remains is asked one by one, on data of which each path is read once (``fields.py``).

The index follows the catalog: whoever changes a subscription calls :meth:`SubscriptionIndex.add` or ``remove``, and
nothing is ever rebuilt. It gives the same answer as asking every subscription in turn; why one did or did not match is
told by ``explain.py``. The story goes on in ``pipeline/accept.py``, which commits a delivery for each match.
"""

from typing import Any

from msgspec import Struct

from eventyard.matching.fields import Fields, Path
from eventyard.matching.filters import Filter, compile_filter
from eventyard.matching.patterns import MANY, compile_pattern
from eventyard.matching.trie import PatternTrie
from eventyard.model.catalog import Subscription

MEMO_ENTRIES = 4096
"""How many (topic, source, routing key) are remembered at most; past that, all are forgotten and learnt again."""

MAX_KEY_CHARS = 255
"""A longer routing key is looked up each time, so that the memory stays small in bytes too."""

_ANY_KEY = (MANY,)

Pin = tuple[Path, str]
"""An equality that an event must meet to concern a subscription."""


class _Filed(Struct, frozen=True):
    """A subscription as a bucket holds it."""

    subscription: Subscription
    filter: Filter


class _Bucket:
    """The subscriptions of one topic, source and pattern, filed by what their filters pin down."""

    __slots__ = ("pinned", "scanned", "unfiltered")

    def __init__(self) -> None:
        self.unfiltered: dict[str, Subscription] = {}
        self.pinned: dict[Path, dict[str, dict[str, _Filed]]] = {}
        self.scanned: dict[str, _Filed] = {}
        """Filters without an equality: ``ne`` and ``has`` alone pin nothing."""

    def __bool__(self) -> bool:
        return bool(self.unfiltered) or self.looks

    @property
    def looks(self) -> bool:
        """Whether any of them looks at the data."""
        return bool(self.pinned or self.scanned)

    def collect(self, fields: Fields | None, found: list[Subscription]) -> None:
        """Append what the event concerns. Without ``fields`` the data is no object, and no condition accepts it."""
        found += self.unfiltered.values()
        if fields is None:
            return
        for path, by_text in self.pinned.items():
            filed_here = by_text.get(fields[path])  # type: ignore[arg-type]  # None, the form of objects, is no key
            if filed_here:
                found += [filed.subscription for filed in filed_here.values() if filed.filter.passes(fields)]
        if self.scanned:
            found += [filed.subscription for filed in self.scanned.values() if filed.filter.passes(fields)]

    def file(self, subscription: Subscription, filter_: Filter) -> Pin | None:
        """Put the subscription in its place; returns the equality it was filed under."""
        if not filter_.conditions:
            self.unfiltered[subscription.id] = subscription
            return None
        filed = _Filed(subscription, filter_)
        if not filter_.pins:
            self.scanned[subscription.id] = filed
            return None
        path, text = min(filter_.pins, key=self._price)
        self.pinned.setdefault(path, {}).setdefault(text, {})[subscription.id] = filed
        return path, text

    def _price(self, pin: Pin) -> tuple[int, int]:
        """What filing under this equality costs later; the least is best, and among equals the path with most strings.

        Under a path already in use it costs an event with that string one more filter to ask, besides those filed
        there. A new path costs every event one more lookup, besides those made already. So ten thousand filters on the
        same type and each its own tenant are soon filed by tenant, in whichever order they name the two.
        """
        path, text = pin
        by_text = self.pinned.get(path)
        return (len(self.pinned), 0) if by_text is None else (len(by_text.get(text, ())), -len(by_text))

    def unfile(self, subscription_id: str, pin: Pin | None) -> None:
        """Take the subscription out again."""
        if pin is None:
            self.unfiltered.pop(subscription_id, None)
            self.scanned.pop(subscription_id, None)
            return
        path, text = pin
        by_text = self.pinned[path]
        del by_text[text][subscription_id]
        if not by_text[text]:
            del by_text[text]
        if not by_text:
            del self.pinned[path]


class Candidates(Struct, frozen=True):
    """The subscriptions that fit an event's topic, source and routing key: for use at once, as the index may change."""

    buckets: tuple[_Bucket, ...]
    need_data: bool
    """Whether any of them has a filter, so that the data must be decoded to match."""

    def match(self, data: Any) -> list[Subscription]:
        """Those that the event concerns, by number and then id.

        ``data`` is the event's decoded JSON, or ``None`` if it is not JSON, or not needed.
        """
        found: list[Subscription] = []
        if not self.buckets:
            return found
        fields = Fields(data) if isinstance(data, dict) else None
        for bucket in self.buckets:
            bucket.collect(fields, found)
        if len(found) > 1:
            found.sort(key=_by_number)
        return found


class _Place(Struct, frozen=True):
    """Where a subscription was filed, to find it again."""

    door: tuple[str, str | None]
    words: tuple[str, ...]
    pin: Pin | None


class SubscriptionIndex:
    """Every subscription of the hub that takes part, found by event."""

    def __init__(self) -> None:
        self._doors: dict[tuple[str, str | None], PatternTrie[_Bucket]] = {}
        """By topic, and by the source that is named, or none, where any will do."""
        self._places: dict[str, list[_Place]] = {}
        self._memo: dict[tuple[str, str, str], Candidates] = {}
        self.version = 0
        """Another one after each change: what matched before may not match now."""

    def add(self, subscription: Subscription) -> None:
        """Take the subscription in, in place of the one with its id. One that takes no part matches nothing.

        Raises :class:`eventyard.model.errors.Invalid` for a pattern or filter that cannot be compiled; the index is
        then as it was.
        """
        filter_ = compile_filter(subscription.filter, at="/filter")
        words = _ANY_KEY if subscription.pattern is None else compile_pattern(subscription.pattern, at="/pattern").words
        self.remove(subscription.id)
        if subscription.takes_part:
            self._places[subscription.id] = [
                self._file(subscription, filter_, (topic_id, subscription.source_id), words)
                for topic_id in dict.fromkeys(subscription.topic_ids)
            ]
            self._changed()

    def remove(self, subscription_id: str) -> None:
        """Take the subscription out; one that is not there is no error."""
        for place in self._places.pop(subscription_id, ()):
            door = self._doors[place.door]
            bucket = door.setdefault(place.words, _Bucket)
            bucket.unfile(subscription_id, place.pin)
            if not bucket:
                door.remove(place.words)
            if not door:
                del self._doors[place.door]
            self._changed()

    def match(self, topic_id: str, source_id: str, routing_key: str, data: Any) -> list[Subscription]:
        """The subscriptions that the event concerns (see :meth:`Candidates.match`)."""
        return self.candidates(topic_id, source_id, routing_key).match(data)

    def candidates(self, topic_id: str, source_id: str, routing_key: str) -> Candidates:
        """The subscriptions that the event may concern, of which its data decides."""
        key = (topic_id, source_id, routing_key)
        found = self._memo.get(key)
        return self._remember(key) if found is None else found

    def _changed(self) -> None:
        self.version += 1
        self._memo.clear()

    def _file(
        self, subscription: Subscription, filter_: Filter, at: tuple[str, str | None], words: tuple[str, ...]
    ) -> _Place:
        bucket = self._doors.setdefault(at, PatternTrie()).setdefault(words, _Bucket)
        return _Place(at, words, bucket.file(subscription, filter_))

    def _remember(self, key: tuple[str, str, str]) -> Candidates:
        topic_id, source_id, routing_key = key
        doors = filter(None, (self._doors.get((topic_id, source_id)), self._doors.get((topic_id, None))))
        buckets = tuple(bucket for door in doors for bucket in door.find(routing_key))
        candidates = Candidates(buckets, any(bucket.looks for bucket in buckets))
        if len(routing_key) <= MAX_KEY_CHARS:
            if len(self._memo) >= MEMO_ENTRIES:
                self._memo.clear()
            self._memo[key] = candidates
        return candidates


def _by_number(subscription: Subscription) -> tuple[int, str]:
    return subscription.number, subscription.id
