import errno
import os
import sqlite3
from pathlib import Path

import pytest

from eventyard.stores.sql import faults

PATH = Path("/data/journal.db")


def failed(code: int) -> sqlite3.Error:
    error = sqlite3.OperationalError("as SQLite says")
    error.sqlite_errorcode = code
    return error


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (failed(sqlite3.SQLITE_FULL), "store_full"),
        (failed(sqlite3.SQLITE_BUSY), "store_locked"),
        (failed(sqlite3.SQLITE_BUSY_SNAPSHOT), "store_locked"),
        (failed(sqlite3.SQLITE_CORRUPT), "store_corrupt"),
        (failed(sqlite3.SQLITE_NOTADB), "store_corrupt"),
        (failed(sqlite3.SQLITE_CANTOPEN), "store_unavailable"),
        (sqlite3.OperationalError("without a code"), "store_unavailable"),
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), "store_full"),
        (OSError(errno.EACCES, os.strerror(errno.EACCES)), "store_unavailable"),
    ],
)
def test_each_fault_has_its_code_and_names_the_file(error: sqlite3.Error | OSError, code: str) -> None:
    refusal = faults.translate(error, PATH)
    assert refusal.code == code
    assert str(PATH) in refusal.message


def test_a_write_error_is_a_full_disk_only_where_there_is_no_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    error = failed(sqlite3.SQLITE_IOERR_WRITE)
    assert faults.translate(error, tmp_path / "journal.db").code == "store_unavailable"
    monkeypatch.setattr(faults, "LEAST_ROOM", 1 << 62)
    assert faults.translate(error, tmp_path / "journal.db").code == "store_full"


def test_other_versions_are_named() -> None:
    assert "schema 0000" in faults.older(PATH, "0000").message
    assert "schema 9999" in faults.newer(PATH, "9999").message
