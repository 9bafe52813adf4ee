import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventyard.matching.patterns import compile_pattern
from eventyard.matching.trie import PatternTrie

keys = st.lists(st.sampled_from(["a", "b", "c", "*", "#", ""]), max_size=6).map(".".join)
patterns = st.lists(st.sampled_from(["a", "b", "*", "#"]), min_size=1, max_size=6).map(
    lambda words: compile_pattern(".".join(words))
)


def trie_of(*texts: str) -> PatternTrie[str]:
    trie: PatternTrie[str] = PatternTrie()
    for text in texts:
        trie.setdefault(compile_pattern(text).words, lambda text=text: text)
    return trie


def test_a_key_finds_every_pattern_it_fits_once():
    trie = trie_of("order.created", "order.*", "order.#", "#", "#.#.created", "*.*.*", "invoice.#")

    assert sorted(trie.find("order.created")) == ["#", "#.#.created", "order.#", "order.*", "order.created"]


def test_the_empty_key_fits_only_what_may_be_empty():
    assert trie_of("#", "*", "a").find("") == ["#"]


def test_a_pattern_keeps_its_first_value():
    trie = trie_of("a.#.#.b")

    assert trie.setdefault(("a", "#", "b"), lambda: "another") == "a.#.#.b"


@given(st.lists(patterns, max_size=12), st.lists(patterns, max_size=12), keys)
def test_the_trie_finds_what_each_pattern_alone_would_match(kept, removed, key):
    trie: PatternTrie[tuple[str, ...]] = PatternTrie()
    for pattern in kept + removed:
        trie.setdefault(pattern.words, lambda words=pattern.words: words)
    gone = {pattern.words for pattern in removed} - {pattern.words for pattern in kept}
    for words in gone:
        trie.remove(words)

    assert sorted(trie.find(key)) == sorted({pattern.words for pattern in kept if pattern.matches(key)})


def test_nothing_is_left_of_a_trie_whose_patterns_are_removed():
    trie = trie_of("a.b.#", "a.b", "a.*")
    for text in ("a.b", "a.b.#", "a.*"):
        assert trie
        trie.remove(compile_pattern(text).words)

    assert not trie


@pytest.mark.parametrize("words", [("a",), ("a", "b", "c"), ("x",)])
def test_removing_what_is_not_there_is_an_error(words):
    with pytest.raises(KeyError):
        trie_of("a.b").remove(words)


def test_many_hashes_do_not_multiply():
    trie = trie_of(*(".".join(["#", "a"] * n) for n in range(1, 30)))

    assert len(trie.find(".".join(["a"] * 500))) == 29
