from eventyard.matching.pointer import pointer


def test_the_root_is_the_empty_pointer():
    assert pointer("") == ""


def test_tokens_follow_the_base():
    assert pointer("/filter", "eq", 0) == "/filter/eq/0"


def test_tilde_and_slash_are_escaped():
    assert pointer("", "a/b", "~m") == "/a~1b/~0m"
