import pytest

from eventyard.cli.demo.progress import Teller


def test_a_step_is_a_line_with_a_mark_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    teller = Teller()
    teller.title("The demo")
    with teller.doing("waiting"):
        teller.step("hub", True, "is ready")
    teller.step("retry", False, "was not seen")
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == "\nThe demo\n\n ✓ hub           is ready\n ✗ retry         was not seen\n"


def test_what_did_not_happen_is_remembered() -> None:
    teller = Teller()
    teller.step("hub", True, "is ready")
    teller.step("retry", False, "was not seen")
    assert teller.missing == ["retry: was not seen"]


def test_items_pass_through_where_no_bar_can_be_drawn() -> None:
    assert list(Teller().each("sending", [1, 2, 3])) == [1, 2, 3]
