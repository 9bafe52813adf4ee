import pytest

from eventyard.model.addresses import MOST_ADDRESSES, check_addresses, is_address
from eventyard.model.errors import Invalid


@pytest.mark.parametrize("text", ["a@b", "ops+night@mail.shop.example", "o'neil@x-1.example", "a" * 64 + "@b.example"])
def test_what_a_browser_takes_for_an_address_is_one(text):
    assert is_address(text)


@pytest.mark.parametrize(
    "text",
    [
        "", "ops", "ops@", "@shop.example", "a b@shop.example", "a@b@c", "Ops <ops@shop.example>", "a@-b.example",
        "a@b..example", "a@b.example\n", "a@b.example\r\nBcc: c@d.example", "é@b.example",
        "a" * 65 + "@b.example", "a@" + ".".join(["b" * 63] * 4),
    ],
)  # fmt: skip
def test_anything_else_is_none(text):
    assert not is_address(text)


def test_the_first_that_is_none_is_named_with_its_place():
    with pytest.raises(Invalid) as refused:
        check_addresses(["a@b.example", "nobody"], at="/mail_to")
    assert (refused.value.code, refused.value.pointer) == ("invalid_body", "/mail_to/1")


def test_a_list_holds_so_many_and_no_more():
    check_addresses(["a@b.example"] * MOST_ADDRESSES, at="/mail_to")
    with pytest.raises(Invalid) as refused:
        check_addresses(["a@b.example"] * (MOST_ADDRESSES + 1), at="/mail_to")
    assert refused.value.pointer == "/mail_to"
