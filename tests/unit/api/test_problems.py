import json

import pytest

from eventyard.api.problems import Fault, Faulty, problem, request_id_of, status_of
from eventyard.model.errors import (
    CODES,
    Conflict,
    Forbidden,
    HubError,
    Invalid,
    NotFound,
    TooLarge,
    TooMany,
    Unauthenticated,
    Unavailable,
)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (Invalid("invalid_filter", ""), 422),
        (Invalid("invalid_json", ""), 400),
        (Invalid("invalid_parameter", ""), 400),
        (Invalid("invalid_cloudevent", ""), 400),
        (Invalid("no_project", ""), 400),
        (Invalid("no_algorithm", ""), 400),
        (Invalid("empty_patch", ""), 400),
        (Invalid("source_disabled", ""), 400),
        (Invalid("method_not_allowed", ""), 405),
        (Invalid("unsupported_media_type", ""), 415),
        (Invalid("unsupported_encoding", ""), 415),
        (TooLarge("body_too_large", ""), 413),
        (TooLarge("headers_too_large", ""), 431),
        (Unauthenticated("signature_replayed", ""), 401),
        (Forbidden("forbidden", ""), 403),
        (NotFound("not_found", ""), 404),
        (Conflict("duplicate", ""), 409),
        (Conflict("idempotency_mismatch", ""), 422),
        (TooMany("", retry_after=3), 429),
        (TooMany("", retry_after=3, code="locked_out"), 401),
        (Unavailable("store_locked", ""), 503),
        (Unavailable("store_full", ""), 507),
        (Unavailable("signature_misconfigured", ""), 500),
        (Unavailable("secret_unreadable", ""), 500),
        (HubError("internal", ""), 500),
    ],
)
def test_every_family_has_its_status_and_some_codes_their_own(error, status):
    assert status_of(error) == status


def test_a_problem_says_what_where_and_what_to_do():
    error = Invalid("invalid_filter", "eq wants pairs", pointer="/filter/eq/0", hint="write [path, text]")
    answer = problem(error, "r-1")
    assert answer.status == 422
    assert answer.content_type == "application/problem+json"
    assert answer.headers == ((b"x-request-id", b"r-1"),)
    assert json.loads(answer.body) == {
        "type": "/docs/errors#invalid_filter",
        "title": CODES["invalid_filter"],
        "status": 422,
        "detail": "eq wants pairs",
        "code": "invalid_filter",
        "pointer": "/filter/eq/0",
        "hint": "write [path, text]",
        "request_id": "r-1",
    }


def test_several_faults_are_all_told():
    answer = problem(Faulty("invalid_body", [Fault("/a", "too long"), Fault("/b", "missing")]), "r")
    told = json.loads(answer.body)
    assert (told["pointer"], told["detail"]) == ("/a", "too long")
    assert told["errors"] == [{"pointer": "/a", "detail": "too long"}, {"pointer": "/b", "detail": "missing"}]


def test_what_nobody_expected_tells_nothing_of_itself():
    answer = problem(RuntimeError("password hunter2"), "r-2")
    assert answer.status == 500
    assert json.loads(answer.body)["code"] == "internal"
    assert b"hunter2" not in answer.body


@pytest.mark.parametrize(
    ("error", "header"),
    [
        (Unauthenticated("unauthenticated", ""), (b"www-authenticate", b'Bearer realm="eventyard"')),
        (TooMany("", retry_after=7), (b"retry-after", b"7")),
        (Invalid("method_not_allowed", "", hint="GET, POST"), (b"allow", b"GET, POST")),
    ],
)
def test_some_statuses_carry_a_header_of_their_own(error, header):
    assert header in problem(error, "r").headers


def test_a_sane_request_id_is_kept():
    assert request_id_of([(b"host", b"x"), (b"x-request-id", b"trace-1/2:3")]) == "trace-1/2:3"


@pytest.mark.parametrize("value", [b"", b"a b", b"a\nb", b"\xff", b"x" * 129])
def test_an_odd_request_id_is_replaced(value):
    made = request_id_of([(b"x-request-id", value)])
    assert len(made) == 36
    assert made != request_id_of([])
