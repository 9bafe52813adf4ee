import pytest

from eventyard.matching.wording import kind, show


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (None, "null"),
        (True, "true"),
        (False, "false"),
        ("x", "a string"),
        (1, "a number"),
        (1.5, "a number"),
        ([], "a list"),
        ({}, "an object"),
        (b"", "bytes"),
    ],
)
def test_every_json_value_has_a_name(value, name):
    assert kind(value) == name


def test_a_value_is_shown_as_json_in_its_own_script():
    assert show({"größe": "10"}) == '{"größe": "10"}'


def test_a_long_value_is_cut():
    assert show("x" * 100, most=10) == '"xxxxxxxx…'
