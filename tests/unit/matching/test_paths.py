from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from eventyard.matching.paths import BadPath, Path, read_path

DOCUMENT = {
    "headers": {"x-shop": "basel"},
    "body": {
        "id": 7,
        "note": None,
        "x y": "spaced",
        "it's": "quoted",
        "items": [{"sku": "a"}, {"sku": "b", "price": 9.5}],
        "by_day": {"monday": {}, "tuesday": {"open": 8}},
        "0": "zero",
    },
}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (".body.id", 7),
        (".body.note", None),
        (".headers.x-shop", "basel"),
        (".body['x y']", "spaced"),
        ('.body["x y"]', "spaced"),
        (r".body['it\'s']", "quoted"),
        (".body.items[1].price", 9.5),
        (".body.items.1.price", 9.5),
        (".body.0", "zero"),
        (".body.items[2]", UNSET),
        (".body.items.sku", UNSET),
        (".body.id.more", UNSET),
        (".body[0]", UNSET),
        (".nothing", UNSET),
        (".body.items[*].sku", "a"),
        (".body.items[*].price", 9.5),
        (".body.items.*.price", 9.5),
        (".body.by_day.*.open", 8),
        (".body.items[*].colour", UNSET),
        (".body.id[*]", UNSET),
    ],
)
def test_a_path_leads_to_the_first_value_that_fits_it(text: str, value: Any) -> None:
    path, end = read_path(text)
    assert (path.find(DOCUMENT), end) == (value, len(text))


@pytest.mark.parametrize("text", ["", "body", ".", "..body", "[", "['a", "[1", "[-1]", " .body", ".[?(@.id)]", "${"])
def test_what_is_no_path_says_how_one_begins(text: str) -> None:
    with pytest.raises(BadPath, match="begins with a dot and a name") as refused:
        read_path(f"xx{text}", 2)
    assert refused.value.position == 2


def test_a_path_ends_where_no_step_follows() -> None:
    assert read_path("${.body.id} and more", 2) == (Path(("body", "id")), 10)
    assert read_path(".body..id") == (Path(("body",)), 5)
    assert read_path(".body[1")[1] == 5


def test_a_path_is_as_long_as_a_document_may_be_deep() -> None:
    assert len(read_path(".a" * 64)[0].steps) == 64
    with pytest.raises(BadPath, match="at most 64 steps"):
        read_path(".a" * 65)


@given(st.lists(st.text() | st.integers(0, 999_999_999) | st.none(), min_size=1, max_size=64))
def test_a_path_is_written_as_it_is_read(steps: list[str | int | None]) -> None:
    path = Path(tuple(steps))
    assert read_path(str(path)) == (path, len(str(path)))


def test_many_wildcards_look_at_each_part_of_a_document_once() -> None:
    document: Any = {}
    for _ in range(3):
        document = [document] * 40
    path, _ = read_path("[*]" * 3 + ".no")
    assert path.find(document) is UNSET
