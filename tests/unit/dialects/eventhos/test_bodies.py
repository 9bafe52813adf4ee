import pytest
from pydantic import ValidationError

from eventyard.dialects.eventhos.bodies import Body, Description, Name, Number, NumberOrNone, fault, said_of, unset
from eventyard.model.errors import Invalid


class Some(Body):
    name: Name
    number: Number = 1
    client: NumberOrNone = None
    description: Description = unset()


def test_what_nobody_asked_for_is_no_fault_and_numbers_may_be_texts():
    body = Some(name=7, number="8", client="", extra={"x": 1})
    assert (body.name, body.number, body.client) == ("7", 8, None)
    assert body.given() == {"name": "7", "number": 8, "client": None}


def test_nothing_is_an_empty_description():
    assert Some(name="x", description=None).given()["description"] == ""
    assert "description" not in Some(name="x").given()


@pytest.mark.parametrize("wrong", [{"name": ""}, {"name": "x" * 46}, {"name": "a\nb"}, {"name": None}, {}])
def test_a_name_has_the_width_of_its_column(wrong):
    with pytest.raises(ValidationError):
        Some(**wrong)


@pytest.mark.parametrize("number", [0, -1, 1.5, "x", 2**63, None])
def test_an_id_is_a_whole_number_from_one_on(number):
    with pytest.raises(ValidationError):
        Some(name="x", number=number)


def test_a_fault_names_its_field():
    error = fault("system_id", "it is not there")
    assert (error.status, error.code, error.message) == (400, 400001, "Invalid request; system_id: it is not there")
    assert [(one.field, one.message) for one in error.faults] == [("system_id", "it is not there")]


def test_what_the_pipeline_refuses_is_said_of_the_field_as_it_was_named_here():
    error = Invalid("invalid_settings", "no", pointer="/settings/headers/X-A")
    told = said_of(error, {"/settings/headers": "headers"})
    assert told is not None
    assert told.faults[0].field == "headers.X-A"
    assert said_of(error, {"/settings/header": "header"}) is None
    assert said_of(Invalid("invalid_body", "no"), {"/name": "name"}) is None
