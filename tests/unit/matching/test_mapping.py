import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventyard.matching.mapping import MAX_CHARS, Mapping, MappingError, check_mapping
from eventyard.model.errors import Invalid
from eventyard.testing.builders import NOW

EVENT = {
    "headers": {"x-shop": "basel"},
    "body": {"id": 7, "lines": [{"sku": "a", "price": 2.5, "n": 2}, {"sku": "b", "price": 1, "n": 4}], "none": None},
}


def made(expression: str, document: Any = EVENT) -> Any:
    value = Mapping(expression).evaluate(json.dumps(document), NOW)
    return "nothing" if value is None else json.loads(value)


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("{'order': body.id, 'total': $sum(body.lines.(price * n))}", {"order": 7, "total": 9}),
        ("body.lines[price > 2].sku", "a"),
        ("[body.lines[price > 2].sku]", ["a"]),
        ("{'a': body.no, 'b': body.none}", {"b": None}),
        ("headers.`x-shop`", "basel"),
        ("body.no", "nothing"),
        ("null", None),
        ("$now()", "2026-01-02T03:04:05.678Z"),
        ("$millis()", NOW),
        ("($double := function($x){$x * 2}; $map(body.lines.n, $double))", [4, 8]),
    ],
)
def test_a_mapping_makes_a_value_of_an_event(expression: str, value: Any) -> None:
    assert made(expression) == value


def test_one_mapping_serves_one_moment_after_the_other() -> None:
    mapping = Mapping("$millis()")
    assert [mapping.evaluate("{}", moment) for moment in (1, 2)] == ["1", "2"]


@pytest.mark.parametrize(
    ("expression", "why"),
    [
        ("$error('no customer')", "no customer"),
        ("1 + 'a'", "must evaluate to a number"),
        ("$random()", "$random is not to be had here"),
        ("$shuffle([1, 2])", "$shuffle is not to be had here"),
        ("$eval('1')", "$eval is not to be had here"),
        ("($r := $random; $r())", "$random is not to be had here"),
        ("$now('[Y]')", "$now takes no picture here"),
        ("($f := function($x){$f($x + 1)}; $f(0))", "timeout"),
        ("($f := function($x){1 + $f($x + 1)}; $f(0))", "Stack overflow"),
        ("[1..9999999]", "maximum sequence length"),
    ],
)
def test_a_mapping_that_fails_says_why(expression: str, why: str) -> None:
    with pytest.raises(MappingError) as failed:
        made(expression)
    assert why in str(failed.value)


@pytest.mark.parametrize(
    ("expression", "why"),
    [
        ("{'a': body.id", "Expected RightBrace before end of expression"),
        ("body.(", "Unexpected end of expression"),
        ("", "Unexpected end of expression"),
        ("'\ud800'", "unpaired surrogate"),
        ("(" * 8_000 + "1" + ")" * 8_000, "nesting depth"),
        ("1" + "+1" * 8_000, "nesting depth"),
        ("9" * MAX_CHARS, "out of range"),
        ("$match(body, /((a{1000}){1000}){1000}/) and (", "Unexpected end"),
    ],
    ids=lambda text: text[:20],
)
def test_what_is_no_expression_is_found_when_it_is_written(expression: str, why: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_mapping(expression, "/settings/mapping")
    assert (refused.value.code, refused.value.pointer) == ("invalid_settings", "/settings/mapping")
    assert why in refused.value.message
    assert refused.value.hint


SIGNS = st.sampled_from([*"()[]{}.$&'\"`:;,*%^~?/|<>!=+-0a \n", "function", ":=", "..", "body", "~>", " and "])


@given(st.lists(SIGNS | st.characters(), max_size=60).map("".join))
def test_reading_an_expression_raises_nothing_but_its_own_error(expression: str) -> None:
    try:
        check_mapping(expression, "/settings/mapping")
    except Invalid as error:
        assert error.code == "invalid_settings"
