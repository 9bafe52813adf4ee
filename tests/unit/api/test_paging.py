import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventyard.api.paging import cursor_of, mark_in, mark_of, next_link, number_in, page_of
from eventyard.model.errors import Invalid


def pages(numbers, limit):
    cursor = None
    while True:
        page, cursor = page_of(numbers, mark_of, limit, cursor)
        yield page
        if cursor is None:
            return


@given(st.sets(st.integers(1, 1 << 62)), st.integers(1, 7))
def test_pages_put_together_are_the_list_newest_first(numbers, limit):
    found = list(pages(numbers, limit))
    assert [number for page in found for number in page] == sorted(numbers, reverse=True)
    assert all(len(page) == limit for page in found[:-1])


def test_a_page_goes_on_at_the_right_place_when_its_last_record_is_gone():
    _, cursor = page_of([1, 2, 3, 4], mark_of, 2, None)
    assert page_of([1, 2, 4], mark_of, 2, cursor) == ([2, 1], None)


def test_a_record_made_meanwhile_does_not_come_on_a_later_page():
    _, cursor = page_of([1, 2], mark_of, 1, None)
    assert page_of([1, 2, 3], mark_of, 1, cursor) == ([1], None)


@pytest.mark.parametrize("cursor", ["", "!", "a", "äöü", "AAAA", "_w", cursor_of("42"), cursor_of("x" * 19)])
def test_what_no_answer_gave_is_no_cursor_of_a_number(cursor):
    with pytest.raises(Invalid) as refused:
        number_in(cursor)
    assert (refused.value.code, refused.value.pointer) == ("invalid_parameter", "cursor")


@given(st.integers(0, (1 << 63) - 1))
def test_a_number_comes_back_out_of_its_cursor(number):
    assert number_in(cursor_of(mark_of(number))) == number
    assert mark_in(cursor_of(mark_of(number))) == mark_of(number)


def test_the_link_keeps_the_query_and_replaces_the_cursor():
    query = [("status", "error"), ("cursor", "old"), ("status", "complete"), ("name", "a&b")]
    assert (
        next_link("/v1/events", query, "new")
        == '</v1/events?status=error&status=complete&name=a%26b&cursor=new>; rel="next"'
    )
