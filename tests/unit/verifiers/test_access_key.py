import pytest

from eventyard.model.errors import Forbidden
from eventyard.ports import Request
from eventyard.verifiers.access_key import AccessKeyVerifier


def test_nobody_gets_in_at_the_url_of_the_source_and_is_told_where_to_go() -> None:
    with pytest.raises(Forbidden) as refused:
        AccessKeyVerifier().verify(Request({"access-key": "token"}, b"{}", 0), {}, ())
    assert "/eventhos/event/send" in (refused.value.hint or "")


def test_an_api_key_is_proof_enough_where_one_is_shown() -> None:
    assert not AccessKeyVerifier.signs
