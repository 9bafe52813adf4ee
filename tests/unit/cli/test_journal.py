import fcntl
import sqlite3
from pathlib import Path

import pytest

from eventyard.app import JOURNAL_FILE
from eventyard.cli import journal
from eventyard.cli.failure import Failure
from tests.unit.cli.stub import run


@pytest.fixture
def path(tmp_path: Path) -> Path:
    assert run("init", "--data", str(tmp_path)).status == 0
    return tmp_path / JOURNAL_FILE


def test_a_fresh_journal_is_current_free_and_sound(path: Path) -> None:
    state = journal.state_of(path)
    assert (state.current, state.known, state.held) == (True, True, False)
    assert state.bytes == path.stat().st_size
    assert journal.faults_of(path, thorough=True) == []


def test_a_journal_that_is_not_there_has_no_revision(tmp_path: Path) -> None:
    state = journal.state_of(tmp_path / "none.db")
    assert (state.revision, state.bytes, state.current) == (None, 0, False)


def test_a_journal_that_a_hub_has_is_held(path: Path) -> None:
    with path.with_name(f"{path.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert journal.held(path)
    assert not journal.held(path)


def test_a_file_that_is_no_journal_is_a_failure(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    path.write_bytes(b"no database at all " * 100)
    with pytest.raises(Failure, match="cannot be read as a journal") as caught:
        journal.state_of(path)
    assert caught.value.code == "store_corrupt"


def test_damage_inside_is_found(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[4096 * 3 : 4096 * 6] = b"\xff" * 4096 * 3
    path.write_bytes(content)
    assert journal.faults_of(path, thorough=True)


def test_looking_changes_nothing(path: Path) -> None:
    before = path.read_bytes()
    with journal.reading(path) as connection, pytest.raises(Exception, match="readonly"):
        connection.execute("DELETE FROM alembic_version")
    assert path.read_bytes() == before


def test_subscriptions_that_name_whom_to_tell_are_counted(path: Path, tmp_path: Path) -> None:
    names = {"a": '["ops@example.com"]', "b": "[]", "c": '["ops@example.com", "dev@example.com"]'}
    with sqlite3.connect(path) as connection:
        rows = [(name, "project", name, f'{{"mail_to": {to}}}') for name, to in names.items()]
        sql = "INSERT INTO subscriptions (id, target_type, target_id, record) VALUES (?, ?, ?, ?)"
        connection.executemany(sql, rows)
    connection.close()
    assert journal.mailing(path) == 2
    assert journal.mailing(tmp_path / "none.db") == 0
