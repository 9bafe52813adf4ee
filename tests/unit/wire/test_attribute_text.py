import pytest

from eventyard.model.errors import Invalid
from eventyard.wire.attribute_text import check_text


@pytest.mark.parametrize("text", ["", "order.created", "caf\u00e9 \U0001f600", "a\u00a0b", "a\u200bb", "a\u2028b"])
def test_text_is_given_back(text: str) -> None:
    assert check_text(text, "/type") == text


@pytest.mark.parametrize("text", ["a\r\nb", "\0", "\x7f", "\x85", "\ud800", "\ufdd0", "\uffff", "\U0010fffe"])
def test_controls_surrogates_and_noncharacters_are_refused_at_their_place(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_text(text, "/type", "invalid_body")
    assert (refused.value.code, refused.value.pointer) == ("invalid_body", "/type")
