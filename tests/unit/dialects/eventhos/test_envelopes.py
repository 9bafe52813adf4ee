"""What every answer of eventhos is wrapped in."""

import json
import uuid

import pytest

from eventyard.dialects.eventhos.envelopes import OF_CODE, OF_FAMILY, EventhosError, Fault, refusal_of, success
from eventyard.model import errors
from eventyard.model.errors import (
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


def test_a_success_is_a_code_and_a_message():
    assert success(200000) == b'{"code":200000,"message":"success"}'


def test_a_success_may_have_content_and_null_is_content():
    assert success(200001, "Client added", {"id": 1}) == b'{"code":200001,"message":"Client added","content":{"id":1}}'
    assert success(200001, content=None) == b'{"code":200001,"message":"success","content":null}'


def test_an_error_is_a_message_a_code_and_a_uuid_of_its_own():
    one, other = refusal_of(EventhosError(400, 400202, "no such event")), refusal_of(EventhosError(400, 400202, ""))
    body = json.loads(one.body)
    assert body == {"message": "no such event", "code": 400202, "errorUUID": one.error_id}
    assert uuid.UUID(one.error_id).version == 4
    assert one.error_id != other.error_id


def test_faults_are_told_by_field():
    refusal = refusal_of(EventhosError(400, 400001, "wrong", faults=[Fault("name", "is required")]))
    assert json.loads(refusal.body)["errors"] == [{"field": "name", "message": "is required"}]


def test_a_pointer_is_told_as_a_field():
    refusal = refusal_of(Invalid("invalid_settings", "no URL", pointer="/settings/headers/a~1b"))
    assert refusal.faults == (Fault("settings.headers.a/b", "no URL"),)


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (Invalid("invalid_json", "no JSON"), 400, 500000),
        (Invalid("invalid_body", "no name"), 400, 400001),
        (TooLarge("body_too_large", "beyond 10 bytes"), 413, 500000),
        (Unauthenticated("unauthenticated", "no token"), 403, 403002),
        (Forbidden("forbidden", "not this"), 401, 401002),
        (NotFound("not_found", "nothing"), 404, 404000),
        (Conflict("duplicate", "twice"), 409, 409000),
        (Unavailable("store_unavailable", "not now"), 503, 500000),
        (Unavailable("store_full", "full"), 507, 500000),
    ],
)
def test_an_error_of_the_hub_has_a_status_and_a_code(error, status, code):
    refusal = refusal_of(error)
    assert (refusal.status, refusal.code, refusal.message) == (status, code, error.message)


def test_what_to_do_next_is_told_in_the_message():
    assert refusal_of(NotFound("not_found", "nothing", hint="look elsewhere")).message == "nothing; look elsewhere"


def test_who_comes_too_often_is_told_when_to_come_back():
    assert refusal_of(TooMany("slower", retry_after=7)).headers == {"retry-after": "7"}


def test_a_method_that_is_not_taken_is_told_which_are():
    assert refusal_of(Invalid("method_not_allowed", "POST only", hint="POST")).headers == {"allow": "POST"}


def test_what_nobody_expected_tells_nothing_of_itself():
    refusal = refusal_of(RuntimeError("SELECT secret FROM users"))
    assert (refusal.status, refusal.code) == (500, 500000)
    assert b"SELECT" not in refusal.body


def test_every_family_has_its_place():
    families = {
        thing.family for thing in vars(errors).values() if isinstance(thing, type) and issubclass(thing, HubError)
    }
    assert families == set(OF_FAMILY)


def test_every_status_is_one_of_http():
    assert all(400 <= status < 600 for status, _ in (*OF_FAMILY.values(), *OF_CODE.values()))


def test_who_is_to_come_back_later_is_told_when():
    assert refusal_of(EventhosError(401, 401003, "locked", retry_after=7)).headers == {"retry-after": "7"}
    assert refusal_of(EventhosError(401, 401001, "wrong")).headers == {}
