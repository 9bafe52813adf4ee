"""What a suite needs beside Python is named by a mark. Where that cannot be had, the run says so by name and count."""

import gc
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.moving import mariadb

NODE_MODULES = Path(__file__).parent / "interop/node_modules"
ASSETS = Path(__file__).parents[1] / "src/eventyard/dialects/data_events/assets/asyncapi-react"
NOT_RUN = pytest.StashKey[Counter[tuple[str, str]]]()
GARBAGE = 50_000, 20, 20
"""When to look for garbage. Most tests make a hub and drop it: looking as often as is usual is an eighth of it all."""


def npm_packages() -> bool:
    """Whether ``make test`` could fetch what ``tests/interop/package.json`` names, and a Node.js is here to run it."""
    if not NODE_MODULES.is_dir() or shutil.which("node") is None:
        return False
    version = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout
    return int(version.removeprefix("v").split(".")[0]) >= 20


CAN_BE_HAD: Mapping[str, Callable[[], bool]] = {
    "npm packages on Node.js 20": npm_packages,
    "Chromium": lambda: shutil.which("chromium") is not None,
    "the browser files of the documentation pages": ASSETS.is_dir,
    "MariaDB": mariadb.is_here,
}


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", f"needs(thing): one of {', '.join(CAN_BE_HAD)}")
    config.stash[NOT_RUN] = Counter()
    gc.set_threshold(*GARBAGE)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    needed = {mark.args[0] for item in items for mark in item.iter_markers("needs")}
    lacking = {thing for thing in needed if not CAN_BE_HAD[thing]()}
    dropped = [item for item in items if any(mark.args[0] in lacking for mark in item.iter_markers("needs"))]
    for item in dropped:
        thing = next(mark.args[0] for mark in item.iter_markers("needs") if mark.args[0] in lacking)
        config.stash[NOT_RUN][item.nodeid.partition("::")[0], thing] += 1
    if dropped:
        items[:] = [item for item in items if item not in dropped]
        config.hook.pytest_deselected(items=dropped)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker of pytest-xdist hands on what it left out, since the one who tells of it collects no tests."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["not_run"] = [(*key, count) for key, count in session.config.stash[NOT_RUN].items()]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Every worker collects every test: what one left out was left out by all."""
    for suite, thing, count in getattr(node, "workeroutput", {}).get("not_run", ()):
        node.config.stash[NOT_RUN][suite, thing] = count


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for (suite, thing), count in sorted(config.stash[NOT_RUN].items()):
        terminalreporter.write_line(f"NOT RUN: {count} tests of {suite}, which need {thing}", red=True)
