import pytest

from eventyard.model.outcome import Result
from eventyard.targets.outcomes import classify, phrase, retry_after
from eventyard.testing.builders import NOW


@pytest.mark.parametrize(
    ("status", "result"),
    [
        (200, Result.DELIVERED), (204, Result.DELIVERED), (301, Result.FAILED), (400, Result.FAILED),
        (404, Result.FAILED), (410, Result.GONE), (429, Result.THROTTLED), (500, Result.FAILED),
        (502, Result.THROTTLED), (503, Result.THROTTLED), (504, Result.THROTTLED), (599, Result.FAILED),
    ],
)  # fmt: skip
def test_an_answer_is_classified_by_its_status(status: int, result: Result) -> None:
    assert classify(status, [], NOW).result is result


def test_a_failure_names_the_status_in_words() -> None:
    assert classify(500, [], NOW).error == "the receiver answered 500 Internal Server Error"
    assert classify(599, [], NOW).error == "the receiver answered 599"


def test_cookies_are_not_kept_and_strange_bytes_become_question_marks() -> None:
    headers = [(b"Set-Cookie", b"a=b"), (b"X-Name", b"Mu\xfcller\0"), (b"X-Long", b"x" * 5000)]
    assert classify(200, headers, NOW).response_headers == {"x-name": "Mu?ller?", "x-long": "x" * 1024}


@pytest.mark.parametrize(
    ("value", "wait"),
    [
        (None, None), ("120", 120_000), (" 7 ", 7_000), ("0", 0), ("99999999999999999999", 86_400_000),
        ("Fri, 02 Jan 2026 03:05:05 GMT", 59_322), ("Fri, 02 Jan 2026 03:00:00 GMT", 0),
        ("Fri, 02 Jan 2099 03:00:00 GMT", 86_400_000), ("soon", None), ("-5", None), ("\u0663", None),
    ],
)  # fmt: skip
def test_retry_after_is_seconds_or_a_date_and_at_most_a_day(value: str | None, wait: int | None) -> None:
    assert retry_after(value, NOW) == wait


def test_a_status_that_nobody_registered_has_no_words() -> None:
    assert (phrase(404), phrase(299)) == ("Not Found", "")
