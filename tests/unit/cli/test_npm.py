import base64
import hashlib
import io
import tarfile
from pathlib import Path

import pytest

from eventyard.cli.npm import GITHUB_SAMPLES, SWAGGER_UI, Package, Tampered, fetch, unpack


def archive(**files: bytes) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(f"package/{name}")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def integrity(content: bytes) -> str:
    return "sha512-" + base64.b64encode(hashlib.sha512(content).digest()).decode()


def fake_npm(folder: Path, script: str) -> str:
    """A search path on which ``npm`` is this shell script."""
    npm = folder / "npm"
    npm.write_text(f"#!/bin/sh\n{script}\n")
    npm.chmod(0o755)
    return f"{folder}:/usr/bin:/bin"


def test_only_the_wanted_members_are_written(tmp_path: Path) -> None:
    packed = archive(wanted=b"yes", other=b"no")
    unpack(packed, integrity(packed), ("wanted",), tmp_path)
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("wanted", b"yes")]


def test_an_archive_with_another_hash_is_not_unpacked(tmp_path: Path) -> None:
    with pytest.raises(Tampered, match="and should have sha512-pinned"):
        unpack(archive(wanted=b"changed"), "sha512-pinned", ("wanted",), tmp_path)
    assert not list(tmp_path.iterdir())


def test_npm_packs_and_we_take_what_we_want(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packed = archive(wanted=b"yes")
    (tmp_path / "made.tgz").write_bytes(packed)
    monkeypatch.setenv("PATH", fake_npm(tmp_path, f'[ "$2" = thing@1.0.0 ] && cp {tmp_path}/made.tgz .'))
    assert fetch("thing", "1.0.0", integrity(packed), ("wanted",), tmp_path / "into")
    assert (tmp_path / "into/wanted").read_bytes() == b"yes"


def test_what_is_there_already_is_not_fetched_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packed = archive(wanted=b"yes")
    (tmp_path / "made.tgz").write_bytes(packed)
    thing = Package("thing", "1.0.0", integrity(packed), ("wanted",))
    monkeypatch.setenv("PATH", fake_npm(tmp_path, f"cp {tmp_path}/made.tgz ."))
    assert fetch(*thing, tmp_path / "into")
    monkeypatch.setenv("PATH", fake_npm(tmp_path, "exit 1"))
    assert fetch(*thing, tmp_path / "into")
    assert not fetch(*thing._replace(integrity="sha512-newer"), tmp_path / "into")


def test_without_npm_the_reason_is_spoken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert not fetch(*SWAGGER_UI, tmp_path / "into")
    assert capsys.readouterr().err == "going on without swagger-ui-dist: npm is not installed\n"


def test_when_npm_reaches_nothing_its_own_words_are_passed_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", fake_npm(tmp_path, "echo no network >&2; exit 1"))
    assert not fetch(*GITHUB_SAMPLES, tmp_path / "into")
    assert "npm could not fetch it: no network" in capsys.readouterr().err
