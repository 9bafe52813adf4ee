import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventyard.matching.fields import NIL, Fields, decode, number_text, read, text


@pytest.mark.parametrize(
    ("number", "form"),
    [
        (0, "0"),
        (-0.0, "-0"),
        (1, "1"),
        (1.0, "1"),
        (-17, "-17"),
        (0.1, "0.1"),
        (123456, "123456"),
        (999999, "999999"),
        (999999.5, "999999.5"),
        (1000000, "1e+06"),
        (1234567, "1.234567e+06"),
        (123456789.0, "1.23456789e+08"),
        (1e20, "1e+20"),
        (1e21, "1e+21"),
        (1e100, "1e+100"),
        (0.0001, "0.0001"),
        (0.00001, "1e-05"),
        (0.000012345, "1.2345e-05"),
        (-1234567.5, "-1.2345675e+06"),
        (12345678901234567890, "1.2345678901234567e+19"),
        (9007199254740993, "9.007199254740992e+15"),
        (5e-324, "5e-324"),
        (1.7976931348623157e308, "1.7976931348623157e+308"),
        (10**400, "+Inf"),
        (-(10**400), "-Inf"),
        (float("inf"), "+Inf"),
        (float("-inf"), "-Inf"),
        (float("nan"), "NaN"),
    ],
)
def test_a_number_reads_as_go_prints_a_float64(number, form):
    assert number_text(number) == form


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_the_form_of_a_number_names_that_number_in_the_fewest_digits(number):
    form = number_text(number)
    digits = form.lstrip("-").partition("e")[0].replace(".", "").strip("0")

    assert struct.pack("d", float(form)) == struct.pack("d", number)
    assert len(digits) == len(repr(number).lstrip("-").partition("e")[0].replace(".", "").strip("0"))


@pytest.mark.parametrize(
    ("value", "form"),
    [
        (None, NIL),
        (True, "true"),
        (False, "false"),
        ("", ""),
        ("<nil>", "<nil>"),
        ("ünïcödé", "ünïcödé"),
        (7, "7"),
        ({}, None),
        ([1], None),
    ],
)
def test_every_value_but_objects_and_arrays_has_a_string_form(value, form):
    assert text(value) == form


def test_a_path_goes_through_objects_only():
    data = {"a": {"b": {"c": 1}}, "list": [{"b": 2}], "a.b": 3, "0": "zero"}

    assert read(data, ("a", "b", "c")) == 1
    assert read(data, ("list", "0")) is None
    assert read(data, ("list", "b")) is None
    assert read(data, ("a", "b", "c", "d")) is None
    assert read("text", ("a",)) is None


def test_each_path_is_read_once():
    data = {"a": {"b": "first"}}
    fields = Fields(data)

    assert fields["a", "b"] == "first"
    data["a"]["b"] = "second"
    assert fields["a", "b"] == "first"
    assert fields[("missing",)] == NIL


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b'{"a": [1, 2.5, "x", null]}', {"a": [1, 2.5, "x", None]}),
        (b"[1e999, -1e999]", [float("inf"), float("-inf")]),
        (b"[%s, -%s]" % (b"9" * 5000, b"9" * 5000), [float("inf"), float("-inf")]),
        (b"[%s, 1e999]" % (b"9" * 4000), [int("9" * 4000), float("inf")]),
    ],
)
def test_json_with_any_number_has_a_value(data, value):
    assert decode(data) == value


@pytest.mark.parametrize(
    "data", [b"", b"{", b"NaN", b"[Infinity]", b"[1e999, NaN]", rb'[1e999, "\ud800"]', b'[1e999, "\xff"]']
)
def test_what_is_not_json_has_none(data):
    with pytest.raises(ValueError):
        decode(data)
