import json
import re
from pathlib import Path

import pytest

from tests.unit.cli.stub import run


def test_a_healthy_hub_is_ok_in_every_respect(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    run("init", "--data", str(tmp_path))
    ended = run("doctor", "--data", str(tmp_path), "--listen", "127.0.0.1:0", "--json")
    assert ended.status == 0
    found = {check["name"]: check["state"] for check in json.loads(ended.out)}
    wanted = {
        "python",
        "settings",
        "plug-ins",
        "data directory",
        "disk",
        "key file",
        "journal",
        "port",
        "TLS",
        "mail",
        "browser files",
    }
    assert set(found) == wanted
    assert "fail" not in found.values()


def test_what_is_wrong_is_marked_and_says_what_to_do_and_the_status_is_1(tmp_path: Path) -> None:
    ended = run("doctor", "--data", str(tmp_path), "--listen", "nowhere")
    assert ended.status == 1
    assert "✗ port: 'nowhere' is not HOST:PORT\n    write it as 127.0.0.1:8080\n" in ended.out


def test_settings_that_cannot_be_read_end_the_examination(tmp_path: Path) -> None:
    ended = run("doctor", "--config", str(tmp_path / "none.toml"), "--json")
    assert ended.status == 1
    assert [check["name"] for check in json.loads(ended.out)] == ["python", "settings"]


@pytest.mark.parametrize(
    "given",
    [("PROXIES", "10.0.0.1"), ("STREAMS__ORIGINS", "foo"), ("STORE__URL", "mongodb://x"), ("AMQP", "foo")],
)
def test_a_setting_that_makes_no_sense_is_told_by_its_variable(tmp_path: Path, given: tuple[str, str]) -> None:
    ended = run("doctor", "--data", str(tmp_path), env={f"EVENTYARD_{given[0]}": given[1]})
    assert ended.status == 1
    assert re.search(rf"^✗ settings: setting .*EVENTYARD_{given[0]}", ended.out, re.M)
