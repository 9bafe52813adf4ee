from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventyard.matching.templates import Missing, Scene, Unrenderable, compile_text, on_one_line
from eventyard.model.errors import Invalid

EVENT = {
    "headers": {"x-shop": "basel"},
    "query": {"k": "v"},
    "url": "https://hub.example/eventhos/event/send",
    "body": {"a": "x", "b": "y", "n": 9.5, "yes": True, "none": None, "list": [1, "two"], "o": {"k": "é"}},
    "oauthResponse": {"body": {"access_token": "tok"}, "headers": {"x-kind": "bearer"}},
}


def filled(text: str, missing: Missing = Missing.DROP, room: int = 1_000) -> str | None:
    return compile_text(text, "/settings/url").render(Scene(EVENT, missing, room=room))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("${.body.a}-${.body.b}", "x-y"),
        ("${.body.a}${.body.b}${.body.a}", "xyx"),
        ("a ${.body.n}, ${.body.yes}, ${.body.none}", "a 9.5, true, null"),
        ("${.body.list} and ${.body.o}", '[1,"two"] and {"k":"é"}'),
        ("${.headers.x-shop}, ${.headers.X-Shop}", "basel, basel"),
        ("${.query.k} of ${.url}", "v of https://hub.example/eventhos/event/send"),
        ("Bearer ${.oauthResponse.body.access_token}", "Bearer tok"),
        ("${.oauthResponse.headers['X-Kind']}", "bearer"),
        ("${.body.list[1]}", "two"),
        (r"\${.body.a}", "${.body.a}"),
        (r"\\${.body.a}", r"\x"),
        (r"\\\${.body.a}", r"\${.body.a}"),
        ("$${.body.a}", "$x"),
        ("{${.body.a}}", "{x}"),
        ("", ""),
    ],
)
def test_every_template_of_a_text_is_filled_in(text: str, value: str) -> None:
    assert filled(text) == value


def test_what_is_missing_is_dropped_or_null_or_an_error() -> None:
    assert filled("${.body.no}") is None
    assert filled("<${.body.no}>") == "<>"
    assert filled("${.body.no}", Missing.NULL) == "null"
    assert filled("<${.body.no}>", Missing.NULL) == "<null>"
    for text in ("${.body.no}", "<${.body.a}${.body['no such']}>"):
        with pytest.raises(Unrenderable, match="there is nothing at"):
            filled(text, Missing.ERROR)


def test_null_is_not_missing() -> None:
    assert filled("<${.body.none}>", Missing.ERROR) == "<null>"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a ${.body.a", "the template at character 3 is not closed"),
        ("${.body.a}${", "the template at character 11 is none: a path begins with a dot and a name"),
        ("${body.a}", "the template at character 1 is none: a path begins with a dot and a name"),
        ("${}", "the template at character 1 is none"),
        ("${.env.HOME}", "the template at character 1 speaks of 'env'"),
        ("${.body.a b}", "the template at character 1 goes wrong at character 10"),
        ("${.body[?(@.a)]}", "the template at character 1 goes wrong at character 8"),
        ("${.body..a}", "the template at character 1 goes wrong at character 8"),
        ("${.body" + ".a" * 70 + "}", "at most 64 steps"),
    ],
)
def test_a_template_that_is_wrong_is_found_when_it_is_written(text: str, message: str) -> None:
    with pytest.raises(Invalid, match=r"headers: .*" + message.replace("(", r"\(")) as refused:
        compile_text(text, "/settings/headers/x-id")
    assert (refused.value.code, refused.value.pointer) == ("invalid_settings", "/settings/headers/x-id")
    assert refused.value.hint


def test_a_text_does_not_grow_beyond_its_bound() -> None:
    assert filled("${.body.list}" * 10, room=90) == '[1,"two"]' * 10
    with pytest.raises(Unrenderable, match="too large"):
        filled("${.body.list}" * 10, room=89)


def test_what_json_has_no_words_for_is_said_to_be_so() -> None:
    text = compile_text("<${.body}>", "")
    for value in ("\ud800", object()):
        with pytest.raises(Unrenderable, match="cannot be written as JSON"):
            text.render(Scene({"body": [value]}, room=99))


def test_a_long_row_of_backslashes_is_read_as_fast_as_any_text() -> None:
    text = "\\" * 1_000_000
    assert filled(text) == text
    assert filled(text + "${.body.a}") == text[:500_000] + "x"
    assert filled(text + "\\${.body.a}") == text[:500_000] + "${.body.a}"


def test_searching_for_what_wildcards_lead_to_is_bounded() -> None:
    document = {"body": [0] * 50_000}
    text = compile_text("${.body[*].a}" * 5, "/settings/url")
    with pytest.raises(Unrenderable, match="its templates try more than 200000 parts of the event"):
        text.render(Scene(document, room=1_000))
    assert compile_text("${.body[*].a}" * 4, "/settings/url").render(Scene(document, room=1_000)) == ""


def test_a_header_stays_on_its_line() -> None:
    assert on_one_line("a\r\nx-evil: 1\r\n\r\nb\0") == "a x-evil: 1 b"
    assert on_one_line("Zürich") == "Zürich"


@given(st.text().filter(lambda text: "${" not in text))
def test_a_text_without_templates_is_left_as_it_is(text: str) -> None:
    assert compile_text(text, "").render(Scene({}, room=0)) == text


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda below: st.lists(below) | st.dictionaries(st.sampled_from("abc") | st.text(), below),
)
TEXTS = st.lists(st.text() | st.sampled_from(["${", "}", ".body", ".a", "[0]", "[*]", "${.body.a}", "\\", "['"]))


@given(TEXTS.map("".join), JSON, st.sampled_from(Missing))
def test_rendering_raises_nothing_but_its_own_error(text: str, body: Any, missing: Missing) -> None:
    try:
        compiled = compile_text(text, "/settings/body")
    except Invalid:
        return
    try:
        compiled.render(Scene({"body": body}, missing, room=200))
    except Unrenderable:
        assert any(compiled.paths)
