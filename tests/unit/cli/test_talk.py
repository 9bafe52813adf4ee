import pytest

from eventyard.cli import talk


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        ("", "–"),
        ([], "–"),
        ({}, "–"),
        (0, "0"),
        (True, "yes"),
        (False, "no"),
        (["a", "b"], "a, b"),
        ({"has": ["x"]}, '{"has": ["x"]}'),
        ([["a", "b"]], '[["a", "b"]]'),
        ("Zürich", "Zürich"),
    ],
)
def test_a_value_reads_as_a_person_would_write_it(value: object, text: str) -> None:
    assert talk.plain(value) == text


def test_a_path_leads_into_a_record_and_nowhere_without_complaint() -> None:
    record = {"breaker": {"state": "open"}, "name": "billing"}
    assert talk.at(record, "breaker.state") == "open"
    assert talk.at(record, "name.first") is None
    assert talk.at(record, "nothing") is None


def test_a_table_has_a_heading_and_a_row_for_each_record(capsys: pytest.CaptureFixture[str]) -> None:
    talk.table([{"id": 1, "ok": True}, {"id": 22, "ok": None}], (("ID", "id"), ("OK", "ok")))
    assert [line.rstrip() for line in capsys.readouterr().out.splitlines()] == ["ID  OK", "1   yes", "22  –"]


def test_of_no_records_it_is_said_that_there_are_none(capsys: pytest.CaptureFixture[str]) -> None:
    talk.table([], (("ID", "id"),))
    assert capsys.readouterr() == ("", "none\n")


def test_a_record_is_a_field_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    talk.record({"name": "billing", "enabled": False})
    assert [line.split() for line in capsys.readouterr().out.splitlines()] == [["name", "billing"], ["enabled", "no"]]


def test_data_goes_to_stdout_and_talk_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    talk.data({"name": "Zürich"}, indent=None)
    talk.line("text")
    talk.say("done")
    captured = capsys.readouterr()
    assert captured.out == '{"name": "Zürich"}\ntext\n'
    assert captured.err == "done\n"


def test_a_row_is_not_folded_where_no_window_is(capsys: pytest.CaptureFixture[str]) -> None:
    talk.table([{"id": "x" * 250}], (("ID", "id"),))
    assert "x" * 250 in capsys.readouterr().out


def test_nothing_is_painted_where_no_terminal_is() -> None:
    assert talk.painted("ok", talk.GREEN) == "ok"
