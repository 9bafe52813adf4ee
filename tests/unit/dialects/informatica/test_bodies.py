import pytest

from eventyard.dialects.informatica.bodies import (
    choice,
    event_id,
    flag,
    needed,
    object_of,
    text,
    unknown,
    whole,
    word,
    wrong,
)
from eventyard.model.errors import HubError, Invalid, NotFound


@pytest.mark.parametrize("body", [b"", b"  \n", b"{}"])
def test_no_body_is_an_empty_object(body):
    assert object_of(body, 8) == {}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"[]", "invalid_body"),
        (b"7", "invalid_body"),
        (b"null", "invalid_body"),
        (b'{"a":', "invalid_json"),
        (b"\xff", "invalid_json"),
        (b'{"a": {"a": {"a": {"a": 1}}}}', "body_too_deep"),
    ],
)
def test_what_is_no_object_is_refused(body, code):
    with pytest.raises(HubError) as refused:
        object_of(body, 3)
    assert refused.value.code == code


def code_of(read, *arguments):
    with pytest.raises(Invalid) as refused:
        read(*arguments)
    return refused.value.code


@pytest.mark.parametrize("value", [None, ""])
def test_a_text_that_is_empty_is_none(value):
    assert text({"a": value}, "a") is None
    assert text({}, "a") is None


def test_a_text_is_a_text():
    assert text({"a": " x "}, "a") == " x "
    for value in (7, True, [], {}):
        assert code_of(text, {"a": value}, "a") == "invalid_body"


@pytest.mark.parametrize(("value", "number"), [(7, 7), ("40558", 40558), ("-2", -2), (None, None), (0, 0)])
def test_a_number_may_be_a_text(value, number):
    assert whole({"a": value}, "a") == number


@pytest.mark.parametrize("value", [2.5, 2.0, True, "", "2.5", "x", " 2", "²", "9" * 41, [], {}])
def test_what_is_no_whole_number_is_refused(value):
    assert code_of(whole, {"a": value}, "a") == "invalid_body"


@pytest.mark.parametrize(
    ("value", "is_so"), [(True, True), (False, False), ("TRUE", True), ("false", False), ("False", False)]
)
def test_a_boolean_may_be_a_word(value, is_so):
    assert flag({"a": value}, "a", not is_so) is is_so


def test_a_boolean_that_is_not_there_is_the_default():
    assert flag({}, "a", True) and not flag({"a": None}, "a", False)


@pytest.mark.parametrize("value", [0, 1, "", "yes", "0", [], {}])
def test_what_is_no_boolean_is_refused(value):
    assert code_of(flag, {"a": value}, "a", True) == "invalid_body"


@pytest.mark.parametrize("value", ["COMPOUND_SUBSCRIPTION", "Compound Subscription", "compound-subscription"])
def test_a_word_is_known_in_any_case_and_as_it_is_displayed(value):
    assert choice({"a": value}, "a", {"COMPOUND_SUBSCRIPTION": 4}) == 4


def test_an_unknown_word_makes_no_sense_as_a_filter():
    assert code_of(choice, {"a": "FILE"}, "a", {"SYSTEM": 1}) == "invalid_filter"
    assert code_of(choice, {"a": 1}, "a", {"SYSTEM": 1}) == "invalid_body"
    assert choice({"a": ""}, "a", {"SYSTEM": 1}) is None


def test_refusals_name_the_field():
    assert (wrong("a", "a date").pointer, wrong("a", "a date").message) == ("/a", "a is not a date")
    assert unknown("a", "x", ["b", "c"]).hint == "one of: b, c"


def test_a_text_that_must_be_there_is_missed():
    assert needed({"name": "x"}, "name") == "x"
    for nothing in ({}, {"name": None}, {"name": ""}):
        with pytest.raises(Invalid, match="name is missing"):
            needed(nothing, "name")


def test_a_word_that_must_be_there_is_one_of_some_in_any_case():
    assert word({"mode": " PAUSE "}, "mode", {"enable": 1, "pause": 2}) == 2
    with pytest.raises(Invalid, match="mode is not one of: enable, pause") as refused:
        word({"mode": "sleep"}, "mode", {"enable": 1, "pause": 2})
    assert refused.value.code == "invalid_body"


def test_an_event_is_named_by_its_number():
    assert event_id({"eventId": "40558"}) == event_id({"eventId": 40558}) == 40558
    with pytest.raises(Invalid, match="missing"):
        event_id({})
    for number in (0, -1, 1 << 63):
        with pytest.raises(NotFound, match=str(number)):
            event_id({"eventId": number})
