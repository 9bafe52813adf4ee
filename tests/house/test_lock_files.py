"""What is installed is what was pinned, from wherever the machine gets its packages."""

import ast
import re
import sys
import tomllib
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.house.tree import ROOT, SRC, kept_files, parsed

PINNED = sorted((ROOT / "requirements").glob("*.txt"))
OURS = {"eventyard", "bench", "tests", "tools"}


@pytest.mark.parametrize("path", PINNED, ids=lambda path: path.name)
def test_every_requirement_is_one_version_with_hashes(path: Path) -> None:
    text = re.sub(r"^(#.*)?\n", "", path.read_text(), flags=re.M)
    for entry in re.split(r"\n(?=\S)", text.strip()):
        assert re.fullmatch(r"[a-z0-9.-]+==\S+( \\\n    --hash=sha256:[0-9a-f]{64})+", entry), entry[:80]


def test_the_runtimes_pins_are_also_those_it_is_tested_with() -> None:
    runtime, dev = (set(re.findall(r"^\S+==\S+", path.read_text(), re.M)) for path in reversed(PINNED))
    assert runtime < dev


def test_no_lock_file_says_where_to_download_from() -> None:
    locks = [
        path
        for path in kept_files()
        if path.parent.name == "requirements" or path.name.endswith(("lock.json", "lock.yaml", ".lock"))
    ]
    assert not [path.name for path in locks if re.search(r"\w+://|--(extra-)?index-url|--find-links", path.read_text())]


def test_what_the_project_asks_for_is_what_is_pinned() -> None:
    pinned = dict(re.findall(r"^(\S+)==(\S+)", (ROOT / "requirements/runtime.txt").read_text(), re.M))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = [requirement for extra in project["optional-dependencies"].values() for requirement in extra]
    for requirement in map(Requirement, [*project["dependencies"], *extras]):
        assert requirement.specifier.contains(pinned[requirement.name]), f"{requirement}: run make lock"


@pytest.mark.parametrize("lock", PINNED, ids=lambda path: path.name)
def test_what_is_imported_is_pinned(lock: Path) -> None:
    """The runtime's pins are the hub's; who uses ``eventyard.testing`` has a pytest of their own."""
    pinned = set(re.findall(r"^(\S+)==", lock.read_text(), re.M))
    distributions = packages_distributions()
    lacking = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in kept_files()
        if path.suffix == ".py" and (lock.name == "dev.txt" or _of_the_hub(path))
        for name in sorted(imported(path) - sys.stdlib_module_names - OURS)
        if pinned.isdisjoint(map(canonicalize_name, distributions.get(name, [name])))
    ]
    assert not lacking


def _of_the_hub(path: Path) -> bool:
    return path.is_relative_to(SRC) and not path.is_relative_to(SRC / "testing")


@cache
def imported(path: Path) -> frozenset[str]:
    """The packages at the roots of a file's imports."""
    nodes = list(ast.walk(parsed(path)))
    whole = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    parts = [node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module]
    return frozenset(name.partition(".")[0] for name in (*whole, *parts))
