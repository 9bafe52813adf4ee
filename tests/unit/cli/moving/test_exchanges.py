import json
from typing import Any

import pytest

from eventyard.cli.moving.exchanges import outcome_of, received_of, times_of
from eventyard.model.event import Received
from eventyard.model.outcome import Result, Sent

REQUEST = {
    "headers": {
        "Host": "h.example", "access-key": "a.b.c", "Authorization": "Basic x", "cookie": "s=1", "accept": ["a", "b"],
    },
    "query": {"event-identifier": "e-1", "access-key": "a.b.c", "deep": {"x": 1}},
    "body": {"name": "Ünï"},
    "method": "POST",
    "url": "http://h.example/event/send?event-identifier=e-1&access-key=a.b.c",
}  # fmt: skip
TRY: dict[str, Any] = {
    "headers": {"Authorization": "Bearer tok", "content-type": "application/json"},
    "body": '{"id":7,"client_secret":"s3cr3t"}',
    "url": "https://t.example/?a=1",
    "params": {"from": "eventhos", "n": 2},
    "method": "post",
}


def answer(status: Any, text: str = "", body: Any = None, **headers: str) -> dict[str, Any]:
    return {"status": status, "statusText": text, "body": body, "headers": headers}


def test_an_event_keeps_its_request_without_what_proved_the_sender() -> None:
    received, data = received_of(REQUEST)
    assert data == '{"name":"Ünï"}'.encode()
    assert received == Received(
        "POST",
        "http://h.example/event/send?event-identifier=e-1",
        {"event-identifier": "e-1", "deep": '{"x": 1}'},
        {"host": "h.example", "accept": "a, b"},
    )


@pytest.mark.parametrize("request_", [None, [], {}, "text"])
def test_a_request_of_any_shape_is_a_request(request_: Any) -> None:
    assert received_of(request_) == (Received("POST", ""), b"{}")


def test_text_that_is_no_unicode_is_still_json() -> None:
    received, data = received_of({"headers": {"x": "\ud800"}, "body": {"a": "\ud800"}})
    assert received.headers == {"x": "?"}
    assert json.loads(data) == {"a": "\ud800"}


def test_what_was_sent_is_kept_with_stars_for_secrets() -> None:
    sent = outcome_of(TRY, answer(200), processed=True).sent
    assert sent == Sent(
        "POST",
        "https://t.example/?a=1&from=eventhos&n=2",
        {"Authorization": "****", "content-type": "application/json"},
        b'{"id":7,"client_secret":"****"}',
    )


@pytest.mark.parametrize(
    ("response", "processed", "result", "status", "error"),
    [
        (answer(201, "Created"), True, Result.DELIVERED, 201, None),
        (answer(500, "Boom"), False, Result.FAILED, 500, "the receiver answered 500 Internal Server Error"),
        (answer(503), False, Result.THROTTLED, 503, "the receiver answered 503 Service Unavailable"),
        (answer(410), False, Result.GONE, 410, "the receiver answered 410 Gone"),
        (answer(200), False, Result.FAILED, 200, "the receiver answered 200"),
        (answer("ECONNREFUSED", "connect ECONNREFUSED"), False, Result.UNREACHABLE, None, "connect ECONNREFUSED"),
        (answer("ECONNABORTED", "timeout of 70000ms"), False, Result.TIMED_OUT, None, "timeout of 70000ms"),
        ({}, False, Result.UNREACHABLE, None, "it failed"),
        ({}, True, Result.DELIVERED, None, None),
    ],
)
def test_an_answer_means_what_it_would_mean_here(
    response: Any, processed: bool, result: Result, status: int | None, error: str | None
) -> None:
    outcome = outcome_of(TRY, response, processed=processed)
    assert (outcome.result, outcome.status_code, outcome.error) == (result, status, error)


def test_an_answer_is_kept_as_far_as_answers_are() -> None:
    response = answer(200, body={"access_token": "t", "a": 1}, server="x", **{"x-api-key": "k"})
    outcome = outcome_of({}, response, processed=True)
    assert outcome.response_headers == {"server": "x", "x-api-key": "****"}
    assert json.loads(outcome.response_body) == {"access_token": "****", "a": 1}
    assert outcome.sent is None
    long = outcome_of({}, answer(200, body="x" * 100_000), processed=True)
    assert len(long.response_body) == 16 * 1024
    assert outcome_of({}, answer(200), processed=True).response_body == b""


def test_an_attempt_has_the_times_that_were_noted() -> None:
    noted = {"startTime": "2024-03-01T10:00:01.250Z", "endTime": "2024-03-01T10:00:01.750Z"}
    received_at = 1_709_287_200_000
    assert times_of(noted, received_at) == (received_at + 1_250, received_at + 1_750)
    assert times_of(noted, received_at + 1_500) == (received_at + 1_500, received_at + 1_750)
    for wrong in ({}, None, {"startTime": "yesterday", "endTime": 7}):
        assert times_of(wrong, received_at) == (received_at, received_at)
