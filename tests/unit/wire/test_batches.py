import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventyard.model.errors import TooLarge
from eventyard.wire.batches import in_array, in_lines

ITEMS = st.lists(st.recursive(st.text() | st.integers() | st.none(), st.lists), max_size=6)


@given(items=ITEMS, limit=st.sampled_from([6, 7, 20_000]), indent=st.sampled_from([None, 1]))
def test_the_items_of_an_array_stand_as_they_stood(items, limit, indent):
    whole = json.dumps(items, indent=indent)
    cut = [bytes(item).decode() for item in in_array(whole.encode(), limit)]
    assert [json.loads(item) for item in cut] == items
    assert all(item in whole for item in cut)


@given(items=ITEMS.filter(bool), less=st.integers(1, 6))
def test_an_array_of_more_is_refused(items, less):
    with pytest.raises(TooLarge) as refused:
        in_array(json.dumps(items).encode(), max(0, len(items) - less))
    assert refused.value.code == "batch_too_large"


def test_reading_stops_at_the_first_too_many():
    with pytest.raises(TooLarge):
        in_array(b"[1,2,3,4,no JSON from here on", 3)
    with pytest.raises(TooLarge):
        in_array(b" \t\r\n" + json.dumps([1] * 20_000).encode(), 19_999)


@pytest.mark.parametrize("body", [b"{}", b"5", b"null", b'{"a":1,"b":2,"c":3}'])
def test_what_is_no_array_is_said_to_be_none(body):
    with pytest.raises(msgspec.ValidationError, match="Expected `array`"):
        in_array(body, 2)


@pytest.mark.parametrize("body", [b"", b"[", b"[1", b"[1,]", b"[1,,2]", b"[1]x", b"1,2,3"])
@pytest.mark.parametrize("limit", [2, 9])
def test_what_is_no_json_is_said_to_be_none(body, limit):
    with pytest.raises(msgspec.DecodeError):
        in_array(body, limit)


def test_lines_are_cut_without_the_blank_ones():
    assert in_lines(b" 1\r\n\n \t\n2\n", 2) == [b"1\r", b"2"]
    assert in_lines(b"", 1) == []
    assert in_lines(b"\n \n" * 100 + b"1" + b"\n" * 100, 1) == [b"1"]


@pytest.mark.parametrize("body", [b"1\n2\n3", b"1\n2\n3\n", b"\n1\n\n\n2\n\n3\n"])
def test_more_lines_are_refused(body):
    with pytest.raises(TooLarge, match="more than 2 items") as refused:
        in_lines(body, 2)
    assert refused.value.code == "batch_too_large"
