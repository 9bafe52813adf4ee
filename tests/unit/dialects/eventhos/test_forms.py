"""HTML forms as JSON, as the original reads them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventyard.dialects.eventhos.forms import MOST, form_of
from eventyard.model.errors import TooLarge


@pytest.mark.parametrize(
    ("form", "says"),
    [
        (b"name=Morpheush&job=Leader", {"name": "Morpheush", "job": "Leader"}),
        (b"a=1%202+3&b=%C3%A9", {"a": "1 2 3", "b": "é"}),
        (b"a=&b&=c", {"a": "", "b": "", "": "c"}),
        (b"a=1&a=2&a=3", {"a": ["1", "2", "3"]}),
        (b"a[]=1&a[]=2", {"a": ["1", "2"]}),
        (b"a[1]=y&a[0]=x", {"a": ["x", "y"]}),
        (b"a[0][b]=1&a[1][b]=2", {"a": [{"b": "1"}, {"b": "2"}]}),
        (b"a[b][c]=1&a[b][d]=2", {"a": {"b": {"c": "1", "d": "2"}}}),
        (b"a[101]=1", {"a": {"101": "1"}}),
        (b"a=1&a[b]=2", {"a": {"0": "1", "b": "2"}}),
        (b"a[b=1", {"a": {"[b": "1"}}),
        (b"[a]=1", {"[a]": "1"}),
        (b'{"a":1}', {'{"a":1}': ""}),
        (b"a[b][c][d][e][f][g]=1", {"a": {"b": {"c": {"d": {"e": {"f": {"[g]": "1"}}}}}}}),
        (b"", {}),
    ],
)
def test_a_form_says(form, says):
    assert form_of(form) == says


def test_a_form_has_so_many_fields_and_no_more():
    assert len(form_of(b"&".join(b"a%d=1" % n for n in range(MOST)))) == MOST
    with pytest.raises(TooLarge):
        form_of(b"a=1&" * (MOST + 1))


@given(st.lists(st.sampled_from([b"a", b"[", b"]", b"0", b"=", b"&", b"%", b"\xff"]), max_size=60))
def test_whatever_comes_is_a_form(parts):
    assert isinstance(form_of(b"".join(parts)), dict)
