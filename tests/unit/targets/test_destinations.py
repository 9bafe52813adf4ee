import pytest

from eventyard.targets.destinations import Destination, Origin, destination


@pytest.mark.parametrize(
    ("url", "origin", "authority", "path"),
    [
        ("https://shop.example/hook", Origin("shop.example", 443, True), "shop.example", "/hook"),
        ("HTTP://Shop.Example", Origin("shop.example", 80, False), "shop.example", "/"),
        ("http://shop.example:8080?a=b c", Origin("shop.example", 8080, False), "shop.example:8080", "/?a=b+c"),
        ("https://shop.example:443/", Origin("shop.example", 443, True), "shop.example", "/"),
        ("http://shop.example:443/", Origin("shop.example", 443, False), "shop.example:443", "/"),
        (
            "http://b\xfccher.example/\xfc",
            Origin("xn--bcher-kva.example", 80, False),
            "xn--bcher-kva.example",
            "/%C3%BC",
        ),
        ("http://[2606:4700::1111]:81/", Origin("2606:4700::1111", 81, False), "[2606:4700::1111]:81", "/"),
        ("http://93.184.216.34/", Origin("93.184.216.34", 80, False), "93.184.216.34", "/"),
        ("http://shop.example/a\r\nX: y", Origin("shop.example", 80, False), "shop.example", "/aX:%20y"),
    ],
)
def test_a_url_says_whom_to_connect_to_and_what_to_ask_for(url: str, origin: Origin, authority: str, path: str) -> None:
    assert destination(url, False) == Destination(origin, authority, path)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("ftp://shop.example/", "it must be an http or https URL with a host"),
        ("http:///hook", "it must be an http or https URL with a host"),
        ("https://user@shop.example/", "a user and password do not belong in it"),
        ("https://shop.example/#top", "a fragment is never sent"),
        ("http://shop.example:0/", "its port is 0"),
        ("http://0x7f.1/", "0x7f.1 is a number, not a host"),
        ("http://10.1.2.3/", "10.1.2.3 is a private address"),
        ("http://[fe80::1%25eth0]/", "fe80::1%eth0 is a link-local address"),
    ],
)
def test_a_url_that_leads_nowhere_or_where_it_must_not_is_refused(url: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        destination(url, False)


def test_where_private_targets_are_allowed_an_address_is_too_but_not_in_disguise() -> None:
    assert destination("http://127.0.0.1:8080/", True).origin == Origin("127.0.0.1", 8080, False)
    with pytest.raises(ValueError, match="2130706433 is a number, not a host"):
        destination("http://2130706433/", True)
