"""What request bodies are made of, read as leniently as the originals do, and no more so.

Numbers and booleans may come as texts; ``null`` is a field that is not there, and so is an empty text where a text is
asked for. What cannot be read at all is a bad request (``invalid_body``); what can, and makes no sense as a filter, is
``invalid_filter``, which the originals answer otherwise.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

import msgspec

from eventyard.model.errors import Invalid, NotFound
from eventyard.model.ids import EntryId
from eventyard.pipeline.search import MAX_ENTRY_ID
from eventyard.wire.json_depth import check_depth

T = TypeVar("T")

_WHOLE = re.compile(r"[+-]?[0-9]{1,40}")


def object_of(body: bytes, depth: int) -> dict[str, Any]:
    """The JSON object that a body is; without a body, an empty one. Raises ``Invalid``."""
    if not body.strip():
        return {}
    check_depth(body, depth)
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Invalid("invalid_json", f"the body is not JSON: {error}") from None
    if not isinstance(found, dict):
        raise Invalid("invalid_body", "the body is not a JSON object")
    return found


def text(body: Mapping[str, Any], field: str) -> str | None:
    """A text; an empty one is none."""
    value = body.get(field)
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise wrong(field, "a text")
    return value


def whole(body: Mapping[str, Any], field: str) -> int | None:
    """A whole number, or the decimal digits of one."""
    value = body.get(field)
    if value is None:
        return None
    if isinstance(value, str) and _WHOLE.fullmatch(value):
        return int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        raise wrong(field, "a whole number")
    return value


def flag(body: Mapping[str, Any], field: str, default: bool) -> bool:
    """A boolean, or one of the words true and false in any case."""
    value = body.get(field)
    if value is None:
        return default
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    if not isinstance(value, bool):
        raise wrong(field, "true or false")
    return value


def choice(body: Mapping[str, Any], field: str, words: Mapping[str, T]) -> T | None:
    """What a word stands for, in any case, as an enum has it or as it is displayed ("Compound Subscription")."""
    value = text(body, field)
    if value is None:
        return None
    word = value.strip().upper().replace(" ", "_").replace("-", "_")
    if word not in words:
        raise unknown(field, value, words)
    return words[word]


def needed(body: Mapping[str, Any], field: str) -> str:
    """A text that must be there."""
    value = text(body, field)
    if value is None:
        raise Invalid("invalid_body", f"{field} is missing", pointer=f"/{field}")
    return value


def word(body: Mapping[str, Any], field: str, words: Mapping[str, T]) -> T:
    """What a word that must be there stands for, in any case."""
    value = needed(body, field)
    for one, meaning in words.items():
        if one.lower() == value.strip().lower():
            return meaning
    raise wrong(field, f"one of: {', '.join(words)}")


def event_id(body: Mapping[str, Any], field: str = "eventId") -> EntryId:
    """The id of an event that must be there. Raises ``NotFound`` for a number that is no event's."""
    number = whole(body, field)
    if number is None:
        raise Invalid("invalid_body", f"{field} is missing", pointer=f"/{field}")
    if not 0 < number <= MAX_ENTRY_ID:
        raise NotFound("not_found", f"there is no event {number}")
    return EntryId(number)


def unknown(field: str, value: str, words: Iterable[str]) -> Invalid:
    """The refusal of a word that is none of those a field takes."""
    message = f"there is no {field} {value!r:.80}"
    return Invalid("invalid_filter", message, pointer=f"/{field}", hint=f"one of: {', '.join(words)}")


def wrong(field: str, wanted: str) -> Invalid:
    """The refusal of a field whose value cannot be read."""
    return Invalid("invalid_body", f"{field} is not {wanted}", pointer=f"/{field}")
