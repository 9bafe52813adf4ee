"""Paths into a JSON document, as request templates write them: ``.body.items[0].price``, ``.headers.x-shop``.

They are JSONPath's plain part with the ``$`` left out. Of a path with ``*`` the first value that it leads to counts, in
the order of the document. What a path stands in is ``templates.py``'s.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

from msgspec import UNSET, Struct

MOST_STEPS = 64
"""As deep as a document may be that the hub takes in."""

_STEP = re.compile(
    r"""\.(?P<name>[^\s.\[\]{}'"*$]+) | \[(?P<index>[0-9]{1,9})\] | (?P<any>\.\*|\[\*\])
    | \[(?P<quote>['"])(?P<quoted>(?:\\.|(?!(?P=quote))[^\\])*)(?P=quote)\]""",
    re.VERBOSE,
)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


class BadPath(ValueError):
    """What stands there is no path. The text says why, ``position`` where, counted from 0."""

    def __init__(self, text: str, position: int) -> None:
        super().__init__(text)
        self.position = position


class Path(Struct, frozen=True):
    """Steps from the root: the names of members, the places in lists (from 0), and ``None`` for any of either."""

    steps: tuple[str | int | None, ...]

    def find(self, document: Any, tried: Callable[[], None] = lambda: None) -> Any:
        """What the path leads to; :data:`msgspec.UNSET` when that is nothing.

        ``tried`` is told of each part that a ``*`` tries, and raises when it has had enough: that is work which the
        document multiplies.
        """
        value = document
        for place, step in enumerate(self.steps):
            if step is None:
                return next(_first(value, self.steps[place:], tried), UNSET)
            value = _down(value, step)
            if value is UNSET:
                return UNSET
        return value

    def __str__(self) -> str:
        return "".join(map(_written, self.steps))


def read_path(text: str, start: int = 0) -> tuple[Path, int]:
    """The path that begins at ``start``, and where it ends: the first place that belongs to no step.

    Raises :class:`BadPath` when not even one step begins there, and for more than ``MOST_STEPS``.
    """
    steps: list[str | int | None] = []
    end = start
    while found := _STEP.match(text, end):
        end = found.end()
        if found["index"] is not None:
            steps.append(int(found["index"]))
        elif found["quoted"] is not None:
            steps.append(_ESCAPED.sub(r"\1", found["quoted"]))
        else:
            steps.append(found["name"])
    if not steps:
        raise BadPath("a path begins with a dot and a name, like .body.id", start)
    if len(steps) > MOST_STEPS:
        raise BadPath(f"a path has at most {MOST_STEPS} steps", start)
    return Path(tuple(steps)), end


def _down(value: Any, step: str | int) -> Any:
    if isinstance(value, dict):
        return value.get(step, UNSET) if isinstance(step, str) else UNSET
    if isinstance(value, list):
        if isinstance(step, str):
            if not (step.isascii() and step.isdigit() and len(step) < 10):
                return UNSET
            step = int(step)
        return value[step] if step < len(value) else UNSET
    return UNSET


def _first(value: Any, steps: tuple[str | int | None, ...], tried: Callable[[], None]) -> Iterator[Any]:
    """Every value that the steps lead to, found as it is asked for."""
    if not steps:
        yield value
        return
    if steps[0] is not None:
        below = _down(value, steps[0])
        if below is not UNSET:
            yield from _first(below, steps[1:], tried)
        return
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        tried()
        yield from _first(part, steps[1:], tried)


def _written(step: str | int | None) -> str:
    if step is None:
        return "[*]"
    if isinstance(step, int):
        return f"[{step}]"
    if (plain := _STEP.fullmatch(f".{step}")) and plain["name"]:
        return f".{step}"
    return "['" + re.sub(r"(['\\])", r"\\\1", step) + "']"
