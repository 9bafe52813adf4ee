"""Templates in a JSON document: its strings are filled in, at any depth, in lists too; its shape stays.

A string that is one template and nothing else becomes the value, of whatever type that is. What is rendered are the
bytes of a request's body, so that a value which is used a hundred times is no work beyond its size. How a single text
is read is told in ``templates.py``.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

import msgspec
from msgspec import UNSET, Struct

from eventyard.matching.paths import Path
from eventyard.matching.pointer import pointer
from eventyard.matching.templates import Scene, Text, compile_text, wrong

MAX_DEPTH = 64
"""How deep a document with templates may be."""


class Node(Protocol):
    """A compiled part of a document."""

    @property
    def paths(self) -> Iterator[Path]:
        """Every path in it."""

    def json(self, scene: Scene) -> bytes | None:
        """It as JSON, filled in; ``None`` when it is dropped."""


def compile_json(document: Any, at: str, depth: int = MAX_DEPTH) -> Node:
    """A document with templates in its strings, but not in the names of members.

    Raises :class:`eventyard.model.errors.Invalid` (``invalid_settings``) as ``compile_text`` does, and for one that is
    too deep.
    """
    if depth == 0:
        raise wrong(f"it is more than {MAX_DEPTH} levels deep", at, "make it flatter")
    if isinstance(document, str):
        text = compile_text(document, at)
        return _String(text) if any(text.paths) else _Constant(msgspec.json.encode("".join(map(str, text.parts))))
    if isinstance(document, Mapping):
        below = {name: compile_json(value, pointer(at, name), depth - 1) for name, value in document.items()}
        return _folded(_Object(tuple((msgspec.json.encode(name) + b":", node) for name, node in below.items())))
    if isinstance(document, list):
        return _folded(_List(tuple(compile_json(v, pointer(at, i), depth - 1) for i, v in enumerate(document))))
    return _Constant(msgspec.json.encode(document))


class _Constant(Struct, frozen=True):
    encoded: bytes

    @property
    def paths(self) -> Iterator[Path]:
        return iter(())

    def json(self, scene: Scene) -> bytes | None:
        return self.encoded


class _String(Struct, frozen=True):
    text: Text

    @property
    def paths(self) -> Iterator[Path]:
        return self.text.paths

    def json(self, scene: Scene) -> bytes | None:
        path = self.text.alone
        if path is None:
            return scene.json(self.text.render(scene))
        value = scene.value(path)
        return None if value is UNSET else scene.json(value)


class _Object(Struct, frozen=True):
    members: tuple[tuple[bytes, Node], ...]

    @property
    def paths(self) -> Iterator[Path]:
        return (path for _, node in self.members for path in node.paths)

    def json(self, scene: Scene) -> bytes | None:
        rendered = ((name, node.json(scene)) for name, node in self.members)
        return b"{" + b",".join([name + value for name, value in rendered if value is not None]) + b"}"


class _List(Struct, frozen=True):
    items: tuple[Node, ...]

    @property
    def paths(self) -> Iterator[Path]:
        return (path for node in self.items for path in node.paths)

    def json(self, scene: Scene) -> bytes | None:
        rendered = (node.json(scene) for node in self.items)
        return b"[" + b",".join([value for value in rendered if value is not None]) + b"]"


def _folded(node: _Object | _List) -> Node:
    """What holds no template is written once and for all."""
    return node if any(node.paths) else _Constant(node.json(Scene({}, room=0)) or b"")
