"""The filter dialect of the event-sources API: ``eq``, ``ne`` and ``has`` conditions, all of which must hold.

The meaning is that of the original's code (not of its documentation, which shows two forms that could never match);
unlike there, a filter is checked when it is written, and every refusal points at the part that is wrong. The language
is described for users in ``docs/filters.md``; how values become strings stands in ``fields.py``; how thousands of
filters are asked at once, in ``index.py``.
"""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from msgspec import Struct

from eventyard.matching.fields import Fields, Path, read, text
from eventyard.matching.pointer import pointer
from eventyard.matching.wording import kind, show
from eventyard.model.errors import Invalid

MAX_BYTES = 65_536
MAX_CONDITIONS = 256
MAX_PATH_CHARS = 512
MAX_PATH_SEGMENTS = 32

Test = Callable[[Fields], bool]


class Condition(Struct, frozen=True):
    """One condition: ``op`` is ``eq``, ``ne`` or ``has``; ``wanted`` the string compared with (``None`` for ``has``).

    ``pointer`` leads to it from the root of the filter: ``/eq/0``.
    """

    op: str
    path: Path
    wanted: str | None
    pointer: str

    def test(self) -> Test:
        """The condition as a function of the event's fields."""
        path, wanted = self.path, self.wanted
        if self.op == "eq":
            return lambda fields: fields[path] == wanted
        if self.op == "ne":
            return lambda fields: fields[path] != wanted
        return lambda fields: read(fields.data, path) is not None


class Filter:
    """A compiled filter. Without conditions it passes everything; with some, only objects can pass.

    ``conditions`` are in the order eq, ne, has; ``pins`` the (path, string) pairs of its equality conditions: every
    event that passes has exactly these strings there, which is what the index hashes subscriptions by.
    """

    __slots__ = ("conditions", "passes", "pins")

    def __init__(self, conditions: tuple[Condition, ...]) -> None:
        self.conditions = conditions
        self.pins = tuple((c.path, c.wanted) for c in conditions if c.op == "eq" and c.wanted is not None)
        self.passes: Test = _all(tuple(condition.test() for condition in conditions))
        """Whether the fields of an object satisfy every condition."""

    def matches(self, data: Any) -> bool:
        """Whether the data passes. ``data`` is any decoded JSON value; never raises."""
        return not self.conditions or (isinstance(data, dict) and self.passes(Fields(data)))


def _all(tests: tuple[Test, ...]) -> Test:
    if len(tests) == 1:
        return tests[0]

    def every(fields: Fields) -> bool:
        for test in tests:  # noqa: SIM110 - all() over a generator costs twice as much here
            if not test(fields):
                return False
        return True

    return every


