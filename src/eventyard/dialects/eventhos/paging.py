"""Lists: eventhos' paging parameters, and the page they ask for. A value that makes no sense counts as not given."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Depends, Query
from msgspec import Struct
from msgspec.structs import replace

T = TypeVar("T")
R = TypeVar("R", bound=Mapping[str, object])

FIRST_PAGE = 5
MOST = 1000
"""Items of one page; who asks for more gets so many."""

_LARGEST = 2**31


class Paging(Struct, frozen=True):
    """Which page of a list, and in which order. ``active_sort`` is a column's name, as it was given."""

    page_index: int = 0
    items_per_page: int = FIRST_PAGE
    descending: bool = False
    active_sort: str = "id"

    @property
    def offset(self) -> int:
        """How many items come before the page."""
        return self.page_index * self.items_per_page

    def content(self, items: Sequence[T], total: int) -> "Listed[T]":
        """The content of the answer, given the page's items and how many there are on all pages."""
        pages = -(-total // self.items_per_page)
        return Listed(items, self.page_index, self.items_per_page, total, pages)

    def page(self, rows: Iterable[R]) -> "Listed[R]":
        """A page of rows, sorted by the column asked for, or by ``id`` if they have none of the name.

        Rows that are alike in that column are in the order of their ids.
        """
        found = sorted(rows, key=lambda row: _rank(row["id"]))
        column = self.active_sort
        if found and column != "id" and column in found[0]:
            found.sort(key=lambda row: _rank(row[column]), reverse=self.descending)
        elif self.descending:
            found.reverse()
        return self.content(found[self.offset : self.offset + self.items_per_page], len(found))


class Listed(Struct, Generic[T], frozen=True, rename="camel"):
    """A page of a list, and how many items there are on all pages."""

    items: Sequence[T]
    page_index: int
    items_per_page: int
    total_items: int
    total_pages: int


def _rank(value: Any) -> tuple[int, Any]:
    """What a cell is sorted by: nothing first, then numbers, then words, whatever their case."""
    if value is None:
        return (0, 0)
    return (1, value) if isinstance(value, int) else (2, str(value).casefold())


def _number(text: str | None, least: int, otherwise: int) -> int:
    if text is None or not text.isascii() or not text.isdigit() or len(text) > 10:
        return otherwise
    return int(text) if least <= int(text) < _LARGEST else otherwise


def paging(
    items_per_page: Annotated[
        str | None, Query(alias="itemsPerPage", description=f"How many, {MOST} at most; else {FIRST_PAGE}.")
    ] = None,
    page_index: Annotated[str | None, Query(alias="pageIndex", description="Counted from 0.")] = None,
    order: Annotated[str | None, Query(description="asc or desc.")] = None,
    active_sort: Annotated[
        str | None, Query(alias="activeSort", description="Name of a column of the answer; else id.")
    ] = None,
) -> Paging:
    """The parameters of a request."""
    return Paging(
        _number(page_index, 0, 0),
        min(_number(items_per_page, 1, FIRST_PAGE), MOST),
        order == "desc",
        active_sort or "id",
    )


Paged = Annotated[Paging, Depends(paging)]
"""The annotation by which a route takes them."""


def newest_first(
    paged: Paged, order: Annotated[str | None, Query(description="desc or asc; else desc.")] = None
) -> Paging:
    """The parameters of a request for a list that begins with its newest, unless it is asked for otherwise."""
    return replace(paged, descending=order != "asc")


NewestFirst = Annotated[Paging, Depends(newest_first)]
"""The annotation by which a route takes these."""


def contains(word: str | None, *cells: str) -> bool:
    """Whether a search word is in any of the cells, whatever its case; without a word all match."""
    return not word or any(word.casefold() in cell.casefold() for cell in cells)
