"""Declarations as they are written: YAML or JSON, in a file, a directory or on stdin; each item with its place.

A document maps kinds to lists of items. Values come from the environment as ``${env:NAME}`` within a text, or as
``{from_env: NAME}``. Errors name the file, the document in it and, as a JSON Pointer, what is meant.
"""

import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import yaml  # type: ignore[import-untyped]

from eventyard.cli.failure import Failure

FROM_ENV = "from_env"
ENDINGS = (".yaml", ".yml", ".json")
_IN_TEXT = re.compile(r"\$\{env:([A-Za-z_][A-Za-z0-9_]*)\}")


class Place(NamedTuple):
    """Where something is declared: the ``document``, counted from 1, of a file."""

    file: str
    document: int
    pointer: str

    def below(self, name: str | int) -> "Place":
        """The place of a part."""
        escaped = str(name).replace("~", "~0").replace("/", "~1")
        return self._replace(pointer=f"{self.pointer}/{escaped}")

    def __str__(self) -> str:
        return f"{self.file}, document {self.document}, {self.pointer or '/'}"


class Declared(NamedTuple):
    """An item with its kind and its place."""

    kind: str
    fields: Mapping[str, Any]
    place: Place

    @property
    def name(self) -> str:
        """What it is called."""
        return str(self.fields["name"])


class Wanted(NamedTuple):
    """Every item that is declared, and the kinds that are mentioned, if only to say that there are none."""

    items: Sequence[Declared]
    kinds: frozenset[str]


class _Loader(yaml.SafeLoader):  # type: ignore[misc]
    """Plain data only: no dates, which JSON has not, and no key twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.constructor.ConstructorError(None, None, f"the key {key.value!r} twice", key.start_mark)
            seen.add(key.value)
        made: dict[Any, Any] = super().construct_mapping(node, deep)
        return made


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read(files: Sequence[str], kinds: Sequence[str]) -> Wanted:
    """What is declared in files, directories (in the order of their names) and stdin (``-``)."""
    found: list[Declared] = []
    mentioned: set[str] = set()
    places: dict[tuple[str, str], Place] = {}
    for name, text in _texts(files):
        for place, document in _documents(name, text):
            mentioned.update(document if isinstance(document, Mapping) else ())
            for item in _items(document, place, kinds):
                earlier = places.setdefault((item.kind, item.name), item.place)
                if earlier is not item.place:
                    raise failed(item.place, f"{item.kind} {item.name!r} is declared already: {earlier}")
                found.append(item)
    return Wanted(found, frozenset(mentioned))


def failed(place: Place, message: str, hint: str | None = None) -> Failure:
    """A failure that says where."""
    return Failure(f"{place}: {message}", hint=hint)


def from_environment(value: Any, place: Place) -> Any:
    """The value with what it takes from the environment. Raises :class:`Failure` for a variable that is not set."""
    if isinstance(value, Mapping):
        if set(value) == {FROM_ENV}:
            return _variable(str(value[FROM_ENV]), place)
        return {name: from_environment(inner, place.below(name)) for name, inner in value.items()}
    if isinstance(value, list):
        return [from_environment(inner, place.below(number)) for number, inner in enumerate(value)]
    if isinstance(value, str):
        return _IN_TEXT.sub(lambda match: _variable(match[1], place), value)
    return value


def _variable(name: str, place: Place) -> str:
    if name not in os.environ:
        raise failed(place, f"the environment variable {name} is not set")
    return os.environ[name]


def _texts(files: Sequence[str]) -> Iterator[tuple[str, str]]:
    for file in files:
        path = Path(file)
        if file == "-":
            yield "stdin", sys.stdin.read()
            continue
        inner = sorted(one for one in path.rglob("*") if one.suffix in ENDINGS) if path.is_dir() else [path]
        for one in inner:
            try:
                yield str(one), one.read_text()
            except (OSError, UnicodeDecodeError) as error:
                raise Failure(f"cannot read {one}: {getattr(error, 'strerror', None) or 'it is not UTF-8'}") from None


def _documents(file: str, text: str) -> Iterator[tuple[Place, Any]]:
    number = 0
    try:
        for number, document in enumerate(yaml.load_all(text, _Loader), start=1):
            if document is not None:
                yield Place(file, number, ""), document
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f" at line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        problem = getattr(error, "problem", None) or "it is nested too deeply"
        raise Failure(f"{file}, document {number + 1}: not YAML or JSON{where}: {problem}") from None


def _items(document: Any, place: Place, kinds: Sequence[str]) -> Iterator[Declared]:
    if not isinstance(document, Mapping):
        raise failed(place, "a document maps kinds to lists", hint=f"the kinds are: {', '.join(kinds)}")
    for kind, items in document.items():
        at = place.below(kind)
        if kind not in kinds:
            raise failed(at, f"there is no kind {kind!r}", hint=f"the kinds are: {', '.join(kinds)}")
        if not isinstance(items, list):
            raise failed(at, "here a list is wanted")
        for number, fields in enumerate(items):
            one = at.below(number)
            if not isinstance(fields, Mapping) or not all(isinstance(name, str) for name in fields):
                raise failed(one, "here a mapping of fields is wanted")
            if not isinstance(fields.get("name"), str) or not fields["name"]:
                raise failed(one.below("name"), "every item needs a name, which is a text")
            yield Declared(kind, fields, one)
