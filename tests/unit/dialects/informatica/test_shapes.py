import jsonschema_rs
import pytest

from eventyard.dialects.informatica.profiles import CIH, DIH, PROFILES
from eventyard.dialects.informatica.rendering import event_shown
from eventyard.dialects.informatica.shapes import (
    EXAMPLES,
    NUMBER,
    TABLES,
    TEXT,
    answered,
    body_of,
    events_of,
    given,
    schemas,
    sends,
    state_of,
    success,
    topics_of,
)
from eventyard.model.journal import Story
from eventyard.model.lifecycle import Status
from tests.unit.dialects.informatica.placed import lines, read


def validator(profile, name):
    components = {"components": {"schemas": schemas(profile)}}
    return jsonschema_rs.Draft202012Validator({**components, "$ref": f"#/components/schemas/{name}"})


@pytest.mark.parametrize("profile", PROFILES)
def test_events_are_what_the_schema_says(profile):
    history = tuple(lines(("2026-01-02T03:04:05.678Z", Status.PENDING, "")))
    full = read(id=8, application="a", topic="t", name="n", completed_at=1, parent_id=7, run_id="28")
    validator(profile, "Event").validate(event_shown(profile, Story(read(), history, (Story(full, history),))))


@pytest.mark.parametrize("profile", PROFILES)
def test_the_example_is_what_the_schema_says(profile):
    media = body_of(profile, EXAMPLES[profile.name])["requestBody"]["content"]["application/json"]
    jsonschema_rs.Draft202012Validator(media["schema"]).validate(media["example"])


def test_what_is_the_other_products_is_not_in_the_schema():
    requests = [
        body_of(p, {})["requestBody"]["content"]["application/json"]["schema"]["properties"] for p in (DIH, CIH)
    ]
    assert {"partnerId", "matchAll", "timeFrame"} <= requests[0].keys()
    assert not {"partnerId", "matchAll", "timeFrame"} & requests[1].keys()
    events = [schemas(profile)["Event"]["properties"] for profile in (DIH, CIH)]
    assert ("delayedTime" in events[0], "runId" in events[0]) == (True, False)
    assert ("delayedTime" in events[1], "runId" in events[1]) == (False, True)


def test_answers_refer_to_their_schemas():
    assert events_of()["content"]["application/json"]["schema"]["items"] == {"$ref": "#/components/schemas/Event"}
    assert "EventState" in str(state_of())
    assert topics_of()["content"]["application/json"]["schema"]["items"] == {"$ref": "#/components/schemas/Topic"}


def test_the_numbers_of_a_call_may_be_texts_and_what_it_needs_is_required():
    media = given({"eventId": NUMBER, "comment": TEXT}, ("eventId",), {"eventId": "7"})["requestBody"]["content"]
    schema = jsonschema_rs.Draft202012Validator(media["application/json"]["schema"])
    assert [schema.is_valid(body) for body in ({"eventId": 7}, {"eventId": "7"}, {"comment": ""})] == [
        True,
        True,
        False,
    ]


def test_tables_are_arrays_of_rows_at_least_one():
    media = sends(TABLES, {"orders": [{}]})["requestBody"]["content"]["application/json"]
    schema = jsonschema_rs.Draft202012Validator(media["schema"])
    assert [schema.is_valid(body) for body in (media["example"], {}, {"orders": [1]}, {"orders": {}})] == [
        True, False, False, False,
    ]  # fmt: skip


def test_an_answer_has_all_of_its_fields():
    for told, body in ((answered("x", {"a": TEXT}), {"a": ""}), (success("x"), {"responseCode": "SUCCESS"})):
        schema = jsonschema_rs.Draft202012Validator(told["content"]["application/json"]["schema"])
        assert [schema.is_valid(body), schema.is_valid({})] == [True, False]
