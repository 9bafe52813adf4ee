"""Thousands of routing-key patterns, asked at once which of them a key fits.

Patterns that begin alike share the walk through their beginning, so a key costs the branches it can still fit and not
the patterns there are. The meaning of a pattern is that of ``patterns.py``.
"""

from collections.abc import Callable
from typing import Generic, TypeVar

from eventyard.matching.patterns import MANY, ONE, split_key

V = TypeVar("V")


class _Node(Generic[V]):
    __slots__ = ("branches", "loops", "values")

    def __init__(self, loops: bool = False) -> None:
        self.branches: dict[str, _Node[V]] = {}
        self.loops = loops
        """Reached through ``#``: a further word may pass without leaving the node."""
        self.values: list[V] = []
        """The value of the pattern that ends here; a list of none or one."""


class PatternTrie(Generic[V]):
    """A mapping of patterns, as tuples of words in normal form, that is looked up by routing key."""

    def __init__(self) -> None:
        self._root: _Node[V] = _Node()

    def setdefault(self, words: tuple[str, ...], make: Callable[[], V]) -> V:
        """The value of the pattern, made now if there is none yet."""
        node = self._root
        for word in words:
            node = node.branches.setdefault(word, _Node(loops=word == MANY))
        if not node.values:
            node.values.append(make())
        return node.values[0]

    def remove(self, words: tuple[str, ...]) -> None:
        """Forget the pattern, and the branches that led to nothing else. Raises ``KeyError`` if it is not there."""
        trail: list[tuple[_Node[V], str]] = []
        node = self._root
        for word in words:
            trail.append((node, word))
            node = node.branches[word]
        if not node.values:
            raise KeyError(words)
        node.values.clear()
        for parent, word in reversed(trail):
            child = parent.branches[word]
            if child.values or child.branches:
                break
            del parent.branches[word]

    def find(self, key: str) -> list[V]:
        """The values of all patterns that the routing key fits, each once, in no particular order."""
        here = _with_skipped({self._root: None})
        for word in split_key(key):
            following: dict[_Node[V], None] = {}
            for node in here:
                if node.loops:
                    following[node] = None
                # A key may hold the very words * and #; they are branches of patterns, and no word of a key takes them.
                if word not in (ONE, MANY) and (named := node.branches.get(word)):
                    following[named] = None
                if one := node.branches.get(ONE):
                    following[one] = None
            here = _with_skipped(following)
        return [value for node in here for value in node.values]

    def __bool__(self) -> bool:
        return bool(self._root.branches or self._root.values)


def _with_skipped(nodes: dict[_Node[V], None]) -> dict[_Node[V], None]:
    """The nodes, and those behind a ``#`` that stands for no word. In normal form no ``#`` follows another."""
    for node in list(nodes):
        if many := node.branches.get(MANY):
            nodes[many] = None
    return nodes
