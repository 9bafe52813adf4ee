import json
import subprocess
import sys
from pathlib import Path

import pytest

from eventyard.cli.serve import announce
from eventyard.config import Settings
from tests.unit.cli.stub import run

URLS = {"http": "http://127.0.0.1:8080"}


def test_once_ready_programs_get_one_line_of_json_on_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    announce(URLS, Settings(), as_json=True)
    captured = capsys.readouterr()
    assert captured.out.count("\n") == 1
    assert json.loads(captured.out) == {"http": "http://127.0.0.1:8080", "amqp": None, "stomp": None}
    assert captured.err == ""


def test_the_port_of_amqp_over_tls_is_told_of_where_there_is_one(capsys: pytest.CaptureFixture[str]) -> None:
    announce({**URLS, "amqps": "amqps://127.0.0.1:5671"}, Settings(), as_json=True)
    assert json.loads(capsys.readouterr().out)["amqps"] == "amqps://127.0.0.1:5671"


def test_once_ready_people_get_words_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    announce(URLS, Settings(), as_json=False)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "eventyard is ready at http://127.0.0.1:8080" in captured.err


def test_a_setting_nobody_knows_is_one_sentence_and_status_1(tmp_path: Path) -> None:
    (tmp_path / "hub.toml").write_text("lisen = '127.0.0.1:0'\n")
    ended = run("serve", "--config", str(tmp_path / "hub.toml"))
    assert ended.status == 1
    assert ended.err == "error: there is no setting 'lisen'; did you mean listen?\n"


def test_an_address_that_is_none_is_one_sentence_and_status_1(tmp_path: Path) -> None:
    ended = run("serve", "--data", str(tmp_path), "--listen", "8080")
    assert ended.status == 1
    assert ended.err.startswith("error: cannot listen on '8080': write HOST:PORT")
    assert ended.err.count("\n") == 1


def test_a_certificate_that_cannot_be_read_is_refused_though_no_port_uses_it(tmp_path: Path) -> None:
    (tmp_path / "hub.toml").write_text("[tls]\ncertificate = '/nowhere/hub.pem'\nkey = '/nowhere/hub.key'\n")
    ended = run("serve", "--config", str(tmp_path / "hub.toml"), "--data", str(tmp_path / "data"))
    assert ended.status == 1
    assert ended.err == (
        "error: setting 'tls.certificate' (EVENTYARD_TLS__CERTIFICATE): "
        "cannot use /nowhere/hub.pem: No such file or directory\n"
    )
    assert not (tmp_path / "data").exists()


def test_the_way_to_serve_imports_nothing_that_a_start_would_wait_for() -> None:
    heavy = ("rich", "aiohttp", "fastapi", "pydantic", "sqlalchemy", "cryptography", "eventyard.cli.client")
    get = "from typer.main import get_command; get_command(eventyard.cli.app).commands['serve']"
    code = f"import sys, eventyard.cli; {get}; print([m for m in {heavy!r} if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
