from pathlib import Path

import pytest

from tests.unit.cli.stub import run


def test_it_must_be_said_where_the_database_is(hub: Path) -> None:
    ended = run("import", "eventhos", "--from", "eventhos", "--data", str(hub))
    assert ended.status == 1
    assert ended.err.splitlines() == [
        "error: --from does not say where the database is",
        "  hint: write it as mysql://user:password@host:3306/database, with %40 for an @ in the password;"
        " ?tls=true behind it for TLS",
    ]


def test_secrets_may_come_by_the_environment(hub: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVENTHOS_DATABASE", "mysql://me:secret@127.0.0.1:1/eventhos")
    ended = run("import", "eventhos", "--data", str(hub))
    assert ended.status == 1
    assert "the database eventhos at 127.0.0.1:1 cannot be read" in ended.err
    assert "secret" not in ended.err


def test_settings_that_cannot_be_used_are_explained(tmp_path: Path) -> None:
    file = tmp_path / "eventyard.toml"
    file.write_text("[eventhos]\nprojekt = 1\n")
    ended = run("import", "eventhos", "--from", "mysql://me@db/x", "--config", str(file))
    assert ended.status == 1
    assert "projekt" in ended.err
