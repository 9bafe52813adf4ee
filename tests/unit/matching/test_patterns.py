import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventyard.matching.patterns import compile_pattern, split_key
from eventyard.model.errors import Invalid

words = st.sampled_from(["a", "b", "c"])
keys = st.lists(words, max_size=8).map(".".join)
patterns = st.lists(st.sampled_from(["a", "b", "*", "#"]), min_size=1, max_size=8).map(".".join)


def by_definition(pattern: list[str], key: list[str]) -> bool:
    if not pattern:
        return not key
    if pattern[0] == "#":
        return any(by_definition(pattern[1:], key[skipped:]) for skipped in range(len(key) + 1))
    return bool(key) and pattern[0] in ("*", key[0]) and by_definition(pattern[1:], key[1:])


@pytest.mark.parametrize(
    ("pattern", "key", "fits"),
    [
        ("order.created", "order.created", True),
        ("order.created", "order.created.eu", False),
        ("order.created", "Order.created", False),
        ("order.*", "order.created", True),
        ("order.*", "order", False),
        ("order.*", "order.created.eu", False),
        ("*.created", "order.created", True),
        ("order.#", "order", True),
        ("order.#", "order.created.eu", True),
        ("#.created", "created", True),
        ("#.created", "order.item.created", True),
        ("#.eu.#", "order.eu.created", True),
        ("#.eu.#", "order.us.created", False),
        ("*.#", "order", True),
        ("*.#", "", False),
        ("#", "", True),
        ("#", "anything.at.all", True),
        ("*", "", False),
        ("a.*.b", "a..b", True),
        ("größe.*", "größe.ß", True),
        ("a.*", "a.#", True),
        ("a.b", "a.*", False),
    ],
)
def test_a_key_fits_or_not(pattern, key, fits):
    assert compile_pattern(pattern).matches(key) is fits


@given(patterns, keys)
def test_any_pattern_and_key_agree_with_the_definition(pattern, key):
    assert compile_pattern(pattern).matches(key) is by_definition(pattern.split("."), split_key(key))


def test_many_hashes_cost_no_more_than_one():
    pattern = compile_pattern(".".join(["#", "a"] * 32))

    assert pattern.matches(".".join(["a"] * 20_000))
    assert not pattern.matches(".".join(["a"] * 20_000 + ["b"]))


def test_hashes_in_a_row_are_one():
    assert compile_pattern("a.#.#.#.b").words == ("a", "#", "b")
    assert compile_pattern("#.*.#").words == ("#", "*", "#")


def test_a_pattern_shows_its_text():
    assert repr(compile_pattern("a.#.#")) == "Pattern('a.#.#')"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the pattern is empty"),
        (".a", "word 1 of '.a' is empty"),
        ("a..b", "word 2 of 'a..b' is empty"),
        ("a.", "word 2 of 'a.' is empty"),
        ("order.cre*", "word 2 of 'order.cre*' is 'cre*', but * and # stand for whole words only"),
        ("a.##", "word 2 of 'a.##' is '##', but * and # stand for whole words only"),
        ("ä" * 128, "the pattern is longer than 255 bytes"),
        ("a" * 256, "the pattern is longer than 255 bytes"),
        (".".join("a" * 65), "the pattern has 65 words, and 64 are the most"),
        (7, "a pattern is a string, not int"),
    ],
)
def test_what_is_no_pattern_is_refused_with_a_reason(text, message):
    with pytest.raises(Invalid) as refused:
        compile_pattern(text, at="/pattern")

    assert (refused.value.code, refused.value.message) == ("invalid_pattern", message)
    assert refused.value.pointer == "/pattern"
    assert refused.value.hint


def test_the_bounds_themselves_are_allowed():
    assert compile_pattern("a" * 255).matches("a" * 255)
    assert compile_pattern(".".join("a" * 64)).matches(".".join("a" * 64))
