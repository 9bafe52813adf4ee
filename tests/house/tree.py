"""The source tree as the house checks see it: modules, with their syntax trees, and the files that git keeps."""

import ast
from collections.abc import Iterator
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
SRC = ROOT / "src/eventyard"


class Module(NamedTuple):
    """A Python file: its path below ``src/eventyard`` (or below the root, for tests), and where it is."""

    path: Path
    file: Path

    @property
    def tree(self) -> ast.Module:
        """What is written in it, read when a test first asks."""
        return parsed(self.file)


@cache
def parsed(file: Path) -> ast.Module:
    """The syntax tree of a Python file."""
    return ast.parse(file.read_bytes(), str(file))


@cache
def modules() -> tuple[Module, ...]:
    """Every module of the package."""
    return tuple(_modules(SRC, SRC))


@cache
def suites() -> tuple[Module, ...]:
    """Every module under ``tests``."""
    return tuple(_modules(ROOT / "tests", ROOT))


def _modules(folder: Path, below: Path) -> Iterator[Module]:
    for path in sorted(folder.rglob("*.py")):
        yield Module(path.relative_to(below), path)


@cache
def kept_files() -> tuple[Path, ...]:
    """Every file that git keeps or would keep. Told from ``.gitignore`` alone, so that no git is needed to know."""
    ignored = [line.rstrip("/") for line in (ROOT / ".gitignore").read_text().splitlines()]
    return tuple(_kept(ROOT, [".git", *filter(None, ignored)]))


def _kept(folder: Path, ignored: list[str]) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        place = f"/{path.relative_to(ROOT)}"
        if any(fnmatch(place if pattern.startswith("/") else path.name, pattern) for pattern in ignored):
            continue
        if path.is_dir():
            yield from _kept(path, ignored)
        elif path.is_file():
            yield path


def calls(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    """Every call under a node with the dotted name that is called, imports resolved (``datetime.datetime.now``)."""
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.asname or alias.name: alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            first, dot, rest = ast.unparse(node.func).partition(".")
            yield names.get(first, first) + dot + rest, node
