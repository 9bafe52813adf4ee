import pytest

from eventyard.model.errors import Forbidden
from eventyard.ports import Request
from eventyard.verifiers.internal import InternalVerifier


def test_nobody_gets_in_and_is_told_where_to_go() -> None:
    with pytest.raises(Forbidden) as refused:
        InternalVerifier().verify(Request({}, b"{}", 0), {}, ())
    assert "entities" in (refused.value.hint or "")


def test_it_is_asked_on_the_ways_that_an_api_key_proves_too() -> None:
    assert InternalVerifier.signs
