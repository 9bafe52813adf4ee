"""Request templates: ``${.body.customer.id}`` in a text, filled in from an event.

Compiled once, when a target is written, which is also when most mistakes are found; then rendered for each delivery.
Strings are filled in as they are, all else as JSON. A template is kept from being one by a backslash: ``\\${`` is the
text ``${``.

Pure. Templates in JSON documents are ``json_templates.py``'s, those in URLs ``url_templates.py``'s; to whom a request
goes, and what it means, ``targets/request.py`` knows. The rules are those of eventhos where it keeps to them.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from typing import Any

import msgspec
from msgspec import UNSET, Struct

from eventyard.matching.paths import BadPath, Path, read_path
from eventyard.model.errors import Invalid

ROOTS = ("headers", "query", "body", "url", "oauthResponse")
"""What a template can speak of: the request that the event came by, and, with ``headers`` and ``body`` of its own, the
answer that brought an access token."""

_OPENING = re.compile(r"(?<!\\)(\\*)\$\{")  # begun before a row of backslashes only, and not once in each of them
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")
_HINT = "write it like ${.body.items[0].price}, with ['…'] for names that hold other signs, or \\${ for the signs ${"


MOST_SOUGHT = 200_000
"""How many parts of a document may be tried for all paths with ``*`` of one rendering."""


class Missing(StrEnum):
    """What becomes of a template whose path leads to nothing."""

    DROP = "drop"
    """The member, element, header or parameter that it is the whole value of is left out; in a text it is empty."""
    NULL = "null"
    ERROR = "error"
    """Nothing is rendered at all."""


class Unrenderable(Exception):
    """The templates cannot be filled in from this event. The text says which one, and why."""


class Scene:
    """What one rendering draws on: the document the paths lead into, and how many bytes may still be made of it."""

    def __init__(self, document: Mapping[str, Any], missing: Missing = Missing.DROP, *, room: int) -> None:
        self._document = document
        self._missing = missing
        self._room = room
        self._sought = 0

    def value(self, path: Path) -> Any:
        """What the path leads to; ``UNSET`` when that is nothing, and nothing shall be there.

        Raises :class:`Unrenderable` when it leads to nothing and that is an error, and when too much has been tried.
        """
        value = path.find(self._document, self._seek)
        if value is UNSET and self._missing is not Missing.DROP:
            if self._missing is Missing.ERROR:
                raise Unrenderable(f"there is nothing at ${{{path}}}")
            return None
        return value

    def text(self, path: Path) -> str | None:
        """The value as a text holds it; ``None`` when it is dropped."""
        value = self.value(path)
        if value is UNSET:
            return None
        if isinstance(value, str):
            self._take(len(value))
            return value
        return self.json(value).decode()

    def json(self, value: Any) -> bytes:
        """The value as JSON. Raises :class:`Unrenderable` when there is no room left for it."""
        try:
            encoded = msgspec.json.encode(value)
        except (UnicodeError, TypeError, OverflowError, RecursionError) as error:
            raise Unrenderable(f"a value cannot be written as JSON: {error}") from None
        self._take(len(encoded))
        return encoded

    def _seek(self) -> None:
        self._sought += 1
        if self._sought > MOST_SOUGHT:
            raise Unrenderable(f"its templates try more than {MOST_SOUGHT} parts of the event for what [*] leads to")

    def _take(self, size: int) -> None:
        self._room -= size
        if self._room < 0:
            raise Unrenderable("the request would become too large")


class Text(Struct, frozen=True):
    """A compiled text: what stands in it, and paths to what is filled in."""

    parts: tuple[str | Path, ...]

    @property
    def paths(self) -> Iterator[Path]:
        """Every path in it."""
        return (part for part in self.parts if isinstance(part, Path))

    @property
    def alone(self) -> Path | None:
        """The path, if the text is one template and nothing else."""
        return self.parts[0] if len(self.parts) == 1 and isinstance(self.parts[0], Path) else None

    def render(self, scene: Scene, each: Callable[[str], str] = str) -> str | None:
        """The text with its values filled in, ``each`` as it is told to; ``None`` if it is one alone, and dropped."""
        if (path := self.alone) is not None:
            text = scene.text(path)
            return None if text is None else each(text)
        return "".join([part if isinstance(part, str) else each(scene.text(part) or "") for part in self.parts])


def compile_text(text: str, at: str) -> Text:
    """A text with templates. ``at`` is the JSON Pointer to it, for the error.

    Raises :class:`Invalid` (``invalid_settings``) when a template is not closed, is no path, or speaks of what there
    is not; positions count from 1.
    """
    parts: list[str | Path] = []
    literal, end = "", 0
    while opening := _OPENING.search(text, end):
        escapes = len(opening[1])
        literal += text[end : opening.start()] + "\\" * (escapes // 2)
        end = opening.end()
        if escapes % 2:
            literal += "${"
            continue
        path, end = _path(text, end, at)
        parts += [literal, path] if literal else [path]
        literal = ""
    literal += text[end:]
    return Text((*parts, literal) if literal else tuple(parts))


def wrong(message: str, at: str, hint: str) -> Invalid:
    """The error of a template, which names the setting it stands in."""
    setting = at.removeprefix("/settings/").partition("/")[0]
    return Invalid("invalid_settings", f"{setting}: {message}", pointer=at, hint=hint)


def on_one_line(value: str) -> str:
    """A value in a header: control characters, line breaks above all, become one space (RFC 9110, 5.5)."""
    return _CONTROL.sub(" ", value).strip()


def _path(text: str, start: int, at: str) -> tuple[Path, int]:
    template = f"the template at character {start - 1}"
    try:
        path, end = read_path(text, start)
    except BadPath as error:
        raise wrong(f"{template} is none: {error}", at, _HINT) from None
    if path.steps[0] not in ROOTS:
        raise wrong(f"{template} speaks of {path.steps[0]!r:.80}", at, f"templates can speak of {', '.join(ROOTS)}")
    if end == len(text):
        raise wrong(f"{template} is not closed", at, "write } behind its path")
    if text[end] != "}":
        raise wrong(f"{template} goes wrong at character {end + 1}", at, _HINT)
    return _with_lower_headers(path), end + 1


def _with_lower_headers(path: Path) -> Path:
    """The names of headers mean the same in any case, and are kept in lower case."""
    names = (
        1 if path.steps[0] == "headers" else 2 if path.steps[:2] == ("oauthResponse", "headers") else len(path.steps)
    )
    return Path(tuple(s.lower() if i == names and isinstance(s, str) else s for i, s in enumerate(path.steps)))
