import re
import weakref

import pytest

from eventyard.model.errors import CODES, Conflict, HubError, Invalid, TooLarge, TooMany, Unavailable


def test_an_error_says_what_where_and_what_to_do() -> None:
    error = Invalid("invalid_filter", "op is missing", pointer="/filter/op", hint="one of eq, ne, has")
    assert str(error) == error.message == "op is missing"
    assert (error.code, error.pointer, error.hint) == ("invalid_filter", "/filter/op", "one of eq, ne, has")


def test_a_code_outside_the_table_cannot_be_raised() -> None:
    with pytest.raises(LookupError, match="'made_up'"):
        Conflict("made_up", "whatever")


def test_a_rate_limit_says_how_long_to_wait() -> None:
    error = TooMany("too fast", retry_after=3)
    assert (error.code, error.retry_after) == ("rate_limited", 3)
    assert error.hint == "wait 3 s and send the same request again"


def test_each_branch_of_the_tree_is_a_family_of_its_own() -> None:
    assert issubclass(TooLarge, Invalid)
    families = [kind.family for kind in (HubError, *HubError.__subclasses__(), TooLarge)]
    assert len(families) == len(set(families))
    assert Unavailable.family == "unavailable"


def test_codes_are_plain_words_and_their_sentences_are_sentences() -> None:
    for code, sentence in CODES.items():
        assert re.fullmatch("[a-z]+(_[a-z]+)*", code)
        assert sentence[0].isupper()
        assert sentence.endswith(".")


def test_an_error_below_a_place_keeps_everything_but_its_pointer():
    error = TooMany("slow down", retry_after=3)
    error.pointer = "/name"
    moved = error.below("/3")
    assert (moved.pointer, moved.code, moved.retry_after, str(moved)) == ("/3/name", "rate_limited", 3, "slow down")
    assert error.pointer == "/name"


@pytest.mark.parametrize("pointer", ["project_id", "X-Signature-256"])
def test_the_name_of_a_parameter_means_the_same_from_everywhere(pointer: str) -> None:
    assert Invalid("no_project", "which one?", pointer=pointer).below("/3").pointer == pointer
    assert Invalid("no_project", "which one?").below("/3").pointer == "/3"


def test_an_error_that_is_kept_holds_nothing_of_where_it_came_from():
    class Held:
        pass

    def fail():
        held.append(weakref.ref(here := Held()))
        try:
            raise ValueError(here)
        except ValueError as cause:
            raise Invalid("invalid_json", "no") from cause

    held = []
    try:
        fail()
    except Invalid as error:
        kept = error.kept()
    assert (kept.code, kept.__traceback__, kept.__context__, kept.__cause__) == ("invalid_json", None, None, None)
    assert held[0]() is None
