import json
import sqlite3
from pathlib import Path

import pytest

from eventyard.app import JOURNAL_FILE
from tests.unit.cli.stub import run


@pytest.fixture
def data(tmp_path: Path) -> Path:
    assert run("init", "--data", str(tmp_path)).status == 0
    return tmp_path


def test_the_status_of_a_journal_is_shown(data: Path) -> None:
    shown = json.loads(run("db", "status", "--data", str(data), "--json").out)
    assert shown["path"] == str(data / JOURNAL_FILE)
    assert shown["revision"] == shown["newest"]
    assert (shown["current"], shown["held"]) == (True, False)


def test_a_sound_journal_passes_the_check(data: Path) -> None:
    ended = run("db", "check", "--data", str(data), "--json")
    assert ended.status == 0
    assert json.loads(ended.out)["sound"] is True


def test_a_damaged_journal_does_not_pass(data: Path) -> None:
    path = data / JOURNAL_FILE
    content = bytearray(path.read_bytes())
    content[4096 * 3 : 4096 * 6] = b"\xff" * 4096 * 3
    path.write_bytes(content)
    ended = run("db", "check", "--data", str(data))
    assert ended.status == 1
    assert "code: store_corrupt" in ended.err


def test_there_is_nothing_to_check_where_no_journal_is(tmp_path: Path) -> None:
    assert "there is no journal" in run("db", "check", "--data", str(tmp_path)).err


def test_an_upgrade_makes_a_journal_current(tmp_path: Path) -> None:
    (tmp_path / "hub").mkdir()
    shown = json.loads(run("db", "upgrade", "--data", str(tmp_path / "hub"), "--json").out)
    assert shown["before"] is None
    assert json.loads(run("db", "status", "--data", str(tmp_path / "hub"), "--json").out)["revision"] == shown["after"]


def test_a_journal_of_a_newer_version_is_not_touched(data: Path) -> None:
    with sqlite3.connect(data / JOURNAL_FILE) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    ended = run("db", "upgrade", "--data", str(data))
    assert ended.status == 1
    assert "code: store_newer" in ended.err


@pytest.mark.parametrize("option", [["--dry-run"], []])
def test_a_purge_says_how_much_went(data: Path, option: list[str]) -> None:
    purged = json.loads(run("db", "purge", "--data", str(data), "--json", *option).out)
    assert purged == {"consumed": 0, "unconsumed": 0, "payloads": 0, "entries": 0, "dry_run": bool(option)}


def test_there_is_nothing_to_purge_where_no_journal_is(tmp_path: Path) -> None:
    assert run("db", "purge", "--data", str(tmp_path)).status == 1
