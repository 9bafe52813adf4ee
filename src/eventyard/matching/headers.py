"""Headers exchanges: thousands of bindings, asked at once which of them the headers of a message meet.

The language of AMQP 0-9-1 (section 3.1.3.4) with what RabbitMQ made of it. A binding's arguments name headers and the
values they must have; ``x-match`` says whether all of them count or any one, and whether those named ``x-…`` count too.
A binding that wants all is filed under one of its conditions and a binding that wants any under each, so a message
costs its own headers and the bindings it comes close to, not those that exist.
"""

from collections.abc import Callable, Hashable, Mapping
from decimal import Decimal
from typing import Any, Generic, TypeVar

from eventyard.model.errors import Invalid

V = TypeVar("V")

_MATCH = "x-match"

_KINDS = {"all": (True, False), "any": (False, False), "all-with-x": (True, True), "any-with-x": (False, True)}
"""What ``x-match`` may be: whether all must be met, and whether arguments named ``x-…`` are conditions."""

_PRESENT = object()
"""Wanted of a header that may have any value: the argument is void."""


def alike(value: Any) -> Hashable:
    """What is equal for two values of a table that count as the same, and only then.

    Numbers are compared by value, whichever their width; a truth value is no number, a string none either, and a string
    is its bytes. Decimals are the same with the same digits behind the point.
    """
    match value:
        case bool():
            return bool, value
        case bytes() | bytearray():
            return value.decode("utf-8", "surrogateescape")
        case Decimal():
            return Decimal, value.as_tuple()
        case Mapping():
            return Mapping, frozenset((name, alike(inner)) for name, inner in value.items())
        case list() | tuple():
            return list, tuple(map(alike, value))
        case _:
            return value  # type: ignore[no-any-return]  # what a field table holds besides is hashable


class HeadersTest:
    """The arguments of one binding, compiled.

    Raises :class:`Invalid` (``invalid_filter``) for an ``x-match`` that there is not.
    """

    __slots__ = ("all", "wanted")

    def __init__(self, arguments: Mapping[str, Any]) -> None:
        kind = arguments.get(_MATCH, "all")
        if not isinstance(kind, str) or kind not in _KINDS:
            raise Invalid(
                "invalid_filter",
                f"x-match is {kind!r}, and can only be all, any, all-with-x or any-with-x",
                pointer=f"/arguments/{_MATCH}",
            )
        self.all, with_x = _KINDS[kind]
        self.wanted: dict[str, Hashable] = {
            name: _PRESENT if value is None else alike(value)
            for name, value in arguments.items()
            if name != _MATCH and (with_x or not name.startswith("x-"))
        }

    def passes(self, headers: Mapping[str, Any]) -> bool:
        """Whether a message with these headers goes through. All of no conditions are met, any of none not."""
        met = (
            name in headers and (value is _PRESENT or alike(headers[name]) == value)
            for name, value in self.wanted.items()
        )
        return all(met) if self.all else any(met)


class HeadersTable(Generic[V]):
    """A mapping of binding arguments that is looked up by the headers of a message."""

    def __init__(self) -> None:
        self._values: dict[Hashable, V] = {}
        self._always: dict[Hashable, None] = {}
        self._filed: dict[str, dict[Hashable, dict[Hashable, HeadersTest]]] = {}
        """By header and value: the tests that are worth asking when a message has it."""
        self._places: dict[Hashable, list[tuple[str, Hashable]]] = {}

    def setdefault(self, arguments: Mapping[str, Any], make: Callable[[], V]) -> V:
        """The value of the arguments, made now if there is none yet. Raises as :class:`HeadersTest` does."""
        name = alike(arguments)
        if name not in self._values:
            test = HeadersTest(arguments)
            if test.passes({}):
                self._always[name] = None
            self._places[name] = places = self._places_of(test)
            for header, value in places:
                self._filed.setdefault(header, {}).setdefault(value, {})[name] = test
            self._values[name] = make()
        return self._values[name]

    def remove(self, arguments: Mapping[str, Any]) -> None:
        """Forget the arguments. Raises ``KeyError`` if they are not there."""
        name = alike(arguments)
        del self._values[name]
        self._always.pop(name, None)
        for header, value in self._places.pop(name):
            by_value = self._filed[header]
            del by_value[value][name]
            if not by_value[value]:
                del by_value[value]
            if not by_value:
                del self._filed[header]

    def find(self, headers: Mapping[str, Any]) -> list[V]:
        """The values of all arguments that the headers meet, each once, in no particular order."""
        met = dict(self._always)
        for header, value in headers.items():
            if by_value := self._filed.get(header):
                for wanted in (_PRESENT, alike(value)):
                    for name, test in by_value.get(wanted, {}).items():
                        if name not in met and test.passes(headers):
                            met[name] = None
        return [self._values[name] for name in met]

    def __bool__(self) -> bool:
        return bool(self._values)

    def _places_of(self, test: HeadersTest) -> list[tuple[str, Hashable]]:
        """Every condition if any one will do; else the one under which the fewest are filed already."""
        conditions = list(test.wanted.items())
        if not test.all or not conditions:
            return conditions
        return [min(conditions, key=lambda at: len(self._filed.get(at[0], {}).get(at[1], ())))]
