"""One exchange with the bindings that stand, and with those that stood when somebody's entry was committed.

The two are filed apart, so that what is gone costs a message of today nothing. Both are found as ``bindings.py`` says;
``exchanges.py`` knows how exchanges hang together.
"""

from collections.abc import Hashable, Mapping
from itertools import chain
from typing import Any, Generic, TypeAlias

from msgspec.structs import replace

from eventyard.matching.bindings import BindingTable, Bound, Bucket, Destination, Q, ToExchange
from eventyard.matching.headers import alike
from eventyard.model.ids import EntryId
from eventyard.model.streams import ExchangeType

Identity: TypeAlias = tuple[Hashable, str, Hashable]
"""Destination, key and arguments: what makes two bindings of an exchange one."""


def identity(destination: Destination[Q], key: str, arguments: Mapping[str, Any]) -> Identity:
    """What two bindings have in common if they are the same."""
    return destination, key, alike(arguments)


class Exchange(Generic[Q]):
    """An exchange. ``until`` is the last entry for which it was there, once it was removed."""

    __slots__ = ("_closed", "_standing", "alternate", "bound", "leads_on", "named", "until")

    def __init__(self, type: ExchangeType) -> None:
        self.alternate: str | None = None
        self.until: EntryId | None = None
        self.bound: dict[int, Bound[Q]] = {}
        """All bindings, also the closed ones, by number."""
        self.named: dict[Identity, Bound[Q]] = {}
        """Those that stand."""
        self.leads_on = 0
        """How many of all of them lead to another exchange."""
        self._standing: BindingTable[Q] = BindingTable(type)
        self._closed: BindingTable[Q] = BindingTable(type)

    @property
    def type(self) -> ExchangeType:
        """How it chooses among its bindings."""
        return self._standing.type

    def retype(self, type: ExchangeType) -> None:
        """Choose in another way from now on. If a binding has no meaning there, that is raised and nothing changes."""
        standing: BindingTable[Q] = BindingTable(type)
        closed: BindingTable[Q] = BindingTable(type)
        for bound in self.bound.values():
            (standing if bound.stands else closed).add(bound)
        self._standing, self._closed = standing, closed

    def put(self, bound: Bound[Q]) -> None:
        """Take a binding in. Raises :class:`eventyard.model.errors.Invalid` for arguments without a meaning."""
        (self._standing if bound.stands else self._closed).add(bound)
        self.bound[bound.number] = bound
        self.leads_on += isinstance(bound.destination, ToExchange)
        if bound.stands:
            self.named[identity(bound.destination, bound.binding.key, bound.binding.arguments)] = bound

    def take(self, bound: Bound[Q], until: EntryId | None) -> Bound[Q] | None:
        """Take a binding away. Returned is what is kept of it: closed as of ``until``, if it counted for an entry."""
        (self._standing if bound.stands else self._closed).remove(bound)
        del self.bound[bound.number]
        self.leads_on -= isinstance(bound.destination, ToExchange)
        if bound.stands:
            del self.named[identity(bound.destination, bound.binding.key, bound.binding.arguments)]
        if until is None or until <= bound.binding.since:
            return None
        kept = replace(bound, binding=replace(bound.binding, until=until))
        self.put(kept)
        return kept

    def find(self, key: str, headers: Mapping[str, Any], entry_id: EntryId | None) -> list[Bucket[Q]]:
        """The bindings that let such a message through, now or when that entry was committed."""
        if entry_id is None:
            return self._standing.find(key, headers)
        both = chain(self._standing.find(key, headers), self._closed.find(key, headers))
        return [then for bucket in both if (then := bucket.at(entry_id))]

    def lets_through(self, bound: Bound[Q], key: str, headers: Mapping[str, Any], entry_id: EntryId) -> bool:
        """The same question to one binding alone."""
        return bound.counts_for(entry_id) and self._standing.lets_through(bound.binding, key, headers)

    def only_key(self, bound: Bound[Q]) -> str | None:
        """The one routing key that the binding can let through; ``None`` if there are others."""
        return self._standing.only_key(bound.binding)
