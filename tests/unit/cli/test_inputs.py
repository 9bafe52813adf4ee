import io
from pathlib import Path

import pytest
import typer

from eventyard.cli.inputs import duration_of, header_of, json_of, retry_of, setting_of, text_of, time_of, web_url_of


def test_text_is_itself_or_that_of_a_file_or_of_stdin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "secret").write_text("s3cret")
    monkeypatch.setattr("sys.stdin", io.StringIO("from stdin"))
    assert text_of("plain") == "plain"
    assert text_of(f"@{tmp_path / 'secret'}") == "s3cret"
    assert text_of("-") == "from stdin"


def test_a_file_that_is_not_there_is_a_usage_error() -> None:
    with pytest.raises(typer.BadParameter, match="cannot read nowhere"):
        text_of("@nowhere")


def test_json_is_read_and_anything_else_refused() -> None:
    assert json_of('{"eq": [["a", "b"]]}') == {"eq": [["a", "b"]]}
    with pytest.raises(typer.BadParameter, match="not JSON"):
        json_of("{")


def test_a_setting_is_json_where_it_can_be_and_text_else() -> None:
    assert setting_of("tolerance_seconds=60") == ("tolerance_seconds", 60)
    assert setting_of("url=http://x/?a=b") == ("url", "http://x/?a=b")
    with pytest.raises(typer.BadParameter, match="is not NAME=VALUE"):
        setting_of("url")


def test_a_header_stays_text() -> None:
    assert header_of("X-Number=1") == ("X-Number", "1")
    with pytest.raises(typer.BadParameter, match="is not NAME=VALUE"):
        header_of("=x")


def test_a_url_has_a_scheme_and_a_host() -> None:
    assert web_url_of("http://127.0.0.1:3000/a?b=c") == "http://127.0.0.1:3000/a?b=c"
    with pytest.raises(typer.BadParameter, match="'nourl' is not a URL; write one as http://"):
        web_url_of("nourl")


@pytest.mark.parametrize(
    ("text", "millis"), [("250ms", 250), ("30s", 30_000), ("1.5m", 90_000), ("2h", 7_200_000), ("1d", 86_400_000)]
)
def test_a_duration_is_a_number_and_a_unit(text: str, millis: int) -> None:
    assert duration_of(text) == millis


@pytest.mark.parametrize("text", ["5", "s", "-1s", "1w", ""])
def test_anything_else_is_no_duration(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="is not a duration"):
        duration_of(text)


def test_waits_become_a_retry_policy() -> None:
    assert retry_of("1s,10s") == {"schedule_ms": [1000, 10_000], "max_attempts": 3}
    assert retry_of("none") == {"schedule_ms": [], "max_attempts": 1}
    assert retry_of(None) is None


def test_an_age_becomes_a_time_and_a_time_stays() -> None:
    now = 1_767_323_045_678
    assert time_of("1h", now) == "2026-01-02T02:04:05.678Z"
    assert time_of("2026-01-02T03:04:05Z", now) == "2026-01-02T03:04:05Z"


@pytest.mark.parametrize("text", ["5x", "", "yesterday", "2026-01-02", "2026-02-30T00:00:00Z", "99999999d"])
def test_what_is_neither_a_time_nor_an_age_is_told_both(text: str) -> None:
    with pytest.raises(typer.BadParameter, match=r"is neither a time \(.+\) nor an age such as 30s, 5m, 2h or 1d"):
        time_of(text, 1_767_323_045_678)
