"""The key file: the keys with which the journal's secrets are sealed, beside the journal and not in it.

Whoever has both can read the secrets, so nobody but the owner may read it, and a backup of it belongs elsewhere. What
is sealed, and how, is ``pipeline/vault.py``.
"""

import os
import secrets
from pathlib import Path

from eventyard.config import ConfigError
from eventyard.pipeline.vault import KEY_BYTES

KEY_FILE = "secrets.key"
"""Its name in the data directory."""


def read_keys(path: Path) -> list[bytes]:
    """The vault keys of the key file, newest first; a missing file is made, readable by its owner only.

    Raises :class:`ConfigError` for a file that others may read, or that holds no keys.
    """
    if not path.exists():
        write_keys(path, [secrets.token_bytes(KEY_BYTES)])
    if path.stat().st_mode & 0o077:
        raise ConfigError(f"the key file {path} can be read by others; run: chmod 600 {path}")
    try:
        keys = [bytes.fromhex(line) for line in path.read_text().split()]
    except ValueError:
        keys = []
    if not keys or any(len(key) != KEY_BYTES for key in keys):
        raise ConfigError(f"the key file {path} does not hold keys of {KEY_BYTES} bytes in hexadecimal, one a line")
    return keys


def write_keys(path: Path, keys: list[bytes]) -> None:
    """Write the key file, newest key first, whole or not at all, and for good before anything is sealed with it."""
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)  # left by a process that was killed
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.writelines(key.hex() + "\n" for key in keys)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)
