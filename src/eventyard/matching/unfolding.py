"""How much work a JSON Schema can make for one value, found out before it is ever used.

A schema of forty lines can ask for 2^40 checks of one value: each definition names the next one twice. And one that
names itself in two alternatives makes it as costly to say where a deeply nested event fails. Both are counted here on
the schema alone, by unfolding its references: the first is refused, the second bounds what ``schema.py`` explains.
References that leave the schema are refused on the way, so that nothing is ever fetched.
"""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

from msgspec import Struct

from eventyard.matching.pointer import pointer
from eventyard.model.errors import Invalid

MAX_CHECKS = 10_000
"""How many subschemas may be applied along one path through an event."""

MAX_CHAIN = 100
"""How many subschemas may lie one inside the other, references followed."""

_ONE_HERE = ("not", "if", "then", "else")
_LIST_HERE = ("allOf", "anyOf", "oneOf")
_ONE_BELOW = (
    "additionalProperties", "contains", "contentSchema", "items", "propertyNames", "unevaluatedItems",
    "unevaluatedProperties",
)  # fmt: skip
_MAP_BELOW = ("properties", "patternProperties", "$defs")

Node = dict[str, Any]


class Work(Struct, frozen=True):
    """What a schema costs on the costliest path through an event.

    ``checks`` subschemas are applied; ``alternatives`` of them are branches of ``anyOf`` and ``oneOf``; ``returns`` of
    them come back to a subschema that the path is already in.
    """

    checks: int = 1
    alternatives: int = 0
    returns: int = 0


def unfold(schema: Any, at: str) -> Work:
    """Count the work of a schema. Raises :class:`Invalid` (``invalid_schema``) for one that is too much, and for a
    reference that leaves the schema, leads nowhere, or comes back to itself without a step into the data.
    """
    return _Unfolding(schema, at).total() if isinstance(schema, dict) else Work()


class _Unfolding:
    def __init__(self, schema: Node, at: str) -> None:
        self._schema = schema
        self._at = at
        self._anchors = dict(_anchors(schema))
        self._known: dict[int, Work] = {}
        self._here: set[int] = set()
        """The nodes applied to the value at hand, one inside the other."""
        self._above: set[int] = set()
        """The nodes on the way down, applied to this value or to one that it lies in."""

    def total(self) -> Work:
        root = self._work(self._schema, self._at, 0)
        return Work(root.checks, root.alternatives, max(work.returns for work in self._known.values()))

    def _work(self, node: Any, at: str, chain: int) -> Work:
        if not isinstance(node, dict):
            return Work()
        if id(node) in self._here:
            raise _refuse(
                at, "the schema applies itself to the same value without end", "let it recur in a property or item"
            )
        if id(node) in self._above:
            return Work(returns=1)
        if (known := self._known.get(id(node))) is not None:
            return known
        if chain > MAX_CHAIN:
            raise _refuse(at, f"more than {MAX_CHAIN} subschemas lie one inside the other", _SIMPLER)
        return self._count(node, at, chain)

    def _count(self, node: Node, at: str, chain: int) -> Work:
        if "$id" in node and node is not self._schema:
            raise _refuse(
                pointer(at, "$id"), "only the root of the schema may have an $id", "name the part with $anchor"
            )
        self._above.add(id(node))
        self._here.add(id(node))
        here = [self._work(part, where, chain + 1) for part, where in self._applied_here(node, at)]
        outer, self._here = self._here, set()
        below = [self._work(part, where, chain + 1) for part, where in _applied_below(node, at)]
        self._here = outer
        self._here.discard(id(node))
        self._above.discard(id(node))
        branches = sum(len(node[k]) for k in ("anyOf", "oneOf") if isinstance(node.get(k), list))
        work = Work(
            1 + sum(w.checks for w in here) + max((w.checks for w in below), default=0),
            branches + sum(w.alternatives for w in here) + max((w.alternatives for w in below), default=0),
            sum(w.returns for w in here) + max((w.returns for w in below), default=0),
        )
        if work.checks > MAX_CHECKS:
            raise _refuse(at, f"the schema asks for more than {MAX_CHECKS} checks of one value", _SIMPLER)
        self._known[id(node)] = work
        return work

    def _applied_here(self, node: Node, at: str) -> Iterator[tuple[Any, str]]:
        for keyword in _ONE_HERE:
            if keyword in node:
                yield node[keyword], pointer(at, keyword)
        for keyword in _LIST_HERE:
            yield from _items(node, keyword, at)
        yield from _members(node, "dependentSchemas", at)
        for keyword in ("$ref", "$dynamicRef"):
            if isinstance(node.get(keyword), str):
                yield self._target(node[keyword], pointer(at, keyword)), pointer(at, keyword)

    def _target(self, reference: str, at: str) -> Any:
        resource, _, fragment = reference.partition("#")
        if resource and resource != str(self._schema.get("$id", "")).partition("#")[0]:
            message = f"{reference[:100]!r} lies outside this schema, and nothing is ever fetched"
            raise _refuse(at, message, 'copy what it refers to under "$defs" and refer to "#/$defs/…"')
        if fragment and not fragment.startswith("/"):
            target = self._anchors.get(fragment)
        else:
            target = _descend(self._schema, fragment)
        if target is None:
            raise _refuse(
                at, f"{reference[:100]!r} leads nowhere in this schema", 'refer to a part of it, like "#/$defs/…"'
            )
        return target


def _applied_below(node: Node, at: str) -> Iterator[tuple[Any, str]]:
    for keyword in _ONE_BELOW:
        if keyword in node:
            yield node[keyword], pointer(at, keyword)
    yield from _items(node, "prefixItems", at)
    for keyword in _MAP_BELOW:
        yield from _members(node, keyword, at)


def _items(node: Node, keyword: str, at: str) -> Iterator[tuple[Any, str]]:
    parts = node.get(keyword)
    if isinstance(parts, list):
        yield from ((part, pointer(at, keyword, i)) for i, part in enumerate(parts))


def _members(node: Node, keyword: str, at: str) -> Iterator[tuple[Any, str]]:
    parts = node.get(keyword)
    if isinstance(parts, dict):
        yield from ((part, pointer(at, keyword, name)) for name, part in parts.items())


def _anchors(schema: Any) -> Iterator[tuple[str, Node]]:
    rest = [schema]
    while rest:
        part = rest.pop()
        if isinstance(part, dict):
            yield from ((part[k], part) for k in ("$anchor", "$dynamicAnchor") if isinstance(part.get(k), str))
            rest += part.values()
        elif isinstance(part, list):
            rest += part


def _descend(schema: Any, fragment: str) -> Any:
    """What a JSON Pointer in a URI fragment (RFC 6901, section 6) leads to; ``None`` where it leads nowhere."""
    for token in unquote(fragment).split("/")[1:]:
        name = token.replace("~1", "/").replace("~0", "~")
        if isinstance(schema, Mapping):
            schema = schema.get(name)
        elif isinstance(schema, list) and name.isascii() and name.isdigit() and int(name) < len(schema):
            schema = schema[int(name)]
        else:
            return None
    return schema


_SIMPLER = "name each definition once where it is used, or split the schema"


def _refuse(at: str, message: str, hint: str) -> Invalid:
    return Invalid("invalid_schema", message, pointer=at, hint=hint)
