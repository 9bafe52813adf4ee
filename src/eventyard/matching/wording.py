"""How JSON values are named in sentences: the error messages of filters, and the explanations of matches."""

import json
from typing import Any

_KINDS = {str: "a string", int: "a number", float: "a number", list: "a list", dict: "an object"}


def kind(value: Any) -> str:
    """What a JSON value is: ``a string``, ``an object``, ``null``, ``true``."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    return _KINDS.get(type(value), type(value).__name__)


def show(value: Any, most: int = 80) -> str:
    """The value as JSON, cut with ``…`` to at most so many characters."""
    shown = json.dumps(value, ensure_ascii=False)
    return shown if len(shown) <= most else shown[: most - 1] + "…"
