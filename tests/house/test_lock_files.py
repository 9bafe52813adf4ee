"""What is installed is what was pinned, from wherever the machine gets its packages."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.house.tree import ROOT, kept_files

PINNED = sorted((ROOT / "requirements").glob("*.txt"))


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
    for requirement in map(Requirement, project["dependencies"]):
        assert requirement.specifier.contains(pinned[requirement.name]), f"{requirement}: run make lock"
