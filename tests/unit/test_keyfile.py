import stat

import pytest

from eventyard.config import ConfigError
from eventyard.keyfile import KEY_FILE, read_keys, write_keys

KEYS = [b"n" * 32, b"o" * 32]


def test_a_missing_key_file_is_made_readable_by_its_owner_only(tmp_path):
    path = tmp_path / KEY_FILE
    [key] = read_keys(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_text() == key.hex() + "\n"
    assert len(key) == 32
    assert read_keys(path) == [key]


def test_two_hubs_have_two_keys(tmp_path):
    assert read_keys(tmp_path / "one") != read_keys(tmp_path / "two")


def test_keys_are_read_newest_first_as_they_were_written(tmp_path):
    write_keys(tmp_path / KEY_FILE, KEYS)
    assert read_keys(tmp_path / KEY_FILE) == KEYS
    assert (tmp_path / KEY_FILE).read_text() == "6e" * 32 + "\n" + "6f" * 32 + "\n"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_key_file_that_others_may_read_is_refused_with_what_to_do(tmp_path, mode):
    path = tmp_path / KEY_FILE
    write_keys(path, KEYS)
    path.chmod(mode)
    with pytest.raises(ConfigError, match=f"can be read by others; run: chmod 600 {path}"):
        read_keys(path)


@pytest.mark.parametrize("content", [b"", b"\n", b"secret\n", b"6e" * 31, b"6e" * 32 + b"\n6f\n", b"\xff" * 64])
def test_a_key_file_without_keys_in_it_is_refused(tmp_path, content):
    path = tmp_path / KEY_FILE
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(ConfigError, match="does not hold keys of 32 bytes in hexadecimal, one a line"):
        read_keys(path)


def test_whoever_was_killed_while_writing_keys_leaves_the_old_ones_and_no_trap(tmp_path):
    path = tmp_path / KEY_FILE
    write_keys(path, KEYS[:1])
    half = path.with_suffix(".new")
    half.write_text("6e6e")
    half.chmod(0o644)
    assert read_keys(path) == KEYS[:1]
    write_keys(path, KEYS)
    assert read_keys(path) == KEYS
    assert list(tmp_path.iterdir()) == [path]
