import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from eventyard.model.errors import TooLarge
from eventyard.wire.json_depth import check_depth

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(alphabet='[]{}"\\a', max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(alphabet='[]{}"\\a'), inner, max_size=4),
    max_leaves=40,
)


def depth(value: Any) -> int:
    """The same by recursion over what a parser made of it."""
    match value:
        case list():
            return 1 + max(map(depth, value), default=0)
        case dict():
            return 1 + max(map(depth, value.values()), default=0)
        case _:
            return 0


def passes(body: bytes, limit: int) -> bool:
    try:
        check_depth(body, limit)
    except TooLarge as error:
        assert error.code == "body_too_deep"
        return False
    return True


@pytest.mark.parametrize(
    ("body", "deep"),
    [
        (b"null", 0),
        (b'"[[[["', 0),
        (b"[]", 1),
        (b'{"a":[{}]}', 3),
        (b"[[],[[]],[]]", 3),
        (b'["\\"[[[[", []]', 2),
        (b'["\\\\", [[]]]', 3),
        (b'["\\\\\\"[[", [[]]]', 3),
        (b'{"[[":{"\\u005b[":1}}', 2),
    ],
)
def test_depth_is_counted_outside_of_strings(body: bytes, deep: int) -> None:
    assert passes(body, deep)
    assert not deep or not passes(body, deep - 1)


def test_a_wide_body_is_not_a_deep_one() -> None:
    assert passes(b"[" + b",".join([b'{"a":[1]}'] * 10_000) + b"]", 3)


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"a":' * 100_000, b"[" * 100_000 + b"]" * 100_000])
def test_a_bomb_is_refused(body: bytes) -> None:
    assert not passes(body, 64)


def test_siblings_that_are_never_closed_do_not_hide_a_bomb() -> None:
    assert not passes(b"[[]," * 65, 64)


@given(JSON, st.integers(0, 8))
@example(value=["\\", '"[', {"\\\\": [[]]}], limit=2)
def test_it_agrees_with_a_parser_on_every_json(value: Any, limit: int) -> None:
    assert passes(json.dumps(value).encode(), limit) == (depth(value) <= limit)


@given(st.binary(), st.integers(0, 8))
def test_any_bytes_pass_or_are_too_deep(body: bytes, limit: int) -> None:
    passes(body, limit)
