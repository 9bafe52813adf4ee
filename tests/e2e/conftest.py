"""A hub as anybody runs it: a process of its own on a free port, with a new data directory."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from eventyard.cli.demo.child import Child

AS_DELIVERED = {"EVENTYARD_TARGETS__ALLOW_PRIVATE": "false", "EVENTYARD_LOG__LEVEL": "debug"}
"""What the demo's hub is more lenient in than one that nobody configured, and every line of the log."""


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Child]:
    """The hub that the tests of a module share."""
    data: Path = tmp_path_factory.mktemp("hub") / "data"
    with Child(data, "127.0.0.1:0", AS_DELIVERED) as hub:
        yield hub


@pytest.fixture
def admin(live: Child) -> Iterator[httpx.Client]:
    """A client of it that may do everything."""
    with httpx.Client(base_url=live.url, headers={"authorization": f"Bearer {live.key}"}, timeout=60) as client:
        yield client
