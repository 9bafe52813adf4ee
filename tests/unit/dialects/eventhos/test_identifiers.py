import re

from eventyard.dialects.eventhos.identifiers import LONGEST, LONGEST_GIVEN, suffixed


def test_an_identifier_is_what_was_given_and_ten_characters_that_fit_into_a_url():
    assert re.fullmatch(r"new_order-[A-Za-z0-9_-]{10}", suffixed("new_order"))


def test_no_two_are_alike():
    assert len({suffixed("one") for _ in range(100)}) == 100


def test_the_longest_that_may_be_given_makes_the_longest_there_is():
    assert len(suffixed("x" * LONGEST_GIVEN)) == LONGEST
