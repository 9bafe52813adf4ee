import pytest

from eventyard.model.errors import Forbidden, Invalid
from eventyard.ports import Request
from eventyard.verifiers.internal import InternalVerifier


def test_nobody_gets_in_whatever_they_show() -> None:
    for headers in ({}, {"authorization": "Bearer secret"}, {"x-hub-signature-256": "sha256=00"}):
        with pytest.raises(Forbidden) as refused:
            InternalVerifier().verify(Request(headers, b"{}", 0), {}, ("secret",))
        assert refused.value.code == "forbidden"


def test_it_has_no_use_for_a_secret() -> None:
    assert not InternalVerifier.needs_secret
    with pytest.raises(Invalid) as refused:
        InternalVerifier().check("secret")
    assert (refused.value.code, refused.value.pointer) == ("invalid_settings", "/secret")


def test_it_is_asked_on_the_ways_that_an_api_key_proves_too() -> None:
    assert InternalVerifier.signs
