"""HTML forms as JSON: ``order[lines][0][sku]=7`` is ``{"order": {"lines": [{"sku": "7"}]}}``, as the original reads it.

Every value is a text. Names beyond :data:`DEEPEST` levels are not taken apart further, an index beyond
:data:`LONGEST` makes no list.
"""

import re
from typing import Any
from urllib.parse import unquote_plus

from eventyard.model.errors import TooLarge

MEDIA = "application/x-www-form-urlencoded"
DEEPEST = 5
LONGEST = 100
MOST = 1000
"""Fields of one form."""

_BRACKETS = re.compile(r"\[([^\[\]]*)\]")


def form_of(body: bytes) -> dict[str, Any]:
    """What a form says. Raises ``TooLarge`` (``body_too_large``) beyond :data:`MOST` fields."""
    parts = [part for part in body.decode("latin-1").split("&") if part]
    if len(parts) > MOST:
        raise TooLarge("body_too_large", f"the form has {len(parts)} fields, the limit is {MOST}")
    form: dict[str, Any] = {}
    for part in parts:
        name, _, value = part.partition("=")
        _put(form, _path(unquote_plus(name)), unquote_plus(value))
    return {name: _settled(value) for name, value in form.items()}


def _path(name: str) -> list[str]:
    """The steps of a name: ``a[b][]`` is ``a``, ``b`` and an empty one, which stands for the next in a list."""
    start = name.find("[")
    if start < 1:
        return [name]
    steps, at = [name[:start]], start
    while len(steps) <= DEEPEST and (step := _BRACKETS.match(name, at)):
        steps.append(step[1])
        at = step.end()
    return steps if at == len(name) else [*steps, name[at:]]


def _put(tree: dict[str, Any], path: list[str], value: str) -> None:
    *way, last = path
    for given in way:
        step = given or str(len(tree))
        branch = tree.setdefault(step, {})
        if not isinstance(branch, dict):  # a=1&a[b]=2
            branch = tree[step] = {"0": branch}
        tree = branch
    last = last or (str(len(tree)) if way else "")
    if last not in tree:
        tree[last] = value
    elif isinstance(tree[last], dict):
        tree[last][str(len(tree[last]))] = value
    else:  # a=1&a=2
        tree[last] = {"0": tree[last], "1": value}


def _settled(value: Any) -> Any:
    """A branch whose names are all numbers is a list, in their order."""
    if not isinstance(value, dict):
        return value
    if all(name.isascii() and name.isdigit() and len(name) < 4 and int(name) <= LONGEST for name in value):
        return [_settled(value[name]) for name in sorted(value, key=int)]
    return {name: _settled(branch) for name, branch in value.items()}
