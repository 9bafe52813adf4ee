import msgspec
import pytest

from eventyard.dialects.eventhos.paging import MOST, Paging, contains, newest_first, paging

ROWS = [
    {"id": 3, "name": "Beta", "client_id": None},
    {"id": 1, "name": "alpha", "client_id": 7},
    {"id": 2, "name": "beta", "client_id": 5},
]


def ids(**asked):
    return [row["id"] for row in Paging(**asked).page(ROWS).items]


def test_the_first_five_by_id_unless_asked_otherwise():
    assert paging() == Paging(0, 5, False, "id")
    assert paging("2", "3", "desc", "name") == Paging(3, 2, True, "name")


@pytest.mark.parametrize("items", ["0", "-1", "x", "", "1.5", "²", "9" * 30])
def test_a_size_that_makes_no_sense_counts_as_not_given(items):
    assert paging(items).items_per_page == 5


@pytest.mark.parametrize("index", ["-1", "x", "", "9" * 10])
def test_an_index_that_makes_no_sense_counts_as_not_given(index):
    assert paging(None, index).page_index == 0


def test_nobody_gets_more_than_the_most():
    assert paging("5000").items_per_page == MOST


def test_any_order_but_desc_is_ascending():
    assert not paging(order="DESC; drop table").descending


def test_rows_are_sorted_by_a_column_and_alike_ones_by_id():
    assert ids() == [1, 2, 3]
    assert ids(descending=True) == [3, 2, 1]
    assert ids(active_sort="name") == [1, 2, 3]
    assert ids(active_sort="client_id") == [3, 2, 1]
    assert ids(active_sort="client_id", descending=True) == [1, 2, 3]


def test_a_column_that_is_not_there_is_the_id():
    assert ids(active_sort="name; drop table", descending=True) == [3, 2, 1]


def test_the_totals_are_those_of_all_pages():
    listed = Paging(items_per_page=1, page_index=1).page([row for row in ROWS if row["id"] > 1])
    assert msgspec.to_builtins(listed) == {
        "items": [{"id": 3, "name": "Beta", "client_id": None}],
        "pageIndex": 1,
        "itemsPerPage": 1,
        "totalItems": 2,
        "totalPages": 2,
    }


def test_beyond_the_last_page_there_is_nothing():
    listed = Paging(page_index=9).page(ROWS)
    assert (listed.items, listed.total_items, listed.total_pages) == ([], 3, 1)
    assert Paging().page([]).total_pages == 0


def test_a_word_is_found_whatever_its_case_and_means_nothing_else():
    assert contains(None, "a")
    assert contains("ETA", "x", "beta")
    assert not contains("%", "beta")


@pytest.mark.parametrize(("asked", "descending"), [(None, True), ("desc", True), ("asc", False), ("up", True)])
def test_a_list_that_begins_with_its_newest_does_unless_asked_otherwise(asked, descending):
    assert newest_first(Paging(2, 3, False, "name"), asked) == Paging(2, 3, descending, "name")
