import pytest

from eventyard.api.heads import check_head, check_trailer, endless
from eventyard.model.errors import HubError

FINE = {"hosts": 1, "coded": False, "limit": 20}


@pytest.mark.parametrize(
    ("method", "url", "version", "headers", "more"),
    [
        (b"POST", b"/", "1.1", [(b"host", b"x")], {}),
        (b"GET", b"/", "1.0", [], {"hosts": 0}),
        (b"GET", b"/", "1.0", [(b"host", b"x")], {}),
        (b"GET", b"/" + b"y" * 10, "1.1", [(b"host", b"x")], {}),
    ],
)
def test_what_is_fine_passes(method, url, version, headers, more):
    check_head(method, url, version, headers, **{**FINE, **more})


@pytest.mark.parametrize(
    ("method", "url", "version", "more", "code", "pointer"),
    [
        (b"GET", b"/" + b"y" * 11, "1.1", {}, "headers_too_large", None),
        (b"GET", b"/", "1.1", {"limit": 9}, "headers_too_large", None),
        (b"CONNECT", b"x:80", "1.1", {}, "unsupported_http", None),
        (b"GET", b"/", "1.1", {"hosts": 0}, "invalid_http", "Host"),
        (b"GET", b"/", "1.1", {"hosts": 2}, "invalid_http", "Host"),
        (b"GET", b"/", "1.0", {"hosts": 2}, "invalid_http", "Host"),
        (b"POST", b"/", "1.1", {"coded": True}, "unsupported_http", "Transfer-Encoding"),
    ],
)
def test_what_can_be_read_in_two_ways_is_refused(method, url, version, more, code, pointer):
    with pytest.raises(HubError) as refused:
        check_head(method, url, version, [(b"host", b"x")], **{**FINE, **more})
    assert (refused.value.code, refused.value.pointer) == (code, pointer)


def test_a_trailer_has_no_say_in_what_becomes_of_the_connection():
    check_trailer(b"x-checksum")
    with pytest.raises(HubError) as refused:
        check_trailer(b"proxy-connection")
    assert refused.value.pointer == "Proxy-Connection"


def test_a_head_without_end_is_told_its_bound():
    assert "beyond 7 bytes" in endless(7).message
