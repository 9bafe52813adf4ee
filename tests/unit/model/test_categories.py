"""Who sees what bears which categories, and who may give them."""

import pytest

from eventyard.model.categories import borne, changed, covers, given, sees, widened
from eventyard.model.errors import Forbidden

OF_A = frozenset({"a"})
OF_BOTH = frozenset({"a", "b"})


@pytest.mark.parametrize(
    ("held", "of_record", "seen"),
    [
        (None, (), True), (None, ("a",), True),
        (OF_A, (), True), (OF_A, ("a",), True), (OF_A, ("b", "a"), True), (OF_A, ("b",), False),
        (frozenset(), (), True), (frozenset(), ("a",), False),
    ],
)  # fmt: skip
def test_what_bears_none_is_for_all_to_see_and_the_rest_for_who_shares_one(held, of_record, seen):
    assert sees(held, of_record) is seen


def test_who_is_made_has_the_categories_of_their_maker_unless_told_otherwise():
    assert given(None, None) is None
    assert given(OF_BOTH, None) == ("a", "b")
    assert given(None, ["z", "z"]) == ("z",)
    assert given(OF_BOTH, ["b"]) == ("b",)


def test_nobody_gives_more_than_they_hold():
    for attempt in (
        lambda: given(OF_A, ["a", "b"]),
        lambda: widened(OF_A, ["b"]),
        lambda: widened(OF_A, None),
        lambda: borne(OF_A, ["b"]),
    ):
        with pytest.raises(Forbidden) as refused:
            attempt()
        assert (refused.value.code, refused.value.pointer) == ("forbidden", "/categories")
    assert widened(None, None) is None
    assert borne(OF_A, []) == ()


@pytest.mark.parametrize(
    ("held", "before", "after"),
    [
        (None, (), ("z",)), (None, ("z",), ()),
        (OF_BOTH, ("a",), ("a", "b")), (OF_BOTH, ("a", "b"), ("b",)), (OF_BOTH, ("a",), ("b",)),
        (OF_A, ("z", "a"), ("a", "z")), (OF_A, (), ()),
    ],
)  # fmt: skip
def test_a_record_is_hidden_and_opened_within_what_one_holds(held, before, after):
    assert changed(held, before, after) == after


@pytest.mark.parametrize(
    ("held", "before", "after"),
    [
        (OF_A, (), ("a",)),  # hides it from all others
        (OF_A, ("a",), ()),  # opens it to all others
        (OF_A, ("a", "z"), ("a",)),
        (OF_A, ("a",), ("a", "z")),
        (OF_A, ("a", "z"), ("z",)),
    ],
)
def test_nobody_hides_a_record_from_others_or_opens_it_beyond_what_they_hold(held, before, after):
    with pytest.raises(Forbidden):
        changed(held, before, after)


@pytest.mark.parametrize(
    ("held", "others", "more"),
    [
        (None, None, True), (None, OF_A, True), (OF_A, None, False), (OF_A, OF_A, True), (OF_BOTH, OF_A, True),
        (OF_A, OF_BOTH, False), (OF_A, frozenset(), True), (frozenset(), OF_A, False),
    ],
)  # fmt: skip
def test_who_holds_what_others_do_sees_all_that_they_see(held, others, more):
    assert covers(held, others) is more
