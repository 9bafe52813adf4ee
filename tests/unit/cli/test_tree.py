import pytest
import typer
from typer.testing import CliRunner

from eventyard.cli.failure import Failure
from eventyard.cli.tree import Root


def ended(error: BaseException) -> tuple[int, str]:
    app = typer.Typer(cls=Root, pretty_exceptions_enable=False)

    @app.callback()
    def root() -> None:
        pass

    @app.command()
    def fall() -> None:
        raise error

    result = CliRunner().invoke(app, ["fall"])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stderr


def test_a_failure_is_a_sentence_a_hint_and_a_code_and_status_1() -> None:
    failure = Failure("the port is taken", hint="choose another", code="port_taken")
    assert ended(failure) == (1, "error: the port is taken\n  hint: choose another\n  code: port_taken\n")


def test_a_failure_without_hint_and_code_is_one_line() -> None:
    assert ended(Failure("no")) == (1, "error: no\n")


def test_an_interrupt_is_status_130() -> None:
    assert ended(KeyboardInterrupt()) == (130, "")


def test_a_bug_keeps_its_traceback() -> None:
    with pytest.raises(ZeroDivisionError):
        ended(ZeroDivisionError())
