from types import SimpleNamespace

import pytest
import typer
from typer.testing import CliRunner

from eventyard.cli import tree
from eventyard.cli.failure import Failure
from eventyard.cli.tree import COMMANDS, Commands, Root


def ended(error: BaseException, monkeypatch: pytest.MonkeyPatch) -> tuple[int, str]:
    """How a command ends that raises this."""

    def fall() -> None:
        raise error

    module = SimpleNamespace(app=typer.Typer())
    module.app.command()(fall)
    monkeypatch.setattr(tree, "import_module", lambda name: module)
    app = typer.Typer(cls=Root, pretty_exceptions_enable=False)
    app.callback()(lambda: None)
    result = CliRunner().invoke(app, ["tail"])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stderr


def test_a_failure_is_a_sentence_a_hint_and_a_code_and_status_1(monkeypatch: pytest.MonkeyPatch) -> None:
    failure = Failure("the port is taken", hint="choose another", code="port_taken")
    assert ended(failure, monkeypatch) == (1, "error: the port is taken\n  hint: choose another\n  code: port_taken\n")


def test_a_failure_without_hint_and_code_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    assert ended(Failure("no"), monkeypatch) == (1, "error: no\n")


def test_an_interrupt_is_status_130(monkeypatch: pytest.MonkeyPatch) -> None:
    assert ended(KeyboardInterrupt(), monkeypatch) == (130, "")


def test_a_bug_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ZeroDivisionError):
        ended(ZeroDivisionError(), monkeypatch)


def test_a_command_is_made_once_when_it_is_looked_at() -> None:
    commands = Commands()
    assert list(commands) == list(COMMANDS)
    assert commands["tail"] is commands["tail"]
    assert commands["tail"].name == "tail"
    assert commands.get("nothing") is None


def test_every_command_has_its_module() -> None:
    assert len(dict(Commands())) == len(COMMANDS)
