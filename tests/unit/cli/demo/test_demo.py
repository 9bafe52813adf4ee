from pathlib import Path

import pytest

from eventyard.cli.demo import directory
from eventyard.cli.failure import Failure
from tests.unit.cli.stub import run


def test_without_a_directory_the_demos_own_goes_with_it() -> None:
    with directory(None) as folder:
        (folder / "journal.db").touch()
    assert not folder.exists()


def test_a_directory_that_was_named_stays(tmp_path: Path) -> None:
    with directory(tmp_path / "demo") as folder:
        folder.mkdir()
    assert folder.exists()


def test_a_directory_with_something_in_it_is_not_used(tmp_path: Path) -> None:
    (tmp_path / "mine").touch()
    with pytest.raises(Failure, match="is not empty"), directory(tmp_path):
        pass


def test_the_demo_says_what_it_wants() -> None:
    assert "--exit" in run("demo", "--help").out
