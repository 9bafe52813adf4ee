import pytest

from eventyard.model.errors import Forbidden, Invalid
from eventyard.ports import Request
from eventyard.verifiers.access_key import AccessKeyVerifier


def test_nobody_gets_in_at_the_url_of_the_source_and_is_told_where_to_go() -> None:
    for headers in ({}, {"authorization": "Bearer token"}, {"access-key": "token"}):
        with pytest.raises(Forbidden) as refused:
            AccessKeyVerifier().verify(Request(headers, b"{}", 0), {}, ())
        assert refused.value.code == "forbidden"
        assert "/eventhos/event/send" in (refused.value.hint or "")


def test_it_has_no_use_for_a_secret() -> None:
    assert not AccessKeyVerifier.needs_secret
    with pytest.raises(Invalid) as refused:
        AccessKeyVerifier().check("secret")
    assert (refused.value.code, refused.value.pointer) == ("invalid_settings", "/secret")


def test_an_api_key_is_proof_enough_where_one_is_shown() -> None:
    assert not AccessKeyVerifier.signs