def compile_filter(expr: Any, *, at: str = "") -> Filter:
    """Compile a filter expression, a decoded JSON value; ``None`` and ``{}`` pass everything.

    Raises :class:`Invalid` (``invalid_filter``), its pointer leading from ``at``, the pointer of the filter itself, to
    the bad part, its hint showing the form that was probably meant.
    """
    if expr is None:
        return Filter(())
    if not isinstance(expr, dict):
        raise _refuse(at, f"a filter is an object of eq, ne and has, not {kind(expr)}", _meant_by(expr))
    for key in expr:
        if key not in ("eq", "ne", "has"):
            raise _refuse(pointer(at, key), f"{show(key)} is no part of a filter", _meant_by_member(key, expr[key]))
    lists = {op: _list(op, expr[op], at) for op in ("eq", "ne", "has") if op in expr}
    count = sum(map(len, lists.values()))
    if count > MAX_CONDITIONS:
        raise _refuse(at, f"the filter has {count} conditions, and {MAX_CONDITIONS} are the most", _SPLIT)
    conditions = tuple(_conditions(lists, at))
    size = len(json.dumps(expr, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass"))
    if size > MAX_BYTES:
        raise _refuse(at, f"the filter is {size} bytes long, and {MAX_BYTES} are the most", _SPLIT)
    return Filter(conditions)


def _list(op: str, value: Any, at: str) -> list[Any]:
    if isinstance(value, list):
        return value
    if isinstance(value, dict) and op != "has" and None not in (forms := [text(wanted) for wanted in value.values()]):
        hint = _write(op, [[path, form] for path, form in zip(value, forms, strict=True)])
    elif isinstance(value, str) and op == "has":
        hint = _write(op, [value])
    else:
        hint = _EXAMPLES[op]
    what = "paths" if op == "has" else "[path, string] pairs"
    raise _refuse(pointer(at, op), f"{op} is a list of {what}, not {kind(value)}", hint)


def _conditions(lists: dict[str, list[Any]], at: str) -> Iterator[Condition]:
    for op, items in lists.items():
        for i, item in enumerate(items):
            where = pointer(at, op, i)
            if op == "has":
                yield Condition(op, _path(item, where, _EXAMPLES[op]), None, pointer("", op, i))
            else:
                path, wanted = _pair(op, item, items, where)
                yield Condition(op, path, wanted, pointer("", op, i))


def _pair(op: str, item: Any, items: list[Any], where: str) -> tuple[Path, str]:
    if not isinstance(item, list):
        pair_was_meant = len(items) == 2 and isinstance(items[0], str) and text(items[1]) is not None
        hint = _write(op, [[items[0], text(items[1])]]) if pair_was_meant else _EXAMPLES[op]
        raise _refuse(where, f"each condition of {op} is a [path, string] pair, not {kind(item)}", hint)
    if len(item) != 2:
        raise _refuse(
            where, f"each condition of {op} is a [path, string] pair, not a list of {len(item)}", _EXAMPLES[op]
        )
    path = _path(item[0], pointer(where, 0), _EXAMPLES[op])
    if not isinstance(item[1], str):
        form = text(item[1])
        hint = _EXAMPLES[op] if form is None else f"values are compared as strings: write {show([item[0], form])}"
        raise _refuse(pointer(where, 1), f"the value to compare with is a string, not {kind(item[1])}", hint)
    return path, item[1]


def _path(path: Any, where: str, example: str) -> Path:
    if not isinstance(path, str):
        raise _refuse(where, f"a path is a string, not {kind(path)}", example)
    if not path:
        raise _refuse(where, "the path is empty", "name a member of the data, like action or order.status")
    if len(path) > MAX_PATH_CHARS:
        raise _refuse(where, f"the path is {len(path)} characters long, and {MAX_PATH_CHARS} are the most", _SHORTEN)
    names = tuple(path.split("."))
    if len(names) > MAX_PATH_SEGMENTS:
        raise _refuse(where, f"the path has {len(names)} names, and {MAX_PATH_SEGMENTS} are the most", _SHORTEN)
    if "" in names:
        raise _refuse(
            where, f"the path {show(path)} has an empty name in it", "write names with one dot between each two"
        )
    return names


_SPLIT = "make several subscriptions with a smaller filter each"
_SHORTEN = "filter on a member nearer to the root of the data"
_EXAMPLES = {
    "eq": 'write {"eq": [["action", "opened"]]}',
    "ne": 'write {"ne": [["sender.type", "Bot"]]}',
    "has": 'write {"has": ["pull_request.merged_at"]}',
}
_COMPARISON = re.compile(r"""\s*(?:payload\.|data\.|\$\.)?([\w.-]{1,100})\s*(==|!=)\s*(['"]?)([^'"]{0,100})\3\s*""")


def _meant_by(expr: Any) -> str:
    """A hint for somebody who wrote no object at all, perhaps ``payload.action == 'created'``."""
    if isinstance(expr, str) and (found := _COMPARISON.fullmatch(expr)):
        return _write("eq" if found[2] == "==" else "ne", [[found[1], found[4]]])
    return _EXAMPLES["eq"]


def _meant_by_member(key: str, value: Any) -> str:
    """A hint for somebody who wrote the object that an event should look like, perhaps ``{"type": "x"}``."""
    wanted = text(value)
    return _EXAMPLES["eq"] if wanted is None else _write("eq", [[key, wanted]])


def _write(op: str, items: list[Any]) -> str:
    return f"write {show({op: items}, most=300)}"


def _refuse(where: str, message: str, hint: str) -> Invalid:
    return Invalid("invalid_filter", message, pointer=where, hint=hint)
