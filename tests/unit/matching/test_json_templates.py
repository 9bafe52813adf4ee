import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventyard.matching.json_templates import compile_json
from eventyard.matching.templates import Missing, Scene, Unrenderable
from eventyard.model.errors import Invalid

EVENT = {"body": {"id": 7, "name": "Ada", "big": 12345678901234567890123, "tags": ["a", "b"], "none": None}}


def filled(document: Any, missing: Missing = Missing.DROP, room: int = 1_000) -> Any:
    body = compile_json(document, "/settings/body").json(Scene(EVENT, missing, room=room))
    return "dropped" if body is None else json.loads(body)


def test_a_string_that_is_one_template_keeps_the_type_of_its_value() -> None:
    assert filled({"id": "${.body.id}", "tags": "${.body.tags}", "text": "no. ${.body.id}"}) == {
        "id": 7,
        "tags": ["a", "b"],
        "text": "no. 7",
    }
    assert filled("${.body.big}") == 12345678901234567890123
    assert filled("${.body}") == EVENT["body"]


def test_lists_and_what_lies_in_them_are_filled_in() -> None:
    assert filled({"lines": [{"who": "${.body.name}"}, ["${.body.id}", "x"], 5]}) == {
        "lines": [{"who": "Ada"}, [7, "x"], 5]
    }


def test_what_holds_no_template_stays_as_it_is() -> None:
    document = {"a": [1, 2.5, None, True, {"b": "é"}], "${.body.id}": "a name is no template"}
    assert filled(document) == document


def test_a_template_may_be_kept_from_being_one() -> None:
    assert filled([r"\${.body.id}", r"\${ and ${.body.id}"]) == ["${.body.id}", "${ and 7"]


def test_a_value_can_not_end_the_string_it_stands_in() -> None:
    body = compile_json({"a": "<${.body}>"}, "").json(Scene({"body": '", "admin": true, "x": "\n\\'}, room=99))
    assert json.loads(body or b"") == {"a": '<", "admin": true, "x": "\n\\>'}


@pytest.mark.parametrize(
    ("missing", "value"),
    [
        (Missing.DROP, {"b": ["x"], "c": "<>", "d": {}, "e": None}),
        (Missing.NULL, {"a": None, "b": [None, "x"], "c": "<null>", "d": {"e": None}, "e": None}),
    ],
)
def test_what_is_missing_is_dropped_or_null(missing: Missing, value: Any) -> None:
    no = "${.body.no}"
    assert filled({"a": no, "b": [no, "x"], "c": f"<{no}>", "d": {"e": no}, "e": "${.body.none}"}, missing) == value


def test_what_is_missing_may_be_an_error_and_the_whole_may_be_dropped() -> None:
    with pytest.raises(Unrenderable, match=r"there is nothing at \$\{\.body\.no\.such\}"):
        filled({"a": ["${.body.no.such}"]}, Missing.ERROR)
    assert filled("${.body.no}") == "dropped"


def test_a_mistake_is_pointed_at() -> None:
    with pytest.raises(Invalid, match="body: the template at character 2 is not closed") as refused:
        compile_json({"a/b": [{"c": "x"}, {"c": "x${.body"}]}, "/settings/body")
    assert refused.value.pointer == "/settings/body/a~1b/1/c"


def test_a_document_has_a_depth_and_a_rendered_one_a_size() -> None:
    deep: Any = "x"
    for _ in range(64):
        deep = [deep]
    with pytest.raises(Invalid, match="more than 64 levels deep"):
        compile_json(deep, "/settings/body")
    assert filled(deep[0]) == deep[0]
    with pytest.raises(Unrenderable, match="too large"):
        filled(["${.body}"] * 100)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda below: st.lists(below) | st.dictionaries(st.text(), below),
)


@given(JSON.filter(lambda document: "${" not in json.dumps(document)))
def test_a_document_without_templates_is_written_as_it_is(document: Any) -> None:
    body = compile_json(document, "").json(Scene({}, room=0))
    assert json.loads(body or b"") == document


@given(JSON)
def test_whatever_an_event_holds_is_kept(value: Any) -> None:
    body = compile_json({"all": ["${.body}"], "text": "<${.body}>"}, "").json(Scene({"body": value}, room=10**6))
    made = json.loads(body or b"")
    assert made["all"] == [value]
    assert made["text"] == f"<{value}>" if isinstance(value, str) else json.loads(made["text"][1:-1]) == value
