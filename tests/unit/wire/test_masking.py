import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventyard.wire.masking import DEPTH, STARS, Masker

MASKER = Masker(["*password", "*secret", "*token", "access-key", "authorization", "cookie"])
SECRET = "s3cr3t"


@pytest.mark.parametrize("name", ["password", "Password", "db_password", "ACCESS_KEY", "accessKey", "x-access-token"])
def test_a_name_is_known_in_any_case_and_however_its_words_are_joined(name):
    assert MASKER.hides(name)


@pytest.mark.parametrize("name", ["", "pass", "passwords", "author", "keys", "token_count"])
def test_another_name_hides_nothing(name):
    assert not MASKER.hides(name)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ('{"user": "anna", "password": "s3cr3t"}', '{"user": "anna", "password": "****"}'),
        ('{"a": {"b": [{"client_secret": "s3cr3t", "c": 1}]}}', '{"a": {"b": [{"client_secret": "****", "c": 1}]}}'),
        ('{"token": {"value": ["s3cr3t", {"a": 1}]}, "b": 2}', '{"token": "****", "b": 2}'),
        ('{"token":["s3cr3t"],"b":[1]}', '{"token":"****","b":[1]}'),
        ('{"token": 123, "b": true}', '{"token": "****", "b": true}'),
        ('{\n  "token": null\n}', '{\n  "token": "****"\n}'),
        ('{"pass\\u0077ord": "s3cr3t"}', '{"pass\\u0077ord": "****"}'),
        ('{"password": "a\\"s3cr3t\\\\", "b": "c\\"d"}', '{"password": "****", "b": "c\\"d"}'),
        ('{"body": "{\\"password\\": \\"s3cr3t\\"}"}', '{"body": "{\\"password\\": \\"****\\"}"}'),
        ('{"url": "https://h/?token=s3cr3t&a=1"}', '{"url": "https://h/?token=****&a=1"}'),
        ('[{"password": "s3cr3t"}]\n[{"password": "s3cr3t"}]', '[{"password": "****"}]\n[{"password": "****"}]'),
        ('login failed for {"password": "s3cr3t"}', 'login failed for {"password": "****"}'),
        ('{"a": {password: "s3cr3t"}}', '{"a": {password: "****"}}'),
        ("{}", "{}"),
    ],
)
def test_a_value_in_json_is_hidden_however_deep_it_lies(text, shown):
    assert MASKER.text(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("user=anna&password=s3cr3t&a=1", "user=anna&password=****&a=1"),
        ("client%5Fsecret=s3cr3t", "client%5Fsecret=****"),
        ("https://h/p?access-key=s3cr3t#f", "https://h/p?access-key=****#f"),
        ("https://anna:s3cr3t@host/p", "https://anna:****@host/p"),
        ("a=b; session_token=s3cr3t; c=d", "a=b; session_token=****; c=d"),
        ('<login user="anna" password="s3cr3t"/>', '<login user="anna" password=****/>'),
        ("<w:Password type='x'>s3cr3t</w:Password>", "<w:Password type='x'>****</w:Password>"),
        ("Authorization: Bearer s3cr3t\r\nHost: h\r\n", "Authorization: ****\r\nHost: h\r\n"),
        ("error: invalid token: s3cr3t", "error: invalid token: ****"),
    ],
)
def test_a_value_is_hidden_in_forms_urls_xml_and_lines(text, shown):
    assert MASKER.text(text) == shown


@pytest.mark.parametrize("text", ["", "all is well", "a=b&c=d", "12:30:05", '"', "{", '{"a', "\\", '{"a\\'])
def test_a_text_without_anything_to_hide_stays_as_it_is(text):
    assert MASKER.text(text) == text


def test_a_header_is_hidden_by_its_name_and_shown_with_what_its_value_hides():
    headers = {"Authorization": "Bearer s3cr3t", "Host": "h", "Referer": "https://h/?token=s3cr3t"}
    assert MASKER.headers(headers) == {"Authorization": STARS, "Host": "h", "Referer": "https://h/?token=****"}


@pytest.mark.parametrize("cut", range(200))
def test_a_text_that_is_cut_anywhere_tells_no_more_than_a_whole_one(cut):
    inner = {"x": {"token": [SECRET]}, "url": f"?token={SECRET}"}
    text = json.dumps({"a": '\u00fc\\"b', "password": SECRET, "body": json.dumps(inner)})
    assert SECRET[:3] not in MASKER.text(text[:cut])


def test_texts_within_texts_are_hidden_whole_where_they_go_too_deep():
    text = SECRET
    for _ in range(DEPTH + 2):
        text = json.dumps({"text": text})
    assert SECRET not in MASKER.text(text)


def test_without_names_nothing_is_hidden():
    assert Masker([]).text('{"password": "s3cr3t"}') == '{"password": "s3cr3t"}'


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["a", "b:", "{", "password"]), inner),
        max_leaves=20,
    )
)
def test_whatever_is_hidden_in_json_it_stays_json(value):
    assert shape(json.loads(MASKER.text(json.dumps(value)))) == shape(value)


def shape(value, name=""):
    """The names and types of JSON, without what lies below a hidden name."""
    if name == "password":
        return None
    if isinstance(value, dict):
        return {key: shape(inner, key) for key, inner in value.items()}
    return [shape(inner) for inner in value] if isinstance(value, list) else type(value)
