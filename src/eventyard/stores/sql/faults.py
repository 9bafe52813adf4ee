"""What goes wrong below SQL, in sentences: full disk, locked, damaged, older and newer files.

A fault means that nothing of the transaction was written; the store works again once the cause is gone.
"""

import errno
import os
import sqlite3
from pathlib import Path

from eventyard.model.errors import Unavailable

_FULL, _BUSY, _LOCKED, _CORRUPT, _NOT_A_DATABASE, _IO_ERROR = (
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_IOERR,
)

LEAST_ROOM = 64 * 1024
"""With less free space than this, an input/output error is taken for a full disk."""


def translate(error: sqlite3.Error | OSError, path: Path) -> Unavailable:
    """The refusal that an error of the database or the disk becomes."""
    if isinstance(error, OSError):
        return full(path) if error.errno in (errno.ENOSPC, errno.EDQUOT) else unavailable(path, error)
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == _FULL or (code == _IO_ERROR and not _has_room(path)):
        return full(path)
    if code in (_BUSY, _LOCKED):
        return locked(path)
    if code in (_CORRUPT, _NOT_A_DATABASE):
        return corrupt(path, error)
    return unavailable(path, error)


def full(path: Path) -> Unavailable:
    """The disk is full."""
    return Unavailable(
        "store_full",
        f"the disk that holds {path} is full; nothing was recorded",
        hint="make room and send it again; nothing that was acknowledged is lost",
    )


def locked(path: Path) -> Unavailable:
    """Another process has the file."""
    return Unavailable(
        "store_locked",
        f"another process holds {path}",
        hint="stop the other hub, or give this one another data directory",
    )


def corrupt(path: Path, error: Exception | str) -> Unavailable:
    """The file is damaged or no database."""
    return Unavailable(
        "store_corrupt",
        f"{path} is damaged or is not a journal: {error}",
        hint="restore it from a backup; the file was left as it is",
    )


def older(path: Path, revision: str) -> Unavailable:
    """The file wants an upgrade, and none is allowed."""
    return Unavailable(
        "store_older",
        f"{path} was written by an older version (schema {revision})",
        hint="run `eventyard db upgrade`, after a backup",
    )


def newer(path: Path, revision: str) -> Unavailable:
    """The file is from the future."""
    return Unavailable(
        "store_newer",
        f"{path} was written by a newer version than this one (schema {revision})",
        hint="use that version or a later one; the file was left as it is",
    )


def unavailable(path: Path, error: Exception) -> Unavailable:
    """Anything else."""
    return Unavailable("store_unavailable", f"{path} cannot be used now: {error}; nothing was recorded")


def _has_room(path: Path) -> bool:
    try:
        at = os.statvfs(path.parent)
    except OSError:
        return True
    return at.f_bavail * at.f_frsize > LEAST_ROOM
