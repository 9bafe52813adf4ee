import pytest
from pydantic import ValidationError

from eventyard.api.v1.bodies import Body, Moment, Name, Retry, unset
from eventyard.api.v1.bodies import Change as ChangeBody
from eventyard.model.retry import RetryPolicy
from eventyard.testing.builders import NOW


class Change(ChangeBody):
    name: Name = unset()
    note: str | None = unset()
    at: Moment = unset()
    retry: Retry | None = unset()
    inner: "Inner" = unset(alias="outer")


class Inner(Body):
    count: int = 0


Change.model_rebuild()


def faults(body):
    with pytest.raises(ValidationError) as refused:
        Change.model_validate(body)
    return [(error["loc"], error["type"], error.get("ctx", {})) for error in refused.value.errors()]


def test_what_is_given_is_told_from_what_is_left_out():
    assert Change.model_validate({}).given() == {}
    assert Change.model_validate({"name": "a", "note": None}).given() == {"name": "a", "note": None}
    assert Change.model_validate({"outer": {"count": 1}}).given() == {"inner": Inner(count=1)}


def test_a_field_that_may_be_left_out_may_not_be_null_unless_it_says_so():
    assert [fault[:2] for fault in faults({"name": None})] == [(("name",), "string_type")]


def test_an_unknown_field_is_refused_with_the_nearest():
    assert faults({"nam": "a"}) == [
        ((), "unknown_field", {"name": "'nam'", "hint": "did you mean 'name'?", "pointer": "/nam"})
    ]
    [(place, _, context)] = faults({"outer": {"zzz": 1}})
    assert (place, context["hint"], context["pointer"]) == (("outer",), "fields here: count", "/zzz")


def test_types_are_strict():
    assert [fault[:2] for fault in faults({"outer": {"count": "1"}})] == [(("outer", "count"), "int_type")]
    assert [fault[:2] for fault in faults({"outer": {"count": True}})] == [(("outer", "count"), "int_type")]


def test_a_time_becomes_milliseconds():
    assert Change.model_validate({"at": "2026-01-02T04:04:05.678+01:00"}).at == NOW


@pytest.mark.parametrize("text", ["yesterday", "2026-02-30T00:00:00Z", 7, None])
def test_what_is_no_time_is_refused(text):
    assert [fault[:2] for fault in faults({"at": text})] == [(("at",), "time")]


def test_a_retry_policy_is_the_models_own():
    assert Change.model_validate({"retry": {"schedule_ms": [1, 2]}}).retry == RetryPolicy(schedule_ms=(1, 2))
    assert Change.model_validate({"retry": None}).retry is None


@pytest.mark.parametrize(
    ("policy", "pointer"),
    [({"max_attempts": 0}, "/max_attempts"), ({"schedule_ms": [1, -1]}, "/schedule_ms/1"), ({"tries": 3}, ""), (7, "")],
)
def test_a_wrong_retry_policy_is_told_where(policy, pointer):
    [(place, kind, context)] = faults({"retry": policy})
    assert (place, kind, context["pointer"]) == (("retry",), "retry", pointer)


def test_the_schema_says_what_may_be_left_out_and_that_nothing_else_is_taken():
    schema = Change.model_json_schema()
    assert schema["additionalProperties"] is False
    assert schema["minProperties"] == 1
    assert "required" not in schema
    assert "default" not in schema["properties"]["name"]
