from pathlib import Path

import pytest

from eventyard.cli.client import Client
from eventyard.cli.demo.child import Child, environment
from eventyard.cli.failure import Failure


def test_the_callers_own_settings_do_not_reach_the_demos_hub() -> None:
    given = environment({"PATH": "/bin", "EVENTYARD_STORE__URL": "sqlite:////mine.db"}, "eyk_1")
    assert given["PATH"] == "/bin"
    assert "EVENTYARD_STORE__URL" not in given
    assert given["EVENTYARD_BOOTSTRAP_KEY"] == "eyk_1"
    assert given["EVENTYARD_TARGETS__ALLOW_PRIVATE"] == "true"


def test_a_hub_runs_while_it_is_entered_and_ends_well(tmp_path: Path) -> None:
    with Child(tmp_path / "hub", "127.0.0.1:0") as hub, Client(hub.url, hub.key) as client:
        assert client.request("GET", "/livez").status == 200
    assert hub.wait() == 0


def test_a_hub_that_does_not_start_is_a_failure_in_its_own_words(tmp_path: Path) -> None:
    with pytest.raises(Failure, match="the hub did not start: error: cannot listen on"), Child(tmp_path / "hub", "x"):
        pass
