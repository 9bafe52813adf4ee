import json
from pathlib import Path

from eventyard.app import JOURNAL_FILE
from eventyard.keyfile import KEY_FILE
from tests.unit.cli.stub import run


def test_a_fresh_directory_gets_a_journal_a_key_file_and_a_first_key(tmp_path: Path) -> None:
    data = tmp_path / "hub"
    ended = run("init", "--data", str(data))
    assert ended.status == 0
    assert ended.out.startswith("eyk_")
    assert ended.out.count("\n") == 1
    assert data.stat().st_mode & 0o777 == 0o700
    assert (data / KEY_FILE).stat().st_mode & 0o777 == 0o600
    assert (data / JOURNAL_FILE).exists()


def test_the_key_may_be_chosen(tmp_path: Path) -> None:
    ended = run("init", "--data", str(tmp_path / "hub"), "--json", env={"EVENTYARD_BOOTSTRAP_KEY": "my-first-key"})
    assert json.loads(ended.out) == {"data": str(tmp_path / "hub"), "key": "my-first-key"}


def test_a_hub_that_is_there_is_left_as_it_is(tmp_path: Path) -> None:
    run("init", "--data", str(tmp_path))
    ended = run("init", "--data", str(tmp_path))
    assert ended.status == 1
    assert ended.out == ""
    assert "holds a hub already" in ended.err
