import socket
from pathlib import Path

import pytest

from eventyard.cli import checks
from eventyard.config import Settings
from eventyard.keyfile import write_keys
from tests.interop.certificates import Authority


@pytest.mark.parametrize(("version", "state"), [((3, 10, 9), "fail"), ((3, 11, 0), "ok"), ((3, 14, 1), "ok")])
def test_python_is_new_enough_from_3_11_on(version: tuple[int, ...], state: str) -> None:
    assert checks.python(version).state == state


@pytest.mark.parametrize(("free", "state"), [(100 << 20, "fail"), (1 << 30, "warn"), (10 << 30, "ok")])
def test_a_disk_wants_room(free: int, state: str) -> None:
    assert checks.space(Path("/data"), free).state == state


def test_a_directory_that_others_can_read_is_warned_of(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    assert checks.directory(tmp_path).state == "warn"
    tmp_path.chmod(0o700)
    assert checks.directory(tmp_path).state == "ok"


def test_a_directory_that_is_not_there_yet_is_no_fault(tmp_path: Path) -> None:
    assert checks.directory(tmp_path / "new" / "hub").state == "ok"


def test_a_file_is_no_directory(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert checks.directory(tmp_path / "file").state == "fail"


def test_a_key_file_that_others_can_read_is_a_fault(tmp_path: Path) -> None:
    path = tmp_path / "secrets.key"
    write_keys(path, [b"k" * 32])
    assert checks.key_file(path, has_journal=True) == ("key file", "ok", "1 key, readable by the owner only", "")
    path.chmod(0o644)
    assert checks.key_file(path, has_journal=True).state == "fail"


def test_a_key_file_that_went_missing_is_warned_of_where_a_journal_is(tmp_path: Path) -> None:
    assert checks.key_file(tmp_path / "secrets.key", has_journal=True).state == "warn"
    assert checks.key_file(tmp_path / "secrets.key", has_journal=False).state == "ok"


def test_a_port_that_is_taken_is_a_fault_unless_a_hub_runs() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        assert checks.port(address, held=False).state == "fail"
        assert checks.port(address, held=True).state == "ok"
    assert checks.port("127.0.0.1:0", held=False).state == "ok"
    assert checks.port("127.0.0.1", held=False).state == "fail"


def test_a_journal_that_is_none_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "journal.db").write_bytes(b"x" * 5000)
    assert checks.journal_file(tmp_path / "journal.db").state == "fail"
    assert checks.journal_file(tmp_path / "none.db").state == "ok"


def test_missing_browser_files_are_warned_of(tmp_path: Path) -> None:
    assert checks.assets({"/docs": tmp_path}).state == "ok"
    found = checks.assets({"/docs": tmp_path, "/asyncapi": tmp_path / "none"})
    assert found.state == "warn"
    assert "/asyncapi" in found.detail and "/docs" not in found.detail


def set_to(**sections: object) -> Settings:
    return Settings.model_validate({"data": Path("nowhere"), **sections})


@pytest.mark.parametrize(
    ("sections", "mailing", "state", "detail"),
    [
        ({}, 0, "ok", "no mail server is set, and nobody is to be told"),
        ({}, 1, "warn", "whom to tell is set in 1 subscription, and no mail server is"),
        ({"mail": {"default_recipients": ["a@b.example"]}}, 2, "warn", "2 subscriptions and mail.default_recipients"),
        ({"smtp": {"host": "mail.example"}}, 0, "fail", "smtp.host needs smtp.sender"),
        ({"smtp": {"host": "mail.example", "sender": "nobody"}}, 0, "fail", "'nobody' is not a mail address"),
        ({"smtp": {"host": "mail.example", "sender": "hub@example.org"}}, 0, "ok", "to mail.example, starttls"),
        (
            {"smtp": {"host": "mail.example", "sender": "hub@example.org", "user": "hub", "security": "none"}},
            0, "warn", "the password for mail.example is sent in clear",
        ),
    ],
)  # fmt: skip
def test_where_somebody_is_to_be_told_there_is_a_mail_server(
    sections: dict[str, object], mailing: int, state: str, detail: str
) -> None:
    found = checks.mail(set_to(**sections), mailing)
    assert (found.state, detail in found.detail) == (state, True), found


def test_a_certificate_is_held_against_the_port_that_it_is_for(tmp_path: Path) -> None:
    set_ = {"certificate": Authority(tmp_path).certify("hub")}
    assert checks.tls(set_to()).state == "ok"
    assert checks.tls(set_to(tls=set_, amqps="127.0.0.1:5671")).state == "ok"
    assert checks.tls(set_to(tls=set_))[:3] == ("TLS", "warn", "a certificate is set, and no port uses it")
    assert checks.tls(set_to(amqps="127.0.0.1:5671")).state == "fail"
    found = checks.tls(set_to(tls={"certificate": tmp_path / "none"}))
    assert (found.state, "'tls.certificate'" in found.detail) == ("fail", True)


def test_the_built_in_plug_ins_are_there() -> None:
    assert checks.plugins().state == "ok"
